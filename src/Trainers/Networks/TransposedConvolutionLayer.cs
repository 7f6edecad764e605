using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// A transposed convolution that enlarges images to a given size: the gradient of a convolution with stride (Zeiler et
/// al. 2010; Dumoulin and Visin 2016, section 4).
/// </summary>
/// <remarks>
/// With stride s, a kernel of odd size k and a border of (k − 1)/2, a side of n becomes (n − 1) s + 1 + p. What pooling
/// by s makes n of lies between (n − 1) s + 1 and n s, so that the output padding p, 0 to s − 1, restores every size.
/// </remarks>
internal sealed class TransposedConvolutionLayer(
    string name, ImageShape input, int filters, int kernelSize, ImageShape to, int factor,
    Activation activation, Normalization normalization, Generator generator)
    : ImageLayer(
        name, input, to with { Channels = filters }, [input.Channels, filters, kernelSize, kernelSize],
        (long)filters * kernelSize * kernelSize, activation, normalization, generator)
{
    private readonly long _kernelSize = kernelSize, _border = kernelSize / 2;
    private readonly long[] _strides = to.Factors(factor);
    private readonly long[] _outputPadding = [OutputPadding(to.Height, to.Factors(factor)[0]),
        OutputPadding(to.Width, to.Factors(factor)[1])];

    public override string Description =>
        $"transposed convolution of {Input} to {Output}, kernels of {_kernelSize} x {_kernelSize}, strides {_strides[0]} x {_strides[1]}";

    protected override long Uses => Input.Places;

    public override Tensor Convolve(Tensor images, Tensor weight, Tensor bias) =>
        nn.functional.conv_transpose2d(images, weight, bias, strides: _strides, padding: [_border, _border],
            output_padding: _outputPadding);

    protected override string EmitConvolution(OnnxGraphBuilder graph, string name, string images, string weight, string bias)
    {
        graph.Layer("conv_transpose2d", [("weight", weight), ("bias", bias)], ("stride", NetworkLayer.List(_strides)),
            ("padding", NetworkLayer.List(_border, _border)), ("output_padding", NetworkLayer.List(_outputPadding)));
        return graph.Node("ConvTranspose", name, [images, weight, bias],
            OnnxAttribute.Int64s("kernel_shape", _kernelSize, _kernelSize),
            OnnxAttribute.Int64s("pads", _border, _border, _border, _border),
            OnnxAttribute.Int64s("strides", _strides), OnnxAttribute.Int64s("output_padding", _outputPadding));
    }

    // The filters stand on the second axis.
    protected override (Tensor Weight, Tensor Bias) Fold(NormalizationLayer normalization, Tensor weight, Tensor bias)
    {
        var (folded, shift) = normalization.Fold(weight.transpose(0, 1), bias);
        return (folded.transpose(0, 1), shift);
    }

    private static long OutputPadding(int side, long stride) => (side - 1) % stride;
}
