using System.Buffers.Binary;
using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>
/// ONNX has two forms for the numbers of a tensor, as bytes and as numbers of a type; other tools write the second one. All that can be
/// done with a file can be done in both, and comes to the same.
/// </summary>
[TestClass]
public sealed class TypedTensorsTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly IDataView s_rows = GoldenRow.View(s_ml, GoldenFile.Read("dense").Rows);

    /// <summary>Rows without missing values, enough of them to calibrate by.</summary>
    private static readonly IDataView s_calibration = GoldenRow.View(s_ml, GoldenFile.Read("dense").Rows
        .Where(row => row.Features.Concat(row.Offset).All(float.IsFinite)).SelectMany(row => new[] { row, row }));

    private static readonly string[] s_float32 =
        ["dense", "deep", "missing-as-means", "conditional", "variational", "convolutional", "convolutional-transposed"];

    private static readonly string[] s_others = ["imported", "float16", "int8-weights", "dynamic-int8", "static-int8"];

    /// <summary>What is done with a model; its result is numbers.</summary>
    private static readonly Dictionary<string, Func<AutoencoderTransformer, IEnumerable<float>>> s_uses = new()
    {
        ["scoring"] = Scores,
        ["the whole graph"] = model => Evaluate(model.ToOnnx(OnnxGraph.Scorer)),
        ["the encoder"] = model => Evaluate(model.ToOnnx(OnnxGraph.Encoder)),
        ["the decoder"] = model => Evaluate(model.ToOnnx(OnnxGraph.Decoder)),
        ["without nodes for missing values"] = model =>
            Exported(model, new OnnxExportOptions { MissingValueNodes = false }, missing: false),
        ["a fixed batch"] = model => Exported(model, new OnnxExportOptions { BatchSize = 3 }),
        ["with a probability"] = model => Exported(model, new OnnxExportOptions { Probability = true, TopFeatures = 2 }),
        ["opset 12"] = model => Exported(model, new OnnxExportOptions { Opset = 12 }),
        ["opset 21"] = model => Exported(model, new OnnxExportOptions { Opset = 21 }),
        ["another threshold"] = model =>
        {
            using var changed = model.WithThreshold(0.75f);
            return [changed.Threshold, .. Evaluate(changed.ToOnnx(OnnxGraph.Scorer)), .. Scores(changed)];
        },
        ["a threshold of the scores"] = model =>
        {
            using var changed = model.WithThreshold(ThresholdRule.Contamination(0.25));
            return [changed.Threshold, .. Evaluate(changed.ToOnnx(OnnxGraph.Scorer))];
        },
        ["saving"] = model =>
        {
            using var stream = new MemoryStream();
            s_ml.Model.Save(model, s_rows.Schema, stream);
            stream.Position = 0;
            using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(stream, out DataViewSchema? _);
            stream.Position = 0;
            var stock = s_ml.Model.Load(stream, out DataViewSchema _);
            var ofStock = GoldenFile.Values(stock.Transform(s_rows), "Score").SelectMany(row => row).ToArray();
            (stock as IDisposable)?.Dispose();
            return [.. Scores(loaded), .. ofStock];
        },
        ["saving the decoder"] = model =>
        {
            using var stream = new MemoryStream();
            s_ml.Model.Save(model.Decoder, null, stream);
            stream.Position = 0;
            using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(stream, out DataViewSchema? _);
            return GoldenFile.Values(loaded.Transform(model.Encoder.Transform(s_rows)), "Reconstruction").SelectMany(row => row);
        },
        ["a pipeline"] = model => Typed(s_ml.Autoencoders().ExportPipelineToOnnx(model, s_rows.Schema)).Select(value => (float)value),
        ["top features"] = model =>
        {
            float[] row = GoldenFile.Read("dense").Rows[0].Features;
            float[] condition = new float[model.Metadata.ConditionSize], offset = new float[model.Metadata.CodeOffsetSize];
            var top = model.TopFeatures(row, 3, condition, offset);
            return top.SelectMany(feature => new[] { feature.Value, feature.Expected, feature.Error });
        },
        ["samples"] = model => model.Generator.Sample(5, seed: 1, condition: new float[model.Metadata.ConditionSize])
            .GetColumn<float[]>("Reconstruction").SelectMany(row => row),
    };

    /// <summary>What only a model with weights of Single can do.</summary>
    private static readonly Dictionary<string, Func<AutoencoderTransformer, IEnumerable<float>>> s_usesOfFloat32 = new()
    {
        ["float16"] = model => Quantized(model, OnnxQuantization.Float16),
        ["bytes"] = model => Quantized(model, OnnxQuantization.Int8Weights),
        ["products of bytes"] = model => Quantized(model, OnnxQuantization.StaticInt8),
    };

    /// <summary>The operators of bytes, and those of others, have a form in one opset alone.</summary>
    public static IEnumerable<object[]> Cases =>
        from name in s_float32.Concat(s_others)
        from use in s_float32.Contains(name) ? s_uses.Keys.Concat(s_usesOfFloat32.Keys) : s_uses.Keys
        where name is not ("imported" or "dynamic-int8" or "static-int8") || use is not ("opset 12" or "opset 21" or "a pipeline")
        select new object[] { name, use };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_use_comes_to_the_same(string name, string use)
    {
        byte[] raw = File.ReadAllBytes(GoldenFile.Graph(name)), typed = Typed(raw);
        var act = s_uses.GetValueOrDefault(use) ?? s_usesOfFloat32[use];
        using var expected = s_ml.Autoencoders().FromOnnx(raw);
        float[] numbers = [.. act(expected)];
        using var model = s_ml.Autoencoders().FromOnnx(typed);
        CollectionAssert.AreEqual(numbers, act(model).ToArray());
    }

    [TestMethod]
    [DataRow("dense")]
    [DataRow("convolutional")]
    public void Weights_for_PyTorch_and_of_PyTorch_come_to_the_same(string variant)
    {
        static float[] Numbers(byte[] file)
        {
            using var model = new AutoencoderModel(file, "The graph");
            var weights = model.ToTorchWeights();
            var layers = weights.Tensors.Where(tensor => !tensor.Name.StartsWith("scaling", StringComparison.Ordinal));
            static float[] Half(SafeTensor tensor) => Array.ConvertAll(tensor.Values.ToArray(), value => value / 2);
            SafeTensor[] halved = [.. layers.Select(tensor => tensor with { Values = Half(tensor) })];
            using var replaced = model.WithTorchWeights(new SafeTensors(halved, weights.Metadata));
            return [.. weights.Tensors.SelectMany(tensor => tensor.Values.ToArray()), .. Evaluate(replaced.ToBytes())];
        }
        byte[] raw = EveryVariant.Fitted(variant).ToOnnx(OnnxGraph.Scorer);
        CollectionAssert.AreEqual(Numbers(raw), Numbers(Typed(raw)));
    }

    [TestMethod]
    public void A_classifier_comes_to_the_same()
    {
        byte[] raw = File.ReadAllBytes(GoldenFile.Graph("classifier"));
        float[] Probabilities(byte[] file)
        {
            using var model = s_ml.Autoencoders().ClassifierFromModel(new AutoencoderModel(file, "The graph"));
            using var stream = new MemoryStream();
            s_ml.Model.Save(model, s_rows.Schema, stream);
            stream.Position = 0;
            using var loaded = (StackedClassifierTransformer)s_ml.Autoencoders().Load(stream, out DataViewSchema? _);
            var scores = GoldenFile.Values(loaded.Transform(s_rows), "Score").SelectMany(row => row);
            return [.. scores, .. Evaluate(model.ToOnnx())];
        }
        CollectionAssert.AreEqual(Probabilities(raw), Probabilities(Typed(raw)));
    }

    /// <summary>Otherwise the other tests show nothing.</summary>
    [TestMethod]
    public void All_numbers_are_in_the_other_form()
    {
        foreach (string name in s_float32.Concat(s_others))
        {
            var graph = OnnxFile.Parse(Typed(File.ReadAllBytes(GoldenFile.Graph(name))), name).Graph;
            Assert.IsTrue(graph.Initializer.All(tensor => tensor.RawData.Length == 0), name);
            Assert.IsTrue(graph.Initializer.Any(tensor => tensor.FloatData.Count > 0 && tensor.DataType == TensorTypes.Single), name);
        }
    }

    private static float[] Scores(AutoencoderTransformer model)
    {
        var scored = model.Transform(s_rows);
        string[] columns = ["Score", "PredictedLabel"];
        return [.. columns.SelectMany(column => GoldenFile.Values(scored, column).SelectMany(row => row))];
    }

    private static float[] Quantized(AutoencoderTransformer model, OnnxQuantization form) =>
        Evaluate(model.ToQuantizedOnnx(s_calibration, new QuantizationOptions { Form = form, Force = true }, out _));

    private static float[] Exported(AutoencoderTransformer model, OnnxExportOptions options, bool missing = true) =>
        Evaluate(model.ToOnnx(OnnxGraph.Scorer, options), missing);

    /// <summary>What a graph makes of seven made rows, some of them with missing values.</summary>
    private static float[] Evaluate(byte[] file, bool missing = true)
    {
        const int rows = 7;
        using var model = new AutoencoderModel(file, "The graph") { Scoring = new ScoringOptions { IntraOpThreads = 1 } };
        string[] inputs = [.. model.Inputs];
        string[] outputs = [.. model.Outputs.Where(output => output is not (GraphNames.PredictedLabel or GraphNames.TopFeatureIndices))];
        using var runner = model.CreateRunner(inputs, outputs, rows);
        var random = new Random(3);
        for (int i = 0; i < inputs.Length; i++)
        {
            foreach (ref float value in runner.Input(i))
                value = random.NextSingle() * 2 - 0.5f;
        }
        if (missing && inputs[0] == GraphNames.Features)
            runner.InputRow(0, 2)[1] = float.NaN;
        runner.Run(rows);
        var all = Enumerable.Range(0, outputs.Length);
        return [.. Enumerable.Range(0, rows).SelectMany(row => all.SelectMany(i => Values(i, row)))];

        float[] Values(int i, int row) => outputs[i] == GraphNames.IsAnomaly
            ? Array.ConvertAll(runner.OutputRow<bool>(i, row).ToArray(), value => value ? 1f : 0f)
            : runner.OutputRow<float>(i, row).ToArray();
    }

    /// <summary>The same file with the numbers of all tensors in the field that the format has for their type.</summary>
    private static byte[] Typed(byte[] file)
    {
        var model = OnnxFile.Parse(file, "The graph");
        var ofNodes = model.Graph.Node.SelectMany(node => node.Attribute).Select(attribute => attribute.T).OfType<TensorProto>();
        foreach (var tensor in model.Graph.Initializer.Concat(ofNodes))
            Retype(tensor);
        return model.ToByteArray();
    }

    private static void Retype(TensorProto tensor)
    {
        byte[] raw = tensor.RawData.ToByteArray();
        switch (tensor.DataType)
        {
            case TensorTypes.Single:
                tensor.FloatData.Add(raw.Chunk(4).Select(bytes => BinaryPrimitives.ReadSingleLittleEndian(bytes)));
                break;
            case TensorTypes.Int64:
                tensor.Int64Data.Add(raw.Chunk(8).Select(bytes => BinaryPrimitives.ReadInt64LittleEndian(bytes)));
                break;
            case TensorTypes.Int32:
                tensor.Int32Data.Add(raw.Chunk(4).Select(bytes => BinaryPrimitives.ReadInt32LittleEndian(bytes)));
                break;
            case TensorTypes.Half:
                tensor.Int32Data.Add(raw.Chunk(2).Select(bytes => (int)BinaryPrimitives.ReadUInt16LittleEndian(bytes)));
                break;
            case TensorTypes.Int8:
                tensor.Int32Data.Add(raw.Select(value => (int)(sbyte)value));
                break;
            case TensorTypes.UInt8 or TensorTypes.Boolean:
                tensor.Int32Data.Add(raw.Select(value => (int)value));
                break;
            case TensorTypes.Double:
                tensor.DoubleData.Add(raw.Chunk(8).Select(bytes => BinaryPrimitives.ReadDoubleLittleEndian(bytes)));
                break;
            default:
                Assert.IsEmpty(raw, $"a tensor of the type {tensor.DataType}");
                break;
        }
        tensor.RawData = ByteString.Empty;
    }
}
