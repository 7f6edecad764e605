using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Of codes whose variance is more than a Single holds, no distribution is kept.</summary>
[TestClass]
public sealed class LargeCodesTests
{
    [TestMethod]
    [DataRow(3, 1e20f)]
    [DataRow(3, 3e38f)]
    [DataRow(200, 1e20f)] // of which only the variances are kept
    public void Infinite_covariances_are_not_kept(int size, float scale)
    {
        var metadata = Statistics(size, scale).AddTo(EveryVariant.Fitted("dense").Metadata.OfCode(size), ThresholdRule.Contamination(0.1));
        Assert.IsEmpty(metadata.CodeCovariance, string.Join(", ", metadata.CodeCovariance.Take(3)));
        Assert.IsTrue(float.IsFinite(metadata.Threshold));
        Assert.HasCount(AutoencoderMetadata.QuantileCount, metadata.ScoreQuantiles);
    }

    [TestMethod]
    public void Covariances_that_a_Single_holds_are_kept()
    {
        var metadata = Statistics(3, 1e18f).AddTo(EveryVariant.Fitted("dense").Metadata.OfCode(3), ThresholdRule.Contamination(0.1));
        Assert.HasCount(9, metadata.CodeCovariance);
        Assert.IsTrue(metadata.CodeCovariance.All(float.IsFinite));
    }

    private static RowStatistics Statistics(int size, float scale)
    {
        var random = new Random(2);
        var statistics = new RowStatistics(size);
        for (int i = 0; i < 50; i++)
        {
            statistics.AddScore(i);
            statistics.AddCode([.. Enumerable.Range(0, size).Select(_ => scale * (float)(2 * random.NextDouble() - 1))]);
        }
        return statistics;
    }
}
