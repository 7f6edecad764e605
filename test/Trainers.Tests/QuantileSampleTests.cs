namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The sample that quartiles are taken of has a place for rows of any width.</summary>
[TestClass]
public sealed class QuantileSampleTests
{
    /// <summary>Only a few of the rows that were announced come: all of them would be gigabytes.</summary>
    [TestMethod]
    [DataRow(10_000, 215_000)]
    [DataRow(1_000_000, 300_000)]
    public void Rows_of_hundreds_of_thousands_of_features_have_a_sample(long count, int width)
    {
        var sample = new QuantileSample(count, width, seed: 1);
        float[] row = new float[width];
        for (int i = 0; i < 8; i++)
        {
            (row[0], row[^1]) = (1 + i, -1 - i);
            sample.Offer(row);
        }
        foreach (var (feature, sign) in new[] { (0, 1), (width - 1, -1) })
        {
            // Of which rows, if any, is up to the selection.
            var (lower, median, upper) = sample.Quartiles(feature);
            Assert.IsInRange(0, 8, sign * median);
            Assert.IsLessThanOrEqualTo(upper, lower);
        }
    }

    [TestMethod]
    public void Of_few_rows_the_quartiles_are_exact_for_the_first_and_the_last_of_many_features()
    {
        const int width = 215_000;
        var sample = new QuantileSample(rowCount: 9, width, seed: 1);
        float[] row = new float[width];
        for (int i = 0; i < 9; i++)
        {
            (row[0], row[^1]) = (i, 10 * i);
            sample.Offer(row);
        }
        Assert.AreEqual((2f, 4f, 6f), sample.Quartiles(0));
        Assert.AreEqual((20f, 40f, 60f), sample.Quartiles(width - 1));
    }
}
