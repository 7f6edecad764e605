using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// A checkpoint is not gone on from with other columns, weights or rows: the message names the option, or says that the rows differ.
/// </summary>
[TestClass]
public sealed class CheckpointOfOtherTrainingTests
{
    private const int FeatureCount = VariantRow.FeatureCount, RowCount = 60;

    private static readonly MLContext s_ml = new(seed: 1);

    /// <summary>A row with two of everything that an option may name.</summary>
    public sealed class TwiceRow
    {
        [VectorType(FeatureCount)]
        public float[] Features { get; set; } = [];

        [VectorType(3)]
        public float[] Side { get; set; } = [];

        [VectorType(3)]
        public float[] OtherSide { get; set; } = [];

        [VectorType(2)]
        public float[] Offset { get; set; } = [];

        [VectorType(2)]
        public float[] OtherOffset { get; set; } = [];

        public float Weight { get; set; }

        public float OtherWeight { get; set; }

        public bool Truth { get; set; }

        public bool OtherTruth { get; set; }
    }

    private static readonly Dictionary<string, (string Named, Action<AutoencoderEstimator.Options> Change)> s_options = new()
    {
        ["other feature weights"] = ("FeatureWeights", options => options.FeatureWeights = Weights(rising: true)),
        ["no feature weights"] = ("FeatureWeights", options => options.FeatureWeights = null),
        ["another weight"] = ("WeightColumn", options => options.WeightColumnName = "OtherWeight"),
        ["no weight"] = ("WeightColumn", options => options.WeightColumnName = null),
        ["another condition"] = ("ConditionColumn", options => options.ConditionColumnName = "OtherSide"),
        ["another code offset"] = ("OffsetColumn", options => options.Code = options.Code with { OffsetColumnName = "OtherOffset" }),
        ["another label"] = ("LabelColumn", options => options.LabelColumnName = "OtherTruth"),
    };

    public static IEnumerable<object[]> Changed => s_options.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Changed))]
    public void Another_option_is_refused_by_name(string name)
    {
        using var folder = new TestFolder();
        Train(folder, epochs: 2, Make()).Dispose();
        var (named, change) = s_options[name];
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Train(folder, epochs: 4, Make(), change));
        StringAssert.Contains(error.Message.Replace("_", "", StringComparison.Ordinal), named, StringComparison.OrdinalIgnoreCase);
    }

    [TestMethod]
    [DataRow("other values", false)]
    [DataRow("other values", true)]
    [DataRow("one value in its last digit", false)]
    [DataRow("a thousand times as large", false)]
    [DataRow("a thousand times as large", true)]
    [DataRow("in another order", false)]
    public void Other_rows_are_refused_although_they_are_as_many(string what, bool streams)
    {
        void Stream(AutoencoderEstimator.Options options) => options.MemoryBudget = streams ? 1000 : null;
        using var folder = new TestFolder();
        Train(folder, epochs: 2, Make(), Stream).Dispose();
        var rows = what == "other values" ? Make(seed: 12) : Make();
        switch (what)
        {
            case "one value in its last digit":
                rows[17].Features[3] = MathF.BitIncrement(rows[17].Features[3]);
                break;
            case "a thousand times as large":
                foreach (var row in rows)
                    row.Features = Array.ConvertAll(row.Features, value => 1000 * value);
                break;
            case "in another order":
                Array.Reverse(rows);
                break;
        }
        AssertRowsDiffer(() => Train(folder, epochs: 4, rows, Stream));
    }

    [TestMethod]
    public void Other_rows_of_the_condition_weight_or_code_offset_are_refused_too()
    {
        foreach (var change in new Action<TwiceRow>[] { row => row.Side[2] += 1, row => row.Weight += 1, row => row.Offset[0] += 1 })
        {
            using var folder = new TestFolder();
            Train(folder, epochs: 2, Make()).Dispose();
            var rows = Make();
            change(rows[20]);
            AssertRowsDiffer(() => Train(folder, epochs: 4, rows));
        }
    }

    [TestMethod]
    public void Other_validation_rows_are_refused()
    {
        using var folder = new TestFolder();
        Train(folder, epochs: 2, Make(), validation: Make(seed: 20)).Dispose();
        AssertRowsDiffer(() => Train(folder, epochs: 4, Make(), validation: Make(seed: 21)));
    }

    [TestMethod]
    public void The_same_rows_from_another_view_are_gone_on_from()
    {
        using var folder = new TestFolder();
        Train(folder, epochs: 2, Make(), validation: Make(seed: 20)).Dispose();
        using var model = Train(folder, epochs: 4, Make(), validation: Make(seed: 20));
        Assert.HasCount(4, model.History);
    }

    private static void AssertRowsDiffer(Func<AutoencoderTransformer> train)
    {
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => train().Dispose()).Message;
        StringAssert.Contains(message, "cannot be gone on from");
        StringAssert.Contains(message, "rows");
    }

    private static AutoencoderTransformer Train(
        TestFolder folder, int epochs, TwiceRow[] rows, Action<AutoencoderEstimator.Options>? change = null, TwiceRow[]? validation = null)
    {
        var options = VariantRows.Options();
        (options.Epochs, options.Checkpoint) = (epochs, new CheckpointOptions { Folder = folder.Path, Continue = true });
        options.FeatureWeights = Weights(rising: false);
        (options.WeightColumnName, options.ConditionColumnName, options.LabelColumnName) = ("Weight", "Side", "Truth");
        options.Code = options.Code with { OffsetColumnName = "Offset" };
        change?.Invoke(options);
        var estimator = s_ml.Autoencoders().Autoencoder(options);
        var view = s_ml.Data.LoadFromEnumerable(rows);
        return validation is null ? estimator.Fit(view) : estimator.Fit(view, s_ml.Data.LoadFromEnumerable(validation));
    }

    private static float[] Weights(bool rising) =>
        [.. Enumerable.Range(1, FeatureCount).Select(j => (float)(rising ? j : 1 + FeatureCount - j))];

    private static TwiceRow[] Make(int seed = 11) =>
    [
        .. VariantRows.Make(RowCount, seed).Select((row, i) => new TwiceRow
        {
            Features = row.Features,
            Side = row.Side,
            OtherSide = [.. row.Side.Reverse()],
            Offset = row.Offset,
            OtherOffset = [.. row.Offset.Reverse()],
            Weight = row.Weight,
            OtherWeight = 4 - row.Weight,
            Truth = i % 10 == 3,
            OtherTruth = i % 10 == 4,
        }),
    ];
}
