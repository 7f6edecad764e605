using MLNetAutoencoder.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A layer of filters over images: f(norm(filters ∗ images + b)), each filter one channel of the result.</summary>
internal abstract class ImageLayer : NetworkPart
{
    private readonly Activation _activation;
    private readonly Parameter _weight, _bias;
    private readonly NormalizationLayer? _normalization;

    /// <param name="name">The layer's name in the graph.</param>
    /// <param name="input">The images that it takes.</param>
    /// <param name="output">The images that it gives, a channel of each filter.</param>
    /// <param name="shape">The shape of the weight.</param>
    /// <param name="fanIn">The weights that PyTorch's initialization counts as the inputs of one unit.</param>
    /// <param name="activation">The activation.</param>
    /// <param name="normalization">The normalization: none, or over batch and places.</param>
    /// <param name="generator">Where the initial weights are drawn from.</param>
    protected ImageLayer(
        string name, ImageShape input, ImageShape output, long[] shape, long fanIn,
        Activation activation, Normalization normalization, Generator generator)
        : base(name)
    {
        (Name, Input, Output, _activation) = (name, input, output, activation);
        _weight = AddWeight(generator, fanIn, shape);
        _bias = AddBias(generator, fanIn, output.Channels);
        if (normalization != Normalization.None)
            _normalization = AddPart(
                "normalization", new NormalizationLayer($"{name}/normalization", normalization, output.Channels, generator.device));
    }

    public string Name { get; }

    public ImageShape Input { get; }

    public ImageShape Output { get; }

    public long[] WeightShape => _weight.shape;

    /// <summary>What it does, in words: layers of one description are one to libtorch.</summary>
    public abstract string Description { get; }

    public override long MultiplyAdds => _weight.numel() * Uses;

    public override IEnumerable<(string Name, Tensor Tensor)> GraphWeights => [($"{Name}/weight", _weight), ($"{Name}/bias", _bias)];

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        var sum = Convolve(input, _weight, _bias);
        return Activations.Apply(_activation, _normalization?.Forward(sum, null, pass) ?? sum);
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        (Tensor weight, Tensor bias) = _normalization is null ? (_weight, _bias) : Fold(_normalization, _weight, _bias);
        string sum = EmitConvolution(graph, Name, input, Initializer(graph, $"{Name}/weight", weight),
            Initializer(graph, $"{Name}/bias", bias));
        return Activations.Emit(_activation, graph, $"{Name}/activation", sum);
    }

    /// <summary>How often an image's way forwards uses each weight.</summary>
    protected virtual long Uses => Output.Places;

    /// <summary>The bare convolution, of tensors of any precision.</summary>
    public abstract Tensor Convolve(Tensor images, Tensor weight, Tensor bias);

    protected abstract string EmitConvolution(OnnxGraphBuilder graph, string name, string images, string weight, string bias);

    /// <summary>Weight and bias that do what the layer and its normalization do.</summary>
    protected abstract (Tensor Weight, Tensor Bias) Fold(NormalizationLayer normalization, Tensor weight, Tensor bias);
}
