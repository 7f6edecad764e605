using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>p-values, false-alarm rates and thresholds from labels: what they promise, and that graph and library agree.</summary>
[TestClass]
public sealed class PValueTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    /// <summary>
    /// Over many draws of training, calibration and test rows, the share of normal rows with p ≤ α is at most α but for
    /// chance (three standard errors over the draws).
    /// </summary>
    [TestMethod]
    public void Normal_rows_have_small_p_values_no_more_often_than_they_say()
    {
        const int draws = 200, tested = 2000;
        double[] rates = [0.1, 0.01, 0.001];
        var shares = rates.ToDictionary(rate => rate, _ => new double[draws]);
        for (int draw = 0; draw < draws; draw++)
        {
            var options = DetectionRows.Quick(seed: draw);
            (options.Steps, options.Width, options.Code, options.KeptRows) = (8, 4, 2, 200);
            options.Masking = new Masking { ScoreRounds = 1 };

            // A fifth of 2,600 rows is held out: at least 500.
            using var model = s_ml.Autoencoders().AnomalyDetection(options)
                .Fit(DetectionRows.View(s_ml, DetectionRows.Make(2600, 3, seed: 1000 + draw)));
            Assert.IsGreaterThan(450, model.Metadata.ScoreCount);
            var scored = model.Transform(DetectionRows.View(s_ml, DetectionRows.Make(tested, 3, seed: 5000 + draw)));
            float[] values = [.. scored.GetColumn<float>("PValue")];
            foreach (double rate in rates)
                shares[rate][draw] = values.Count(value => value <= rate) / (double)tested;
        }
        foreach (double rate in rates)
        {
            double mean = shares[rate].Average();
            double error = Math.Sqrt(shares[rate].Sum(share => (share - mean) * (share - mean)) / (draws - 1) / draws);
            TestContext.WriteLine($"p <= {rate}: {mean:P3} of normal rows, standard error {error:P3}");
            if (rate >= 0.01)
                Assert.IsLessThanOrEqualTo(rate + 3 * error, mean, $"{rate}");
            else
                Assert.IsInRange(rate / 2, rate * 2, mean, $"{rate}");
        }
    }

    /// <summary>
    /// Where all rows are kept, held-out ones too: a row that counted among its neighbors' neighbors would have scored higher than one that
    /// is not kept, and p-values would be too large.
    /// </summary>
    [TestMethod]
    public void Kept_rows_are_measured_as_rows_that_are_not_kept()
    {
        const int draws = 30;
        const double rate = 0.2;
        double[] shares = [.. Enumerable.Range(0, draws).Select(draw =>
        {
            var options = DetectionRows.Quick(seed: draw);
            (options.Steps, options.Width, options.Code, options.Masking) = (2, 4, 2, new Masking { ScoreRounds = 1 });
            using var model = s_ml.Autoencoders().AnomalyDetection(options)
                .Fit(DetectionRows.View(s_ml, DetectionRows.Make(800, 3, seed: 2000 + draw)));
            return model.Transform(DetectionRows.View(s_ml, DetectionRows.Make(400, 3, seed: 6000 + draw)))
                .GetColumn<float>("PValue").Count(value => value <= rate) / 400.0;
        })];
        double mean = shares.Average(), error = Math.Sqrt(shares.Sum(share => (share - mean) * (share - mean)) / (draws - 1) / draws);
        TestContext.WriteLine($"p <= {rate}: {mean:P2} of normal rows, standard error {error:P2}");
        Assert.AreEqual(rate, mean, 3 * error);
    }

    [TestMethod]
    [DataRow(120)]
    [DataRow(3000)]
    [DataRow(20000)]
    public void The_graph_gives_the_p_values_of_the_metadata(int count)
    {
        using var model = s_ml.Autoencoders().AnomalyDetection(DetectionRows.Quick())
            .Fit(DetectionRows.View(s_ml, DetectionRows.Make(count, 4, seed: 2)));
        float[][] rows = DetectionRows.Make(300, 4, seed: 3);
        for (int i = 0; i < 50; i++)
            rows[i][1] += i;
        var scored = model.Transform(DetectionRows.View(s_ml, rows));
        float[] scores = [.. scored.GetColumn<float>("Score")], values = [.. scored.GetColumn<float>("PValue")];
        var expected = PValues.Of(model.Metadata, "p-values");
        for (int i = 0; i < scores.Length; i++)
            Assert.AreEqual(expected.Of(scores[i]), values[i], 1e-4 * expected.Of(scores[i]));
        foreach (var (first, second) in scores.Zip(values).OrderBy(pair => pair.First)
            .Zip(scores.Zip(values).OrderBy(pair => pair.First).Skip(1)))
            Assert.IsGreaterThanOrEqualTo(second.Second, first.Second);
    }

    [TestMethod]
    [DataRow(0.2)]
    [DataRow(0.05)]
    [DataRow(0.01)]
    [DataRow(0.001)]
    [DataRow(1e-5)]
    public void A_false_alarm_rate_is_a_threshold_of_p_values(double rate)
    {
        using var model = s_ml.Autoencoders().AnomalyDetection(DetectionRows.Quick())
            .Fit(DetectionRows.View(s_ml, DetectionRows.Make(1500, 4, seed: 4)));
        float threshold = model.WithThreshold(ThresholdRule.FalseAlarmRate(rate)).Threshold;
        var values = PValues.Of(model.Metadata, "p-values");

        // Above it p is at most the rate, and just below it it is more.
        Assert.IsLessThanOrEqualTo(rate * (1 + 1e-4), values.Of(MathF.BitIncrement(threshold)));
        Assert.IsGreaterThan(rate * 0.99, values.Of(threshold - 2e-5f * Math.Abs(threshold) - (rate > 0.002 ? Gap(values, threshold) : 0)));

        static float Gap(PValues values, float threshold) => threshold - values.Knots.Last(knot => knot < threshold) + 1e-6f;
    }

    [TestMethod]
    public void A_threshold_from_labels_reaches_its_goal()
    {
        float[] scores = [1, 2, 3, 4, 5, 6, 7, 8];
        bool[] labels = [false, false, false, true, false, true, true, true];
        float Find(LabelGoal goal) => ThresholdRule.FromLabels(scores, labels, goal).Compute(MadeMetadata.Plain(2, 1));

        // Above 3: recall 1, precision 4/5, F1 8/9; above 5: 3/4 and 1, 6/7.
        Assert.IsInRange(3f, 4f, Find(LabelGoal.BestF1));
        Assert.IsInRange(5f, 6f, Find(LabelGoal.Recall(0.75)));
        Assert.IsInRange(3f, 4f, Find(LabelGoal.Recall(0.76)));
        Assert.IsInRange(5f, 6f, Find(LabelGoal.FalseAlarms(0.1)));
        Assert.IsInRange(3f, 4f, Find(LabelGoal.FalseAlarms(0.25)));
        Fails.With<ArgumentException>("expected as many", () => ThresholdRule.FromLabels(scores, [true], null));
        Fails.With<ArgumentException>("expected at least one", () => ThresholdRule.FromLabels([1, 2], [true, true], null));
        Fails.With<ArgumentException>("row 1 (counted from 0) is NaN", () => ThresholdRule.FromLabels([1, float.NaN], [true, false], null));
    }

    [TestMethod]
    public void A_threshold_from_a_labeled_view_is_that_of_its_scores()
    {
        using var model = s_ml.Autoencoders().AnomalyDetection(DetectionRows.Quick())
            .Fit(DetectionRows.View(s_ml, VariantRows.Make(300).Select(row => row.Features)));
        var rows = VariantRows.Make(60, seed: 12);
        for (int i = 0; i < rows.Length; i += 6)
            (rows[i].Features[3], rows[i].Weight) = (5, 0);
        var view = s_ml.Transforms.Expression("Label", "w => w == 0f", nameof(VariantRow.Weight)).Fit(VariantRows.View(s_ml, rows))
            .Transform(VariantRows.View(s_ml, rows));
        using var changed = model.WithThreshold(view, "Label");
        bool[] labels = [.. view.GetColumn<bool>("Label")], predicted = [.. changed.Transform(view).GetColumn<bool>("PredictedLabel")];
        CollectionAssert.AreEqual(labels, predicted);
        Fails.With<ArgumentOutOfRangeException>("expected Boolean or Single", () => model.WithThreshold(view, "Group"));
    }
}
