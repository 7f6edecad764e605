using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Microsoft.ML.Transforms.Onnx;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

/// <summary>
/// The stock OnnxTransformer is what this project compares itself with, so a stand-in for it has to be as good: a row of 784 values through
/// 784-128-64-128-784 may allocate 5 KB at most and reaches 0.8 of what a plain loop over the session does, one row at a time.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class OnnxTransformerCostTests
{
    private const int Rows = 4000;
    private readonly MLContext _ml = new(1);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void A_row_costs_little_more_than_running_the_session_on_it()
    {
        using var folder = new TestFolder();
        string file = folder.File("m.onnx", OnnxFile.Dense(784, 128, 64, 128, 784));
        var row = new Row { x = [.. Enumerable.Range(0, 784).Select(i => i % 7f)] };
        IDataView view = _ml.Data.LoadFromEnumerable(Enumerable.Repeat(row, Rows));
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", file).Fit(view);
        IDataView scored = model.Transform(view);
        IDataView longer = model.Transform(_ml.Data.LoadFromEnumerable(Enumerable.Repeat(row, 3 * Rows)));
        using var session = new InferenceSession(file);

        float expected = RunLoop(session, row.x, 1);
        Assert.AreEqual(expected, ReadCursor(scored, Rows, out _), 1e-6f * Math.Abs(expected));
        // What a cursor needs once, however many rows follow, is not a row's.
        ReadCursor(scored, Rows, out long few);
        ReadCursor(longer, 3 * Rows, out long many);
        long bytes = (many - few) / (2 * Rows);
        Assert.IsLessThanOrEqualTo(5000, bytes);

        var loop = new List<double>();
        var cursor = new List<double>();
        RunLoop(session, row.x, Rows);
        for (int i = 0; i < 5; i++)
        {
            loop.Add(Seconds(() => RunLoop(session, row.x, Rows)));
            cursor.Add(Seconds(() => ReadCursor(scored, Rows, out _)));
        }

        double ratio = loop.Order().ElementAt(2) / cursor.Order().ElementAt(2);
        TestContext.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{bytes} bytes a row; {Rows / cursor.Order().ElementAt(2):F0} rows/s against {Rows / loop.Order().ElementAt(2):F0}: ratio {ratio:F2}"));
        Assert.IsGreaterThanOrEqualTo(0.8, ratio);
    }

    [TestMethod]
    public void A_prediction_allocates_little()
    {
        using var folder = new TestFolder();
        string file = folder.File("m.onnx", OnnxFile.Dense(784, 128, 64, 128, 1));
        var row = new Row();
        OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", file).Fit(_ml.Data.LoadFromEnumerable(new[] { row }));
        using PredictionEngine<Row, Result> engine = _ml.Model.CreatePredictionEngine<Row, Result>(model);
        var result = new Result();
        engine.Predict(row, ref result);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            engine.Predict(row, ref result);
        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;
        TestContext.WriteLine($"{bytes} bytes a prediction");
        Assert.IsLessThan(5000, bytes);
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static float RunLoop(InferenceSession session, float[] row, int count)
    {
        float sum = 0;
        for (int i = 0; i < count; i++)
        {
            var input = NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(row.ToArray(), [1, 784]));
            using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run([input], ["y"]);
            sum = ((DenseTensor<float>)outputs[0].AsTensor<float>()).Buffer.Span[0];
        }

        return sum;
    }

    private static float ReadCursor(IDataView scored, int rows, out long bytes)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        VBuffer<float> value = default;
        int count = 0;
        using (DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["y"]]))
        {
            ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(scored.Schema["y"]);
            for (; cursor.MoveNext(); count++)
                getter(ref value);
        }

        Assert.AreEqual(rows, count);
        bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        return value.GetItemOrDefault(0);
    }

#pragma warning disable IDE1006 // columns are named like the inputs of the models
    private sealed class Row
    {
        [VectorType(784)]
        public float[] x { get; set; } = new float[784];
    }

    private sealed class Result
    {
        public float[]? y { get; set; }
    }
#pragma warning restore IDE1006
}
