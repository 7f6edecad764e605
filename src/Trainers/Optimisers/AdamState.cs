using System.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Adam, with decoupled weight decay where there is any.</summary>
internal sealed class AdamState(IEnumerable<Parameter> parameters, double beta1, double beta2, double epsilon, double weightDecay) : OptimiserState(parameters, statesPerParameter: 2)
{
    private double _stepSize, _rootCorrection, _decay;

    // As PyTorch orders it: the corrections are on the step size and on the root, not on the means.
    protected override void Prepare(double learningRate)
    {
        _stepSize = learningRate / (1 - Math.Pow(beta1, Steps));
        _rootCorrection = 1 / Math.Sqrt(1 - Math.Pow(beta2, Steps));
        _decay = 1 - learningRate * weightDecay;
    }

    protected override void Update(Span<float> values, ReadOnlySpan<float> gradient, Tensor[] states, float gradientScale)
    {
        Span<float> mean = Floats(states[0]), square = Floats(states[1]);
        float keep1 = (float)beta1, take1 = (float)(1 - beta1), keep2 = (float)beta2, take2 = (float)(1 - beta2);
        float size = (float)_stepSize, correction = (float)_rootCorrection, least = (float)epsilon, decay = (float)_decay;
        var gradients = System.Runtime.InteropServices.MemoryMarshal.Cast<float, Vector<float>>(gradient);
        Span<Vector<float>> values4 = Vectors(values), means = Vectors(mean), squares = Vectors(square);
        var leasts = new Vector<float>(least);
        for (int i = 0; i < values4.Length; i++)
        {
            var g = gradients[i] * gradientScale;
            var m = means[i] * keep1 + g * take1;
            var v = squares[i] * keep2 + g * g * take2;
            means[i] = m;
            squares[i] = v;
            values4[i] = values4[i] * decay - m * size / (Vector.SquareRoot(v) * correction + leasts);
        }
        for (int i = values4.Length * Vector<float>.Count; i < values.Length; i++)
        {
            float g = gradient[i] * gradientScale;
            mean[i] = mean[i] * keep1 + g * take1;
            square[i] = square[i] * keep2 + g * g * take2;
            values[i] = values[i] * decay - mean[i] * size / (MathF.Sqrt(square[i]) * correction + least);
        }
    }

    protected override void Update(Tensor values, Tensor gradient, Tensor[] states)
    {
        states[0].mul_(beta1).add_(gradient * (1 - beta1));
        states[1].mul_(beta2).add_(gradient.square() * (1 - beta2));
        values.mul_(_decay).sub_(states[0] * _stepSize / (states[1].sqrt() * _rootCorrection + epsilon));
    }
}
