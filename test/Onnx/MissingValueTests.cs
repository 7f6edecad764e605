using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Rows with NaN or an infinity, at scoring: none may pass as normal because it has no score.</summary>
[TestClass]
public sealed class MissingValueTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static IDataView RowsWithHoles()
    {
        var rows = Rows.Make(4, seed: 19);
        rows[1].Features[2] = float.NaN;
        rows[2].Features[0] = float.PositiveInfinity;
        rows[3].Features[4] = float.NegativeInfinity;
        return s_ml.Data.LoadFromEnumerable(rows);
    }

    [TestMethod]
    public void By_default_such_a_row_scores_NaN_and_counts_as_an_anomaly()
    {
        using var model = Rows.Fit(s_ml).WithThreshold(float.MaxValue);
        var scored = Rows.Read(s_ml, model.Transform(RowsWithHoles()));
        Assert.IsTrue(float.IsFinite(scored[0].Score));
        Assert.IsFalse(scored[0].PredictedLabel);
        for (int i = 1; i < 4; i++)
        {
            Assert.IsTrue(float.IsNaN(scored[i].Score), $"row {i}");
            Assert.IsTrue(scored[i].PredictedLabel, $"row {i}");
            Assert.AreEqual(1, scored[i].FeatureErrors.Count(float.IsNaN), "only the missing feature's error is NaN");
            Assert.IsTrue(scored[i].Reconstruction.All(float.IsFinite));
        }
    }

    [TestMethod]
    public void Mean_scores_the_row_as_if_the_training_mean_had_been_observed()
    {
        using var model = Rows.Fit(s_ml, options => options.ScoringMissingValues = ScoringMissingValues.Mean);
        var filled = Rows.Make(4, seed: 19);
        filled[1].Features[2] = model.Metadata.FeatureMeans[2];
        filled[2].Features[0] = model.Metadata.FeatureMeans[0];
        filled[3].Features[4] = model.Metadata.FeatureMeans[4];
        CollectionAssert.AreEqual(
            Rows.Read(s_ml, model.Transform(s_ml.Data.LoadFromEnumerable(filled))).Select(row => row.Score).ToArray(),
            Rows.Read(s_ml, model.Transform(RowsWithHoles())).Select(row => row.Score).ToArray());
    }

    [TestMethod]
    public void Refuse_stops_with_the_row_and_the_feature()
    {
        using var model = Rows.Fit(s_ml, options => options.ScoringMissingValues = ScoringMissingValues.Refuse);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.Read(s_ml, model.Transform(RowsWithHoles())));
        StringAssert.Contains(error.Message, "Row 1 of the column 'Features' has NaN in 'Features[2]'");
    }
}
