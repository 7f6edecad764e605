namespace MLNetAutoencoder;

/// <summary>The scaling of the inputs, s = (x - offset) / scale, fitted on the training rows.</summary>
internal sealed class FeatureScaling
{
    private FeatureScaling(float[] offsets, float[] scales, float[] means, int[] constant)
    {
        Offsets = offsets;
        Scales = scales;
        Means = means;
        Constant = constant;
    }

    public float[] Offsets { get; }

    public float[] Scales { get; }

    /// <summary>The raw mean of each feature.</summary>
    public float[] Means { get; }

    /// <summary>The features that have one value in all training rows.</summary>
    public int[] Constant { get; }

    /// <exception cref="InvalidOperationException">A feature's range is too large to be scaled.</exception>
    public static FeatureScaling Fit(TrainingRows rows, InputScaling scaling, string[] names)
    {
        int d = rows.FeatureCount;
        double[] means = new double[d], squares = new double[d];
        float[] least = [.. rows.Row(0)], most = [.. rows.Row(0)];
        for (int i = 0; i < rows.Count; i++)
        {
            var row = rows.Row(i);
            for (int j = 0; j < d; j++)
            {
                // Welford 1962: mean and sum of squared deviations in one pass, without cancellation.
                double delta = row[j] - means[j];
                means[j] += delta / (i + 1);
                squares[j] += delta * (row[j] - means[j]);
                least[j] = Math.Min(least[j], row[j]);
                most[j] = Math.Max(most[j], row[j]);
            }
        }

        float[] offsets = new float[d], scales = new float[d];
        Array.Fill(scales, 1f);
        for (int j = 0; j < d && scaling != InputScaling.None; j++)
        {
            bool constant = least[j] == most[j];
            offsets[j] = scaling == InputScaling.MinMax ? least[j] : constant ? least[j] : (float)means[j];
            float spread = scaling == InputScaling.MinMax ? (float)((double)most[j] - least[j]) : (float)Math.Sqrt(squares[j] / rows.Count);

            // A deviation may be held where a difference is not: that of one value far from all others.
            if (!float.IsFinite(spread) || !float.IsFinite(most[j] - offsets[j]) || !float.IsFinite(least[j] - offsets[j]))
                throw new InvalidOperationException($"The feature '{names[j]}' ranges from {least[j]} to {most[j]} in the training rows, which is more than a Single holds as a difference. Divide it by a constant before training.");
            if (!constant && spread > 0)
                scales[j] = spread;
        }
        int[] constants = [.. Enumerable.Range(0, d).Where(j => least[j] == most[j])];
        return new FeatureScaling(offsets, scales, Array.ConvertAll(means, mean => (float)mean), constants);
    }

    /// <summary>The scaled rows, in the same order.</summary>
    public float[] Apply(TrainingRows rows)
    {
        int d = rows.FeatureCount;
        float[] scaled = new float[rows.Count * d];
        for (int i = 0; i < rows.Count; i++)
        {
            var row = rows.Row(i);
            for (int j = 0; j < d; j++)
                scaled[i * d + j] = (row[j] - Offsets[j]) / Scales[j];
        }
        return scaled;
    }
}
