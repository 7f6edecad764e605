using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>What a file tells of itself, as properties and in print.</summary>
[TestClass]
public sealed class AutoencoderOnnxInfoTests
{
    [TestMethod]
    public void A_scorer_tells_all_of_itself()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["s.onnx"], Scorer());
        var info = AutoencoderOnnxInfo.Read(folder["s.onnx"]);
        Assert.AreEqual($"The file '{folder["s.onnx"]}'", info.Source);
        Assert.AreEqual(new FileInfo(folder["s.onnx"]).Length, info.ByteCount);
        Assert.AreEqual((8L, 17L), (info.IrVersion, info.Opsets["ai.onnx"]));
        Assert.AreEqual("MLNetAutoencoder " + AutoencoderMetadata.CurrentLibraryVersion, $"{info.Producer} {info.ProducerVersion}");
        Assert.AreEqual("scorer", info.Graph);
        Assert.AreEqual("dense autoencoder", info.GraphName);
        Assert.AreEqual("features: Single [batch, 3]", string.Join("; ", info.Inputs));
        Assert.AreEqual(
            "score: Single [batch, 1]; is_anomaly: Boolean [batch, 1]; feature_errors: Single [batch, 3]; reconstruction: Single [batch, " +
                "3]; code: Single [batch, 2]",
            string.Join("; ", info.Outputs));
        StringAssert.Contains(info.Inputs[0].Description, "Raw features");
        Assert.AreEqual(2, info.Operators["MatMul"]);
        Assert.AreEqual(info.Operators.Values.Sum(), OnnxFile.Parse(Scorer(), "The graph").Graph.Node.Count);
        Assert.AreEqual(3, info.Metadata!.FeatureCount);
        Assert.AreEqual("dense", info.MetadataEntries["autoencoder.variant"]);

        // Two weights of six, offsets, scales and means of three, a threshold and a NaN.
        Assert.AreEqual((7, 23L, 92L, "Single"), (
            info.InitializerCount, info.ParameterCount, info.ParameterBytes, string.Join(",", info.ParameterTypes)));
    }

    [TestMethod]
    public void It_is_printed_so_that_a_person_can_read_it()
    {
        string[] lines = AutoencoderOnnxInfo.Read(Scorer(), "The graph").ToString().Split(Environment.NewLine);
        string[] expected =
        [
            "The graph",
            "  format                    ONNX, IR version 8, operator sets ai.onnx 17",
            "  initializers              7 with 23 numbers (Single) in 92 bytes",
            "Inputs",
            "  features                  Single [batch, 3]  Raw features. NaN and infinities count as missing.",
            "Outputs",
            "  is_anomaly                Boolean [batch, 1]  Whether the row counts as an anomaly: not (score <= threshold).",
            "Metadata of an autoencoder (keys without 'autoencoder.')",
            "  graph                     scorer",
            "  feature_names             a, b, c",
            "  scaling_offsets           1, 2, 3",
            "  feature_weights           (none)",
            "  threshold                 0.5",
            "  score_quantiles           1,001 numbers: 0 % 0, 50 % 5, 90 % 9, 95 % 9.5, 99 % 9.9, 100 % 10",
            "  code_covariance           2, 0.5, 0.5, 1",
            "  columns",
            "    features                Features",
            "  options",
            "    epochs                  5",
            "    penalties               [\"l1\"]",
            "    optimizer               adam",
        ];
        foreach (string line in expected)
            CollectionAssert.Contains(lines, line);
    }

    [TestMethod]
    public void Long_lists_are_shortened_and_what_is_no_text_is_left_out()
    {
        var metadata = Metadata() with
        {
            FeatureNames = [.. Enumerable.Range(0, 40).Select(j => $"feature {j}")],
            ScalingOffsets = [.. Enumerable.Range(0, 40).Select(j => j / 3f)],
            ScalingScales = [.. Enumerable.Repeat(1f, 40)],
            FeatureMeans = new float[40],
            Options = "{\"a\":\"\\u001b[31mred\"}",
            Training = "{broken",
            ThresholdRule = new string('x', 1000),
        };
        var graph = new OnnxGraphBuilder("graph");
        graph.Output(graph.Node("Relu", "code", [graph.Input("features", 40, "")]), TensorTypes.Single, 40, "");
        string text = AutoencoderOnnxInfo.Read(graph.Build(metadata.ToDictionary()), "The graph").ToString();
        StringAssert.Contains(text, "40: feature 0, feature 1, feature 2, feature 3, feature 4, feature 5, feature 6, feature 7, ...");
        StringAssert.Contains(text, "40 numbers: 0, 0.33333, 0.66667, 1, 1.3333, 1.6667, ... (from 0 to 13)");
        StringAssert.Contains(text, "    a".PadRight(28) + " [31mred");
        StringAssert.Contains(text, "  training                  {broken");
        StringAssert.Contains(text, new string('x', 200) + "... (1,000 characters)");
        Assert.IsFalse(text.Any(character => char.IsControl(character) && character is not ('\r' or '\n')));
    }

    [TestMethod]
    public void A_foreign_file_tells_what_it_has()
    {
        var graph = new OnnxGraphBuilder("foreign");
        graph.Output(graph.Node("Relu", "y", [graph.Input("x", 2, "What goes in.")]), TensorTypes.Single, 2, "");
        var info = AutoencoderOnnxInfo.Read(graph.Build(new Dictionary<string, string> { ["author"] = "somebody" }, "A model of others."),
            "The graph");
        Assert.IsNull(info.Metadata);
        Assert.IsNull(info.Graph);
        Assert.AreEqual("A model of others.", info.Description);
        StringAssert.Contains(info.ToString(), "  author                    somebody");
        StringAssert.Contains(info.ToString(), "0 with 0 numbers (none) in 0 bytes");
    }

    [TestMethod]
    public void What_cannot_be_read_is_refused_by_name()
    {
        using var folder = new TestFolder();
        Fails.With<FileNotFoundException>("nothing.onnx' does not exist", () => AutoencoderOnnxInfo.Read(folder["nothing.onnx"]));
        Fails.With<FileNotFoundException>("is a folder; expected an ONNX file", () => AutoencoderOnnxInfo.Read(folder.Path));
        Assert.ThrowsExactly<ArgumentException>(() => AutoencoderOnnxInfo.Read(""));
        File.WriteAllText(folder["text.onnx"], "not a model");
        Fails.With<InvalidDataException>($"The file '{folder["text.onnx"]}' is not an ONNX model",
            () => AutoencoderOnnxInfo.Read(folder["text.onnx"]));
        var newer = Metadata() with { FormatVersion = "2.0" };
        Fails.With<InvalidDataException>("has the format version 2.0; this library",
            () => AutoencoderOnnxInfo.Read(Scorer(newer), "The graph"));
        Assert.AreEqual("1.99", AutoencoderOnnxInfo.Read(
            Scorer(Metadata() with { FormatVersion = "1.99" }), "The graph").Metadata!.FormatVersion, "a newer minor version is read");
    }

    [TestMethod]
    public void The_documentation_names_every_key_with_its_version_and_no_other()
    {
        var rows = DocumentedKeys();
        string[] documented = [.. rows.Select(cells => AutoencoderMetadata.Prefix + cells[1].Trim('`'))];
        CollectionAssert.AreEquivalent(Metadata().ToDictionary().Keys.ToArray(), documented);
        CollectionAssert.AllItemsAreUnique(documented);
        int current = int.Parse(AutoencoderMetadata.CurrentFormatVersion.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture);
        foreach (string[] cells in rows)
        {
            StringAssert.Matches(cells[4], new System.Text.RegularExpressions.Regex(@"^1\.\d+$"), cells[1]);
            Assert.IsLessThanOrEqualTo(current, int.Parse(
                cells[4].Split('.')[1], System.Globalization.CultureInfo.InvariantCulture), cells[1]);
        }
    }

    [TestMethod]
    public void A_key_that_came_after_version_1_0_may_be_missing_and_no_other()
    {
        var rows = DocumentedKeys();
        foreach (string[] cells in rows)
        {
            var entries = Metadata().ToDictionary().ToDictionary(StringComparer.Ordinal);
            entries.Remove(AutoencoderMetadata.Prefix + cells[1].Trim('`'));
            bool mayBeMissing = cells[4] != "1.0";
            try
            {
                AutoencoderMetadata.Read(entries, "The file");
                Assert.IsTrue(mayBeMissing, cells[1]);
            }
            catch (InvalidDataException e)
            {
                Assert.IsFalse(mayBeMissing, e.Message);
            }
        }
    }

    private static AutoencoderMetadata Metadata() => MadeMetadata.Plain(3, 2) with
    {
        FeatureNames = ["a", "b", "c"],
        Scaling = "standardize",
        ScalingOffsets = [1, 2, 3],
        ScalingScales = [1, 2, 1],
        FeatureMeans = [1, 2, 3],
        Threshold = 0.5f,
        ScoreQuantiles = [.. Enumerable.Range(0, AutoencoderMetadata.QuantileCount).Select(i => i / 100f)],
        CodeMean = [0, 0],
        CodeCovariance = [2, 0.5f, 0.5f, 1],
        Options = "{\"epochs\":5,\"penalties\":[\"l1\"],\"optimizer\":\"adam\"}",
        Training = "{\"rows\":200}",
        Columns = new Dictionary<string, string> { [GraphNames.Features] = "Features", [GraphNames.Score] = "Score" },
    };

    private static byte[] Scorer(AutoencoderMetadata? metadata = null) => GraphBytes.Scorer(
        (graph, input, _) => graph.Node("MatMul", "encoder/dense", [input, graph.Initializer("encoder/weight", [1, 2, 3, 4, 5, 6], 3, 2)]),
        (graph, input, _) => graph.Node("MatMul", "decoder/dense", [input, graph.Initializer("decoder/weight", [1, 2, 3, 4, 5, 6], 2, 3)]),
        metadata ?? Metadata());

    /// <summary>The cells of the table of keys.</summary>
    private static string[][] DocumentedKeys() =>
    [
        .. File.ReadLines(Repository.PathOf("docs", "metadata.md"))
            .SkipWhile(line => line != "## Keys").TakeWhile(line => line != "## Versions")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
                .Select(line => line.Split('|', StringSplitOptions.TrimEntries)),
    ];
}
