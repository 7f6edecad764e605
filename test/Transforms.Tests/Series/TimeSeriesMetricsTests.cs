using System.Text.Json;
using System.Text.Json.Serialization;

namespace MLNetAutoencoder.Tests.Transforms;

[TestClass]
public sealed class TimeSeriesMetricsTests
{
    /// <summary>
    /// Made series with what TSB-AD's own code (RangeAUC_volume_opt, and scikit-learn's average precision) says of them: events at either
    /// end, near each other, of one step; equal scores; fewer steps than thresholds.
    /// </summary>
    private static readonly Case[] s_cases = JsonSerializer.Deserialize<Case[]>(
        File.ReadAllText(Repository.PathOf("test", "Transforms.Tests", "Series", "vus-pr.json")))!;

    [TestMethod]
    public void The_volume_is_TSB_ADs()
    {
        Assert.HasCount(20, s_cases);
        foreach (var (one, i) in s_cases.Select((one, i) => (one, i)))
        {
            var metrics = TimeSeriesMetrics.Compute(one.Scores, [.. one.Labels.Select(label => label == '1')], tolerance: one.Tolerance);
            Assert.AreEqual(one.Volume, metrics.VusPr, 1e-6, $"case {i}");
            Assert.AreEqual(one.AveragePrecision, metrics.AreaUnderPrecisionRecallCurve, 1e-6, $"case {i}");
        }
    }

    [TestMethod]
    public void Events_are_found_with_a_delay()
    {
        bool[] Marks(params int[] places) => [.. Enumerable.Range(0, 30).Select(places.Contains)];
        bool[] labels = Marks(3, 4, 5, 6, 12, 13, 20, 21, 22, 23, 24);

        // The first event is found two steps late, the second not, the third by an alarm that was there before it.
        var metrics = TimeSeriesMetrics.Compute(new float[30], labels, Marks(0, 5, 6, 7, 15, 16, 19, 20, 26, 28));
        Assert.AreEqual((3, 2, 1.0, 4), (metrics.Events, metrics.EventsFound, metrics.MedianDelay, metrics.FalseAlarms));
        var none = TimeSeriesMetrics.Compute(new float[30], labels);
        Assert.AreEqual((3, 0, 0), (none.Events, none.EventsFound, none.FalseAlarms));
        Assert.IsTrue(double.IsNaN(none.MedianDelay));
    }

    [TestMethod]
    public void A_perfect_score_is_1_and_a_missing_one_the_least()
    {
        bool[] labels = [.. Enumerable.Range(0, 500).Select(i => i is >= 200 and < 300)];
        float[] perfect = [.. labels.Select(label => label ? 1f : 0f)];
        Assert.AreEqual(1, TimeSeriesMetrics.Compute(perfect, labels, tolerance: 0).VusPr, 1e-12);
        float[] missing = [.. labels.Select(label => label ? 1f : float.NaN)];
        Assert.AreEqual(1, TimeSeriesMetrics.Compute(missing, labels, tolerance: 0).VusPr, 1e-12);
    }

    [TestMethod]
    public void What_cannot_be_measured_is_told()
    {
        Fails.With<ArgumentException>("There are 3 scores, 2 labels and 0 alarms",
            () => TimeSeriesMetrics.Compute(new float[3], [true, false]));
        Fails.With<ArgumentException>("None of the 3 steps", () => TimeSeriesMetrics.Compute(new float[3], new bool[3]));
        Fails.With<ArgumentException>("Every one of the 2 steps", () => TimeSeriesMetrics.Compute(new float[2], [true, true]));
    }

    private sealed record Case(
        [property: JsonPropertyName("tolerance")] int Tolerance,
        [property: JsonPropertyName("vus_pr")] double Volume,
        [property: JsonPropertyName("average_precision")] double AveragePrecision,
        [property: JsonPropertyName("labels")] string Labels,
        [property: JsonPropertyName("scores")] float[] Scores);
}
