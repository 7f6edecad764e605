using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The masked autoencoder: what it hides, what its score is, and rows with missing values.</summary>
[TestClass]
public sealed class MaskedTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly Lazy<AutoencoderTransformer> s_model = new(() => Fit());

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(12)]
    [DataRow(1555)]
    public void A_score_hides_every_feature_equally_often(int features)
    {
        foreach (int rounds in new[] { 1, 4, 8 })
        {
            float[] masks = new Masking { ScoreRounds = rounds }.ScoreMasks(features, seed: 3);
            for (int j = 0; j < features; j++)
                Assert.AreEqual(rounds, Enumerable.Range(0, masks.Length / features).Count(i => masks[i * features + j] == 0));
            Assert.IsTrue(Enumerable.Range(0, masks.Length / features)
                .All(i => masks.AsSpan(i * features, features).Contains(0f)), "Every mask hides something.");
        }
    }

    [TestMethod]
    public void The_score_is_the_mean_of_the_feature_errors_which_are_about_1_for_normal_rows()
    {
        var scored = s_model.Value.Transform(VariantRows.View(s_ml, 200, seed: 5));
        float[] scores = [.. scored.GetColumn<float>("Score")];
        float[][] errors = [.. scored.GetColumn<float[]>("FeatureErrors")];
        for (int i = 0; i < scores.Length; i++)
            Assert.AreEqual(errors[i].Average(), scores[i], 1e-5 * scores[i]);

        // Errors are multiples of their mean on normal rows, and the root of a mean square of such is at most 1 on average.
        Assert.IsInRange(0.5f, 1.2f, scores.Average());
    }

    [TestMethod]
    public void A_feature_that_does_not_fit_the_others_has_the_largest_error()
    {
        var rows = VariantRows.Make(100, seed: 6);
        for (int i = 0; i < rows.Length; i++)
        {
            // As far out as the feature goes in other rows, so that only the others tell.
            ref float value = ref rows[i].Features[i % VariantRow.FeatureCount];
            value = value > 0.5 ? 0 : 1;
        }
        float[][] errors = [.. s_model.Value.Transform(VariantRows.View(s_ml, rows)).GetColumn<float[]>("FeatureErrors")];
        int found = Enumerable.Range(0, rows.Length).Count(i => Array.IndexOf(errors[i], errors[i].Max()) == i % VariantRow.FeatureCount);
        Assert.IsGreaterThan(80, found);
    }

    [TestMethod]
    public void Missing_values_are_hidden_and_the_score_is_that_of_what_is_known()
    {
        var rows = VariantRows.Make(60, seed: 7);
        float[] before = [.. s_model.Value.Transform(VariantRows.View(s_ml, rows)).GetColumn<float>("Score")];
        foreach (var row in rows)
            (row.Features[2], row.Features[5]) = (float.NaN, float.PositiveInfinity);
        var scored = s_model.Value.Transform(VariantRows.View(s_ml, rows));
        float[] scores = [.. scored.GetColumn<float>("Score")];
        foreach (var (errors, score) in scored.GetColumn<float[]>("FeatureErrors").Zip(scores))
        {
            Assert.AreEqual(0, errors[2]);
            Assert.AreEqual(0, errors[5]);
            Assert.AreEqual(errors.Average(), score, 1e-5 * score);
        }
        Assert.IsTrue(scores.All(float.IsFinite));
        Assert.IsInRange(0.7f * before.Average(), 1.4f * before.Average(), scores.Average());
    }

    [TestMethod]
    public void A_row_in_which_everything_is_missing_has_no_score()
    {
        var rows = VariantRows.Make(3, seed: 8);
        Array.Fill(rows[1].Features, float.NaN);
        var scored = s_model.Value.Transform(VariantRows.View(s_ml, rows));
        float[] scores = [.. scored.GetColumn<float>("Score")];
        Assert.IsTrue(float.IsNaN(scores[1]) && float.IsFinite(scores[0]) && float.IsFinite(scores[2]));
        Assert.IsTrue(scored.GetColumn<bool>("PredictedLabel").ElementAt(1));
    }

    [TestMethod]
    public void A_value_far_out_has_a_large_and_finite_score()
    {
        var rows = VariantRows.Make(4, seed: 9);
        float[] values = [1e6f, 1e20f, -1e30f];
        for (int i = 0; i < values.Length; i++)
            rows[i + 1].Features[4] = values[i];
        float[] scores = [.. s_model.Value.Transform(VariantRows.View(s_ml, rows)).GetColumn<float>("Score")];
        Assert.IsTrue(scores.All(float.IsFinite));
        Assert.IsGreaterThan(3 * scores[0], scores[1]);
        Assert.IsGreaterThan(scores[1], scores[2]);
    }

    [TestMethod]
    public void The_simple_factory_takes_rows_with_missing_values()
    {
        var rows = VariantRows.Make(300);
        for (int i = 0; i < rows.Length; i += 3)
            rows[i].Features[i % VariantRow.FeatureCount] = float.NaN;
        using var model = s_ml.Autoencoders().Masked(width: 16, code: 4, epochs: 5, seed: 1).Fit(VariantRows.View(s_ml, rows));
        Assert.AreEqual("masked dense", model.Metadata.Variant);
        Assert.AreEqual("hidden", model.Metadata.MissingValues);
        Assert.IsTrue(model.Transform(VariantRows.View(s_ml, rows)).GetColumn<float>("Score").All(float.IsFinite));
    }

    [TestMethod]
    public void Values_of_the_options_are_checked()
    {
        Fails.As<ArgumentException>("Masking.LeastShare", () => Options(new Masking { LeastShare = 0 }));
        Fails.As<ArgumentException>("Masking.GreatestShare", () => Options(new Masking { LeastShare = 0.5, GreatestShare = 0.4 }));
        Fails.As<ArgumentException>("Masking.GreatestShare", () => Options(new Masking { GreatestShare = 1 }));
        Fails.As<ArgumentException>("Masking.VisibleWeight", () => Options(new Masking { VisibleWeight = -1 }));
        Fails.As<ArgumentException>("Masking.ScoreRounds", () => Options(new Masking { ScoreRounds = 0 }));
        var options = VariantRows.Options();
        options.ScoringMissingValues = ScoringMissingValues.Hidden;
        Fails.As<ArgumentException>("ScoringMissingValues", () => s_ml.Autoencoders().Autoencoder(options));
        Fails.As<ArgumentException>("a masked autoencoder expects what is hidden",
            () => s_ml.Autoencoders().Masked(VariantRows.Options()));

        static AutoencoderEstimator Options(Masking masking)
        {
            var options = VariantRows.Options();
            options.Masking = masking;
            return s_ml.Autoencoders().Autoencoder(options);
        }
    }

    private static AutoencoderTransformer Fit() => s_ml.Autoencoders().Masked(new AutoencoderEstimator.Options
    {
        Network = LayersNetworkOptions.Residual(width: 32, blocks: 1),
        Code = new CodeOptions { Size = 16 },
        Masking = new Masking { ScoreRounds = 8 },
        Scaling = InputScaling.StandardizeCompressed,
        MissingValues = TrainingMissingValues.Masked,
        ScoringMissingValues = ScoringMissingValues.Hidden,
        FeatureErrorsColumnName = "FeatureErrors",
        Epochs = 40,
        LearningRate = 0.003,
        Schedule = new OneCycleSchedule(),
        ValidationShare = 0.2,
        Seed = 1,
    }).Fit(VariantRows.View(s_ml, 600));
}
