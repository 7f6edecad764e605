using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// A transformer of time series in chains of ML.NET: before and after others, saved, found, and refused where rows stand alone.
/// </summary>
[TestClass]
public sealed class TimeSeriesPipelineTests
{
    private const int Width = 16;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly IDataView s_training = s_ml.View(MadeSeries.Wave(300, seed: 1));
    private static readonly IDataView s_later = s_ml.View(
        [.. MadeSeries.Wave(100, seed: 2).Select((row, i) => row.With(one => one.Value += i is >= 60 and < 64 ? 4 : 0))]);

    private static TransformerChain<ITransformer> s_chain = null!;

    [ClassInitialize]
    public static void Fit(TestContext _) => s_chain = s_ml.Transforms.ReplaceMissingValues("Value")
        .Append(s_ml.Transforms.NormalizeMinMax("Value"))
        .Append(s_ml.Autoencoders().TimeSeries(MadeSeries.Small()))
        .Append<ITransformer>(s_ml.Transforms.SelectColumns("Score", "PredictedLabel", "Value")).Fit(s_training);

    [ClassCleanup]
    public static void Release() => s_chain.Dispose();

    [TestMethod]
    public void It_stands_between_stock_transforms_and_is_saved_with_them()
    {
        int[] expected = Bits(s_chain);
        var found = s_ml.Data.FilterRowsByColumn(s_chain.Transform(s_later), "Score", lowerBound: 2 * Series(s_chain).Threshold);
        Assert.IsTrue(found.GetColumn<bool>("PredictedLabel").All(isAnomaly => isAnomaly));
        Assert.IsTrue(found.GetColumn<float>("Score").Count() is >= 4 and < 4 + Width);
        using var file = new MemoryStream();
        s_ml.Model.Save(s_chain, s_training.Schema, file);
        var loaded = s_ml.Autoencoders().Load(file, out _);
        CollectionAssert.AreEqual(expected, Bits(loaded));
        var upgraded = s_ml.Autoencoders().Upgrade(new MLContext().Model.Load(file, out _));
        CollectionAssert.AreEqual(expected, Bits(upgraded));
        Assert.IsInstanceOfType<TimeSeriesTransformer>(s_ml.Autoencoders().FindAll(upgraded).Single());
        (loaded as IDisposable)!.Dispose();
        (upgraded as IDisposable)!.Dispose();
    }

    [TestMethod]
    public void Windows_and_their_parts_are_saved_as_what_they_are()
    {
        var windows = Series(s_chain).Windows;
        Window[] rows = [new() { Value = [.. MadeSeries.Wave(Width, seed: 3).Select(row => row.Value)] }];
        var data = s_ml.Data.LoadFromEnumerable(rows);
        foreach (var part in new[] { windows, windows.Encoder, windows.Reconstructor })
        {
            using var file = new MemoryStream();
            s_ml.Model.Save(part, data.Schema, file);
            using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(file, out _);
            string[] names = [.. part.Transform(data).Schema.Select(column => column.Name)];
            CollectionAssert.AreEqual(names, loaded.Transform(data).Schema.Select(column => column.Name).ToArray());
        }
    }

    [TestMethod]
    public void What_takes_rows_alone_refuses_it_by_name()
    {
        const string message = "holds no AutoencoderTransformer, which scores each row by itself, but TimeSeriesTransformer. FindAll";
        Fails.With<ArgumentException>(message, () => s_ml.Autoencoders().Find(s_chain));
        Fails.As<ArgumentException>("row to row mapper", () => s_ml.Model.CreatePredictionEngine<SeriesRow, ScoredStep>(s_chain));
    }

    [TestMethod]
    [DataRow(Throws.Cursor)]
    [DataRow(Throws.Getter)]
    [DataRow(Throws.MoveNext)]
    [DataRow(Throws.Value)]
    [DataRow(Throws.Disposal)]
    public void What_a_view_throws_comes_through_and_its_cursors_are_closed(Throws place)
    {
        using var model = Series(s_chain).WithCovering(true);
        foreach (int cursor in new[] { 0, 1 })
        {
            var view = new ThrowingView(s_later, place, row: 50) { FailingCursor = cursor };
            Assert.AreSame(view.Error, Assert.Throws<Exception>(() => Read(model, view)));
            Assert.AreEqual(view.CursorsOpened, view.CursorsDisposed);
        }
    }

    [TestMethod]
    public void A_cursor_that_is_left_or_outlives_the_model_ends_well()
    {
        using var model = Series(s_chain).WithCovering(true);
        var scored = model.Transform(s_later);
        Assert.AreEqual(5, s_ml.Data.TakeRows(scored, 5).GetColumn<float>("Score").Count());
        using var cursor = scored.GetRowCursor(scored.Schema);
        Assert.IsTrue(cursor.MoveNext());
        model.Dispose();
        Fails.With<ObjectDisposedException>("disposed", () => scored.GetColumn<float>("Score").Count());
        Assert.AreEqual(100, scored.GetColumn<float>("Value").Count());
    }

    private static TimeSeriesTransformer Series(ITransformer model) =>
        (TimeSeriesTransformer)s_ml.Autoencoders().FindAll(model).Single();

    private static void Read(TimeSeriesTransformer model, IDataView view)
    {
        var scored = model.Transform(view);
        using var cursor = scored.GetRowCursor(scored.Schema);
        var score = cursor.GetGetter<float>(scored.Schema["Score"]);
        var value = cursor.GetGetter<float>(scored.Schema["Value"]);
        float read = 0;
        while (cursor.MoveNext())
        {
            score(ref read);
            value(ref read);
        }
    }

    private static int[] Bits(ITransformer model) =>
        [.. model.Transform(s_later).GetColumn<float>("Score").Select(BitConverter.SingleToInt32Bits)];

    private sealed class Window
    {
        [VectorType(Width)]
        public float[] Value { get; set; } = [];
    }
}
