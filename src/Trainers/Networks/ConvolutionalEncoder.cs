using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Blocks of convolution and max pooling, then dense layers; the condition joins the flattened images.</summary>
internal sealed class ConvolutionalEncoder : NetworkPart
{
    private readonly ImageLayout _layout;
    private readonly ImageBlock[] _blocks;
    private readonly ConvolutionLayer[] _convolutions;
    private readonly DenseStack _hidden;

    public ConvolutionalEncoder(ImageLayout layout, ImageBlock[] blocks, ConvolutionLayer[] convolutions, DenseStack hidden)
        : base("encoder")
    {
        (_layout, _blocks) = (layout, blocks);
        _convolutions = [.. convolutions.Select((layer, i) => AddPart($"convolution{i + 1}", layer))];
        _hidden = AddPart("hidden", hidden);
    }

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        var images = ImageRows.ToImages(input, _blocks[0].From, _layout);
        for (int i = 0; i < _blocks.Length; i++)
        {
            images = _convolutions[i].Forward(images, null, pass);
            if (_blocks[i].Factor > 1)
                images = Resampling.MaxPool(images, _blocks[i].From, _blocks[i].Factor);
        }
        return _hidden.Forward(ImageRows.ToRows(images, _blocks[^1].To, ImageLayout.Planar), condition, pass);
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        string images = ImageRows.EmitToImages(graph, "encoder/images", input, _blocks[0].From, _layout);
        for (int i = 0; i < _blocks.Length; i++)
        {
            images = _convolutions[i].Emit(graph, images, null);
            if (_blocks[i].Factor > 1)
                images = Resampling.EmitMaxPool(graph, $"encoder/pooling{i + 1}", images, _blocks[i].From, _blocks[i].Factor);
        }
        return _hidden.Emit(graph, ImageRows.EmitToRows(graph, "encoder/flat", images, _blocks[^1].To, ImageLayout.Planar), condition);
    }
}

/// <summary>What a block of the encoder makes of an image, and its counterpart in the decoder undoes.</summary>
/// <param name="From">The image that it takes.</param>
/// <param name="To">The image that it gives.</param>
/// <param name="Factor">The factor of the pooling; 1 for none.</param>
internal readonly record struct ImageBlock(ImageShape From, ImageShape To, int Factor);
