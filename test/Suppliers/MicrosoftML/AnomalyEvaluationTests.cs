using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class AnomalyEvaluationTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Metrics_count_ties_half()
    {
        AnomalyDetectionMetrics metrics = Evaluate((1, 5), (0, 5), (0, 4), (1, 3), (0, 1));
        // Pairs won: anomaly 5 against 5 (half), 4, 1; anomaly 3 against 1.
        Assert.AreEqual(3.5 / 6, metrics.AreaUnderRocCurve, 1e-12);
        Assert.AreEqual(1.0, Evaluate((1, 2), (0, 1)).AreaUnderRocCurve);
        Assert.AreEqual(0.0, Evaluate((1, 1), (0, 2)).AreaUnderRocCurve);
        Assert.AreEqual(0.5, Evaluate((1, 1), (0, 1)).AreaUnderRocCurve);
    }

    [TestMethod]
    public void The_detection_rate_stops_at_the_false_positives_allowed()
    {
        (float, float)[] rows = [(1, 9), (0, 8), (1, 7), (0, 6), (1, 5), (0, 4)];
        Assert.AreEqual(2.0 / 3, Evaluate(rows, 1).DetectionRateAtFalsePositiveCount, 1e-12);
        Assert.AreEqual(1.0, Evaluate(rows, 2).DetectionRateAtFalsePositiveCount, 1e-12);
        Assert.AreEqual(1.0, Evaluate(rows).DetectionRateAtFalsePositiveCount, 1e-12);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Evaluate(rows, 0));
    }

    [TestMethod]
    public void Rows_without_a_label_or_a_finite_score_are_left_out()
    {
        Assert.AreEqual(1.0, Evaluate((1, 2), (0, 1), (float.NaN, 9), (0, float.NaN), (0, float.PositiveInfinity)).AreaUnderRocCurve);
    }

    [TestMethod]
    public void Both_kinds_of_rows_are_needed()
    {
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Evaluate((0, 1), (0, 2)));
        StringAssert.Contains(e.Message, "AUC is not defined when there is no positive class in the data", StringComparison.Ordinal);
        e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Evaluate((1, 1), (1, 2)));
        StringAssert.Contains(e.Message, "AUC is not defined when there is no negative class in the data", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Labels_are_numbers_or_keys_of_two()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(new[]
        {
            new Row { Key2 = 1, Score = 2, Bool = true }, new Row { Key2 = 0, Score = 1 }, new Row { Key2 = 2, Score = 9 },
        });
        Assert.AreEqual(1.0, _ml.AnomalyDetection.Evaluate(view, "Key2").AreaUnderRocCurve, "the second key is the anomaly, a missing one is left out");
        foreach (string label in new[] { "Bool", "Double", "Int", "Key3" })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.AnomalyDetection.Evaluate(view, label), label);
    }

    [TestMethod]
    public void Scores_are_single_scalars_and_a_predicted_label_has_to_be_there()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Row { Label = 1, Score = 2 }, new Row { Score = 1 } });
        foreach (string score in new[] { "Double", "Vector", "Nope" })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.AnomalyDetection.Evaluate(view, scoreColumnName: score), score);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.AnomalyDetection.Evaluate(view, predictedLabelColumnName: "Nope"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.AnomalyDetection.Evaluate(view, labelColumnName: "Nope"));
        Assert.AreEqual(1.0, _ml.AnomalyDetection.Evaluate(view, predictedLabelColumnName: "Int").AreaUnderRocCurve);
        Assert.AreEqual(1.0, _ml.AnomalyDetection.Evaluate(view, predictedLabelColumnName: "Score").AreaUnderRocCurve);
    }

    private AnomalyDetectionMetrics Evaluate(params (float Label, float Score)[] rows) => Evaluate(rows, 10);

    private AnomalyDetectionMetrics Evaluate((float Label, float Score)[] rows, int falsePositives) => _ml.AnomalyDetection.Evaluate(
        _ml.Data.LoadFromEnumerable(rows.Select(row => new Row { Label = row.Label, Score = row.Score })), falsePositiveCount: falsePositives);

    private sealed class Row
    {
        public float Label { get; set; }

        public float Score { get; set; }

        public bool PredictedLabel { get; set; }

        public bool Bool { get; set; }

        public double Double { get; set; }

        public int Int { get; set; }

        [VectorType(1)]
        public float[] Vector { get; set; } = [0];

        [KeyType(2)]
        public uint Key2 { get; set; }

        [KeyType(3)]
        public uint Key3 { get; set; }
    }
}
