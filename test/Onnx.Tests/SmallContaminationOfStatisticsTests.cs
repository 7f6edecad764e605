using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>The share of calibration rows that is asked for is the share above the threshold, down to one row.</summary>
[TestClass]
public sealed class SmallContaminationOfStatisticsTests
{
    [TestMethod]
    [DataRow(0.0005, 50)]
    [DataRow(0.0002, 20)]
    [DataRow(0.0001, 10)]
    [DataRow(0.00001, 1)]
    public void As_many_calibration_rows_as_were_asked_for_lie_above_the_threshold(double contamination, int expected)
    {
        var numbers = new NormalNumbers(3);
        float[] scores = [.. Enumerable.Range(0, 100_000).Select(_ => (float)Math.Pow(numbers.Next(), 4))];
        var statistics = new RowStatistics(codeSize: 1);
        foreach (float score in scores)
            statistics.AddScore(score);
        var metadata = EveryVariant.Fitted("dense").Metadata.OfCode(1);
        float threshold = statistics.AddTo(metadata, ThresholdRule.Contamination(contamination)).Threshold;
        Assert.AreEqual(expected, scores.Count(score => score > threshold));
    }
}
