using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Steps that come one by one.</summary>
[TestClass]
public sealed class AutoencoderStreamTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static TimeSeriesTransformer s_model = null!;

    [ClassInitialize]
    public static void Fit(TestContext _) =>
        s_model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small()).Fit(s_ml.View(MadeSeries.Wave(600, seed: 1)));

    [ClassCleanup]
    public static void Release() => s_model.Dispose();

    [TestMethod]
    public void A_stream_gives_what_the_transformer_gives()
    {
        SeriesRow[] rows = MadeSeries.Interleaved(1, MadeSeries.Wave(120, seed: 2).OfKey("one"),
            [.. MadeSeries.Wave(150, seed: 3).OfKey("two").Where((_, i) => i is < 60 or >= 70)]);
        rows[50].Value = float.NaN;
        var expected = ScoredStep.Of(s_ml, s_model.Transform(s_ml.View(rows)));
        using var stream = s_model.CreateStream();
        for (int i = 0; i < rows.Length; i++)
        {
            var found = stream.Add(rows[i].Time, [rows[i].Value], rows[i].Key);

            // The graph runs over one window here and over many there.
            if (float.IsNaN(expected[i].Score))
            {
                Assert.IsTrue(float.IsNaN(found.Score) && !found.IsAnomaly, $"{i}");
                continue;
            }
            Assert.AreEqual(expected[i].Score, found.Score, 1e-6 * Math.Max(1, expected[i].Score), $"{i}");
            Assert.AreEqual(expected[i].PValue, found.PValue, 1e-6, $"{i}");
            Assert.AreEqual(expected[i].Expected[0], found.Expected[0], 1e-5, $"{i}");
            Assert.AreEqual(expected[i].Errors[0], found.ChannelErrors[0], 1e-5 * Math.Max(1, expected[i].Score), $"{i}");
            Assert.AreEqual(found.Score > s_model.Threshold, found.IsAnomaly, $"{i}");
        }
        Assert.AreEqual(2, stream.Count);
        Assert.IsTrue(stream.Remove("one"));
        Assert.IsFalse(stream.Remove("one"));
    }

    [TestMethod]
    public void A_saved_state_goes_on_bit_for_bit()
    {
        SeriesRow[] rows = MadeSeries.Interleaved(1, MadeSeries.Wave(120, seed: 2).OfKey("one"), MadeSeries.Wave(90, seed: 3).OfKey("two"));
        var options = new StreamOptions { ThresholdHalfLife = 20, LeastLength = 2, QuietSteps = 5 };
        string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            using var stream = s_model.CreateStream(options);
            foreach (var row in rows.Take(100))
                stream.Add(row.Time, [row.Value], row.Key);
            stream.Save(path);
            using var file = File.OpenRead(path);
            using var restored = s_model.RestoreStream(file, options);
            foreach (var row in rows.Skip(100))
            {
                float value = row.Value + (row.Time.Minute == 30 ? 3 : 0);
                var (first, second) = (stream.Add(row.Time, [value], row.Key), restored.Add(row.Time, [value], row.Key));
                Assert.AreEqual((first.Score, first.Threshold, first.IsAnomaly, first.IsAlarm, first.PValue),
                    (second.Score, second.Threshold, second.IsAnomaly, second.IsAlarm, second.PValue));
            }
            byte[] bytes = File.ReadAllBytes(path);
            foreach (int length in new[] { 0, 5, 40, bytes.Length / 2, bytes.Length - 1 })
                Fails.With<InvalidDataException>("The state of the stream cannot be restored",
                    () => s_model.RestoreStream(new MemoryStream(bytes[..length])));
            using var other = s_model.WithThreshold(ThresholdRule.Fixed(3));
            Fails.With<InvalidDataException>("It is the state of another model", () => other.RestoreStream(new MemoryStream(bytes)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void Alarms_have_a_least_length_and_are_quiet_for_a_while()
    {
        // The model finds nothing normal: each step of a whole window is an anomaly.
        using var model = s_model.WithThreshold(ThresholdRule.Fixed(-1));
        bool[] Alarms(StreamOptions options, int steps)
        {
            using var stream = model.CreateStream(options);
            return [.. MadeSeries.Wave(steps, seed: 2).Select(row => stream.Add(row.Time, [row.Value]).IsAlarm)];
        }
        CollectionAssert.AreEqual(new[] { 15 }, Places(Alarms(new StreamOptions(), 50)));
        CollectionAssert.AreEqual(new[] { 19 }, Places(Alarms(new StreamOptions { LeastLength = 5 }, 50)));

        // Two spikes, 40 steps apart: the second falls into the quiet time or not.
        SeriesRow[] rows = MadeSeries.Wave(200, seed: 4);
        (rows[100].Value, rows[140].Value) = (rows[100].Value + 5, rows[140].Value + 5);
        int Count(StreamOptions options)
        {
            using var stream = s_model.CreateStream(options);
            return rows.Select(row => stream.Add(row.Time, [row.Value])).Where((_, i) => i >= 100).Count(step => step.IsAlarm);
        }
        int loud = Count(new StreamOptions()), quiet = Count(new StreamOptions { QuietSteps = 90 });
        Assert.IsGreaterThanOrEqualTo(2, loud);
        Assert.AreEqual(1, quiet);

        static int[] Places(bool[] alarms) => [.. Enumerable.Range(0, alarms.Length).Where(i => alarms[i])];
    }

    [TestMethod]
    public void A_threshold_follows_slow_changes_and_not_anomalies()
    {
        using var stream = s_model.CreateStream(new StreamOptions { ThresholdHalfLife = 50 });
        SeriesRow[] rows = MadeSeries.Wave(2000, seed: 2, noise: 0.15);
        var steps = rows.Select(row => stream.Add(row.Time, [row.Value])).ToArray();
        Assert.AreEqual(s_model.Threshold, steps[0].Threshold, 1e-5 * s_model.Threshold);

        // Noise that is three times as large is new at first, and normal after some half-lives.
        using var still = s_model.CreateStream();
        double before = rows.Take(2000).Select(row => still.Add(row.Time, [row.Value])).Skip(1000).Count(step => step.IsAnomaly) / 1000.0;
        double after = steps.Skip(1000).Count(step => step.IsAnomaly) / 1000.0;
        Assert.IsGreaterThan(0.5, before);
        Assert.IsLessThan(0.1, after);

        // One spike, in 16 windows, moves it little.
        var spike = stream.Add(rows[^1].Time.AddMinutes(5), [50]);
        var next = stream.Add(rows[^1].Time.AddMinutes(10), [0]);
        Assert.IsTrue(spike.IsAnomaly);
        Assert.IsLessThan(1.2, next.Threshold / spike.Threshold);
    }

    [TestMethod]
    public void A_step_that_cannot_be_added_leaves_the_series_as_it_was()
    {
        using var stream = s_model.CreateStream();
        SeriesRow[] rows = MadeSeries.Wave(50, seed: 2);
        foreach (var row in rows.Take(30))
            stream.Add(row.Time, [row.Value], "pump");
        Fails.With<ArgumentException>("The step of the series 'pump' lies 300 before the one before it",
            () => stream.Add(rows[28].Time, [0], "pump"));
        Fails.With<ArgumentException>("The step has 2 values; the model has 1 channels: Value",
            () => stream.Add(rows[30].Time, [0, 0], "pump"));
        Fails.With<InvalidOperationException>("time column 'Time': give the time of the step", () => stream.Add([0], "pump"));
        Fails.With<ArgumentException>("The time is NaN", () => stream.AddAt(double.NaN, [0], "pump"));
        using var untouched = s_model.CreateStream();
        foreach (var row in rows.Take(30))
            untouched.Add(row.Time, [row.Value], "pump");
        Assert.AreEqual(untouched.Add(rows[30].Time, [rows[30].Value], "pump").Score,
            stream.Add(rows[30].Time, [rows[30].Value], "pump").Score);
        Fails.As<ArgumentException>("StreamOptions.LeastLength", () => s_model.CreateStream(new StreamOptions { LeastLength = 0 }));
    }
}
