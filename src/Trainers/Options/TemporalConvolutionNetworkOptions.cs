using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// Residual blocks of dilated convolutions over time (Bai, Kolter and Koltun 2018), and pooling over time, from a window of a time
/// series to the code and back to the window (Thill, Konen, Wang and Bäck 2021). Each row is a window.
/// </summary>
/// <remarks>
/// <para>The features are <see cref="Channels"/> × <see cref="Width"/> values, channel after channel: the value of a channel at a step
/// is the feature channel × width + step.</para>
/// <para>A block makes x + f(norm(W ∗ x + b)) of x, where W ∗ x sees <see cref="KernelSize"/> steps that are
/// <see cref="Dilations"/> apart and f is <see cref="NetworkOptions.Activation"/>. Where the number of filters changes, a convolution of
/// one step stands in the place of the first x.</para>
/// </remarks>
public sealed record TemporalConvolutionNetworkOptions : NetworkOptions
{
    /// <summary>The default value of <see cref="Channels"/>.</summary>
    public const int DefaultChannels = 1;

    /// <summary>The default value of <see cref="KernelSize"/>.</summary>
    public const int DefaultKernelSize = 3;

    /// <summary>The default value of <see cref="Pooling"/>.</summary>
    public const int DefaultPooling = 4;

    /// <summary>The values of each step, such as the number of sensors. The default value is 1.</summary>
    public int Channels { get; init; } = DefaultChannels;

    /// <summary>The steps of the window, at least 2. It has no default value: set it.</summary>
    public int Width { get; init; }

    /// <summary>
    /// The filters of each of the encoder's blocks, at least one block; the decoder has the blocks the other way round. The default
    /// value is 32, 32, 32.
    /// </summary>
    public IReadOnlyList<int> Filters { get; init => field = ValueList.Of(value); } = ValueList.Of([32, 32, 32]);

    /// <summary>
    /// The steps that a filter sees: an odd number, or any with <see cref="IsCausal"/>. The default value is 3. Borders of zeros keep
    /// the length of the window.
    /// </summary>
    public int KernelSize { get; init; } = DefaultKernelSize;

    /// <summary>
    /// How far apart the steps are that a filter sees, one number for each of <see cref="Filters"/>. The default value is null: 1 for the
    /// first block, and for each further one twice that of the block before. At most 1,024 steps lie between the first and the last one
    /// that a filter sees.
    /// </summary>
    public IReadOnlyList<int>? Dilations { get; init => field = ValueList.Of(value); }

    /// <summary>
    /// Whether a filter sees a step and earlier ones; otherwise it sees as many earlier as later ones. The default value is false. The
    /// code sees the whole window either way.
    /// </summary>
    public bool IsCausal { get; init; }

    /// <summary>
    /// The factor by which max pooling shortens the window before the code; 1 for no pooling. The default value is 4. A width that it
    /// does not divide is rounded up, and restored exactly by the decoder.
    /// </summary>
    public int Pooling { get; init; } = DefaultPooling;

    internal override string Kind => "temporal-convolutional";

    internal override void Validate(AutoencoderEstimator.Options options)
    {
        const string path = nameof(AutoencoderEstimator.Options.Network);
        base.Validate(options);
        Require.AtLeast(Channels, 1, $"{path}.{nameof(Channels)}");
        Require.AtLeast(Width, 2, $"{path}.{nameof(Width)}");
        Require.NotNull(Filters, $"{path}.{nameof(Filters)}");
        Require.AtLeast(Filters.Count, 1, $"{path}.{nameof(Filters)}.{nameof(Filters.Count)}");
        foreach (int filters in Filters)
            Require.AtLeast(filters, 1, $"{path}.{nameof(Filters)}");
        Require.InRange(KernelSize is >= 1 and <= OperatorRules.MostBorder && (IsCausal || KernelSize % 2 != 0), KernelSize,
            $"{path}.{nameof(KernelSize)}",
            $"{(IsCausal ? "" : "an odd number of ")}at least 1 and at most {OperatorRules.MostBorder}" +
            (IsCausal ? "" : $"; an even one needs {path}.{nameof(IsCausal)}"));
        ValidateDilations($"{path}.{nameof(Dilations)}");
        Require.AtLeast(Pooling, 1, $"{path}.{nameof(Pooling)}");
        Require.Not(Normalization == Normalization.Layer, $"{path}.{nameof(Normalization)}", Normalization, path, Kind,
            $"it is over the units of a dense layer; use {Normalization.Batch}");
    }

    internal override void ValidateFor(int featureCount, string column)
    {
        long expected = (long)Channels * Width;
        if (featureCount != expected)
            throw new InvalidOperationException(
                $"The column '{column}' has {featureCount} features; a window of {Channels} x {Width} (Network.{nameof(Channels)}, " +
                $"{nameof(Width)}) has {expected}.");
    }

    private protected override NetworkPart CreateTrunk(int featureCount, int conditionSize, Generator generator, out int width)
    {
        // A masked encoder gets beside each channel one that tells what is visible of it.
        var window = Window(featureCount / Width);
        List<NetworkPart> parts = [new ImagePart("encoder/window", window)];
        for (int i = 0; i < Filters.Count; i++)
            parts.Add(Block("encoder", i + 1, ref window, i, generator));
        var code = window.Pooled(Pooling);
        if (Pooling > 1)
            parts.Add(new PoolingPart("encoder/pooling", window, Pooling));
        parts.Add(new FlatPart("encoder/flat", code));
        width = checked((int)code.Count + conditionSize);
        return new LayerStack("encoder", parts, joinAt: parts.Count, LayerShape.Vector(width));
    }

    private protected override NetworkPart CreateDecoder(
        NetworkPart trunk, CodeLayer code, int featureCount, int conditionSize, Generator generator)
    {
        var window = Window(Filters[^1]);
        var small = window.Pooled(Pooling);

        // Without an activation: past the blocks' convolutions a linear way leads from the code to the window.
        List<NetworkPart> parts =
        [
            new DenseLayer("decoder/dense1", code.Units.Outputs + conditionSize, checked((int)small.Count), Activation.Linear, generator),
            new ImagePart("decoder/window", small),
        ];
        if (Pooling > 1)
            parts.Add(new UpsamplingPart("decoder/upsampling", window, Pooling));
        for (int i = Filters.Count - 1; i >= 0; i--)
            parts.Add(Block("decoder", Filters.Count - i, ref window, i, generator));
        parts.Add(new ConvolutionLayer($"decoder/convolution{Filters.Count + 1}", window, Channels, ConvolutionKernel.Square(1),
            OutputActivation, Normalization.None, generator));
        parts.Add(new FlatPart("decoder/flat", Window(Channels)));
        return new LayerStack("decoder", parts, joinAt: 0, LayerShape.Vector(featureCount));
    }

    private void ValidateDilations(string option)
    {
        if (Dilations is not null && Dilations.Count != Filters.Count)
            throw new ArgumentException(
                $"The option {option} has {Dilations.Count} numbers; expected {Filters.Count}, one for each of Network.{nameof(Filters)}.",
                option);

        // What a file may ask for of a convolution's border.
        int most = OperatorRules.MostBorder / Math.Max(1, KernelSize - 1);
        for (int i = 0; i < Filters.Count; i++)
            Require.InRange(Dilation(i) >= 1 && Dilation(i) <= most, Dilation(i), option,
                $"at least 1 and at most {most} (block {i + 1}, Network.{nameof(KernelSize)} {KernelSize})");
    }

    /// <summary>Makes a block of encoder or decoder.</summary>
    /// <param name="name">Which of the two.</param>
    /// <param name="number">Its number there.</param>
    /// <param name="window">What it takes, and afterwards what it gives.</param>
    /// <param name="block">Its place in <see cref="Filters"/>.</param>
    /// <param name="generator">Where the initial weights are drawn from.</param>
    private ResidualPart Block(string name, int number, ref ImageShape window, int block, Generator generator)
    {
        var kernel = new ConvolutionKernel(1, KernelSize, Dilation(block), IsCausal);
        var convolution = new ConvolutionLayer($"{name}/convolution{number}", window, Filters[block], kernel, Activation, Normalization,
            generator);
        var skip = window == convolution.Output ? null : new ConvolutionLayer($"{name}/skip{number}", window, Filters[block],
            ConvolutionKernel.Square(1), Activation.Linear, Normalization.None, generator);
        window = convolution.Output;
        return new ResidualPart($"{name}/block{number}", convolution, skip);
    }

    private ImageShape Window(int channels) => new(channels, Height: 1, Width);

    private int Dilation(int block) => Dilations?[block] ?? 1 << Math.Min(block, 30);
}
