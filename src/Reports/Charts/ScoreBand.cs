using OxyPlot;

namespace MLNetAutoencoder;

/// <summary>Four bands of scores by their place among all, and the colors that stand for them.</summary>
internal static class ScoreBand
{
    public static readonly OxyColor[] Colors = [OxyColor.FromRgb(120, 134, 156), OxyColor.FromRgb(59, 130, 246),
        OxyColor.FromRgb(217, 119, 6), OxyColor.FromRgb(225, 62, 82)];

    public static readonly string[] Names = ["lower half of the scores", "50 to 90 %", "90 to 99 %", "the highest 1 %"];

    private static readonly double[] s_ends = [0.5, 0.9, 0.99];

    /// <summary>The band of a score.</summary>
    public static int Of(float[] sorted, float score)
    {
        int place = Array.BinarySearch(sorted, score);
        double share = (double)(place < 0 ? ~place : place) / sorted.Length;
        return s_ends.Count(end => share >= end);
    }
}
