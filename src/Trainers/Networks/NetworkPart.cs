using System.Runtime.InteropServices;
using MLNetAutoencoder.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Layers with weights: they train, and write themselves into a graph with the weights that they have then.</summary>
internal abstract class NetworkPart : IDisposable
{
    private readonly List<Parameter> _parameters = [];
    private readonly List<Parameter> _weights = [];
    private readonly List<Tensor> _statistics = [];
    private readonly List<NetworkPart> _children = [];

    /// <summary>Everything that is trained.</summary>
    public IEnumerable<Parameter> Parameters => _parameters.Concat(_children.SelectMany(child => child.Parameters));

    /// <summary>The parameters that multiply something, which a penalty on weights is for: no biases, no scales of a normalisation.</summary>
    public IEnumerable<Parameter> Weights => _weights.Concat(_children.SelectMany(child => child.Weights));

    /// <summary>What is kept besides: the running statistics of normalisations.</summary>
    public IEnumerable<Tensor> Statistics => _statistics.Concat(_children.SelectMany(child => child.Statistics));

    /// <summary>Runs the part.</summary>
    /// <param name="input">[batch, n].</param>
    /// <param name="condition">[batch, c], or null.</param>
    /// <param name="pass">How it is run.</param>
    public abstract Tensor Forward(Tensor input, Tensor? condition, Pass pass);

    /// <summary>Writes the part into a graph; a <see cref="GraphPart"/>.</summary>
    public abstract string Emit(OnnxGraphBuilder graph, string input, string? condition);

    public void Dispose()
    {
        foreach (var parameter in _parameters)
            parameter.Dispose();
        foreach (var statistic in _statistics)
            statistic.Dispose();
        foreach (var child in _children)
            child.Dispose();
    }

    /// <summary>Adds a weight that starts at U(-1/√n, 1/√n), n the inputs of a unit: what PyTorch's layers do.</summary>
    /// <remarks>TorchSharp's own layers draw from the process-wide generator, which a fit must neither read nor change.</remarks>
    protected Parameter AddWeight(Generator generator, long inputs, params long[] shape)
    {
        var weight = Add(Uniform(generator, inputs, shape));
        _weights.Add(weight);
        return weight;
    }

    /// <summary>Adds a bias that starts like the weights.</summary>
    protected Parameter AddBias(Generator generator, long inputs, long length) => Add(Uniform(generator, inputs, length));

    /// <summary>Adds a parameter.</summary>
    protected Parameter Add(Tensor start)
    {
        var parameter = new Parameter(start);
        _parameters.Add(parameter);
        return parameter;
    }

    /// <summary>Adds a statistic.</summary>
    protected Tensor AddStatistic(Tensor start)
    {
        _statistics.Add(start);
        return start;
    }

    /// <summary>Adds a part of this part.</summary>
    protected TPart AddPart<TPart>(TPart part) where TPart : NetworkPart
    {
        _children.Add(part);
        return part;
    }

    /// <summary>The condition beside the input, as further columns.</summary>
    protected static Tensor Join(Tensor input, Tensor? condition) => condition is null ? input : cat([input, condition], 1);

    /// <summary>The same in a graph.</summary>
    protected static string Join(OnnxGraphBuilder graph, string name, string input, string? condition) =>
        condition is null ? input : graph.Node("Concat", name, [input, condition], OnnxAttribute.Int64("axis", 1));

    /// <summary>Writes a tensor as an initializer.</summary>
    protected static string Initializer(OnnxGraphBuilder graph, string name, Tensor tensor)
    {
        using var values = tensor.detach().cpu().contiguous();
        return graph.Initializer(name, MemoryMarshal.Cast<byte, float>(values.bytes), tensor.shape);
    }

    private static Tensor Uniform(Generator generator, long inputs, params long[] shape)
    {
        double bound = 1 / Math.Sqrt(inputs);
        return rand(shape, dtype: ScalarType.Float32, generator: generator).mul_(2 * bound).sub_(bound);
    }
}
