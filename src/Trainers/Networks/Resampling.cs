using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Images made smaller and larger, each twice, for training and for the graph.</summary>
internal static class Resampling
{
    /// <summary>The largest value of each window; the last window of a side may be cut off by the border.</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="from">Their shape.</param>
    /// <param name="factor">The side of a window.</param>
    public static Tensor MaxPool(Tensor images, ImageShape from, int factor)
    {
        long[] factors = from.Factors(factor);
        return nn.functional.max_pool2d(images, factors, strides: factors, ceil_mode: true);
    }

    public static string EmitMaxPool(OnnxGraphBuilder graph, string name, string images, ImageShape from, int factor)
    {
        long[] factors = from.Factors(factor);
        bool isCutOff = from.Height % factors[0] != 0 || from.Width % factors[1] != 0;
        AttributeProto[] attributes = [OnnxAttribute.Int64s("kernel_shape", factors), OnnxAttribute.Int64s("strides", factors)];

        // Without a window that is cut off, ceil_mode changes nothing.
        graph.Layer("max_pool2d", [], ("kernel_size", NetworkLayer.List(factors)), ("ceil_mode", true));
        return graph.Node("MaxPool", name, [images], isCutOff ? [.. attributes, OnnxAttribute.Int64("ceil_mode", 1)] : attributes);
    }

    /// <summary>
    /// Each pixel repeated; what goes beyond the wanted size is cut off at the bottom and on the right, where pooling
    /// had a smaller window.
    /// </summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="to">The height and width that are wanted; its number of channels does not matter.</param>
    /// <param name="factor">How often each pixel is repeated on each side.</param>
    public static Tensor Enlarge(Tensor images, ImageShape to, int factor)
    {
        // Not by nn.functional.interpolate, whose gradient sums in another order: a seed's bytes would be others.
        long[] factors = to.Factors(factor);
        long channels = images.shape[1], height = images.shape[2], width = images.shape[3];
        return images.reshape(-1, channels, height, 1, width, 1).expand(-1, -1, -1, factors[0], -1, factors[1])
            .reshape(-1, channels, height * factors[0], width * factors[1])
            .narrow(2, 0, to.Height).narrow(3, 0, to.Width);
    }

    public static string EmitEnlarge(OnnxGraphBuilder graph, string name, string images, int channels, ImageShape to, int factor)
    {
        long[] factors = to.Factors(factor);
        ImageShape from = to.Pooled(factor);
        bool isLarger = from.Height * factors[0] > to.Height || from.Width * factors[1] > to.Width;

        string enlarged = graph.Node("Resize", isLarger ? $"{name}/uncropped" : name,
            [images, OnnxGraphBuilder.NoInput, graph.Initializer($"{name}/scales", [1, 1, factors[0], factors[1]], 4)],
            OnnxAttribute.String("mode", "nearest"), OnnxAttribute.String("coordinate_transformation_mode", "asymmetric"),
                OnnxAttribute.String("nearest_mode", "floor"));

        // Where a length is a name, inference does not look whether its scale is 1.
        graph.Declare(enlarged, TensorTypes.Single, channels, from.Height * factors[0], from.Width * factors[1]);
        graph.Layer("interpolate", [], ("scale_factor", NetworkLayer.List(factors)), ("mode", "nearest"));
        if (!isLarger)
            return enlarged;
        graph.Layer("narrow", [], ("dim", 2), ("start", 0), ("length", to.Height));
        graph.Layer("narrow", [], ("dim", 3), ("start", 0), ("length", to.Width));
        return graph.Node("Slice", name, [enlarged, graph.Int64s($"{name}/starts", 0, 0), graph.Int64s($"{name}/ends", to.Height, to.Width),
            graph.Int64s($"{name}/axes", 2, 3)]);
    }
}
