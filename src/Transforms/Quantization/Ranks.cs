namespace MLNetAutoencoder;

/// <summary>Statistics of the order of scores.</summary>
internal static class Ranks
{
    /// <summary>The rank of each value from 1, equal ones with the mean of theirs.</summary>
    public static double[] Of(ReadOnlySpan<float> values)
    {
        float[] sorted = values.ToArray();
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

    /// <summary>Spearman's rank correlation: Pearson's correlation of the ranks. NaN where all values of one side are equal.</summary>
    public static double Correlation(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
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

    /// <summary>
    /// The area under the ROC curve: the share of pairs of an anomaly and another row in which the anomaly scores
    /// higher, equal scores counting half (Mann and Whitney 1947).
    /// </summary>
    public static double AreaUnderRocCurve(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        double[] ranks = Of(scores);
        double sum = 0, anomalies = 0;
        for (int i = 0; i < ranks.Length; i++)
        {
            if (labels[i])
                (sum, anomalies) = (sum + ranks[i], anomalies + 1);
        }
        return (sum - anomalies * (anomalies + 1) / 2) / (anomalies * (ranks.Length - anomalies));
    }
}
