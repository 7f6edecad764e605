using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Files that earlier versions saved still open and still give the same; see README.md beside this file.</summary>
[TestClass]
public sealed class GoldenTests
{
    /// <summary>The variable of the environment that, set to 1, has the missing files written before the tests read them.</summary>
    private const string WriteVariable = "MLNETAUTOENCODER_WRITE_GOLDEN";

    /// <summary>ONNX Runtime has other kernels for other processors and other numbers of rows, which sum in other orders.</summary>
    private const double Tolerance = 1e-5;

    /// <summary>
    /// Where layers calculate in whole numbers, such a difference may move an activation over the border between two of its 256 levels.
    /// </summary>
    private const double IntegerTolerance = 2e-3;

    private static readonly MLContext s_ml = new(seed: 1);

    /// <summary>Every kind that must be there, and whatever else lies in the folder.</summary>
    public static IEnumerable<object[]> Names =>
        GoldenModels.Names.Concat(GoldenFile.Names).Distinct().Select(name => new object[] { name });

    [ClassInitialize]
    public static void Write(TestContext context)
    {
        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
            GoldenModels.WriteMissing();
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void A_kind_has_its_three_files(string name)
    {
        foreach (string path in new[] { GoldenFile.Zip(name), GoldenFile.Graph(name), GoldenFile.Expectation(name) })
            Assert.IsTrue(File.Exists(path), $"{path} is missing. If it is new, run once with {WriteVariable}=1; else restore it.");
        var golden = GoldenFile.Read(name);
        Assert.HasCount(20, golden.Rows);
        foreach (var (output, values) in golden.Outputs)
            Assert.HasCount(20, values, output);
        string outputs = golden.Variant == "stacked classifier"
            ? "class_probabilities code predicted_label"
            : (name == "variational" ? "code code_log_variance" : "code") + " feature_errors is_anomaly reconstruction score";
        Assert.AreEqual(outputs, string.Join(' ', golden.Outputs.Keys.Order(StringComparer.Ordinal)));
    }

    [TestMethod]
    public void All_files_together_are_small() =>
        Assert.IsLessThanOrEqualTo(2_000_000, Directory.EnumerateFiles(GoldenFile.Folder).Sum(path => new FileInfo(path).Length));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void The_zip_opens_as_a_stock_model(string name)
    {
        var model = s_ml.Model.Load(GoldenFile.Zip(name), out _);
        AssertSame(name, model);
        (model as IDisposable)?.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void The_zip_opens_as_a_model_of_ours(string name)
    {
        var model = s_ml.Autoencoders().Load(GoldenFile.Zip(name), out _);
        AssertSame(name, model);
        AssertDescribed(name, Described(model is IEnumerable<ITransformer> chain ? chain.Last() : model), isZip: true);
        (model as IDisposable)?.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void The_scorer_opens_as_a_model_of_ours(string name)
    {
        byte[] bytes = File.ReadAllBytes(GoldenFile.Graph(name));
        AssertDescribed(name, GoldenFile.MetadataOf(bytes, name), isZip: false);
        if (GoldenFile.MetadataOf(bytes, name).Graph == AutoencoderMetadata.Pipeline)
        {
            // A whole pipeline is for other runtimes; what our own says of it is all.
            Fails.With<InvalidDataException>("is a whole pipeline", () => new AutoencoderModel(bytes, name));
            return;
        }
        using var graph = new AutoencoderModel(bytes, name);
        using var model = (IDisposable)s_ml.Autoencoders().Make(graph, null);
        AssertSame(name, (ITransformer)model);
        AssertDescribed(name, Described((ITransformer)model), isZip: false);
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void The_scorer_runs_in_plain_ONNX_Runtime(string name)
    {
        byte[] bytes = File.ReadAllBytes(GoldenFile.Graph(name));
        var golden = GoldenFile.Read(name);
        var metadata = GoldenFile.MetadataOf(bytes, name);
        var view = GoldenRow.View(s_ml, golden.Rows);
        foreach (string input in OnnxFile.Parse(bytes, name).Graph.Input.Select(input => input.Name))
        {
            string column = metadata.Columns[input];
            IEstimator<ITransformer> named = input == GraphNames.Condition
                ? s_ml.Transforms.Conversion.MapKeyToVector(input, column)
                : s_ml.Transforms.CopyColumns(input, column);
            view = named.Fit(view).Transform(view);
        }
        foreach (int batch in new[] { 1, 20 })
        {
            var found = OnnxPipelines.Run(bytes, view, batch).Where(output => golden.Outputs.ContainsKey(output.Key));
            AssertSame(golden, found.ToDictionary(output => output.Key, output => output.Value.Chunk(output.Value.Length / 20).ToArray()));
        }
    }

    /// <summary>Before format version 1.3 no file had a list of the network's layers.</summary>
    [TestMethod]
    [DataRow("dense")]
    [DataRow("convolutional-transposed")]
    [DataRow("variational")]
    [DataRow("imported")]
    public void A_file_that_names_no_layers_is_quantized_by_what_looks_like_one_and_keeps_its_weights_to_itself(string name)
    {
        using var model = s_ml.Autoencoders().FromOnnx(File.ReadAllBytes(GoldenFile.Graph(name)));
        Assert.IsEmpty(model.Metadata.Layers);
        var rows = GoldenRow.View(s_ml, [.. Enumerable.Repeat(GoldenFile.Read(name).Rows, 2).SelectMany(rows => rows)]);
        foreach (var form in Enum.GetValues<OnnxQuantization>())
        {
            byte[] bytes = model.ToQuantizedOnnx(rows, new QuantizationOptions { Form = form, Force = true }, out var report);
            Assert.IsGreaterThan(0.9, report.RankCorrelation);
            var graph = OnnxFile.Parse(bytes, name).Graph;
            var types = graph.Initializer.ToDictionary(tensor => tensor.Name, tensor => tensor.DataType);
            foreach (var weight in LayerWeight.Find(OnnxFile.Parse(File.ReadAllBytes(GoldenFile.Graph(name)), name).Graph, []))
                Assert.AreEqual(form == OnnxQuantization.Float16 ? TensorTypes.Half : TensorTypes.Int8, types[weight.Tensor.Name]);
        }
        using var folder = new TestFolder();
        Fails.With<InvalidOperationException>("it was written before format version 1.3", () => model.ExportTorchWeights(folder["w"]));
    }

    private static AutoencoderMetadata Described(ITransformer model) => model switch
    {
        AutoencoderTransformer autoencoder => autoencoder.Metadata,
        _ => ((StackedClassifierTransformer)model).Metadata,
    };

    /// <summary>The metadata are what they were; a zip has float16 weights widened, since ML.NET knows no others.</summary>
    private static void AssertDescribed(string name, AutoencoderMetadata metadata, bool isZip)
    {
        var golden = GoldenFile.Read(name);
        Assert.AreEqual(golden.Variant, metadata.Variant);
        Assert.AreEqual(golden.Threshold, metadata.Threshold);
        CollectionAssert.AreEqual(golden.FeatureNames, metadata.FeatureNames.ToArray());
        Assert.AreEqual(isZip && name == "float16" ? "none" : golden.Weights, metadata.Quantization);
        foreach (var (output, column) in golden.Columns)
            Assert.AreEqual(column, metadata.Columns[output], output);
    }

    private static void AssertSame(string name, ITransformer model)
    {
        var golden = GoldenFile.Read(name);
        var scored = model.Transform(GoldenRow.View(s_ml, golden.Rows));
        AssertSame(golden, golden.Columns.ToDictionary(column => column.Key, column => GoldenFile.Values(scored, column.Value)));
    }

    /// <summary>
    /// Numbers are the same to the tolerance, relative to the larger of 1 and their magnitude.
    /// So are decisions, unless they are as close as that.
    /// </summary>
    private static void AssertSame(GoldenFile golden, Dictionary<string, float[][]> found)
    {
        double tolerance = golden.Weights is "dynamic_int8" or "static_int8" ? IntegerTolerance : Tolerance;
        int text = golden.Outputs.ContainsKey(GraphNames.PredictedLabel) ? 1 : 0;
        Assert.IsGreaterThanOrEqualTo(golden.Outputs.Count - text, found.Count, "all outputs but text");
        foreach (var (output, rows) in found)
        {
            for (int i = 0; i < golden.Rows.Length; i++)
            {
                if (output is GraphNames.IsAnomaly or GraphNames.PredictedLabel && IsClose(golden, i, tolerance))
                    continue;
                float[] expected = golden.Outputs[output][i];
                Assert.HasCount(expected.Length, rows[i], output);
                for (int j = 0; j < expected.Length; j++)
                {
                    // Also where both are NaN, or the same infinity.
                    if (!expected[j].Equals(rows[i][j]))
                        Assert.AreEqual(expected[j], rows[i][j], tolerance * Math.Max(1, Math.Abs(expected[j])), $"{output}[{j}], row {i}");
                }
            }
        }
    }

    /// <summary>Whether the score lies next to the threshold, or the two largest probabilities next to each other.</summary>
    private static bool IsClose(GoldenFile golden, int row, double tolerance)
    {
        if (golden.Outputs.TryGetValue(GraphNames.Score, out float[][]? scores))
            return Math.Abs(scores[row][0] - golden.Threshold) <= tolerance * Math.Max(1, Math.Abs(golden.Threshold));
        float[] largest = [.. golden.Outputs[GraphNames.ClassProbabilities][row].OrderDescending().Take(2)];
        return largest[0] - largest[1] <= 2 * tolerance;
    }
}
