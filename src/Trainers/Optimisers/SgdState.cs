using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Stochastic gradient descent with momentum.</summary>
internal sealed class SgdState(IEnumerable<Parameter> parameters, double momentum) : OptimiserState(parameters, statesPerParameter: 1)
{
    private double _learningRate;

    protected override void Prepare(double learningRate) => _learningRate = learningRate;

    protected override void Update(Span<float> values, ReadOnlySpan<float> gradient, Tensor[] states, float gradientScale)
    {
        var velocity = Floats(states[0]);
        float keep = (float)momentum, size = (float)_learningRate;
        for (int i = 0; i < values.Length; i++)
        {
            velocity[i] = velocity[i] * keep + gradient[i] * gradientScale;
            values[i] -= velocity[i] * size;
        }
    }

    protected override void Update(Tensor values, Tensor gradient, Tensor[] states) => values.sub_(states[0].mul_(momentum).add_(gradient) * _learningRate);
}
