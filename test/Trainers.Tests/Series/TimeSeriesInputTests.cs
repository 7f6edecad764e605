using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>What odd input comes to: a result, or an error that names the series and the row.</summary>
[TestClass]
public sealed class TimeSeriesInputTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void A_time_that_goes_back_is_refused_with_series_and_row()
    {
        SeriesRow[] rows = [.. MadeSeries.Wave(200, seed: 1).OfKey("pump"), .. MadeSeries.Wave(200, seed: 2).OfKey("fan")];
        rows[250].Time = rows[248].Time.AddSeconds(-1);
        const string message = "Row 250 (counted from 0) of the series 'fan' lies 301 before the one before it in the column 'Time'";
        Fails.With<InvalidOperationException>(message, () => Fit(rows));
        using var model = Fit(MadeSeries.Wave(200, seed: 1));
        Fails.With<InvalidOperationException>(message, () => model.Transform(s_ml.View(rows)).GetColumn<float>("Score").Count());
        using var covering = model.WithCovering(true);
        Fails.With<InvalidOperationException>(message, () => covering.Transform(s_ml.View(rows)).GetColumn<float>("Score").Count());
    }

    [TestMethod]
    public void A_row_without_a_date_is_told()
    {
        SeriesRow[] rows = MadeSeries.Wave(200, seed: 1);
        rows[77].Time = default;
        Fails.With<InvalidOperationException>("Row 77 (counted from 0) of the series 'a' has no time (0001-01-01)", () => Fit(rows));
    }

    [TestMethod]
    public void A_time_that_repeats_is_a_step_of_its_own()
    {
        SeriesRow[] rows = MadeSeries.Wave(200, seed: 1), repeated = [.. rows.Select(row => row.With(_ => { }))];
        repeated[100].Time = repeated[99].Time;
        using var model = Fit(rows);
        float[] expected = [.. model.Transform(s_ml.View(rows)).GetColumn<float>("Score")];
        float[] found = [.. model.Transform(s_ml.View(repeated)).GetColumn<float>("Score")];
        CollectionAssert.AreEqual(expected.Take(101).ToArray(), found.Take(101).ToArray());
        Assert.IsTrue(found.Skip(16).All(float.IsFinite));
    }

    [TestMethod]
    public void A_series_shorter_than_a_window_is_left_out_and_told()
    {
        var log = new WatchedLog();
        SeriesRow[] rows = [.. MadeSeries.Wave(200, seed: 1).OfKey("long"), .. MadeSeries.Wave(9, seed: 2).OfKey("short")];
        using var model = log.Context.Autoencoders().TimeSeries(MadeSeries.Small()).Fit(s_ml.View(rows));
        Assert.Contains("1 of 2 series have fewer steps than a window, 16, and are not trained on: 'short'.", log.Warnings.Single());
        foreach (bool isCovering in new[] { false, true })
        {
            using var other = model.WithCovering(isCovering);
            float[] scores = [.. other.Transform(s_ml.View(rows)).GetColumn<float>("Score")];
            Assert.AreEqual(isCovering ? 200 : 185, scores.Count(float.IsFinite));
            Assert.IsTrue(scores.Skip(200).All(float.IsNaN));
        }
        Fails.With<InvalidOperationException>("The series 'short' has 9 steps, and a window 16; expected as many at least", () =>
            Fit(MadeSeries.Wave(9, seed: 2).OfKey("short")));
        Fails.With<InvalidOperationException>("The longest of 2 series has 15 steps", () =>
            Fit([.. MadeSeries.Wave(15, seed: 1).OfKey("one"), .. MadeSeries.Wave(9, seed: 2).OfKey("two")]));
        Fails.With<InvalidOperationException>("There are no training rows in the column 'Value'", () => Fit([]));

        // Rows are counted before there is memory for windows.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fails.With<InvalidOperationException>("has 200 steps, and a window 2000000000", () =>
            Fit(MadeSeries.Wave(200, seed: 1), options => options.Width = WindowWidth.Steps(2_000_000_000)));
        Assert.IsLessThan(10_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void Few_windows_are_told()
    {
        var log = new WatchedLog();
        using var model = log.Context.Autoencoders().TimeSeries(MadeSeries.Small()).Fit(s_ml.View(MadeSeries.Wave(60, seed: 1)));
        Assert.Contains("Only 9 windows are held out, fewer than a window has steps, 16", log.Warnings.Single());
        const string message = "There are 1 windows to train on and 1 held-out ones with a score; Neighbors, which is 2";
        Fails.With<InvalidOperationException>(message, () => Fit(MadeSeries.Wave(17, seed: 1), options => options.Neighbors = 2));
    }

    [TestMethod]
    public void A_canceled_training_that_keeps_the_best_weights_looks_for_neighbors_all_the_same()
    {
        using var cancellation = new CancellationTokenSource();
        using var model = Fit(MadeSeries.Wave(200, seed: 1), options =>
        {
            (options.Neighbors, options.Cancellation, options.WhenCanceled) = (2, cancellation.Token, WhenCanceled.KeepBest);
            options.Progress = new DirectProgress(_ => cancellation.Cancel());
        });
        Assert.HasCount(1, model.History);
        Assert.AreEqual(ScoreKind.Detector, model.Metadata.ScoreKind);
    }

    [TestMethod]
    public void A_view_that_gives_other_rows_the_second_time_is_refused()
    {
        int readings = 0;
        IEnumerable<SeriesRow> Rows()
        {
            foreach (var row in MadeSeries.Wave(200 + readings++ % 3, seed: 1))
                yield return row;
        }
        var view = s_ml.Data.LoadFromEnumerable(Rows());
        Fails.With<InvalidOperationException>("The data view gave other rows than when it was first read", () =>
            s_ml.Autoencoders().TimeSeries(MadeSeries.Small()).Fit(view));
        using var model = Fit(MadeSeries.Wave(200, seed: 1));
        Fails.With<InvalidOperationException>("rows than when it was read for the scores", () =>
            model.Transform(view).GetColumn<float>("Score").Count());
    }

    [TestMethod]
    public void A_constant_series_is_normal_until_it_changes()
    {
        SeriesRow[] Constant(int count, float value) =>
            [.. MadeSeries.Wave(count, seed: 1).Select(row => row.With(one => one.Value = value))];
        foreach (bool removes in new[] { true, false })
        {
            using var model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small(options => options.RemovesLevel = removes))
                .Fit(s_ml.View(Constant(200, 7)));
            var later = Constant(100, 7);
            later[60].Value = 8;
            var found = ScoredStep.Of(s_ml, model.Transform(s_ml.View(later)));
            Assert.IsTrue(found.Skip(15).All(step => float.IsFinite(step.Score)), $"{removes}");
            Assert.IsTrue(found[60].PredictedLabel, $"{removes}");
            Assert.IsFalse(found.Take(60).Any(step => step.PredictedLabel), $"{removes}");
        }
    }

    [TestMethod]
    public void Nine_tenths_of_the_values_may_be_missing()
    {
        var random = new Random(1);
        SeriesRow[] Sparse(int seed) => [.. MadeSeries.Wave(800, seed).Select(row => row.With(one =>
            one.Value = random.NextDouble() < 0.9 ? float.NaN : one.Value))];
        using var model = Fit(Sparse(1));
        var found = ScoredStep.Of(s_ml, model.Transform(s_ml.View(Sparse(2))));

        // A window without any value has no score, and counts as an anomaly.
        int scored = found.Count(step => float.IsFinite(step.Score));
        Assert.IsGreaterThan(500, scored);
        Assert.IsTrue(found.Skip(15).All(step => float.IsFinite(step.Score) || step.PredictedLabel));
        var all = s_ml.View([.. MadeSeries.Wave(100, seed: 1).Select(row => row.With(one => one.Value = float.NaN))]);
        Fails.With<InvalidOperationException>("None of the 37 rows that the threshold is to come from has a value", () =>
            Fit([.. MadeSeries.Wave(200, seed: 1).Select((row, i) => row.With(one => one.Value = i < 140 ? one.Value : float.NaN))]));
        Fails.As<InvalidOperationException>("has no value in any training row", () =>
            s_ml.Autoencoders().TimeSeries(MadeSeries.Small()).Fit(all));
    }

    [TestMethod]
    public void Missing_values_are_refused_where_the_options_say_so()
    {
        SeriesRow[] rows = MadeSeries.Wave(200, seed: 1);
        rows[77].Value = float.NaN;
        Fails.With<InvalidOperationException>("Row 77 (counted from 0) of the series 'a' has a missing value", () =>
            Fit(rows, options => options.MissingValues = TrainingMissingValues.Refuse));
        Fails.With<InvalidOperationException>("or follows a gap", () =>
            Fit([.. MadeSeries.Wave(200, seed: 1).Where((_, i) => i != 50)],
                options => options.MissingValues = TrainingMissingValues.Refuse));
    }

    [TestMethod]
    public void Missing_values_are_refused_in_a_score_where_the_options_say_so()
    {
        using var model = Fit(MadeSeries.Wave(200, seed: 1), options => options.ScoringMissingValues = ScoringMissingValues.Refuse);
        SeriesRow[] rows = MadeSeries.Wave(40, seed: 2), lost = [.. MadeSeries.Wave(40, seed: 2).Where((_, i) => i != 30)];
        float[] expected = [.. model.Transform(s_ml.View(rows)).GetColumn<float>("Score")];
        rows[20].Value = float.NaN;
        foreach (bool isCovering in new[] { false, true })
        {
            using var other = model.WithCovering(isCovering);
            Fails.With<InvalidOperationException>("Row 20 (counted from 0) of the series 'a' has a missing value", () =>
                other.Transform(s_ml.View(rows)).GetColumn<float>("Score").Count());
            Fails.With<InvalidOperationException>("Row 30 (counted from 0) of the series 'a' has a missing value, or follows a gap", () =>
                other.Transform(s_ml.View(lost)).GetColumn<float>("Score").Count());
        }

        // A stream is as it was.
        using var stream = model.CreateStream();
        for (int i = 0; i < 20; i++)
            stream.Add(rows[i].Time, [rows[i].Value]);
        Fails.With<ArgumentException>("The step of the series '' has a missing value", () => stream.Add(rows[20].Time, [float.NaN]));
        Fails.With<ArgumentException>("or follows a gap", () => stream.Add(rows[21].Time, [1]));
        Assert.AreEqual(expected[20], stream.Add(rows[20].Time, [MadeSeries.Wave(40, seed: 2)[20].Value]).Score);
        Fails.As<ArgumentException>("ScoresFirstSteps (True) and ScoringMissingValues (Refuse)", () => Fit(rows, options =>
            (options.ScoresFirstSteps, options.ScoringMissingValues) = (true, ScoringMissingValues.Refuse)));
    }

    [TestMethod]
    public void Windows_with_known_anomalies_are_left_out()
    {
        SeriesRow[] rows = MadeSeries.Wave(400, seed: 1);
        for (int i = 100; i < 110; i++)
            (rows[i].Value, rows[i].IsAnomaly) = (100 * i, true);
        using var model = Fit(rows, options => options.LabelColumnName = nameof(SeriesRow.IsAnomaly));
        float[] scores = [.. model.Transform(s_ml.View(rows)).GetColumn<float>("Score")];
        Assert.IsGreaterThan(100, scores[105] / scores[90]);
        Assert.IsLessThan(3f, model.Threshold / scores.Take(90).Average());
    }

    [TestMethod]
    public void Columns_of_other_types_are_refused_by_name()
    {
        var view = s_ml.View(MadeSeries.Wave(100, seed: 1));
        Fails.With<ArgumentOutOfRangeException>("The time column 'Key' is String; expected DateTime, DateTimeOffset, TimeSpan", () =>
            s_ml.Autoencoders().TimeSeries("Value", timeColumnName: "Key").Fit(view));
        Fails.With<ArgumentOutOfRangeException>("The key column 'Value' is Single; expected text, a key or a whole number", () =>
            s_ml.Autoencoders().TimeSeries("Value", keyColumnName: "Value").Fit(view));
        Fails.With<ArgumentOutOfRangeException>("Could not find the time column 'When'", () =>
            s_ml.Autoencoders().TimeSeries("Value", timeColumnName: "When").Fit(view));
        Fails.With<ArgumentOutOfRangeException>("The input column 'Key' is String",
            () => s_ml.Autoencoders().TimeSeries("Key").Fit(view));
        using var model = Fit(MadeSeries.Wave(100, seed: 1));
        var two = s_ml.Data.LoadFromEnumerable(new[] { new TwoValues() });
        Fails.With<ArgumentOutOfRangeException>("The input column 'Value' is Vector<Single, 2>; expected a vector of Single of known",
            () => model.Transform(two));
        Fails.With<ArgumentOutOfRangeException>("is 1; expected at least 2", () => WindowWidth.Steps(1));
        Fails.With<ArgumentException>("a duration needs a column with dates", () =>
            Fit(MadeSeries.Wave(100, seed: 1), options => (options.Width, options.TimeColumnName) =
                (WindowWidth.Duration(TimeSpan.FromHours(1)), null)));
        Fails.With<InvalidOperationException>("which is 0 steps of 300 seconds", () =>
            Fit(MadeSeries.Wave(100, seed: 1), options => options.Width = WindowWidth.Duration(TimeSpan.FromSeconds(1))));
        Fails.As<ArgumentException>("CodeColumnName", () => s_ml.Autoencoders().TimeSeries(MadeSeries.Small(options =>
            options.CodeColumnName = "Code")));
    }

    [TestMethod]
    public void Keys_and_times_of_other_types_give_the_same()
    {
        SeriesRow[] rows = MadeSeries.Interleaved(1, MadeSeries.Wave(120, seed: 1).OfKey("7"), MadeSeries.Wave(120, seed: 2).OfKey("8"));
        using var model = Fit(rows);
        float[] expected = [.. model.Transform(s_ml.View(rows)).GetColumn<float>("Score")];
        var mapped = s_ml.Transforms.Conversion.MapValueToKey("Key").Fit(s_ml.View(rows)).Transform(s_ml.View(rows));
        CollectionAssert.AreEqual(expected, model.Transform(mapped).GetColumn<float>("Score").ToArray());
        var numbers = s_ml.Transforms.Conversion.ConvertType("Key", outputKind: DataKind.Int64).Fit(s_ml.View(rows))
            .Transform(s_ml.View(rows));
        CollectionAssert.AreEqual(expected, model.Transform(numbers).GetColumn<float>("Score").ToArray());
        var offsets = s_ml.Data.LoadFromEnumerable(rows.Select(row => new OffsetRow
        {
            Time = new DateTimeOffset(row.Time).ToOffset(TimeSpan.FromHours(2)), Value = row.Value, Key = row.Key,
        }));
        CollectionAssert.AreEqual(expected, model.Transform(offsets).GetColumn<float>("Score").ToArray());
    }

    [TestMethod]
    public void Whole_numbers_and_missing_keys_are_told_apart_exactly()
    {
        // A Double holds no two whole numbers that are so near each other.
        var numbers = s_ml.Data.LoadFromEnumerable(MadeSeries.Wave(200, seed: 1).Select((row, i) => new NumberedRow
        {
            Key = (1L << 60) + i % 2, Value = row.Value,
        }));
        using var model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small(options => options.TimeColumnName = null)).Fit(numbers);
        Assert.AreEqual(2 * 85, model.Transform(numbers).GetColumn<float>("Score").Count(float.IsFinite));

        // ML.NET makes a missing key of the empty text.
        var texts = s_ml.View([.. MadeSeries.Wave(200, seed: 1).Select((row, i) => row.With(one => one.Key = i % 2 == 0 ? "" : "0"))]);
        float[] expected = [.. model.Transform(texts).GetColumn<float>("Score")];
        Assert.AreEqual(2 * 85, expected.Count(float.IsFinite));
        var keys = s_ml.Transforms.Conversion.MapValueToKey("Key").Fit(texts).Transform(texts);
        CollectionAssert.AreEqual(expected, model.Transform(keys).GetColumn<float>("Score").ToArray());
    }

    [TestMethod]
    public void Many_rows_are_streamed()
    {
        using var model = Fit(MadeSeries.Wave(200, seed: 1), options => (options.KeyColumnName, options.TimeColumnName) = (null, null));
        var schema = new DataViewSchema.Builder();
        schema.AddColumn("Value", NumberDataViewType.Single);
        const int rows = 400_000;
        var view = new OneColumnView<float>(schema.ToSchema(), rows, (long row, ref float value) => value = MathF.Sin(row / 2f));
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0, count = 0;
        foreach (float score in model.Transform(view).GetColumn<float>("Score"))
        {
            if (++count % 100_000 == 0)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        }
        Assert.AreEqual(rows, count);
        Assert.IsLessThan(4_000_000, most, "Bytes after 100,000 rows, and after each 100,000 more.");
    }

    private static TimeSeriesTransformer Fit(SeriesRow[] rows, Action<TimeSeriesEstimator.Options>? change = null) =>
        s_ml.Autoencoders().TimeSeries(MadeSeries.Small(change)).Fit(s_ml.View(rows));

    private sealed class OffsetRow
    {
        public DateTimeOffset Time { get; set; }

        public float Value { get; set; }

        public string Key { get; set; } = "";
    }

    private sealed class NumberedRow
    {
        public long Key { get; set; }

        public float Value { get; set; }
    }

    private sealed class TwoValues
    {
        public DateTime Time { get; set; }

        public string Key { get; set; } = "a";

        [VectorType(2)]
        public float[] Value { get; set; } = [0, 0];
    }
}
