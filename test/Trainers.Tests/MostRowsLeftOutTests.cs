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
    [DataRow("Key")]
    [DataRow("Text")]
    public void The_value_that_means_anomaly_can_be_named(string label)
    {
        var log = new WatchedLog();
        using (var model = Rows.Fit(log.Context, Labeled("anomaly"), View(log.Context)))
        {
            StringAssert.Contains(model.Metadata.Training, $"\"rows\":{RowCount - AnomalyCount}");
            StringAssert.Contains(model.Metadata.Training, $"\"known_anomalies\":{AnomalyCount}");
        }
        Assert.IsEmpty(log.Warnings.Where(message => message.Contains($"'{label}'", StringComparison.Ordinal)));

        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => Rows.Fit(log.Context, Labeled("fraud"), View(log.Context)));
        StringAssert.Contains(error.Message, "The option AnomalyLabelValue is fraud; expected a value of the label column");
        StringAssert.Contains(error.Message, "anomaly, normal");

        // Validation rows may all be normal.
        var options = Rows.Options();
        Labeled("anomaly")(options);
        var normal = log.Context.Data.FilterRowsByColumn(View(log.Context), "NormalNumber", lowerBound: 1);
        using var validated = log.Context.Autoencoders().Dense(options).Fit(View(log.Context), normal);
        StringAssert.Contains(validated.Metadata.Training, $"\"validation_rows\":{RowCount - AnomalyCount}");

        Action<AutoencoderEstimator.Options> Labeled(string value) =>
            options => (options.LabelColumnName, options.AnomalyLabelValue) = (label, value);
    }

    [TestMethod]
    public void A_named_value_needs_a_key_or_text()
    {
        var ml = new MLContext(seed: 1);
        Fails.With<ArgumentOutOfRangeException>("The label column 'IsNormal' is Boolean; expected a key or text",
            () => Rows.Fit(ml, options => (options.LabelColumnName, options.AnomalyLabelValue) = ("IsNormal", "False"), View(ml)));
        Fails.As<ArgumentException>("The options AnomalyLabelValue (anomaly) and LabelColumnName (null) cannot be combined",
            () => Rows.Fit(ml, options => options.AnomalyLabelValue = "anomaly", View(ml)));
    }

    [TestMethod]
    public void Nothing_is_told_of_a_label_that_leaves_few_out() =>
        Assert.IsEmpty(Told("IsAnomaly").Where(message => message.Contains("'IsAnomaly'", StringComparison.Ordinal)));

    /// <summary>The warnings of a fit, or the message with which it refuses.</summary>
    private static string[] Told(string label)
    {
        var log = new WatchedLog();
        try
        {
            Rows.Fit(log.Context, options => options.LabelColumnName = label, View(log.Context)).Dispose();
        }
        catch (InvalidOperationException e)
        {
            return [e.Message];
        }
        return log.Warnings;
    }

    private static IDataView View(MLContext ml)
    {
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
        return ml.Transforms.Conversion.MapValueToKey("Key", "Text").Fit(view).Transform(view);
    }
}
