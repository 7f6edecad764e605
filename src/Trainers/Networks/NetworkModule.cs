using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A module of libtorch that has the weights of a part of a network, or of a network of parts.</summary>
/// <remarks>
/// TorchSharp's own layers draw their weights from the process-wide generator, which a fit must neither read nor change: these draw from
/// that of the fit. What a part has is registered by name where it is made.
/// </remarks>
internal abstract class NetworkModule(string name) : nn.Module(name)
{
    private const string Weight = "weight", Bias = "bias";

    /// <summary>
    /// The parameters that multiply something, which a penalty on weights is for: no biases, no scales of a
    /// normalization.
    /// </summary>
    public IEnumerable<Parameter> Weights => WeightsOf(named_parameters());

    /// <summary>
    /// The multiply-adds of one row's way forwards: one for each weight, where a part does not use its weights more
    /// often.
    /// </summary>
    public virtual long MultiplyAdds =>
        WeightsOf(named_parameters(recurse: false)).Sum(weight => weight.numel()) + Parts.Sum(part => part.MultiplyAdds);

    /// <summary>
    /// What its graph has of weights, by their names there, in the order of the layers: a normalization over the batch that is folded
    /// into a layer is none of its own.
    /// </summary>
    public virtual IEnumerable<(string Name, Tensor Tensor)> GraphWeights => Parts.SelectMany(part => part.GraphWeights);

    /// <summary>Its convolutions, in the order of the layers.</summary>
    public IEnumerable<ImageLayer> Convolutions => modules().OfType<ImageLayer>();

    private IEnumerable<NetworkModule> Parts => children().Cast<NetworkModule>();

    /// <summary>
    /// Called when <see cref="GraphWeights"/> have been given the values of a graph: a normalization that is folded into these does
    /// nothing more.
    /// </summary>
    public virtual void Unfold()
    {
        foreach (var part in Parts)
            part.Unfold();
    }

    /// <summary>Adds a weight that starts at U(-1/√n, 1/√n), n the inputs of a unit: what PyTorch's layers do.</summary>
    protected Parameter AddWeight(Generator generator, long inputs, params long[] shape) =>
        AddParameter(Weight, Uniform(generator, inputs, shape));

    /// <summary>Adds a bias that starts like the weights.</summary>
    protected Parameter AddBias(Generator generator, long inputs, long length) => AddParameter(Bias, Uniform(generator, inputs, length));

    /// <summary>Adds a parameter.</summary>
    protected Parameter AddParameter(string name, Tensor start)
    {
        var parameter = new Parameter(start);
        register_parameter(name, parameter);
        return parameter;
    }

    /// <summary>Adds what is kept besides, such as the running statistics of a normalization.</summary>
    protected Tensor AddBuffer(string name, Tensor start)
    {
        register_buffer(name, start);
        return start;
    }

    /// <summary>Adds a part of this part.</summary>
    protected TPart AddPart<TPart>(string name, TPart part) where TPart : NetworkModule
    {
        register_module(name, part);
        return part;
    }

    // TorchSharp would register every field under the field's name, the weights that a tied layer has from another among them.
    protected override void RegisterComponents()
    {
    }

    private static IEnumerable<Parameter> WeightsOf(IEnumerable<(string Name, Parameter Parameter)> parameters) =>
        parameters.Where(pair => pair.Name.Split('.')[^1] == Weight).Select(pair => pair.Parameter);

    private static Tensor Uniform(Generator generator, long inputs, params long[] shape)
    {
        double bound = 1 / Math.Sqrt(inputs);
        return rand(shape, dtype: ScalarType.Float32, device: generator.device, generator: generator).Times(2 * bound).Minus(bound);
    }
}
