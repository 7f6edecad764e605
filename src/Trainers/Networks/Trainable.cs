using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>What has weights that are trained: a part of a network, or a network of parts.</summary>
internal abstract class Trainable : IDisposable
{
    private readonly List<Parameter> _parameters = [];
    private readonly List<Parameter> _weights = [];
    private readonly List<Tensor> _statistics = [];
    private readonly List<Trainable> _children = [];

    /// <summary>Everything that is trained.</summary>
    public IEnumerable<Parameter> Parameters => _parameters.Concat(_children.SelectMany(child => child.Parameters));

    /// <summary>
    /// The parameters that multiply something, which a penalty on weights is for: no biases, no scales of a
    /// normalization.
    /// </summary>
    public IEnumerable<Parameter> Weights => _weights.Concat(_children.SelectMany(child => child.Weights));

    /// <summary>
    /// The multiply-adds of one row's way forwards: one for each weight, where a part does not use its weights more
    /// often.
    /// </summary>
    public virtual long MultiplyAdds => _weights.Sum(weight => weight.numel()) + _children.Sum(child => child.MultiplyAdds);

    /// <summary>What is kept besides: the running statistics of normalizations.</summary>
    public IEnumerable<Tensor> Statistics => _statistics.Concat(_children.SelectMany(child => child.Statistics));

    /// <summary>
    /// What its graph has of weights, in the order of the layers: a normalization over the batch that is folded into a
    /// layer is none of its own.
    /// </summary>
    public virtual IEnumerable<NamedWeight> NamedWeights => _children.SelectMany(child => child.NamedWeights);

    /// <summary>Its convolutions, in the order of the layers.</summary>
    public virtual IEnumerable<ImageLayer> Convolutions => _children.SelectMany(child => child.Convolutions);

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
    protected TPart AddPart<TPart>(TPart part) where TPart : Trainable
    {
        _children.Add(part);
        return part;
    }

    private static Tensor Uniform(Generator generator, long inputs, params long[] shape)
    {
        double bound = 1 / Math.Sqrt(inputs);
        return rand(shape, dtype: ScalarType.Float32, device: generator.device, generator: generator).mul_(2 * bound).sub_(bound);
    }
}
