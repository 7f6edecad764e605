using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The parameters that an optimiser changes, and what it remembers of each.</summary>
/// <remarks>
/// On the CPU the update is one pass over the memory of parameter, gradient and state; libtorch's operators would be several. Elsewhere it is made of those operators. Both compute the same formula.
/// </remarks>
internal abstract class OptimiserState : IDisposable
{
    private readonly Parameter[] _parameters;

    /// <param name="parameters">The parameters.</param>
    /// <param name="statesPerParameter">How many tensors of each parameter's shape are remembered, from 0 on.</param>
    protected OptimiserState(IEnumerable<Parameter> parameters, int statesPerParameter)
    {
        _parameters = [.. parameters];
        States = Array.ConvertAll(_parameters, parameter =>
            Enumerable.Range(0, statesPerParameter).Select(_ => zeros(parameter.shape, dtype: ScalarType.Float32, device: parameter.device).DetachFromDisposeScope()).ToArray());
    }

    /// <summary>What is remembered, by parameter.</summary>
    public Tensor[][] States { get; }

    /// <summary>How many steps were taken.</summary>
    public long Steps { get; set; }

    /// <summary>Takes a step along the gradients that the parameters have.</summary>
    /// <param name="learningRate">α.</param>
    /// <param name="gradientScale">What every gradient is multiplied by first.</param>
    public void Step(double learningRate, double gradientScale = 1)
    {
        using var none = no_grad();
        Steps++;
        Prepare(learningRate);
        for (int i = 0; i < _parameters.Length; i++)
        {
            using var scope = NewDisposeScope();
            if (_parameters[i].grad is not { } gradient)
                continue;
            if (_parameters[i].device.type == DeviceType.CPU && gradient.is_contiguous())
                Update(Floats(_parameters[i]), Floats(gradient), States[i], (float)gradientScale);
            else
                Update(_parameters[i], gradientScale == 1 ? gradient : gradient * gradientScale, States[i]);
        }
    }

    /// <summary>The Euclidean norm of all gradients together.</summary>
    public double GradientNorm()
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        double sum = 0;
        foreach (var parameter in _parameters)
        {
            if (parameter.grad is { } gradient)
                sum += gradient.square().sum().to(ScalarType.Float64).item<double>();
        }
        return Math.Sqrt(sum);
    }

    public void Dispose()
    {
        foreach (var state in States.SelectMany(states => states))
            state.Dispose();
    }

    /// <summary>Whether values are of whole vectors as the processor has them.</summary>
    protected static Span<System.Numerics.Vector<float>> Vectors(Span<float> values) => MemoryMarshal.Cast<float, System.Numerics.Vector<float>>(values);

    protected static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>What a step's formula needs besides.</summary>
    protected abstract void Prepare(double learningRate);

    /// <summary>One pass over a parameter on the CPU.</summary>
    protected abstract void Update(Span<float> values, ReadOnlySpan<float> gradient, Tensor[] states, float gradientScale);

    /// <summary>The same by libtorch's operators, on any device.</summary>
    protected abstract void Update(Tensor values, Tensor gradient, Tensor[] states);
}
