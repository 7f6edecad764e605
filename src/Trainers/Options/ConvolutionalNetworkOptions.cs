using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// Blocks of convolution, activation and max pooling from an image to the code, and of upsampling and convolution back
/// to an image of the very same size (Masci et al. 2011). The features are the pixels of the image, one vector for each
/// row.
/// </summary>
public sealed record ConvolutionalNetworkOptions : NetworkOptions
{
    /// <summary>The default value of <see cref="Channels"/>.</summary>
    public const int DefaultChannels = 1;

    /// <summary>The default value of <see cref="KernelSize"/>.</summary>
    public const int DefaultKernelSize = 3;

    private const int DefaultPooling = 2;

    /// <summary>The channels of the image, such as 3 for colors. The default value is 1.</summary>
    public int Channels { get; init; } = DefaultChannels;

    /// <summary>The height of the image in pixels, at least 1. It has no default value: set it.</summary>
    public int Height { get; init; }

    /// <summary>The width of the image in pixels, at least 1. It has no default value: set it.</summary>
    public int Width { get; init; }

    /// <summary>
    /// The order of the pixels in the feature column. The default value is <see cref="ImageLayout.Planar"/>. With one
    /// channel both are the same.
    /// </summary>
    public ImageLayout Layout { get; init; } = ImageLayout.Planar;

    /// <summary>
    /// The filters of each of the encoder's blocks, at least one block; the decoder has them the other way round. The
    /// default value is 16, 32.
    /// </summary>
    public IReadOnlyList<int> Filters { get; init => field = ValueList.Of(value); } = ValueList.Of([16, 32]);

    /// <summary>
    /// The side of each filter in pixels, an odd number. The default value is 3. Borders of zeros keep the size of the
    /// image.
    /// </summary>
    public int KernelSize { get; init; } = DefaultKernelSize;

    /// <summary>
    /// The factor by which each block shrinks height and width by max pooling, one for each of <see cref="Filters"/>; 1
    /// for no pooling. The default value is null: 2 for every block. Sides that the factor does not divide are rounded
    /// up, and restored exactly by the decoder.
    /// </summary>
    public IReadOnlyList<int>? Pooling { get; init => field = ValueList.Of(value); }

    /// <summary>How the decoder enlarges the image. The default value is <see cref="Upsampling.Nearest"/>.</summary>
    public Upsampling Upsampling { get; init; } = Upsampling.Nearest;

    /// <summary>
    /// The widths of dense layers between the smallest image and the code; the decoder has them the other way round.
    /// The default value is empty.
    /// </summary>
    public IReadOnlyList<int> Hidden { get; init => field = ValueList.Of(value); } = ValueList.Of<int>([]);

    internal override string Kind => "convolutional";

    private ConvolutionKernel Kernel => ConvolutionKernel.Square(KernelSize);

    internal override void Validate(AutoencoderEstimator.Options options)
    {
        const string path = nameof(AutoencoderEstimator.Options.Network);
        base.Validate(options);
        Require.AtLeast(Channels, 1, $"{path}.{nameof(Channels)}");
        Require.AtLeast(Height, 1, $"{path}.{nameof(Height)}");
        Require.AtLeast(Width, 1, $"{path}.{nameof(Width)}");
        Require.Defined(Layout, $"{path}.{nameof(Layout)}");
        Require.NotNull(Filters, $"{path}.{nameof(Filters)}");
        Require.AtLeast(Filters.Count, 1, $"{path}.{nameof(Filters)}.{nameof(Filters.Count)}");
        foreach (int filters in Filters)
            Require.AtLeast(filters, 1, $"{path}.{nameof(Filters)}");
        Require.Odd(KernelSize, $"{path}.{nameof(KernelSize)}");
        Require.Not(options.Masking is not null && Layout == ImageLayout.Interleaved && Channels > 1, nameof(options.Masking), "set",
            $"{path}.{nameof(Layout)}", Layout, "what is visible of a channel is a channel of its own");
        ValidatePooling($"{path}.{nameof(Pooling)}");
        Require.Defined(Upsampling, $"{path}.{nameof(Upsampling)}");
        Require.NotNull(Hidden, $"{path}.{nameof(Hidden)}");
        foreach (int width in Hidden)
            Require.AtLeast(width, 1, $"{path}.{nameof(Hidden)}");
        Require.Not(Normalization == Normalization.Layer, $"{path}.{nameof(Normalization)}", Normalization, path, Kind,
            $"it is over the units of a dense layer; use {Normalization.Batch}");
    }

    internal override void ValidateFor(int featureCount, string column)
    {
        long expected = new ImageShape(Channels, Height, Width).Count;
        if (featureCount != expected)
            throw new InvalidOperationException(
                $"The column '{column}' has {featureCount} features; an image of {Channels} x {Height} x {Width} " +
                $"(Network.{nameof(Channels)}, {nameof(Height)}, {nameof(Width)}) has {expected}.");
    }

    private protected override NetworkPart CreateTrunk(int featureCount, int conditionSize, Generator generator, out int width)
    {
        ImageBlock[] blocks = [.. Blocks()];

        // A masked encoder gets beside each channel one that tells what is visible of it.
        blocks[0] = blocks[0] with { From = blocks[0].From with { Channels = checked((int)(featureCount / blocks[0].From.Places)) } };
        ConvolutionLayer[] convolutions = [.. blocks.Select((block, i) =>
            new ConvolutionLayer($"encoder/convolution{i + 1}", block.From, block.To.Channels, Kernel, Activation, Normalization,
                generator))];
        int[] widths = [checked((int)blocks[^1].To.Count) + conditionSize, .. Hidden];
        width = widths[^1];
        return new ConvolutionalEncoder(Layout, blocks, convolutions, new DenseStack("encoder", Dense("encoder", widths, generator)));
    }

    private protected override NetworkPart CreateDecoder(
        NetworkPart trunk, CodeLayer code, int featureCount, int conditionSize, Generator generator)
    {
        ImageBlock[] blocks = [.. Blocks().Reverse()];
        int[] widths = [code.Units.Outputs + conditionSize, .. Hidden.Reverse()];
        DenseLayer[] dense = [.. Dense("decoder", widths, generator)];

        // Each pixel of the smallest image by itself is not normalized: the channels are, in the convolution that follows.
        var toImage = new DenseLayer($"decoder/dense{widths.Length}", widths[^1], (int)blocks[0].To.Count, Activation, generator);
        var hidden = new DenseStack("decoder", dense.Append(toImage));
        ImageLayer[] layers = [.. blocks.Select((block, i) =>
        {
            // The block next to the image keeps its filters: from them the last convolution makes the channels.
            int filters = i == blocks.Length - 1 ? block.To.Channels : block.From.Channels;
            string name = $"decoder/convolution{i + 1}";
            return Upsampling == Upsampling.TransposedConvolution && block.Factor > 1
                ? new TransposedConvolutionLayer(name, block.To, filters, KernelSize, block.From, block.Factor, Activation,
                    Normalization, generator)
                : (ImageLayer)new ConvolutionLayer(
                    name, block.From with { Channels = block.To.Channels }, filters, Kernel, Activation, Normalization, generator);
        })];
        var last = new ConvolutionLayer($"decoder/convolution{blocks.Length + 1}",
            blocks[^1].From with { Channels = blocks[^1].To.Channels }, Channels, Kernel, OutputActivation, Normalization.None,
            generator);
        return new ConvolutionalDecoder(Layout, blocks, hidden, layers, last);
    }

    private void ValidatePooling(string option)
    {
        if (Pooling is not null && Pooling.Count != Filters.Count)
            throw new ArgumentException(
                $"The option {option} has {Pooling.Count} factors; expected {Filters.Count}, one for each of Network.{nameof(Filters)}.",
                option);
        foreach (int factor in Pooling ?? [])
            Require.AtLeast(factor, 1, option);
        ImageBlock[] blocks = [.. Blocks()];
        int single = Array.FindIndex(blocks, block => block is { Factor: > 1, From: { Height: 1, Width: 1 } });
        if (single >= 0)
            throw new ArgumentException(
                $"The option {option} shrinks the image of block {single + 1} by {blocks[single].Factor}, which is a single pixel " +
                "already; expected 1 for this block, or fewer blocks.", option);
    }

    private IEnumerable<DenseLayer> Dense(string name, int[] widths, Generator generator) =>
        Enumerable.Range(0, widths.Length - 1).Select(i =>
        new DenseLayer($"{name}/dense{i + 1}", widths[i], widths[i + 1], Activation, generator, Normalization));

    /// <summary>What the encoder's blocks make of the image, one after another.</summary>
    private IEnumerable<ImageBlock> Blocks()
    {
        var shape = new ImageShape(Channels, Height, Width);
        for (int i = 0; i < Filters.Count; i++)
        {
            int factor = Pooling is null ? DefaultPooling : Pooling[i];
            var next = shape.Pooled(factor) with { Channels = Filters[i] };
            yield return new ImageBlock(shape, next, factor);
            shape = next;
        }
    }
}
