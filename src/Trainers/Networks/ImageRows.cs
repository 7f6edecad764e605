using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// Images out of rows, [batch, n] to [batch, channels, height, width], and back; each twice, for training and for the
/// graph.
/// </summary>
internal static class ImageRows
{
    // A 0 in the shape of a Reshape keeps the length of that axis, and for those who look at the graph its name.
    private const long SameBatch = 0;

    public static Tensor ToImages(Tensor rows, ImageShape shape, ImageLayout layout) => IsInterleaved(shape, layout)
        ? rows.reshape(-1, shape.Height, shape.Width, shape.Channels).permute(0, 3, 1, 2).contiguous()
        : rows.reshape(-1, shape.Channels, shape.Height, shape.Width);

    public static string EmitToImages(OnnxGraphBuilder graph, string name, string rows, ImageShape shape, ImageLayout layout)
    {
        bool isInterleaved = IsInterleaved(shape, layout);
        graph.Layer("reshape", [], ("shape", isInterleaved
            ? NetworkLayer.List(-1, shape.Height, shape.Width, shape.Channels)
            : NetworkLayer.List(-1, shape.Channels, shape.Height, shape.Width)));
        if (!isInterleaved)
            return graph.Node("Reshape", name, [rows, graph.Int64s($"{name}/shape", SameBatch, shape.Channels, shape.Height, shape.Width)]);
        string images = graph.Node("Reshape", $"{name}/interleaved",
            [rows, graph.Int64s($"{name}/shape", SameBatch, shape.Height, shape.Width, shape.Channels)]);
        graph.Layer("permute", [], ("dims", NetworkLayer.List(0, 3, 1, 2)));
        return graph.Node("Transpose", name, [images], OnnxAttribute.Int64s("perm", 0, 3, 1, 2));
    }

    // Stacked rather than permuted: the gradient then lies in memory as that of planar images does, and convolutions
    // sum it in the same order.
    public static Tensor ToRows(Tensor images, ImageShape shape, ImageLayout layout) =>
        (IsInterleaved(shape, layout) ? stack(images.unbind(1), -1) : images).reshape(-1, shape.Count);

    public static string EmitToRows(OnnxGraphBuilder graph, string name, string images, ImageShape shape, ImageLayout layout)
    {
        if (IsInterleaved(shape, layout))
        {
            graph.Layer("permute", [], ("dims", NetworkLayer.List(0, 2, 3, 1)));
            images = graph.Node("Transpose", $"{name}/interleaved", [images], OnnxAttribute.Int64s("perm", 0, 2, 3, 1));
        }
        graph.Layer("flatten", [], ("start_dim", 1));
        return graph.Node("Flatten", name, [images], OnnxAttribute.Int64("axis", 1));
    }

    // With one channel, or one pixel, the two layouts are one.
    private static bool IsInterleaved(ImageShape shape, ImageLayout layout) =>
        layout == ImageLayout.Interleaved && shape.Channels > 1 && shape.Count > shape.Channels;
}
