namespace MLNetAutoencoder;

/// <summary>Statistics of the order of scores.</summary>
internal static class Ranks
{
    /// <summary>Spearman's rank correlation: Pearson's correlation of the ranks. NaN where all values of one side are equal.</summary>
    public static double Correlation(float[] first, float[] second)
    {
        double[] x = Of(first), y = Of(second);
        double mean = (x.Length + 1) / 2.0, xy = 0, xx = 0, yy = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double dx = x[i] - mean, dy = y[i] - mean;
            (xy, xx, yy) = (xy + dx * dy, xx + dx * dx, yy + dy * dy);
        }
        return xy / Math.Sqrt(xx * yy);
    }

    /// <summary>The rank of each value from 1, equal ones with the mean of theirs.</summary>
    private static double[] Of(float[] values)
    {
        float[] sorted = [.. values];
        int[] places = [.. Enumerable.Range(0, sorted.Length)];
        Array.Sort(sorted, places);
        double[] ranks = new double[sorted.Length];
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            for (end = start + 1; end < sorted.Length && sorted[end].Equals(sorted[start]);)
                end++;
            for (int i = start; i < end; i++)
                ranks[places[i]] = (start + 1 + end) / 2.0;
        }
        return ranks;
    }
}
