using MLNetAutoencoder.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A layer of filters over images: f(norm(filters ∗ images + b)), each filter one channel of the result.</summary>
internal abstract class ImageLayer : NetworkPart
{
    private readonly string _name;
    private readonly Activation _activation;
    private readonly Parameter _weight, _bias;
    private readonly NormalisationLayer? _normalisation;

    /// <param name="name">The layer's name in the graph.</param>
    /// <param name="shape">The shape of the weight.</param>
    /// <param name="fanIn">The weights that PyTorch's initialisation counts as the inputs of one unit.</param>
    /// <param name="filters">The channels of the result.</param>
    /// <param name="activation">The activation.</param>
    /// <param name="normalisation">The normalisation: none, or over batch and places.</param>
    /// <param name="generator">Where the initial weights are drawn from.</param>
    protected ImageLayer(string name, long[] shape, long fanIn, int filters, Activation activation, Normalisation normalisation, Generator generator)
    {
        (_name, _activation) = (name, activation);
        _weight = AddWeight(generator, fanIn, shape);
        _bias = AddBias(generator, fanIn, filters);
        if (normalisation != Normalisation.None)
            _normalisation = AddPart(new NormalisationLayer($"{name}/normalisation", normalisation, filters, generator.device));
    }

    public override IEnumerable<NamedWeight> NamedWeights => [new($"{_name}/weight", _weight.shape, TakeWeight), new($"{_name}/bias", _bias)];

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        var sum = Convolve(input, _weight, _bias);
        return Activations.Apply(_activation, _normalisation?.Forward(sum, null, pass) ?? sum);
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        (Tensor weight, Tensor bias) = _normalisation is null ? (_weight, _bias) : Fold(_normalisation, _weight, _bias);
        string sum = EmitConvolution(graph, _name, input, Initializer(graph, $"{_name}/weight", weight), Initializer(graph, $"{_name}/bias", bias));
        return Activations.Emit(_activation, graph, $"{_name}/activation", sum);
    }

    protected abstract Tensor Convolve(Tensor images, Tensor weight, Tensor bias);

    protected abstract string EmitConvolution(OnnxGraphBuilder graph, string name, string images, string weight, string bias);

    private void TakeWeight(Tensor values)
    {
        _weight.copy_(values);
        _normalisation?.Unfold();
    }

    /// <summary>Weight and bias that do what the layer and its normalisation do.</summary>
    protected abstract (Tensor Weight, Tensor Bias) Fold(NormalisationLayer normalisation, Tensor weight, Tensor bias);
}
