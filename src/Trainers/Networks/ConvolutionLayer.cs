using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A convolution with a border of zeros, so that the images keep their size (LeCun et al. 1998, with padding).</summary>
internal sealed class ConvolutionLayer(
    string name, ImageShape input, int filters, int kernelSize, Activation activation, Normalization normalization, Generator generator)
    : ImageLayer(
        name, input, input with { Channels = filters }, [filters, input.Channels, kernelSize, kernelSize],
        (long)input.Channels * kernelSize * kernelSize, activation, normalization, generator)
{
    private readonly long _kernelSize = kernelSize, _border = kernelSize / 2;

    public override string Description => $"convolution of {Input} to {Output}, kernels of {_kernelSize} x {_kernelSize}";

    public override Tensor Convolve(Tensor images, Tensor weight, Tensor bias) =>
        nn.functional.conv2d(images, weight, bias, padding: [_border, _border]);

    protected override string EmitConvolution(OnnxGraphBuilder graph, string name, string images, string weight, string bias)
    {
        graph.Layer("conv2d", [("weight", weight), ("bias", bias)], ("padding", NetworkLayer.List(_border, _border)));
        return graph.Node("Conv", name, [images, weight, bias],
            OnnxAttribute.Int64s("kernel_shape", _kernelSize, _kernelSize),
            OnnxAttribute.Int64s("pads", _border, _border, _border, _border));
    }

    protected override (Tensor Weight, Tensor Bias) Fold(NormalizationLayer normalization, Tensor weight, Tensor bias) =>
        normalization.Fold(weight, bias);
}
