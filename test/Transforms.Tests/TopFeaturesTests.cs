using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

[TestClass]
public sealed class TopFeaturesTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly AutoencoderTransformer s_model = Rows.Fit(s_ml);

    [TestMethod]
    public void A_rows_features_come_with_name_value_expected_value_and_share_the_largest_error_first()
    {
        var rows = Rows.Make(20, seed: 37);
        var scored = Rows.Read(s_ml, s_model.Transform(s_ml.Data.LoadFromEnumerable(rows)));
        for (int i = 0; i < rows.Length; i++)
        {
            var top = s_model.TopFeatures(rows[i].Features, 3);
            int[] order = [.. Enumerable.Range(0, 5).OrderByDescending(j => scored[i].FeatureErrors[j])];
            for (int k = 0; k < 3; k++)
            {
                int j = order[k];
                Assert.AreEqual($"Features[{j}]", top[k].Name);
                Assert.AreEqual(rows[i].Features[j], top[k].Value);
                float reconstruction = top[k].Expected;
                Assert.AreEqual(scored[i].Reconstruction[j], reconstruction, 1e-4);
                Assert.AreEqual(scored[i].FeatureErrors[j] / scored[i].FeatureErrors.Sum(), top[k].Share, 1e-4);
            }
            Assert.AreEqual(1, s_model.TopFeatures(rows[i].Features, 5).Sum(feature => feature.Share), 1e-5);
        }
    }

    [TestMethod]
    public void The_columns_hold_the_same()
    {
        var rows = Rows.Make(300, seed: 37);
        var view = s_model.TopFeatures(2).Transform(s_ml.Data.LoadFromEnumerable(rows));
        Assert.AreEqual(
            "TopFeatureNames:Vector<String, 2> TopFeatureValues:Vector<Single, 2> TopFeatureExpected:Vector<Single, 2> " +
            "TopFeatureShares:Vector<Single, 2>",
            string.Join(' ', view.Schema.Skip(4).Select(column => $"{column.Name}:{column.Type}")));
        var names = view.GetColumn<VBuffer<ReadOnlyMemory<char>>>("TopFeatureNames")
            .Select(buffer => buffer.DenseValues().Select(name => name.ToString()).ToArray()).ToArray();
        var values = view.GetColumn<float[]>("TopFeatureValues").ToArray();
        var expectedValues = view.GetColumn<float[]>("TopFeatureExpected").ToArray();
        var shares = view.GetColumn<float[]>("TopFeatureShares").ToArray();
        for (int i = 0; i < rows.Length; i++)
        {
            var top = s_model.TopFeatures(rows[i].Features, 2);
            for (int k = 0; k < 2; k++)
            {
                Assert.AreEqual(top[k].Name, names[i][k]);
                Assert.AreEqual(top[k].Value, values[i][k]);
                float reconstruction = top[k].Expected;
                Assert.AreEqual(reconstruction, expectedValues[i][k], 1e-4);
                Assert.AreEqual(top[k].Share, shares[i][k], 1e-4);
            }
        }
    }

    [TestMethod]
    public void A_missing_value_comes_before_all_others()
    {
        var row = Rows.Make(1)[0].Features;
        row[3] = float.NaN;
        var top = s_model.TopFeatures(row, 1)[0];
        Assert.AreEqual("Features[3]", top.Name);
        Assert.IsTrue(float.IsNaN(top.Error) && float.IsFinite(top.Expected));
    }

    [TestMethod]
    public void Wrong_use_is_refused_by_name()
    {
        Fails.With<ArgumentOutOfRangeException>("6 top features were asked for; the model has 5", () => s_model.TopFeatures(6));
        Fails.With<ArgumentException>("The row has 4 features; the model has 5", () => s_model.TopFeatures(new float[4], 2));
        using var folder = new TestFolder();
        Fails.With<NotSupportedException>("cannot be saved",
            () => s_ml.Model.Save(s_model.TopFeatures(2), Rows.View(s_ml, 1).Schema, folder["x"]));
    }
}
