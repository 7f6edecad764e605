using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// A label that leaves out more rows than it keeps is most likely read the wrong way round: the fit refuses it, or the log warns of it.
/// </summary>
[TestClass]
public sealed class MostRowsLeftOutTests
{
    private const int RowCount = 500, AnomalyCount = 20;

    public sealed class TextRow
    {
        [VectorType(Row.FeatureCount)]
        public float[] Features { get; set; } = [];

        public string Text { get; set; } = "";

        public bool IsNormal { get; set; }

        public float NormalNumber { get; set; }

        public bool IsAnomaly { get; set; }
    }

    [TestMethod]
    [DataRow("Key")]
    [DataRow("IsNormal")]
    [DataRow("NormalNumber")]
    public void It_is_told_with_the_column_and_the_counts(string label)
    {
        string[] told = Told(label);
        string? found = told.FirstOrDefault(message => message.Contains($"'{label}'", StringComparison.Ordinal));
        Assert.IsNotNull(found, $"neither refused nor a warning; warnings: {string.Join(" | ", told)}");
        StringAssert.Contains(found, $"{RowCount - AnomalyCount}");
        StringAssert.Contains(found, $"{RowCount}");
    }

    [TestMethod]
    public void Nothing_is_told_of_a_label_that_leaves_few_out() =>
        Assert.IsEmpty(Told("IsAnomaly").Where(message => message.Contains("'IsAnomaly'", StringComparison.Ordinal)));

    /// <summary>The warnings of a fit, or the message with which it refuses.</summary>
    private static string[] Told(string label)
    {
        var log = new WatchedLog();
        var ml = log.Context;

        // The first row is an anomaly, so that MapValueToKey makes "normal" the second value.
        var view = ml.Data.LoadFromEnumerable(Rows.Make(RowCount).Select((row, i) =>
        {
            bool isAnomaly = i % (RowCount / AnomalyCount) == 0;
            return new TextRow
            {
                Features = row.Features,
                Text = isAnomaly ? "anomaly" : "normal",
                IsNormal = !isAnomaly,
                NormalNumber = isAnomaly ? 0 : 1,
                IsAnomaly = isAnomaly,
            };
        }));
        view = ml.Transforms.Conversion.MapValueToKey("Key", "Text").Fit(view).Transform(view);
        try
        {
            Rows.Fit(ml, options => options.LabelColumnName = label, view).Dispose();
        }
        catch (InvalidOperationException e)
        {
            return [e.Message];
        }
        return log.Warnings;
    }
}
