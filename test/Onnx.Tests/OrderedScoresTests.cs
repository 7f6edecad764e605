using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>A threshold lies between scores, where as many lie above it as are wanted, or as nearly as many as equal ones allow.</summary>
[TestClass]
public sealed class OrderedScoresTests
{
    [TestMethod]
    [DataRow(0, 0)]
    [DataRow(0.0001, 1)]
    [DataRow(0.01, 10)]
    [DataRow(0.07, 70)]
    [DataRow(0.5, 500)]
    public void Of_different_scores_the_wanted_number_lies_above_and_the_threshold_in_the_middle(double share, int expected)
    {
        float[] scores = [.. Enumerable.Range(1, 1000).Select(i => (float)i)];
        float threshold = new OrderedScores(scores).WithAbove(share);
        Assert.AreEqual(expected, scores.Count(score => score > threshold));
        Assert.AreEqual(expected == 0 ? 1000.01f : 1000.5f - expected, threshold);
    }

    [TestMethod]
    [DataRow(30, 0, 0)] // nobody is to lie above
    [DataRow(30, 0.04, 30)] // of 30 and 60, 40 is nearer to 30
    [DataRow(30, 0.05, 60)]
    [DataRow(30, 0.045, 30)] // as near to both: the fewer
    [DataRow(100, 0.05, 0)] // 0 is as near as 100
    [DataRow(100, 0.06, 100)]
    [DataRow(1000, 0.4, 0)] // all are equal
    public void Equal_scores_lie_on_one_side(int groupSize, double share, int expected)
    {
        // The last digits of equal rows' scores differ.
        float[] scores = [.. Enumerable.Range(0, 1000).Select(i => (1000 - i / groupSize) * (1 + i % 7 * 1e-7f)).Order()];
        float threshold = new OrderedScores(scores).WithAbove(share);
        Assert.AreEqual(expected, scores.Count(score => score > threshold));
        Assert.IsGreaterThan(4e-6 * threshold, scores.Min(score => Math.Abs((double)score - threshold)));
    }

    [TestMethod]
    public void Scores_that_lie_too_close_together_still_give_the_share()
    {
        float[] scores = [.. Enumerable.Range(0, 100_000).Select(i => 1 + i * 1.2e-7f)];
        float threshold = new OrderedScores(scores).WithAbove(0.1);
        Assert.AreEqual(10_000, scores.Count(score => score > threshold), 100);
    }

    [TestMethod]
    public void Scores_of_0_and_below_have_a_threshold_too()
    {
        Assert.IsGreaterThan(0f, new OrderedScores(new float[50]).WithAbove(0.1));
        float[] zeros = [.. new float[90], .. Enumerable.Range(1, 10).Select(i => i * 1e-3f)];
        Assert.AreEqual(10, zeros.Count(score => score > new OrderedScores(zeros).WithAbove(0.3)), "0 is on one side");

        // A likelihood near 0 is as inexact as those far from it.
        float[] likelihoods = [-2000, -1000, -0.002f, -0.001f, 0.001f, 3, 4];
        float threshold = new OrderedScores(likelihoods).WithAbove(0.5);
        Assert.AreEqual(2, likelihoods.Count(score => score > threshold));
    }

    [TestMethod]
    public void A_given_threshold_moves_off_the_scores_and_no_farther()
    {
        var scores = new OrderedScores([1, 1, 1.0000001f, 2, 5]);
        Assert.AreEqual(1.5f, scores.Near(1.5));
        Assert.AreEqual(7f, scores.Near(7));
        Assert.AreEqual(1.000005f, scores.Near(1), 1e-6f);
        Assert.AreEqual(2.00001f, scores.Near(2), 1e-6f);
        Assert.AreEqual(1.999995f, scores.Near(1.9999999), 1e-6f);
        Assert.AreEqual(5.000025f, scores.Near(5), 1e-5f);
    }

    [TestMethod]
    [DataRow(0.00001, 20)]
    [DataRow(0.0005, 1000)]
    [DataRow(0.0007, 1400)]
    [DataRow(0.001, 2000)]
    [DataRow(0.0105, 21_000)]
    [DataRow(0.3, 600_000)]
    public void The_metadata_keep_enough_of_millions_of_scores(double share, int expected)
    {
        var random = new Random(1);
        float[] scores = [.. Enumerable.Range(0, 2_000_000).Select(_ => (float)-Math.Log(random.NextDouble()))];
        Array.Sort(scores);
        float[] quantiles = [.. Enumerable.Range(0, AutoencoderMetadata.QuantileCount).Select(i => Quantile.Of(scores, i / 1000.0))];
        float threshold = new OrderedScores(quantiles, scores[^1024..], scores.Length).WithAbove(share);
        Assert.AreEqual(expected, scores.Count(score => score > threshold), expected * 0.02);
    }

    [TestMethod]
    public void Equal_scores_lie_on_one_side_where_only_the_metadata_know_them()
    {
        float[] scores = [.. Enumerable.Range(0, 10_000).Select(i => 1f + i / 500)];
        float[] quantiles = [.. Enumerable.Range(0, AutoencoderMetadata.QuantileCount).Select(i => Quantile.Of(scores, i / 1000.0))];
        foreach (double share in new[] { 0.21, 0.24, 0.25, 0.3, 0.46 })
        {
            float threshold = new OrderedScores(quantiles, scores[^1024..], scores.Length).WithAbove(share);
            Assert.AreEqual(share * 10_000, scores.Count(score => score > threshold), 260, $"{share}");
            Assert.IsGreaterThan(4e-6 * threshold, scores.Min(score => Math.Abs((double)score - threshold)), $"{share}");
        }
    }

    [TestMethod]
    public void Of_more_than_four_million_rows_the_largest_scores_are_kept_and_a_selection_of_the_others()
    {
        const int rows = RowStatistics.MostScores + 500_000;
        var random = new Random(1);
        float[] scores = [.. Enumerable.Range(0, rows).Select(_ => (float)-Math.Log(1 - random.NextDouble()))];
        var statistics = new RowStatistics(codeSize: 1);
        foreach (float score in scores)
            statistics.AddScore(score);
        Array.Sort(scores);
        foreach (var (share, expected) in new[] { (1e-6, 5), (2e-4, 900), (0.01, 45_000) })
        {
            var metadata = statistics.AddTo(EveryVariant.Fitted("dense").Metadata.OfCode(1), ThresholdRule.Contamination(share));
            Assert.AreEqual(expected, scores.Count(score => score > metadata.Threshold), expected * 0.02);
            Assert.AreEqual(rows, metadata.ScoreCount);
            Assert.AreEqual(1, metadata.ScoreMean, 5e-3);
            Assert.AreEqual(1, metadata.ScoreDeviation, 5e-3);
            Assert.AreEqual(Math.Log(4), metadata.ScoreQuantiles[750], 5e-3);
            CollectionAssert.AreEqual(scores[^1024..], metadata.LargestScores.ToArray());
        }
    }
}
