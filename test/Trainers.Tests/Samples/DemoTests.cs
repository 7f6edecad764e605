using Microsoft.ML;
using MLNetAutoencoder.Samples;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>What the demo shows on real data, as means over its three seeds.</summary>
[TestClass]
public sealed class DemoTests
{
    [TestMethod]
    public void Digits_are_told_apart_better_than_by_principal_components_and_far_better_than_by_chance()
    {
        var ml = new MLContext(seed: 1);
        var outcomes = Array.ConvertAll(Experiment.Seeds, seed => Experiment.Run(ml, DataSets.Digits(ml), Experiment.DigitsOptions(seed)));
        double auc = outcomes.Average(outcome => outcome.Auc);
        Assert.IsGreaterThanOrEqualTo(0.95, auc);
        Assert.IsGreaterThanOrEqualTo(0.02, auc - outcomes.Average(outcome => outcome.PcaAuc), "over principal components");
        Assert.IsGreaterThanOrEqualTo(0.3, auc - outcomes.Average(outcome => outcome.UntrainedAuc), "over the untrained network");
        Assert.IsLessThanOrEqualTo(0.35, outcomes.Average(outcome => outcome.ErrorVersusMean), "error over that of the training mean");
    }

    [TestMethod]
    public void Breast_cancer_is_reconstructed_and_its_malignant_rows_found()
    {
        var ml = new MLContext(seed: 1);
        var outcomes = Array.ConvertAll(Experiment.Seeds, seed =>
            Experiment.Run(ml, DataSets.BreastCancer(ml), Experiment.BreastCancerOptions(seed)));
        Assert.IsLessThanOrEqualTo(0.35, outcomes.Average(outcome => outcome.ErrorVersusMean));
        Assert.IsGreaterThanOrEqualTo(0.90, outcomes.Average(outcome => outcome.Auc));
    }

    [TestMethod]
    public void The_detector_needs_no_tuning_for_either()
    {
        var ml = new MLContext(seed: 1);
        var digits = Experiment.Detect(ml, DataSets.Digits(ml), seed: 1);
        Assert.IsGreaterThanOrEqualTo(0.96, digits.Auc);
        Assert.IsGreaterThan(digits.RandomizedPcaAuc, digits.Auc);
        Assert.IsGreaterThanOrEqualTo(0.95, Experiment.Detect(ml, DataSets.BreastCancer(ml), seed: 1).Auc);
    }

    [TestMethod]
    public void The_data_sets_have_the_rows_that_their_readme_tells_of()
    {
        var ml = new MLContext(seed: 1);
        Assert.AreEqual("600 rows to train on, 301 held out, 896 anomalies; 238 rows to train on, 119 held out, 212 anomalies",
            string.Join("; ",
            new[] { DataSets.Digits(ml), DataSets.BreastCancer(ml) }.Select(data =>
            {
                float[] labels = [.. Microsoft.ML.Data.ColumnCursorExtensions.GetColumn<float>(data.Test, "Label")];
                return $"{Microsoft.ML.Data.ColumnCursorExtensions.GetColumn<float>(data.Train, "Label").Count(label => label == 0)} " +
                    $"rows to train on, {labels.Count(label => label == 0)} held out, {labels.Count(label => label == 1)} anomalies";
            })));
    }
}
