using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// Hides features at random in each step of the training, tells the network which, and has it predict them: a masked autoencoder (He,
/// Chen, Xie, Li, Dollár and Girshick 2022; Yin, Qiao, Zhou, Wang and Yang, MCM, ICLR 2024).
/// </summary>
/// <remarks>
/// <para>The encoder takes the scaled features, 0 where one is hidden, and beside them 1 for each that is not. The loss is the mean
/// over the hidden features, and those that are not count <see cref="VisibleWeight"/> as much.</para>
/// <para>A score hides every feature equally often, by fixed masks. A feature's error is that of predicting it while it is hidden, as
/// a multiple of what rows that the threshold comes from have on average under the same mask.</para>
/// <para>A missing value is a hidden one: it is trained and scored without
/// (<see cref="TrainingMissingValues.Masked"/>, <see cref="ScoringMissingValues.Hidden"/>), and the reconstruction tells what it may have
/// been.</para>
/// </remarks>
public sealed record Masking
{
    // How many parts the features are hidden in, round after round.
    private static readonly int[] s_parts = [2, 3, 4, 7];

    /// <summary>
    /// What is hidden together: features one by one, or runs of steps of a window. The default value is <see cref="MaskShape.Features"/>.
    /// </summary>
    public MaskShape Shape { get; init; }

    /// <summary>The least share of a row's features that is hidden, drawn for each row anew. The default value is 0.1.</summary>
    public double LeastShare { get; init; } = 0.1;

    /// <summary>The largest share of a row's features that is hidden. The default value is 0.7.</summary>
    public double GreatestShare { get; init; } = 0.7;

    /// <summary>How much the error of a feature that is not hidden counts in the loss, from 0 to 1. The default value is 0.1.</summary>
    public double VisibleWeight { get; init; } = 0.1;

    /// <summary>
    /// Whether a score shows the network all features that are there, and measures how well it reproduces them. The default value is false:
    /// it hides them.
    /// </summary>
    public bool ScoresVisible { get; init; }

    /// <summary>
    /// How often the masks of a score hide each feature. The default value is 4: once as one of two parts, and of three, four and
    /// seven, which are 16 masks.
    /// </summary>
    public int ScoreRounds { get; init; } = 4;

    /// <summary>The steps of a window; 0 where a row is no window, and is taken for one of a single channel.</summary>
    internal int Width { get; init; }

    /// <summary>Whether a window stands around the level of its visible steps, and not of all: it is what a gap leaves.</summary>
    internal bool MovesLevel { get; init; }

    internal void Validate()
    {
        const string path = nameof(AutoencoderEstimator.Options.Masking);
        Require.InRange(LeastShare is > 0 and < 1, LeastShare, $"{path}.{nameof(LeastShare)}", "more than 0 and less than 1");
        Require.InRange(GreatestShare >= LeastShare && GreatestShare < 1, GreatestShare, $"{path}.{nameof(GreatestShare)}",
            FormattableString.Invariant($"at least {LeastShare} ({nameof(LeastShare)}) and less than 1"));
        Require.InRange(VisibleWeight is >= 0 and <= 1, VisibleWeight, $"{path}.{nameof(VisibleWeight)}", "at least 0 and at most 1");
        Require.AtLeast(ScoreRounds, 1, $"{path}.{nameof(ScoreRounds)}");
        Require.Defined(Shape, $"{path}.{nameof(Shape)}");
        Require.Not(ScoresVisible && VisibleWeight == 0, $"{path}.{nameof(ScoresVisible)}", ScoresVisible,
            $"{path}.{nameof(VisibleWeight)}", VisibleWeight, "the network would not learn to reproduce what it sees");
    }

    /// <summary>1 for the features of a batch that stay visible, 0 for those that are hidden or missing.</summary>
    internal Tensor Draw(TrainingBatch batch, Generator generator)
    {
        Tensor Uniform(params long[] shape) =>
            rand(shape, dtype: ScalarType.Float32, device: batch.Rows.device, generator: generator);
        using var scope = NewDisposeScope();
        Tensor Shares(params long[] shape) => Uniform(shape).Times(GreatestShare - LeastShare).Plus(LeastShare);
        var visible = (Shape == MaskShape.Runs ? Runs() : Uniform(batch.Rows.shape).ge(Shares(batch.Rows.shape[0], 1)))
            .to(ScalarType.Float32);
        return (batch.Known is { } known ? visible.mul_(known) : visible).MoveToOuterDisposeScope();

        // In each channel a run that may begin before the window, or end after it.
        Tensor Runs()
        {
            long count = batch.Rows.shape[0], features = batch.Rows.shape[1], width = Width == 0 ? features : Width;
            var length = Shares(count, features / width, 1).Times(width);
            var start = Uniform(count, features / width, 1).mul(length.Plus(width)).Plus(length.Times(-1));
            var steps = TensorNumbers.UpTo(width, batch.Rows.device);
            return steps.lt(start).logical_or(steps.ge(start.Plus(length))).reshape(batch.Rows.shape);
        }
    }

    /// <summary>The rows of a batch as they would be if what is hidden were not there.</summary>
    internal TrainingBatch Leveled(TrainingBatch batch, Tensor visible)
    {
        if (!MovesLevel)
            return batch;
        using var scope = NewDisposeScope();
        long[] windows = [batch.Rows.shape[0], batch.Rows.shape[1] / Width, Width];
        var (rows, seen) = (batch.Rows.reshape(windows), visible.reshape(windows));
        var level = (rows * seen).sum(2, keepdim: true) / seen.sum(2, keepdim: true).AtLeast(1);
        return batch with { Rows = (rows - level).reshape(batch.Rows.shape).MoveToOuterDisposeScope() };
    }

    /// <summary>What the features of a batch count in the loss, [b, d].</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="visible">1 for the features that the network sees.</param>
    internal TrainingBatch Counted(TrainingBatch batch, Tensor visible)
    {
        var counted = visible.Times(VisibleWeight - 1).Plus(1);
        return batch with { Known = batch.Known is { } known ? counted * known : counted };
    }

    /// <summary>The masks of a score, [masks, d] row by row, 0 for what is hidden: each feature equally often.</summary>
    internal float[] ScoreMasks(int featureCount, long seed)
    {
        if (ScoresVisible)
            return [.. Enumerable.Repeat(1f, featureCount)];
        var random = new Random(SelectionSampling.SeedOf(seed));
        int width = Shape == MaskShape.Features ? featureCount : Width == 0 ? featureCount : Width;
        int[] places = [.. Enumerable.Range(0, width)];
        List<float> masks = [];
        for (int round = 0; round < ScoreRounds; round++)
        {
            if (Shape == MaskShape.Features)
                random.Shuffle(places);
            int parts = Math.Min(s_parts[round % s_parts.Length], width);
            for (int part = 0; part < parts; part++)
            {
                float[] mask = new float[featureCount];
                Array.Fill(mask, 1f);

                // Every so many of the places in their random order, or one run of steps in all channels.
                for (int i = 0; i < featureCount; i++)
                {
                    if (Shape == MaskShape.Features ? i % parts == part : i % width * parts / width == part)
                        mask[Shape == MaskShape.Features ? places[i] : i] = 0;
                }
                masks.AddRange(mask);
            }
        }
        return [.. masks];
    }
}

/// <summary>What a mask hides together.</summary>
public enum MaskShape
{
    /// <summary>Each feature by itself.</summary>
    Features,

    /// <summary>
    /// In each channel of a window of a time series, a run of steps: single steps could be guessed from those beside them. Of a row that is
    /// no window, a run of features.
    /// </summary>
    Runs,
}
