using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Adam on the CPU as one pass over the memory of weights, gradients and both means; torch.optim.Adam makes about ten.</summary>
/// <remarks>The formula, the state, the learning rate and what is saved are those of torch.optim.Adam; only the step is another.</remarks>
internal sealed class FusedAdam : Adam
{
    private readonly Parameter[] _weights;
    private readonly State[] _states;
    private readonly Options _options;

    public FusedAdam(IReadOnlyList<Parameter> parameters, double beta1, double beta2, double epsilon)
        : base(parameters, beta1: beta1, beta2: beta2, eps: epsilon)
    {
        _weights = [.. parameters];
        _states = [.. state_dict().State.Cast<State>()];
        _options = (Options)_parameter_groups[0].Options;
    }

    /// <summary>Whether the parameters lie in memory as it reads them; a span has at most 2 GiB.</summary>
    public static bool IsFor(IReadOnlyList<Parameter> parameters) => parameters.All(parameter =>
        parameter.device.type == DeviceType.CPU && parameter.dtype == ScalarType.Float32 && parameter.is_contiguous()
        && parameter.numel() <= int.MaxValue / sizeof(float));

    public override Tensor step(Func<Tensor>? closure = null)
    {
        if (closure is not null)
            throw new NotSupportedException("The loss is computed before the step.");
        using var none = no_grad();
        for (int i = 0; i < _weights.Length; i++)
        {
            using var scope = NewDisposeScope();
            if (_weights[i].grad is { } gradient)
                Update(Floats(_weights[i]), Floats(gradient.contiguous()), _states[i]);
        }
        return null!;
    }

    // As PyTorch orders it: the corrections are on the step size and on the root, not on the means.
    private void Update(Span<float> values, Span<float> gradient, State state)
    {
        double beta1 = _options.beta1!.Value, beta2 = _options.beta2!.Value;
        state.step++;
        float size = (float)(_options.LearningRate!.Value / (1 - Math.Pow(beta1, state.step)));
        float correction = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, state.step)));
        float keep1 = (float)beta1, take1 = (float)(1 - beta1), keep2 = (float)beta2, take2 = (float)(1 - beta2);
        float least = (float)_options.eps!.Value;
        Span<float> mean = Floats(state.exp_avg), square = Floats(state.exp_avg_sq);
        var gradients = Vectors(gradient);
        Span<Vector<float>> weights = Vectors(values), means = Vectors(mean), squares = Vectors(square);
        var leasts = new Vector<float>(least);
        for (int i = 0; i < weights.Length; i++)
        {
            var g = gradients[i];
            var m = means[i] * keep1 + g * take1;
            var v = squares[i] * keep2 + g * g * take2;
            means[i] = m;
            squares[i] = v;
            weights[i] = weights[i] - m * size / (Vector.SquareRoot(v) * correction + leasts);
        }
        for (int i = weights.Length * Vector<float>.Count; i < values.Length; i++)
        {
            float g = gradient[i];
            mean[i] = mean[i] * keep1 + g * take1;
            square[i] = square[i] * keep2 + g * g * take2;
            values[i] = values[i] - mean[i] * size / (MathF.Sqrt(square[i]) * correction + least);
        }
    }

    private static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private static Span<Vector<float>> Vectors(Span<float> values) => MemoryMarshal.Cast<float, Vector<float>>(values);
}
