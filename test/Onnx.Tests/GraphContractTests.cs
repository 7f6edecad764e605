using Microsoft.ML;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>What docs/architecture.md promises of every exported graph, read with ONNX Runtime itself.</summary>
[TestClass]
public sealed class GraphContractTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly AutoencoderTransformer s_model = Rows.Fit(s_ml);

    private static (byte[] Encoder, byte[] Decoder, byte[] Scorer) Export(AutoencoderTransformer model)
    {
        using var folder = new TestFolder();
        model.ExportOnnx(folder["e.onnx"], folder["d.onnx"], folder["s.onnx"]);
        CollectionAssert.AreEquivalent(new[] { "e.onnx", "d.onnx", "s.onnx" },
            Directory.GetFiles(folder.Path).Select(Path.GetFileName).ToArray(), "no temporary file is left");
        return (File.ReadAllBytes(folder["e.onnx"]), File.ReadAllBytes(folder["d.onnx"]), File.ReadAllBytes(folder["s.onnx"]));
    }

    [TestMethod]
    public void Graphs_have_the_promised_inputs_and_outputs()
    {
        var (encoder, decoder, scorer) = Export(s_model);
        Check(encoder, "features:Float[batch,5]", "code:Float[batch,2]");
        Check(decoder, "code:Float[batch,2]", "reconstruction:Float[batch,5]");
        Check(scorer, "features:Float[batch,5]",
            "score:Float[batch,1] is_anomaly:Bool[batch,1] feature_errors:Float[batch,5] reconstruction:Float[batch,5] " +
            "code:Float[batch,2]");

        static void Check(byte[] model, string inputs, string outputs)
        {
            using var session = new InferenceSession(model);
            Assert.AreEqual(inputs, Describe(session.InputMetadata));
            Assert.AreEqual(outputs, Describe(session.OutputMetadata));
        }

        static string Describe(IReadOnlyDictionary<string, NodeMetadata> values) => string.Join(' ', values.Select(value =>
            $"{value.Key}:{value.Value.ElementDataType}[{Axes(value.Value)}]"));

        static string Axes(NodeMetadata value) =>
            string.Join(',', value.Dimensions.Select((n, i) => n < 0 ? value.SymbolicDimensions[i] : $"{n}"));
    }

    [TestMethod]
    public void Graphs_are_opset_17_and_IR_8_without_random_operators()
    {
        var (encoder, decoder, scorer) = Export(s_model);
        foreach (byte[] bytes in new[] { encoder, decoder, scorer })
        {
            var model = OnnxFile.Parse(bytes, "The graph");
            Assert.AreEqual(8, model.IrVersion);
            Assert.AreEqual("=17", string.Join(' ', model.OpsetImport.Select(opset => $"{opset.Domain}={opset.Version}")));
            Assert.IsFalse(model.Graph.Node.Any(node =>
                node.OpType.Contains("Random", StringComparison.Ordinal) || node.OpType is "Dropout" or "Bernoulli" or "Multinomial"));
        }
    }

    [TestMethod]
    public void Encoder_and_decoder_together_give_the_scorers_reconstruction()
    {
        var (encoder, decoder, scorer) = Export(s_model);
        float[] rows = [.. Rows.Make(7, seed: 11).SelectMany(row => row.Features)];
        var scored = OnnxPipelines.Run(scorer, "features", rows, 5);
        var code = OnnxPipelines.Run(encoder, "features", rows, 5)["code"];
        CollectionAssert.AreEqual(scored["code"], code);
        CollectionAssert.AreEqual(scored["reconstruction"], OnnxPipelines.Run(decoder, "code", code, 2)["reconstruction"]);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(256)]
    public void Score_is_the_mean_of_the_feature_errors(int batch)
    {
        float[] rows = [.. Rows.Make(batch, seed: 13).SelectMany(row => row.Features)];
        var scored = OnnxPipelines.Run(Export(s_model).Scorer, "features", rows, 5);
        for (int i = 0; i < batch; i++)
        {
            double mean = scored["feature_errors"].Skip(i * 5).Take(5).Average(value => (double)value);
            Assert.AreEqual(mean, scored["score"][i], 1e-6 * Math.Max(1, mean));
        }
    }

    [TestMethod]
    public void Feature_errors_are_squared_differences_in_scaled_units_and_reconstructions_are_raw()
    {
        var row = Rows.Make(1, seed: 17)[0].Features;
        var scored = OnnxPipelines.Run(Export(s_model).Scorer, "features", row, 5);
        var metadata = s_model.Metadata;
        for (int j = 0; j < 5; j++)
        {
            double scaled = (row[j] - (double)scored["reconstruction"][j]) / metadata.ScalingScales[j];
            // The graph takes the difference before it returns to raw units; the third feature lies near 100, where floats are 8e-6 apart.
            Assert.AreEqual(scaled * scaled, scored["feature_errors"][j], 1e-4);
        }
    }

    [TestMethod]
    public void Metadata_survive_writing_and_reading()
    {
        var read = new AutoencoderModel(Export(s_model).Scorer, "The graph").Metadata;
        var written = s_model.Metadata.ToDictionary();
        CollectionAssert.AreEqual(written.OrderBy(pair => pair.Key).ToArray(), read.ToDictionary().OrderBy(pair => pair.Key).ToArray());
        Assert.AreEqual("1.4", read.FormatVersion);
        Assert.AreEqual(AutoencoderMetadata.QuantileCount, read.ScoreQuantiles.Count);
        Assert.AreEqual("Features[0],Features[1],Features[2],Features[3],Features[4]", string.Join(',', read.FeatureNames));
        Assert.AreEqual(3, read.Seed);
        Assert.AreEqual(4, read.CodeCovariance.Count);
        StringAssert.Contains(read.Training, "\"rows\":200");
        StringAssert.Contains(read.Options, "\"epochs\":5");
        Assert.AreEqual("higher_is_more_anomalous", read.ScoreDirection);
        CollectionAssert.AreEqual(read.ScoreQuantiles.Order().ToArray(), read.ScoreQuantiles.ToArray());
    }

    [TestMethod]
    public void Threshold_lies_at_the_contamination_quantile_of_the_training_scores_and_stands_in_the_graph()
    {
        var scores = Rows.Read(s_ml, s_model.Transform(Rows.View(s_ml, 200))).Select(row => (double)row.Score).Order().ToArray();
        // 1 - 0.1 of 199 steps between 200 scores, NumPy's percentile, lies between these two: the threshold is in the middle.
        Assert.AreEqual((scores[179] + scores[180]) / 2, s_model.Threshold, 1e-6);
        Assert.AreEqual("contamination 0.1", s_model.Metadata.ThresholdRule);
        Assert.AreEqual(20, Rows.Read(s_ml, s_model.Transform(Rows.View(s_ml, 200))).Count(row => row.PredictedLabel));
    }

    [TestMethod]
    public void WithThreshold_changes_the_decision_and_leaves_the_first_model_as_it_is()
    {
        var rows = Rows.View(s_ml, 50);
        using var strict = s_model.WithThreshold(-1);
        Assert.IsTrue(Rows.Read(s_ml, strict.Transform(rows)).All(row => row.PredictedLabel));
        Assert.IsFalse(Rows.Read(s_ml, s_model.Transform(rows)).All(row => row.PredictedLabel));
        CollectionAssert.AreEqual(Rows.Read(s_ml, s_model.Transform(rows)).Select(row => row.Score).ToArray(),
            Rows.Read(s_ml, strict.Transform(rows)).Select(row => row.Score).ToArray());
    }
}
