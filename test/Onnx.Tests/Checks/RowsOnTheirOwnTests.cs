using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using static MLNetAutoencoder.Tests.Onnx.ChangedScorer;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>
/// A file whose scores depend on the rows beside a row is refused, whatever its metadata say of its origin: by its operators, or else by
/// what three rows come to together and alone.
/// </summary>
[TestClass]
public sealed class RowsOnTheirOwnTests
{
    private const string Mixing = "mixing";

    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Dictionary<string, Func<ChangedScorer, string>> s_byOperator = new()
    {
        ["ReduceMean over the batch"] = scorer => Less(scorer, scorer.Node("ReduceMean", Mixing, [Code], Attribute("axes", [0]))),
        ["ReduceMax over the batch, counted from the end"] = scorer =>
            Less(scorer, scorer.Node("ReduceMax", Mixing, [Code], Attribute("axes", [-2]))),
        ["ReduceMean over all axes"] = scorer => Less(scorer, scorer.Node("ReduceMean", Mixing, [Code])),
        ["ReduceSum by a stored axis"] = scorer => Less(scorer, scorer.Node("ReduceSum", Mixing, [Code, scorer.Integers("axis", [0], 1)])),
        ["Softmax over the batch"] = scorer => scorer.Node("Softmax", Mixing, [Code], Attribute("axis", 0)),
        ["LogSoftmax over the batch"] = scorer => scorer.Node("LogSoftmax", Mixing, [Code], Attribute("axis", 0)),
        ["DynamicQuantizeLinear over the batch"] = scorer =>
        {
            scorer.Nodes("DynamicQuantizeLinear", Mixing, [Code], ["levels", "scale", "zero_point"]);
            return scorer.Node("DequantizeLinear", "dequantized", ["levels", "scale", "zero_point"]);
        },
    };

    private static readonly Dictionary<string, Func<ChangedScorer, string>> s_byTrial = new()
    {
        ["CumSum along the batch"] = scorer => scorer.Node("CumSum", Mixing, [Code, scorer.Integers("axis", [0])]),
        ["MatMul of the transposed value"] = scorer =>
            scorer.Node("MatMul", "product", [Code, scorer.Node("MatMul", Mixing, [scorer.Node("Transpose", "turned", [Code]), Code])]),
        ["Gemm with transA"] = scorer =>
            scorer.Node("MatMul", "product", [Code, scorer.Node("Gemm", Mixing, [Code, Code], Attribute("transA", 1))]),
        ["Gather of the first row"] = scorer =>
            Less(scorer, scorer.Node("Gather", Mixing, [Code, scorer.Integers("first", [0], 1)], Attribute("axis", 0))),
        ["Slice of the first row"] = scorer =>
        {
            string[] part = [scorer.Integers("from", [0], 1), scorer.Integers("to", [1], 1), scorer.Integers("along", [0], 1)];
            return Less(scorer, scorer.Node("Slice", Mixing, [Code, .. part]));
        },
        ["Softmax over the rows joined to one"] = scorer =>
        {
            string joined = scorer.Node("Reshape", "joined", [Code, scorer.Integers("one_row", [1, -1], 2)]);
            string softmax = scorer.Node("Softmax", Mixing, [joined], Attribute("axis", 1));
            return scorer.Node("Reshape", "parted", [softmax, scorer.Integers("rows", [-1, 2], 2)]);
        },
        ["The number of rows"] = scorer =>
        {
            string size = scorer.Node("Cast", "size", [scorer.Node("Size", Mixing, [Code])], Attribute("to", TensorTypes.Single));
            return Less(scorer, size);
        },
    };

    public static IEnumerable<object?[]> ByOperator => InBothVariants(s_byOperator.Keys);

    public static IEnumerable<object?[]> ByTrial => InBothVariants(s_byTrial.Keys);

    /// <summary>What is given is refused when it is opened, by a message that names the node.</summary>
    [TestMethod]
    [DynamicData(nameof(ByOperator))]
    public void An_operator_over_the_batch_is_refused(string name, string? variant)
    {
        var scorer = new ChangedScorer(variant);
        byte[] file = scorer.Build(s_byOperator[name](scorer));
        Fails.With<InvalidDataException>($"'{Mixing}'", () => Open(file));
    }

    /// <summary>At the latest before the first score is given out, by a message that names the node or says what was found.</summary>
    [TestMethod]
    [DynamicData(nameof(ByTrial))]
    public void A_file_whose_rows_depend_on_each_other_is_refused(string name, string? variant)
    {
        var scorer = new ChangedScorer(variant);
        byte[] file = scorer.Build(s_byTrial[name](scorer));
        var error = Assert.ThrowsExactly<InvalidDataException>(() => Open(file));
        if (!error.Message.Contains($"'{Mixing}'", StringComparison.Ordinal))
            StringAssert.Contains(error.Message, "beside");
    }

    /// <summary>The trial must not refuse what has rows of its own.</summary>
    [TestMethod]
    [DataRow("imported")]
    [DataRow(null)]
    public void A_file_of_rows_of_their_own_scores(string? variant)
    {
        var scorer = new ChangedScorer(variant);
        string mean = scorer.Node("ReduceMean", "mean", [Code], Attribute("axes", [1]));
        string softmax = scorer.Node("Softmax", "softmax", [Less(scorer, mean)], Attribute("axis", -1));
        Open(scorer.Build(softmax));
    }

    /// <summary>As an imported one, and as what it is.</summary>
    private static IEnumerable<object?[]> InBothVariants(IEnumerable<string> names) =>
        from name in names from variant in new[] { AutoencoderMetadata.Imported, null } select new object?[] { name, variant };

    private static string Less(ChangedScorer scorer, string value) => scorer.Node("Sub", "less", [Code, value]);

    /// <summary>Opens the file and scores three rows.</summary>
    private static void Open(byte[] file)
    {
        using var model = s_ml.Autoencoders().FromOnnx(file, new ScoringOptions { IntraOpThreads = 1 });
        Assert.HasCount(3, model.Transform(Rows.View(s_ml, 3)).GetColumn<float>("Score").ToArray());
    }
}
