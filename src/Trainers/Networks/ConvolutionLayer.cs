using System.Text.Json.Nodes;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A convolution with a border of zeros, so that the images keep their size (LeCun et al. 1998, with padding).</summary>
internal sealed class ConvolutionLayer(
    string name, ImageShape input, int filters, ConvolutionKernel kernel, Activation activation, Normalization normalization,
    Generator generator)
    : ImageLayer(
        name, input, input with { Channels = filters }, [filters, input.Channels, kernel.Height, kernel.Width],
        (long)input.Channels * kernel.Height * kernel.Width, activation, normalization, generator)
{
    private readonly ConvolutionKernel _kernel = kernel;

    // libtorch's convolutions, unlike ONNX's, have one border for both sides; zeros on one side are put there before.
    private readonly bool _isPadded = kernel.Left != kernel.Right;

    public override string Description => $"convolution of {Input} to {Output}, kernels of {_kernel}";

    private long[] Border => [_kernel.Above, _isPadded ? 0 : _kernel.Left];

    public override Tensor Convolve(Tensor images, Tensor weight, Tensor bias) =>
        nn.functional.conv2d(_isPadded ? nn.functional.pad(images, [_kernel.Left, _kernel.Right, 0, 0]) : images, weight, bias,
            padding: Border, dilation: [1, _kernel.Dilation]);

    protected override string EmitConvolution(OnnxGraphBuilder graph, string name, string images, string weight, string bias)
    {
        bool isDilated = _kernel.Dilation > 1;
        if (_isPadded)
            graph.Layer("pad", [], ("pad", NetworkLayer.List(_kernel.Left, _kernel.Right, 0, 0)));
        (string, JsonNode)[] arguments = [("padding", NetworkLayer.List(Border))];
        graph.Layer("conv2d", [("weight", weight), ("bias", bias)],
            isDilated ? [.. arguments, ("dilation", NetworkLayer.List(1, _kernel.Dilation))] : arguments);
        AttributeProto[] attributes = [OnnxAttribute.Int64s("kernel_shape", _kernel.Height, _kernel.Width),
            OnnxAttribute.Int64s("pads", _kernel.Above, _kernel.Left, _kernel.Above, _kernel.Right)];
        return graph.Node("Conv", name, [images, weight, bias],
            isDilated ? [.. attributes, OnnxAttribute.Int64s("dilations", 1, _kernel.Dilation)] : attributes);
    }

    protected override (Tensor Weight, Tensor Bias) Fold(NormalizationLayer normalization, Tensor weight, Tensor bias) =>
        normalization.Fold(weight, bias);
}
