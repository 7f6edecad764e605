using System.Text.RegularExpressions;
using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.OnnxRuntime.Tensors;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>What docs/onnx.md promises of every graph's form.</summary>
[TestClass]
public sealed partial class CleanGraphTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    /// <summary>Networks in which something that mostly does something does nothing.</summary>
    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_specials = new()
    {
        ["one pixel of many channels"] = options =>
            options.Network = new ConvolutionalNetworkOptions { Channels = VariantRow.FeatureCount, Height = 1, Width = 1,
            Layout = ImageLayout.Interleaved, Filters = [4], Pooling = [1] },
        ["equal weights"] = options => options.FeatureWeights = [.. Enumerable.Repeat(3f, VariantRow.FeatureCount)],
        ["a normalized linear code"] = options => options.Code = options.Code with { Normalization = CodeNormalization.Batch },
        ["one sample of the code"] = options => options.Code = options.Code with
            { Variational = new VariationalOptions { Score = VariationalScore.NegativeElbo, ScoreSamples = 1 } },
        ["one sample of the code, cross-entropy, condition"] = options =>
        {
            options.Code = options.Code with { Variational = new VariationalOptions { Score = VariationalScore.ReconstructionProbability,
                ScoreSamples = 1 } };
            options.ConditionColumnName = "Key";
            options.Loss = ReconstructionLoss.BinaryCrossEntropy;
            options.Network = options.Network with { OutputActivation = Activation.Sigmoid };
        },
        ["GELU"] = options => options.Network = options.Network with { Activation = Activation.GELU },
        ["images that pooling does not divide"] = options =>
            options.Network = new ConvolutionalNetworkOptions { Channels = 1, Height = 1, Width = 12, Filters = [4, 6, 8],
            Layout = ImageLayout.Interleaved },
    };

    public static IEnumerable<object[]> Specials => s_specials.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Every_variants_graphs_are_clean(string variant) => CheckAll(EveryVariant.Fitted(variant));

    [TestMethod]
    [DynamicData(nameof(Specials))]
    public void What_does_nothing_is_not_in_the_graph(string special)
    {
        var options = VariantRows.Options();
        s_specials[special](options);
        options.Epochs = 1;
        using var model = s_ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(s_ml, 60));
        CheckAll(model);
        if (special == "one sample of the code")
            Assert.IsFalse(Parse(model.ToOnnx(OnnxGraph.Scorer)).Graph.Node.Any(node => node.OpType == "Reshape"));
    }

    [TestMethod]
    public void A_classifiers_graph_is_clean()
    {
        using var model = new StackedClassifierEstimator(
            s_ml, new StackedClassifierEstimator.Options { LabelColumnName = "Key", Hidden = [10], Code = 4, PretrainingEpochs = 1,
            Epochs = 1, Seed = 1 }).Fit(VariantRows.View(s_ml, 60));
        foreach (int opset in new[] { 12, 17, 21 })
            Check(model.ToOnnx(new() { Opset = opset }), $"opset {opset}");
    }

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void A_normalization_over_the_batch_is_part_of_the_layer_before_it(string variant)
    {
        var options = EveryVariant.Options(variant);
        var graph = Parse(EveryVariant.Fitted(variant).ToOnnx(OnnxGraph.Scorer)).Graph;
        bool stays = options.Network.Normalization == Normalization.Layer || options.Network is LayersNetworkOptions
            || options.Code.Normalization is CodeNormalization.Layer or CodeNormalization.UnitLength
            || (options.Code.Normalization == CodeNormalization.Batch && options.Code.Activation != Activation.Linear);
        Assert.AreEqual(stays, graph.Node.Any(node => node.Name.Contains("normalization", StringComparison.Ordinal)));
    }

    private static void CheckAll(AutoencoderTransformer model)
    {
        foreach (var graph in new[] { OnnxGraph.Encoder, OnnxGraph.Decoder, OnnxGraph.Scorer })
            Check(model.ToOnnx(graph), $"{graph}");
        Check(model.ToOnnx(OnnxGraph.Scorer, new() { Probability = false }), "scorer without probability");
        foreach (int opset in new[] { 12, 17, 21 })
            Check(model.ToOnnx(OnnxGraph.Scorer, new() { Opset = opset, Probability = true, TopFeatures = 3 }),
                $"scorer with all outputs, opset {opset}");
    }

    private static void Check(byte[] bytes, string name)
    {
        var model = Parse(bytes);
        var graph = model.Graph;
        var constants = graph.Initializer.ToDictionary(tensor => tensor.Name);
        var shapes = ExportedGraph.Infer(bytes);
        var border = graph.Input.Concat(graph.Output).ToArray();

        Assert.IsTrue(border.All(value => value.DocString.Length > 0) && model.DocString.Length > 0, $"{name}: everything is described");
        string[] named = [.. graph.Node.Select(node => node.Name), .. graph.Node.SelectMany(node => node.Output), .. constants.Keys,
            .. graph.Input.Select(value => value.Name)];
        Assert.AreEqual("", string.Join(' ', named.Where(value => !Path().IsMatch(value))), $"{name}: names are paths of words");

        var used = graph.Node.SelectMany(node => node.Input).Concat(graph.Output.Select(value => value.Name)).ToHashSet();
        Assert.AreEqual(
            "", string.Join(' ', constants.Keys.Concat(graph.Input.Select(value => value.Name)).Where(value => !used.Contains(value))),
            $"{name}: every initializer and input is used");

        // TopK gives the sorted values too, whoever wants them or not.
        Assert.AreEqual("", string.Join(' ', graph.Node.Where(node => !node.Output.Any(used.Contains)).Select(node => node.Name)),
            $"{name}: every node is used");
        foreach (var node in graph.Node)
        {
            string[] inputs = [.. node.Input.Where(input => input.Length > 0)];
            Assert.IsFalse(inputs.All(constants.ContainsKey), $"{name}: '{node.Name}' is a constant");
            Assert.IsFalse(IsNothing(node, constants, shapes), $"{name}: '{node.Name}' ({node.OpType}) does nothing");
        }
        Assert.AreEqual(
            "", string.Join(' ', graph.Node.GroupBy(node => What(node, constants)).Where(same => same.Count() > 1)
            .Select(same => string.Join('=', same.Select(node => node.Name)))), $"{name}: nothing is computed twice");

        foreach (var (value, (_, axes)) in shapes)
        {
            Assert.IsTrue(axes.Length >= 2 && axes.Skip(1).All(axis => int.TryParse(axis, out int length) && length > 0),
                $"{name}: '{value}' has known lengths [{string.Join(", ", axes)}]");
            Assert.IsTrue(axes[0] == OnnxGraphBuilder.BatchAxis
                || (axes[0] == OnnxGraphBuilder.SampleAxis && value.Split('/')[0] is "samples" or "masks"),
                $"{name}: '{value}' has a first axis of name [{string.Join(", ", axes)}]");
        }
        foreach (var value in graph.Output)
            Assert.AreEqual(
                string.Join(',', value.Type.TensorType.Shape.Dim.Select(
                axis => axis.DimParam.Length > 0 ? axis.DimParam : $"{axis.DimValue}")), string.Join(',', shapes[value.Name].Axes),
                $"{name}: '{value.Name}' is what inference finds");
    }

    private static bool IsNothing(NodeProto node, Dictionary<string, TensorProto> constants, Dictionary<string,
        (TensorElementType Type, string[] Axes)> shapes)
    {
        bool IsAll(int input, float number) => input < node.Input.Count && constants.TryGetValue(node.Input[input], out var tensor)
            && tensor.DataType == TensorTypes.Single && tensor.RawData.Length > 0
            && tensor.RawData.ToByteArray().Chunk(sizeof(float)).All(bytes => BitConverter.ToSingle(bytes) == number);
        bool KeepsShape() => shapes[node.Input[0]].Axes.SequenceEqual(shapes[node.Output[0]].Axes);
        return node.OpType switch
        {
            "Identity" or "Dropout" or "BatchNormalization" => true,
            "Reshape" or "Flatten" or "Expand" or "Slice" or "Resize" or "MaxPool" => KeepsShape(),
            "Transpose" => node.Attribute.Single(attribute => attribute.Name == "perm").Ints.SequenceEqual(
                Enumerable.Range(0, shapes[node.Input[0]].Axes.Length).Select(axis => (long)axis))
                || shapes[node.Input[0]].Axes.Skip(1).Count(axis => axis != "1") <= 1,
            "Cast" => shapes[node.Input[0]].Type == shapes[node.Output[0]].Type,
            "Concat" => node.Input.Count == 1,
            "Add" => IsAll(0, 0) || IsAll(1, 0),
            "Sub" => IsAll(1, 0),
            "Mul" => IsAll(0, 1) || IsAll(1, 1),
            "Div" => IsAll(1, 1),
            _ => node.OpType.StartsWith("Random", StringComparison.Ordinal),
        };
    }

    /// <summary>What a node computes: its operator, attributes and inputs, where a constant counts by its value.</summary>
    private static string What(NodeProto node, Dictionary<string, TensorProto> constants)
    {
        string Input(string name)
        {
            if (!constants.TryGetValue(name, out var tensor))
                return name;
            var value = tensor.Clone();
            value.Name = "";
            return value.ToByteString().ToBase64();
        }
        return string.Join('|', node.Input.Select(Input).Prepend(node.OpType)
            .Concat(node.Attribute.OrderBy(attribute => attribute.Name).Select(attribute => attribute.ToByteString().ToBase64())));
    }

    private static ModelProto Parse(byte[] bytes) => OnnxFile.Parse(bytes, "The graph");

    [GeneratedRegex("^[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*$")]
    private static partial Regex Path();
}
