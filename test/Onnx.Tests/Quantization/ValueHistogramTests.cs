using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

[TestClass]
public sealed class ValueHistogramTests
{
    [TestMethod]
    public void The_whole_range_is_exact_and_holds_zero()
    {
        Assert.AreEqual(new ValueRange(-2.345678f, 7.654321f), Of(1, 7.654321f, -2.345678f, float.NaN, float.PositiveInfinity, 0.5f));
        Assert.AreEqual(new ValueRange(0, 9), Of(1, 3, 9));
        Assert.AreEqual(new ValueRange(-9, 0), Of(1, -3, -9));
        Assert.AreEqual(new ValueRange(0, 0), Of(1));
    }

    [TestMethod]
    [DataRow(0.9)]
    [DataRow(0.99)]
    [DataRow(0.999)]
    public void A_share_of_the_values_leaves_out_as_many_at_both_ends(double coverage)
    {
        var random = new Random(3);
        float[] values = [.. Enumerable.Range(0, 20_000).Select(_ => (float)LabeledDigits.Normal(random) - 0.5f)];
        values[17] = 1e30f;
        values[18] = -1e25f;
        var range = Of(coverage, values);
        float[] sorted = [.. values.Order()];
        int leftOut = (int)((1 - coverage) / 2 * values.Length);

        // A bin is 1/128 of its values wide.
        Assert.AreEqual(sorted[leftOut], range.Least, Math.Abs(sorted[leftOut]) / 128);
        Assert.AreEqual(sorted[^(leftOut + 1)], range.Largest, Math.Abs(sorted[^(leftOut + 1)]) / 128);
        Assert.IsTrue(range.Least <= sorted[leftOut] && range.Largest >= sorted[^(leftOut + 1)], "the end of the bin away from zero");
    }

    [TestMethod]
    public void Zero_is_a_whole_number_of_steps_from_both_ends()
    {
        foreach (var range in new[] { new ValueRange(-1, 3), new ValueRange(0, 5), new ValueRange(-7, 0), new ValueRange(0, 0),
            new ValueRange(-1e-44f, 1e-44f), new ValueRange(-3e38f, 3e38f) })
        {
            Assert.IsTrue(range.Scale > 0 && float.IsFinite(range.Scale), $"{range}");
            Assert.AreEqual(Math.Clamp(-range.Least / (double)range.Scale, 0, 255), range.ZeroPoint, 0.5, $"{range}");
        }
    }

    private static ValueRange Of(double coverage, params float[] values)
    {
        var histogram = new ValueHistogram();
        histogram.Add(values);
        return histogram.Range(coverage);
    }
}
