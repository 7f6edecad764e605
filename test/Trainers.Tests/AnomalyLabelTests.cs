using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>A label column leaves known anomalies out, and does nothing else.</summary>
[TestClass]
public sealed class AnomalyLabelTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public sealed class LabeledRow
    {
        [VectorType(Row.FeatureCount)]
        public float[] Features { get; set; } = [];

        public bool Truth { get; set; }

        public float Number { get; set; }

        [KeyType(2)]
        public uint Key { get; set; }

        [KeyType(3)]
        public uint ThreeKeys { get; set; }

        public string Text { get; set; } = "";
    }

    private static LabeledRow[] Make() =>
    [
        .. Rows.Make(60).Select((row, i) =>
        {
            bool isAnomaly = i % 7 == 3;
            return new LabeledRow { Features = row.Features, Truth = isAnomaly, Number = isAnomaly ? 2 : i % 7 == 4 ? float.NaN : 0,
                Key = isAnomaly ? 1u : 0 };
        }),
    ];

    private static AutoencoderTransformer Fit(string? label, LabeledRow[] rows, Action<AutoencoderEstimator.Options>? change = null) =>
        Rows.Fit(s_ml, options =>
        {
            options.LabelColumnName = label;
            change?.Invoke(options);
        }, s_ml.Data.LoadFromEnumerable(rows));

    [TestMethod]
    [DataRow("Truth")]
    [DataRow("Number")]
    [DataRow("Key")]
    public void Known_anomalies_are_not_there(string label)
    {
        var rows = Make();
        using var model = Fit(label, rows);
        using var expected = Fit(null, [.. rows.Where(row => !row.Truth)]);
        StringAssert.Contains(model.Metadata.Training, "\"known_anomalies\":9");
        CollectionAssert.AreEqual(expected.History.Select(epoch => epoch.Loss).ToArray(),
            model.History.Select(epoch => epoch.Loss).ToArray());
        CollectionAssert.AreEqual(expected.Metadata.ScoreQuantiles.ToArray(), model.Metadata.ScoreQuantiles.ToArray());

        // Scoring does not need the column.
        Assert.HasCount(20, model.Transform(Rows.View(s_ml, 20)).GetColumn<float>("Score").ToArray());
    }

    [TestMethod]
    public void They_are_not_there_in_validation_either()
    {
        var rows = Make();
        foreach (var row in rows.Where(row => row.Truth))
            row.Features[0] = float.NaN; // which would be refused
        var options = Rows.Options();
        options.LabelColumnName = "Truth";
        var view = s_ml.Data.LoadFromEnumerable(rows);
        using var model = s_ml.Autoencoders().Dense(options).Fit(view, view);
        StringAssert.Contains(model.Metadata.Training, "\"validation_rows\":51");
        using var shared = Fit("Truth", rows, change => change.ValidationShare = 0.4);
        Assert.IsTrue(shared.History.All(epoch => double.IsFinite(epoch.ValidationLoss!.Value)));
    }

    [TestMethod]
    [DataRow("Nothing", "Could not find the label column 'Nothing'")]
    [DataRow("Text", "The label column 'Text' is String; expected Boolean (true is an anomaly), Single (above 0 is one) or a key of two " +
        "values (the second is one)")]
    [DataRow("ThreeKeys", "The label column 'ThreeKeys' is Key<UInt32, 0-2>; expected Boolean")]
    [DataRow("Features", "The label column 'Features' is Vector<Single, 5>; expected Boolean")]
    public void A_wrong_label_column_is_named(string label, string message) =>
        Fails.With<ArgumentOutOfRangeException>(message, () => Fit(label, Make()));

    [TestMethod]
    [DataRow("Nothing", "Could not find the label column 'Nothing'")]
    [DataRow("Text", "The label column 'Text' is Scalar of String")]
    public void Also_before_anything_is_trained(string label, string message)
    {
        var options = Rows.Options();
        options.LabelColumnName = label;
        var chain = s_ml.Transforms.CopyColumns("Copy", "Features").Append(s_ml.Autoencoders().Dense(options));
        Fails.With<ArgumentOutOfRangeException>(message, () => chain.Fit(s_ml.Data.LoadFromEnumerable(Make())));
    }

    [TestMethod]
    public void Nothing_but_anomalies_is_refused()
    {
        var rows = Make();
        foreach (var row in rows)
            row.Truth = true;
        Fails.With<InvalidOperationException>("All 60 rows of the training data are anomalies by the column 'Truth'",
            () => Fit("Truth", rows));
    }
}
