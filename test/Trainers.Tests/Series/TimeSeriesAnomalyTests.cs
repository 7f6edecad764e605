using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>With the defaults each kind of anomaly is found in a made series, and a normal one raises few alarms.</summary>
[TestClass]
public sealed class TimeSeriesAnomalyTests
{
    private const int First = 600, Length = 40;

    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Dictionary<string, Func<int, float, float>> s_kinds = new()
    {
        ["level shift"] = (i, value) => i >= First ? value + 1.5f : value,
        ["changed variance"] = (i, value) => IsOdd(i) ? value * 3 : value,
        ["changed frequency"] = (i, value) => IsOdd(i) ? MathF.Sin(i * 1.5f) : value,
        ["flat line"] = (i, value) => IsOdd(i) ? 0.3f : value,
        ["spike"] = (i, value) => i == First ? value + 3 : value,
    };

    private static TimeSeriesTransformer s_last = null!, s_covering = null!;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Kinds => s_kinds.Keys.Select(kind => new object[] { kind });

    [ClassInitialize]
    public static void Fit(TestContext _)
    {
        s_last = s_ml.Autoencoders().TimeSeries("Value", seed: 1).Fit(s_ml.View(MadeSeries.Wave(2000, seed: 1)));
        s_covering = s_last.WithCovering(true);
    }

    [ClassCleanup]
    public static void Release()
    {
        s_covering.Dispose();
        s_last.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void Each_kind_is_found(string kind)
    {
        SeriesRow[] rows = [.. MadeSeries.Wave(1000, seed: 2).Select((row, i) => row.With(one => one.Value = s_kinds[kind](i, one.Value)))];
        foreach (var model in new[] { s_last, s_covering })
        {
            var found = ScoredStep.Of(s_ml, model.Transform(s_ml.View(rows)));
            int highest = Enumerable.Range(0, rows.Length).MaxBy(i => found[i].Score);
            TestContext.WriteLine($"{kind}: the highest score is at {highest}, {found.Count(step => step.PredictedLabel)} steps are found");

            // A window of 100 with an odd step in it ends at most 99 steps after the step, or begins as many before it.
            Assert.IsTrue(highest is > First - 100 and < First + Length + 100, $"{highest}");
            Assert.IsTrue(found.Skip(First).Take(Length).Any(step => step.PredictedLabel));
            Assert.IsLessThan(0.1, found.Take(First - 100).Count(step => step.PredictedLabel) / (First - 100.0));
        }
    }

    private static bool IsOdd(int i) => i is >= First and < First + Length;
}
