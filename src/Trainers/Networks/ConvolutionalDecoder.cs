using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// Dense layers to the smallest images, and the encoder's blocks the other way round, each enlarging to the very size
/// that pooling had shrunk; a last convolution gives the channels.
/// </summary>
internal sealed class ConvolutionalDecoder : NetworkPart
{
    private readonly ImageLayout _layout;
    private readonly ImageBlock[] _blocks;
    private readonly DenseStack _hidden;
    private readonly ImageLayer[] _layers;
    private readonly ConvolutionLayer _last;

    /// <param name="layout">The order of the pixels.</param>
    /// <param name="blocks">The encoder's blocks, the last first.</param>
    /// <param name="hidden">The dense layers from the code to the smallest images.</param>
    /// <param name="layers">The layer of each block.</param>
    /// <param name="last">The layer that gives the channels.</param>
    public ConvolutionalDecoder(ImageLayout layout, ImageBlock[] blocks, DenseStack hidden, ImageLayer[] layers, ConvolutionLayer last)
        : base("decoder")
    {
        (_layout, _blocks) = (layout, blocks);
        _hidden = AddPart("hidden", hidden);
        _layers = [.. layers.Select((layer, i) => AddPart($"convolution{i + 1}", layer))];
        _last = AddPart($"convolution{layers.Length + 1}", last);
    }

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        var images = ImageRows.ToImages(_hidden.Forward(input, condition, pass), _blocks[0].To, ImageLayout.Planar);
        for (int i = 0; i < _blocks.Length; i++)
        {
            if (IsRepeated(i))
                images = Resampling.Enlarge(images, _blocks[i].From, _blocks[i].Factor);
            images = _layers[i].Forward(images, null, pass);
        }
        return ImageRows.ToRows(_last.Forward(images, null, pass), _blocks[^1].From, _layout);
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        string images = ImageRows.EmitToImages(graph, "decoder/images", _hidden.Emit(graph, input, condition), _blocks[0].To,
            ImageLayout.Planar);
        for (int i = 0; i < _blocks.Length; i++)
        {
            if (IsRepeated(i))
                images = Resampling.EmitEnlarge(graph, $"decoder/upsampling{i + 1}", images, _blocks[i].To.Channels, _blocks[i].From,
                    _blocks[i].Factor);
            images = _layers[i].Emit(graph, images, null);
        }
        return ImageRows.EmitToRows(graph, "decoder/flat", _last.Emit(graph, images, null), _blocks[^1].From, _layout);
    }

    // A transposed convolution enlarges by itself.
    private bool IsRepeated(int block) => _blocks[block].Factor > 1 && _layers[block] is ConvolutionLayer;
}
