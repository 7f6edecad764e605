using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>The contamination goes from 0, no training row, to 0.5, half of them.</summary>
[TestClass]
public sealed class ContaminationRangeTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly IDataView s_rows = Rows.View(s_ml, 200);

    [TestMethod]
    public void With_0_no_training_row_is_an_anomaly()
    {
        var none = ThresholdRule.Contamination(0);
        using var model = Rows.Fit(s_ml);
        using var afterwards = model.WithThreshold(none);
        using var atFit = Rows.Fit(s_ml, options => options.Threshold = none);
        foreach (var one in new[] { afterwards, atFit })
        {
            float largest = one.Transform(s_rows).GetColumn<float>("Score").Max();
            Assert.IsGreaterThan(largest, one.Threshold, "above the largest score, not on it");
            foreach (int batch in new[] { 1, 7, 200 })
            {
                using var inBatches = one.WithScoring(new ScoringOptions { BatchSize = batch });
                var labels = inBatches.Transform(s_rows).GetColumn<bool>("PredictedLabel");
                Assert.IsFalse(labels.Any(isAnomaly => isAnomaly), $"batches of {batch}");
            }

            // A row that fits less well than all of them is one.
            var far = Rows.Make(1);
            far[0].Features = [1000, -1000, 1000, -1000, 1000];
            Assert.IsTrue(Rows.Read(s_ml, one.Transform(s_ml.Data.LoadFromEnumerable(far)))[0].PredictedLabel);
        }
    }

    [TestMethod]
    public void With_a_half_every_second_training_row_is_one()
    {
        using var model = Rows.Fit(s_ml, options => options.Threshold = ThresholdRule.Contamination(0.5));
        Assert.AreEqual(100, model.Transform(s_rows).GetColumn<bool>("PredictedLabel").Count(isAnomaly => isAnomaly));
    }

    [TestMethod]
    [DataRow(-0.001)]
    [DataRow(0.501)]
    [DataRow(double.NaN)]
    public void Others_are_refused(double contamination) =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThresholdRule.Contamination(contamination));
}
