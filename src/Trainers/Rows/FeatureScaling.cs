using System.Globalization;
using System.Numerics.Tensors;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The scaling of the inputs, s = (x - offset) / scale, fitted on the training rows; missing values do not count.</summary>
internal sealed class FeatureScaling
{
    // What rounding in a few operations makes of one value, in steps of its own last digit.
    private const int MostSteps = 8;

    // The square of a smaller deviation is no longer a normal Single.
    private const double LeastRange = 1e-20;

    private readonly bool _isCompressed;

    private FeatureScaling(float[] offsets, float[] scales, float[] means, float[] least, float[] most, bool isCompressed)
    {
        _isCompressed = isCompressed;
        (Offsets, Scales, Means, Least, Most) = (offsets, scales, means, least, most);
        Constant = [.. Enumerable.Range(0, means.Length).Where(j => IsConstant(least[j], most[j]))];
        IsIdentity = offsets.All(offset => offset == 0) && scales.All(scale => scale == 1) && !isCompressed;
    }

    public float[] Offsets { get; }

    public float[] Scales { get; }

    /// <summary>The raw mean of each feature.</summary>
    public float[] Means { get; }

    /// <summary>The least raw value of each feature.</summary>
    public float[] Least { get; }

    /// <summary>The largest raw value of each feature.</summary>
    public float[] Most { get; }

    /// <summary>The features that have one value in all training rows, but for rounding.</summary>
    public int[] Constant { get; }

    /// <summary>Whether scaled rows are the raw ones.</summary>
    public bool IsIdentity { get; }

    /// <summary>Fits a scaling.</summary>
    /// <param name="rows">The training rows.</param>
    /// <param name="scaling">The kind.</param>
    /// <param name="names">The features' names.</param>
    /// <param name="seed">What chooses the rows that quantiles are taken of, where there are too many for all.</param>
    /// <exception cref="InvalidOperationException">A feature's range is too large to be scaled, or it has no value at all.</exception>
    public static FeatureScaling Fit(TrainingData rows, InputScaling scaling, string[] names, long seed)
    {
        int d = rows.Layout.Features;
        double[] means = new double[d], squares = new double[d];
        long[] counts = new long[d];
        float[] least = new float[d], most = new float[d];
        Array.Fill(least, float.PositiveInfinity);
        Array.Fill(most, float.NegativeInfinity);
        using var quantiles = scaling == InputScaling.Robust ? new QuantileSample(rows.Count, d, seed) : null;
        using (var pass = rows.Open())
        {
            while (pass.MoveNext())
            {
                var row = pass.Record[..d];
                quantiles?.Offer(row);
                for (int j = 0; j < d; j++)
                {
                    if (!float.IsFinite(row[j]))
                        continue;
                    // Welford 1962: mean and sum of squared deviations in one pass, without cancellation.
                    double delta = row[j] - means[j];
                    means[j] += delta / ++counts[j];
                    squares[j] += delta * (row[j] - means[j]);
                    least[j] = Math.Min(least[j], row[j]);
                    most[j] = Math.Max(most[j], row[j]);
                }
            }
        }
        int unknown = Array.IndexOf(counts, 0);
        if (unknown >= 0)
            throw new InvalidOperationException(
                $"The feature '{names[unknown]}' has no value in any training row, so nothing can take the place of what is missing. " +
                "Leave the feature out.");

        float[] offsets = new float[d], scales = new float[d];
        Array.Fill(scales, 1f);
        for (int j = 0; j < d && scaling != InputScaling.None; j++)
        {
            bool constant = IsConstant(least[j], most[j]);
            float deviation = (float)Math.Sqrt(squares[j] / counts[j]);
            (offsets[j], float spread) = scaling switch
            {
                _ when constant => (least[j], 0f),
                InputScaling.MinMax => (least[j], (float)((double)most[j] - least[j])),
                InputScaling.Robust => Robust(quantiles!, j, deviation),
                _ => ((float)means[j], deviation),
            };

            // A deviation may be held where a difference is not: that of one value far from all others.
            if (!float.IsFinite(spread) || !float.IsFinite(most[j] - offsets[j]) || !float.IsFinite(least[j] - offsets[j]))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"The feature '{names[j]}' ranges from {least[j]} to {most[j]} in the training rows, which is more than a Single " +
                    $"holds as a difference. Divide it by a constant before training."));
            if (spread > 0)
                scales[j] = spread;
        }
        return new FeatureScaling(offsets, scales, Array.ConvertAll(means, mean => (float)mean), least, most,
            scaling == InputScaling.StandardizeCompressed);
    }

    /// <summary>The same for windows of a time series: all steps of a channel are scaled alike.</summary>
    /// <param name="width">The steps of a window.</param>
    public FeatureScaling OfChannels(int width)
    {
        int d = Offsets.Length;
        float[] offsets = new float[d], scales = new float[d], means = new float[d], least = new float[d], most = new float[d];
        for (int start = 0; start < d; start += width)
        {
            // The variance of all steps is the mean of their variances and the variance of their means.
            var steps = Enumerable.Range(start, width).ToArray();
            double offset = steps.Average(j => (double)Offsets[j]);
            double variance = steps.Average(j => (Constant.Contains(j) ? 0 : (double)Scales[j] * Scales[j])
                + (Offsets[j] - offset) * (Offsets[j] - offset));
            float scale = variance > 0 && float.IsFinite((float)Math.Sqrt(variance)) ? (float)Math.Sqrt(variance) : 1;
            offsets.AsSpan(start, width).Fill((float)offset);
            scales.AsSpan(start, width).Fill(scale > 0 ? scale : 1);
            means.AsSpan(start, width).Fill((float)steps.Average(j => (double)Means[j]));
            least.AsSpan(start, width).Fill(steps.Min(j => Least[j]));
            most.AsSpan(start, width).Fill(steps.Max(j => Most[j]));
        }
        return new FeatureScaling(offsets, scales, means, least, most, _isCompressed);
    }

    /// <summary>Scales a row without missing values.</summary>
    public void Scale(ReadOnlySpan<float> row, Span<float> scaled)
    {
        if (IsIdentity)
        {
            row.CopyTo(scaled);
            return;
        }
        TensorPrimitives.Subtract(row, Offsets, scaled);
        TensorPrimitives.Divide(scaled, Scales, scaled);
        for (int j = 0; _isCompressed && j < scaled.Length; j++)
            scaled[j] = Compress(scaled[j]);
    }

    /// <summary>Scales a feature.</summary>
    public float Scale(int feature, float value)
    {
        float scaled = (value - Offsets[feature]) / Scales[feature];
        return _isCompressed ? Compress(scaled) : scaled;
    }

    /// <summary>What the graph makes of a value by <see cref="ScalingGraph.Compressed"/>.</summary>
    internal static float Compress(float z) => Math.Abs(z) <= ScalingGraph.Knee ? z
        : MathF.CopySign(ScalingGraph.Knee + MathF.Log(Math.Abs(z) - ScalingGraph.Knee + 1), z);

    /// <summary>
    /// Whether a feature counts as constant: what it varies by is rounding, or nothing to a Single. Not where rounding is by more than
    /// the scale of 1 that a constant has.
    /// </summary>
    private static bool IsConstant(float least, float most)
    {
        float largest = Math.Max(Math.Abs(least), Math.Abs(most));
        double rounding = MostSteps * ((double)MathF.BitIncrement(largest) - largest);
        return (double)most - least <= Math.Clamp(rounding, LeastRange, 1);
    }

    // Where half of the values are one and the same, quartiles tell nothing of the others.
    private static (float Offset, float Spread) Robust(QuantileSample sample, int feature, float deviation)
    {
        var (lower, median, upper) = sample.Quartiles(feature);
        return (median, upper > lower ? upper - lower : deviation);
    }
}
