using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class MulticlassEvaluationTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Metrics_are_shares_of_rows_and_of_classes()
    {
        Check(
            Evaluate((0, [0.7f, 0.2f, 0.1f]), (0, [0.3f, 0.6f, 0.1f]), (1, [0.1f, 0.8f, 0.1f]), (2, [0.2f, 0.2f, 0.6f])),
            3 / 4.0,
            (0.5 + 1 + 1) / 3,
            -(Math.Log(0.7) + Math.Log(0.3) + Math.Log(0.8) + Math.Log(0.6)) / 4);
        // Only classes that occur count.
        Check(Evaluate((1, [0.1f, 0.8f, 0.1f]), (1, [0.5f, 0.25f, 0.25f])), 1 / 2.0, 1 / 2.0, -(Math.Log(0.8) + Math.Log(0.25)) / 2);
    }

    [TestMethod]
    public void Of_equal_scores_the_first_is_the_answer()
    {
        Check(Evaluate((1, [0.5f, 0.5f, 0])), 0, 0, Math.Log(2));
        Check(Evaluate((0, [0.5f, 0.5f, 0])), 1, 1, Math.Log(2));
    }

    [TestMethod]
    public void Scores_that_are_no_probabilities_are_clipped_in_the_log_loss()
    {
        Check(Evaluate((0, [0, 1, 0])), 0, 0, Math.Log(1e15));
        Check(Evaluate((0, [-3, 1, 0])), 0, 0, Math.Log(1e15));
        Check(Evaluate((0, [5, 1, 0])), 1, 1, 0);
    }

    [TestMethod]
    public void Rows_without_a_label_or_finite_scores_are_left_out()
    {
        Check(
            Evaluate(
                (0, [0.5f, 0.25f, 0.25f]),
                (float.NaN, [1, 0, 0]),
                (-1, [1, 0, 0]),
                (0.5f, [0, 1, 0]),
                (float.PositiveInfinity, [0, 1, 0]),
                (1, [1, 0, float.NaN]),
                (1, [1, 0, float.NegativeInfinity])),
            1,
            1,
            Math.Log(2));
        Check(Evaluate(), 0, 0, 0);
        Check(Evaluate((float.NaN, [1, 0, 0])), 0, 0, 0);
    }

    [TestMethod]
    public void A_class_beyond_the_scores_is_an_error()
    {
        Check(Evaluate((7, [1, 0, 0]), (0, [1, 0, 0])), 1 / 2.0, 1, Math.Log(1e15) / 2);
    }

    [TestMethod]
    public void Labels_may_be_keys_and_the_scores_alone_tell_the_class()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[]
        {
            new Row { Text = "b", Key = 0, Score = [0.6f, 0.4f, 0], PredictedLabel = 2 },
            new Row { Text = "a", Key = 1, Score = [0.2f, 0.8f, 0], PredictedLabel = 2 },
            new Row { Text = "b", Key = 2, Score = [0.1f, 0.9f, 0], PredictedLabel = 2 },
            new Row { Text = "", Key = 3, Score = [1, 0, 0], PredictedLabel = 2 },
        });
        data = _ml.Transforms.Conversion.MapValueToKey("Label of text", "Text").Fit(data).Transform(data);
        double logLoss = -(Math.Log(0.6) + Math.Log(0.8) + Math.Log(0.1)) / 3;
        Check(_ml.MulticlassClassification.Evaluate(data, "Label of text"), 2 / 3.0, 3 / 4.0, logLoss);
        Check(_ml.MulticlassClassification.Evaluate(data, "Key"), 2 / 3.0, 2 / 3.0, -(Math.Log(0.6) + Math.Log(0.8) + Math.Log(1e-15)) / 3);
        Check(_ml.MulticlassClassification.Evaluate(data, "Label of text", "Score", "Text", 2), 2 / 3.0, 3 / 4.0, logLoss);
    }

    [TestMethod]
    public void Other_columns_are_refused()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Row { Score = [1, 0, 0] } });
        MulticlassClassificationCatalog catalog = _ml.MulticlassClassification;
        foreach (string label in new[] { "Text", "Score", "Double", "Nope", "" })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.Evaluate(data, label), label);
        foreach (string score in new[] { "Label", "Text", "Single", "Doubles", "Bare", "Nope", "" })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.Evaluate(data, scoreColumnName: score), score);
        foreach (string predicted in new[] { "Nope", "" })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.Evaluate(data, predictedLabelColumnName: predicted), predicted);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.Evaluate(data, topKPredictionCount: -1));
        Assert.ThrowsExactly<ArgumentNullException>(() => catalog.Evaluate(null!));
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => catalog.Evaluate(data, scoreColumnName: "Single"));
        StringAssert.Contains(
            e.Message,
            "Schema mismatch for score column 'Single': expected vector of two or more items of type Single, got Vector<Single, 1>",
            StringComparison.Ordinal);
    }

    // Scores are single-precision numbers: their logarithms differ from those of the decimals by about 1e-7.
    private static void Check(MulticlassClassificationMetrics metrics, double microAccuracy, double macroAccuracy, double logLoss)
    {
        Assert.AreEqual(microAccuracy, metrics.MicroAccuracy, 1e-12);
        Assert.AreEqual(macroAccuracy, metrics.MacroAccuracy, 1e-12);
        Assert.AreEqual(logLoss, metrics.LogLoss, 1e-6);
    }

    private MulticlassClassificationMetrics Evaluate(params (float Label, float[] Score)[] rows) => _ml.MulticlassClassification.Evaluate(
        _ml.Data.LoadFromEnumerable(rows.Select(row => new Row { Label = row.Label, Score = row.Score })));

    private sealed class Row
    {
        public float Label { get; set; }

        [VectorType(3)]
        public float[]? Score { get; set; }

        [KeyType(3)]
        public uint PredictedLabel { get; set; }

        [KeyType(3)]
        public uint Key { get; set; }

        public string? Text { get; set; }

        public double Double { get; set; }

        [VectorType(1)]
        public float[] Single { get; set; } = [0];

        [VectorType(3)]
        public double[] Doubles { get; set; } = [0, 0, 0];

        public float[] Bare { get; set; } = [0, 0, 0];
    }
}
