namespace MLNetAutoencoder.Onnx;

/// <summary>Quantiles of sorted values.</summary>
internal static class Quantile
{
    /// <summary>
    /// The q-quantile, 0 ≤ q ≤ 1, linearly between neighboring values (Hyndman and Fan 1996, type 7; NumPy's and
    /// PyOD's).
    /// </summary>
    public static float Of(ReadOnlySpan<float> sorted, double q)
    {
        double place = q * (sorted.Length - 1);
        int below = (int)Math.Floor(place);
        int above = Math.Min(below + 1, sorted.Length - 1);
        return (float)(sorted[below] + (place - below) * ((double)sorted[above] - sorted[below]));
    }
}
