using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

[TestClass]
public sealed class ThresholdTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly IDataView s_rows = Rows.View(s_ml, 200);

    [TestMethod]
    public void Rules_choose_the_threshold_from_the_training_scores()
    {
        using var model = Rows.Fit(s_ml);
        double[] scores = [.. Rows.Read(s_ml, model.Transform(s_rows)).Select(row => (double)row.Score).Order()];
        double mean = scores.Average(), deviation = Math.Sqrt(scores.Average(score => (score - mean) * (score - mean)));
        Check(ThresholdRule.Contamination(0.25), (scores[149] + scores[150]) / 2, "contamination 0.25");
        Check(ThresholdRule.MeanPlusDeviations(2), mean + 2 * deviation, "mean plus deviations 2");
        Check(ThresholdRule.Fixed(0.5f), 0.5, "fixed 0.5");

        void Check(ThresholdRule rule, double expected, string name)
        {
            using var atFit = Rows.Fit(s_ml, options => options.Threshold = rule);
            using var afterwards = model.WithThreshold(rule);
            foreach (var one in new[] { atFit, afterwards })
            {
                Assert.AreEqual(expected, one.Threshold, 1e-6 * Math.Max(1, expected), name);
                Assert.AreEqual(name, one.Metadata.ThresholdRule);
                // The decision in the graph follows, one row at a time and in batches.
                foreach (var row in Rows.Read(s_ml, one.Transform(s_rows)))
                    Assert.AreEqual(row.Score > one.Threshold, row.PredictedLabel);
            }
        }
    }

    [TestMethod]
    public void A_threshold_is_changed_on_a_loaded_model_too_and_is_saved()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml);
        s_ml.Model.Save(model, s_rows.Schema, folder["1.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["1.zip"], out _);
        using var changed = loaded.WithThreshold(ThresholdRule.MeanPlusDeviations(1));
        s_ml.Model.Save(changed, s_rows.Schema, folder["2.zip"]);
        using var again = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["2.zip"], out _);
        Assert.AreEqual(model.WithThreshold(ThresholdRule.MeanPlusDeviations(1)).Threshold, again.Threshold);
    }

    [TestMethod]
    public void Threshold_and_direction_stand_in_the_schema()
    {
        using var model = Rows.Fit(s_ml).WithThreshold(0.25f);
        var annotations = model.GetOutputSchema(s_rows.Schema)["Score"].Annotations;
        float threshold = 0;
        annotations.GetValue("Threshold", ref threshold);
        Assert.AreEqual(0.25f, threshold);
        ReadOnlyMemory<char> direction = default;
        annotations.GetValue("ScoreDirection", ref direction);
        Assert.AreEqual("higher_is_more_anomalous", direction.ToString());
    }
}
