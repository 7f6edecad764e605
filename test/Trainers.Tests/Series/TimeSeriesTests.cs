using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>A fitted transformer of time series gives each row what the windows around it say.</summary>
[TestClass]
public sealed class TimeSeriesTests
{
    private const int Width = 16;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly SeriesRow[] s_training = MadeSeries.Wave(600, seed: 1);
    private static readonly SeriesRow[] s_later = [.. MadeSeries.Wave(300, seed: 2).Select((row, i) =>
        row.With(one => one.Value += i is >= 200 and < 204 ? 2 : 0))];

    private static TimeSeriesTransformer s_model = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void Fit(TestContext _) => s_model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small()).Fit(s_ml.View(s_training));

    [ClassCleanup]
    public static void Release() => s_model.Dispose();

    [TestMethod]
    public void A_step_has_the_score_of_the_window_that_ends_with_it()
    {
        var found = ScoredStep.Of(s_ml, s_model.Transform(s_ml.View(s_later)));
        Assert.HasCount(300, found);
        Assert.IsTrue(found.Take(Width - 1).All(step => float.IsNaN(step.Score) && !step.PredictedLabel));
        Window[] windows = [.. Enumerable.Range(0, 300).Select(i => new Window
        {
            Value = [.. Enumerable.Range(i - Width + 1, Width).Select(j => j < 0 ? float.NaN : s_later[j].Value)],
        })];
        var whole = ScoredStep.Of(s_ml, s_model.Windows.Transform(s_ml.Data.LoadFromEnumerable(windows, WindowSchema())));
        for (int i = Width - 1; i < 300; i++)
        {
            // The same graph over the same numbers, in batches of another size.
            Assert.AreEqual(whole[i].Score, found[i].Score, 1e-5 * whole[i].Score, $"{i}");
            Assert.AreEqual(whole[i].Expected[^1], found[i].Expected.Single(), 1e-4, $"{i}");
            Assert.AreEqual(found[i].Score, found[i].Errors.Single(), 1e-4 * found[i].Score, $"{i}");
            Assert.AreEqual(found[i].Score > s_model.Threshold, found[i].PredictedLabel, $"{i}");
            Assert.AreEqual(whole[i].PValue, found[i].PValue, 1e-4, $"{i}");
        }
        int[] anomalies = [.. Enumerable.Range(0, 300).Where(i => found[i].PredictedLabel)];
        Assert.IsTrue(Enumerable.Range(200, 4).All(anomalies.Contains), string.Join(", ", anomalies));
        Assert.IsLessThan(0.1, anomalies.Count(i => i is < 200 or >= 204 + Width) / 280.0, string.Join(", ", anomalies));
    }

    [TestMethod]
    public void A_covering_score_is_the_mean_over_all_windows_with_the_step()
    {
        var last = ScoredStep.Of(s_ml, s_model.Transform(s_ml.View(s_later)));
        using var covering = s_model.WithCovering(true);
        var found = ScoredStep.Of(s_ml, covering.Transform(s_ml.View(s_later)));
        for (int i = 0; i < 300; i++)
        {
            float[] scores = [.. Enumerable.Range(i, Width).Where(end => end >= Width - 1 && end < 300).Select(end => last[end].Score)];
            double expected = Math.Sqrt(scores.Average(score => (double)score * score));
            Assert.AreEqual(expected, found[i].Score, 1e-5 * expected, $"{i}");
            Assert.AreEqual(found[i].Score, found[i].Errors.Average(), 1e-4 * found[i].Score, $"{i}");
            Assert.AreEqual(found[i].Score > covering.Threshold, found[i].PredictedLabel, $"{i}");
            Assert.IsTrue(Math.Abs(found[i].Expected.Single()) < 3, $"{i}");
        }
        Assert.AreNotEqual(s_model.Threshold, covering.Threshold);
        Assert.IsTrue(found.Skip(200).Take(4).All(step => step.PredictedLabel));
    }

    [TestMethod]
    public void Series_that_interleave_are_scored_as_if_alone()
    {
        SeriesRow[] first = MadeSeries.Wave(60, seed: 3).OfKey("first"), second = MadeSeries.Wave(90, seed: 4, level: 5).OfKey("second"),
            third = MadeSeries.Wave(10, seed: 5).OfKey("third");
        SeriesRow[] together = MadeSeries.Interleaved(seed: 1, first, second, third);
        foreach (bool isCovering in new[] { false, true })
        {
            using var model = s_model.WithCovering(isCovering);
            var found = ScoredStep.Of(s_ml, model.Transform(s_ml.View(together)));
            foreach (var series in new[] { first, second, third })
            {
                var alone = ScoredStep.Of(s_ml, model.Transform(s_ml.View(series)));
                float[] scores = [.. Enumerable.Range(0, together.Length).Where(i => together[i].Key == series[0].Key)
                    .Select(i => found[i].Score)];
                Assert.HasCount(series.Length, scores);
                for (int i = 0; i < scores.Length; i++)
                    Assert.AreEqual(alone[i].Score, scores[i], 1e-4, $"{series[0].Key} {i} {isCovering}");
            }
        }
    }

    [TestMethod]
    public void A_level_that_is_removed_does_not_matter()
    {
        var low = ScoredStep.Of(s_ml, s_model.Transform(s_ml.View(MadeSeries.Wave(100, seed: 6))));
        var high = ScoredStep.Of(s_ml, s_model.Transform(s_ml.View(MadeSeries.Wave(100, seed: 6, level: 64))));
        for (int i = Width; i < 100; i++)
        {
            // Singles near 64 are 4e-6 apart.
            Assert.AreEqual(low[i].Score, high[i].Score, 1e-3 * low[i].Score, $"{i}");
            Assert.AreEqual(low[i].Expected[0] + 64, high[i].Expected[0], 1e-3, $"{i}");
        }
        using var kept = s_ml.Autoencoders().TimeSeries(MadeSeries.Small(options => options.RemovesLevel = false))
            .Fit(s_ml.View(s_training));
        var far = ScoredStep.Of(s_ml, kept.Transform(s_ml.View(MadeSeries.Wave(100, seed: 6, level: 64))));
        Assert.IsTrue(far.Skip(Width).All(step => step.PredictedLabel));
    }

    [TestMethod]
    public void A_gap_is_steps_that_are_missing()
    {
        // Rows 100 to 104 and 150 are not there, or there without a value.
        bool IsLost(int i) => i is >= 100 and < 105 or 150;
        SeriesRow[] empty = [.. s_later.Select((row, i) => row.With(one => one.Value = IsLost(i) ? float.NaN : one.Value))];
        SeriesRow[] left = [.. s_later.Where((_, i) => !IsLost(i))];
        var withEmpty = ScoredStep.Of(s_ml, s_model.Transform(s_ml.View(empty))).Where((_, i) => !IsLost(i)).ToArray();
        var withGaps = ScoredStep.Of(s_ml, s_model.Transform(s_ml.View(left)));
        for (int i = Width; i < left.Length; i++)
            Assert.AreEqual(withEmpty[i].Score, withGaps[i].Score, 1e-5 * withGaps[i].Score, $"{i}");

        // What is missing is not invented: it raises no alarm by itself.
        Assert.IsLessThan(0.1, withGaps.Take(190).Count(step => step.PredictedLabel) / 190.0);
        Assert.IsTrue(withGaps.Skip(Width).All(step => float.IsFinite(step.Score)));
    }

    [TestMethod]
    public void The_first_steps_are_scored_with_what_there_is_or_not()
    {
        foreach (bool scores in new[] { false, true })
        {
            using var model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small(options => options.ScoresFirstSteps = scores))
                .Fit(s_ml.View(s_training));
            var found = ScoredStep.Of(s_ml, model.Transform(s_ml.View(s_later)));
            for (int i = 0; i < 30; i++)
            {
                bool isScored = scores || i >= Width - 1;
                Assert.AreEqual(isScored, float.IsFinite(found[i].Score), $"{i}");
                Assert.AreEqual(isScored, float.IsFinite(found[i].Expected[0]), $"{i}");
                Assert.IsFalse(found[i].PredictedLabel && !isScored, $"{i}");
            }
        }
    }

    [TestMethod]
    public void A_saved_model_cuts_windows_again_and_a_stock_application_scores_them()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.zip");
        try
        {
            using var strict = s_model.WithThreshold(ThresholdRule.FalseAlarmRate(0.001));
            using var covering = strict.WithCovering(true);
            var data = s_ml.View(s_later);
            s_ml.Model.Save(covering, data.Schema, path);
            using var loaded = (TimeSeriesTransformer)s_ml.Autoencoders().Load(path, out var schema);
            Assert.AreEqual(covering.Threshold, loaded.Threshold);
            var before = ScoredStep.Of(s_ml, covering.Transform(data));
            var after = ScoredStep.Of(s_ml, loaded.Transform(data));
            for (int i = 0; i < 300; i++)
                Assert.AreEqual(before[i].Score, after[i].Score, $"{i}");

            var stock = new MLContext().Model.Load(path, out _);
            Window[] windows = [new() { Value = [.. s_later.Skip(10).Take(Width).Select(row => row.Value)] }];
            float score = stock.Transform(s_ml.Data.LoadFromEnumerable(windows, WindowSchema())).GetColumn<float[]>("Score").Single()[0];
            var last = ScoredStep.Of(s_ml, s_model.Transform(data));
            Assert.AreEqual(last[10 + Width - 1].Score, score, 1e-5 * score);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void An_exported_scorer_is_opened_again_with_its_windows()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string scorer = Path.Combine(folder, "scorer.onnx"), decoder = Path.Combine(folder, "decoder.onnx");
            s_model.ExportOnnx(scorer);
            using var opened = s_ml.Autoencoders().TimeSeriesFromOnnx(scorer);
            var before = ScoredStep.Of(s_ml, s_model.Transform(s_ml.View(s_later)));
            var after = ScoredStep.Of(s_ml, opened.Transform(s_ml.View(s_later)));
            for (int i = 0; i < 300; i++)
                Assert.AreEqual(before[i].Score, after[i].Score, $"{i}");
            Assert.AreEqual((Width, "Value", "Time", "Key", 300.0), (opened.Description.Width, opened.Description.ValueColumn,
                opened.Description.TimeColumn, opened.Description.KeyColumn, opened.Description.Step));
            using var windows = s_ml.Autoencoders().FromOnnx(scorer);
            Assert.AreEqual("Value[-15]", windows.Metadata.FeatureNames[0]);

            // A decoder alone knows no level: it gives windows around 0.
            s_model.Windows.ExportOnnx(decoder, OnnxGraph.Decoder);
            using var alone = s_ml.Autoencoders().FromOnnx(decoder);
            Assert.IsNotNull(alone.Metadata.Windows);
            Window[] high = [new() { Value = [.. MadeSeries.Wave(Width, seed: 9, level: 100).Select(row => row.Value)] }];
            var view = s_ml.Data.LoadFromEnumerable(high, WindowSchema());
            var decoded = alone.Transform(s_model.Windows.Encoder.Transform(view)).GetColumn<float[]>("Expected").Single();
            float[] raw = s_model.Windows.Reconstructor.Transform(view).GetColumn<float[]>("Expected").Single();
            float level = high[0].Value.Average();
            for (int i = 0; i < Width; i++)
                Assert.AreEqual(raw[i] - level, decoded[i], 1e-3, $"{i}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void Rows_come_in_their_order_whatever_is_asked_for()
    {
        var scored = s_model.Transform(s_ml.View(s_later));
        Assert.IsFalse(scored.CanShuffle);
        Assert.IsFalse(s_model.IsRowToRowMapper);
        float[] expected = [.. scored.GetColumn<float>("Score")];
        var cursors = scored.GetRowCursorSet(scored.Schema, 4, new Random(1));
        using var cursor = cursors.Single();
        var get = cursor.GetGetter<float>(scored.Schema["Score"]);
        var getTime = cursor.GetGetter<DateTime>(scored.Schema["Time"]);
        for (int i = 0; cursor.MoveNext(); i++)
        {
            float score = 0;
            DateTime time = default;
            get(ref score);
            getTime(ref time);
            Assert.AreEqual((expected[i], s_later[i].Time), (score, time));
        }
        float[] shuffled = [.. s_ml.Data.ShuffleRows(scored, seed: 1).GetColumn<float>("Score")];
        CollectionAssert.AreEqual(expected.Order().ToArray(), shuffled.Order().ToArray());
        Fails.With<NotSupportedException>("A time series is scored row after row", () => s_model.GetRowToRowMapper(scored.Schema));
        var schema = s_model.GetOutputSchema(s_ml.View(s_later).Schema);
        CollectionAssert.AreEqual(scored.Schema.Select(column => (column.Name, column.Type.ToString())).ToArray(),
            schema.Select(column => (column.Name, column.Type.ToString())).ToArray());
        var shape = s_ml.Autoencoders().TimeSeries(MadeSeries.Small())
            .GetOutputSchema(AutoencoderColumns.ShapeWith(new SchemaShape([]), s_ml.View(s_later).Schema.Select(column =>
                new OutputColumn(column.Name, column.Type, column.Annotations, [], null!))));
        CollectionAssert.AreEquivalent(
            scored.Schema.Select(column => column.Name).ToArray(), shape.Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void Several_channels_are_told_apart()
    {
        var random = new Random(1);
        TwoChannels[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i => new TwoChannels
        {
            Value = [MathF.Sin(i / 2f) + 0.05f * random.NextSingle(), 10 * MathF.Cos(i / 2f) + 0.5f * random.NextSingle()],
        })];
        using var model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small(options =>
            (options.TimeColumnName, options.KeyColumnName) = (null, null))).Fit(s_ml.Data.LoadFromEnumerable(Rows(600)));
        var later = Rows(200);
        for (int i = 100; i < 110; i++)
            later[i].Value[1] = 0;
        var found = ScoredStep.Of(s_ml, model.Transform(s_ml.Data.LoadFromEnumerable(later)));
        for (int i = 104; i < 110; i++)
        {
            Assert.IsTrue(found[i].PredictedLabel, $"{i}");
            Assert.IsGreaterThan(10 * found[i].Errors[0], found[i].Errors[1], $"{i}");
            Assert.AreEqual(10 * MathF.Cos(i / 2f), found[i].Expected[1], 8, $"{i}");
        }
    }

    [TestMethod]
    public void A_second_fit_gives_the_same_bytes_and_half_a_window_or_more_is_trained_on()
    {
        byte[] Bytes()
        {
            using var model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small()).Fit(s_ml.View(s_training));
            return model.Windows.ToOnnx(OnnxGraph.Scorer);
        }
        CollectionAssert.AreEqual(Bytes(), Bytes());
    }

    [TestMethod]
    public void The_width_is_a_number_a_duration_or_what_repeats()
    {
        int WidthOf(WindowWidth width)
        {
            using var model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small(options => (options.Width, options.Steps) = (width, 1)))
                .Fit(s_ml.View(s_training));
            return model.Description.Width;
        }
        Assert.AreEqual(20, WidthOf(WindowWidth.Steps(20)));
        Assert.AreEqual(24, WidthOf(WindowWidth.Duration(TimeSpan.FromHours(2))));

        // The first peak is the highest but for what is cut off at the ends.
        Assert.AreEqual((int)MadeSeries.Period, WidthOf(WindowWidth.Autocorrelation()));
        Assert.AreEqual(2 * (int)MadeSeries.Period, WidthOf(WindowWidth.Autocorrelation(least: 15)));
    }

    private static SchemaDefinition WindowSchema()
    {
        var schema = SchemaDefinition.Create(typeof(Window));
        schema[nameof(Window.Value)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Width);
        return schema;
    }

    private sealed class Window
    {
        public float[] Value { get; set; } = [];
    }

    private sealed class TwoChannels
    {
        [VectorType(2)]
        public float[] Value { get; set; } = [];
    }
}
