using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>RMSProp.</summary>
internal sealed class RmsPropState(IEnumerable<Parameter> parameters, double decay, double epsilon) : OptimiserState(parameters, statesPerParameter: 1)
{
    private double _learningRate;

    protected override void Prepare(double learningRate) => _learningRate = learningRate;

    protected override void Update(Span<float> values, ReadOnlySpan<float> gradient, Tensor[] states, float gradientScale)
    {
        var square = Floats(states[0]);
        float keep = (float)decay, take = (float)(1 - decay), size = (float)_learningRate, least = (float)epsilon;
        for (int i = 0; i < values.Length; i++)
        {
            float g = gradient[i] * gradientScale;
            square[i] = square[i] * keep + g * g * take;
            values[i] -= size * g / (MathF.Sqrt(square[i]) + least);
        }
    }

    protected override void Update(Tensor values, Tensor gradient, Tensor[] states)
    {
        states[0].mul_(decay).add_(gradient.square() * (1 - decay));
        values.sub_(gradient * _learningRate / (states[0].sqrt() + epsilon));
    }
}
