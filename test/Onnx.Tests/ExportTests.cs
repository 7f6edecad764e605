using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Export in every form that its options offer, held to the transformer.</summary>
[TestClass]
public sealed class ExportTests
{
    // The same operators on the same numbers; a graph cut for fewer outputs may be fused, and so rounded, in another way.
    private const double Tolerance = 1e-6;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly AutoencoderTransformer s_model = Tests.Rows.Fit(s_ml);
    private static readonly OnnxGraph[] s_graphs = [OnnxGraph.Encoder, OnnxGraph.Decoder, OnnxGraph.Scorer];

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Every_opset_gives_what_the_transformer_gives(string variant)
    {
        var model = EveryVariant.Fitted(variant);
        var rows = ExportedGraph.Rows(7);
        var inputs = ExportedGraph.Inputs(model, rows);
        using var atOnce = ExportedGraph.AtOnce(model);
        var expected = ExportedGraph.Expected(atOnce, rows);
        for (int opset = 12; opset <= 21; opset++)
        {
            byte[] graph = model.ToOnnx(OnnxGraph.Scorer, new() { Opset = opset, TopFeatures = 3 });
            var parsed = OnnxFile.Parse(graph, "The graph");
            Assert.AreEqual((opset, OpsetForms.IrVersion(opset)), (parsed.OpsetImport.Single().Version, parsed.IrVersion));
            var actual = ExportedGraph.Run(graph, inputs, rows.Length);
            if (opset == 12)
                (expected[GraphNames.TopFeatureIndices], expected[GraphNames.TopFeatureErrors]) = (
                    actual[GraphNames.TopFeatureIndices], actual[GraphNames.TopFeatureErrors]);
            Assert.HasCount(expected.Count, actual);
            ExportedGraph.AreEqual(expected, actual, Tolerance, $"opset {opset}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Every_graph_gives_what_the_transformer_gives_for_1_7_and_256_rows(string variant)
    {
        var model = EveryVariant.Fitted(variant);
        using var atOnce = ExportedGraph.AtOnce(model);
        using ExportedGraph encoder = new(model.ToOnnx(OnnxGraph.Encoder)), decoder = new(model.ToOnnx(OnnxGraph.Decoder)),
            scorer = new(model.ToOnnx(OnnxGraph.Scorer));
        foreach (int batch in new[] { 1, 7, 256 })
        {
            var rows = ExportedGraph.Rows(batch);
            var inputs = ExportedGraph.Inputs(model, rows);
            var expected = ExportedGraph.Expected(atOnce, rows);
            var encoded = encoder.Run(inputs, batch);
            ExportedGraph.AreEqual(expected, encoded, Tolerance, $"encoder, {batch}");
            inputs[GraphNames.Code] = [.. encoded[GraphNames.Code].Select(value => (float)value)];
            ExportedGraph.AreEqual(expected, decoder.Run(inputs, batch), Tolerance, $"decoder, {batch}");
            ExportedGraph.AreEqual(expected, scorer.Run(inputs, batch), Tolerance, $"scorer, {batch}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void A_fixed_number_of_rows_stands_in_the_shapes_and_goes_when_the_file_is_read_again(string variant)
    {
        var model = EveryVariant.Fitted(variant);
        var rows = ExportedGraph.Rows(3);
        var inputs = ExportedGraph.Inputs(model, rows);
        var options = new OnnxExportOptions { BatchSize = 3 };
        var symbolic = ExportedGraph.Run(model.ToOnnx(OnnxGraph.Scorer), inputs, 3);
        inputs[GraphNames.Code] = [.. symbolic[GraphNames.Code].Select(value => (float)value)];
        foreach (var graph in s_graphs)
        {
            byte[] bytes = model.ToOnnx(graph, options);
            Assert.IsFalse(ExportedGraph.Infer(bytes).Values.Any(value => !value.Axes.All(axis => int.TryParse(axis, out _))),
                $"{graph}: every length is known");
            ExportedGraph.AreEqual(symbolic, ExportedGraph.Run(bytes, inputs, 3), Tolerance, $"{graph}");
            CollectionAssert.AreEqual(model.ToOnnx(graph), new AutoencoderModel(bytes, "The graph").ToBytes());
        }
        using var again = s_ml.Autoencoders().FromModel(new AutoencoderModel(model.ToOnnx(OnnxGraph.Scorer, options), "The graph"));
        using var atOnce = ExportedGraph.AtOnce(again);
        Assert.HasCount(7, ExportedGraph.Expected(atOnce, ExportedGraph.Rows(7))[GraphNames.Score]);
    }

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Top_features_are_those_of_the_transformer(string variant)
    {
        var model = EveryVariant.Fitted(variant);
        var rows = ExportedGraph.Rows(7);
        var inputs = ExportedGraph.Inputs(model, rows);
        foreach (int count in new[] { 4, VariantRow.FeatureCount })
        {
            var scored = ExportedGraph.Run(model.ToOnnx(OnnxGraph.Scorer, new() { TopFeatures = count }), inputs, rows.Length);
            int[] places = new int[count];
            for (int i = 0; i < rows.Length; i++)
            {
                float[] errors = [.. scored[GraphNames.FeatureErrors].Skip(i * VariantRow.FeatureCount).Take(VariantRow.FeatureCount)
                    .Select(value => (float)value)];
                TopFeatures.Find(errors, places);
                CollectionAssert.AreEqual(places, scored[GraphNames.TopFeatureIndices].Skip(i * count).Take(count)
                    .Select(value => (int)value).ToArray(), $"{count}, row {i}");
                CollectionAssert.AreEqual(places.Select(place => errors[place]).ToArray(),
                    scored[GraphNames.TopFeatureErrors].Skip(i * count).Take(count).Select(value => (float)value).ToArray());
                float[] Side(string name) => inputs.TryGetValue(name, out float[]? values)
                    ? values[(i * values.Length / rows.Length)..((i + 1) * values.Length / rows.Length)] : [];
                var top = model.TopFeatures(rows[i].Features, count, Side(GraphNames.Condition), Side(GraphNames.CodeOffset));
                Assert.AreEqual(string.Join(' ', top.Select(feature => feature.Name)),
                    string.Join(' ', places.Select(place => model.Metadata.FeatureNames[place])));
            }
        }
    }

    [TestMethod]
    public void Of_the_largest_errors_NaN_comes_first_then_an_infinity_and_of_equal_ones_the_first()
    {
        const int d = 8;
        var metadata = s_model.Metadata.OfSizes(d, d);

        // Every reconstruction is 0, so that a feature's error is its square.
        var model = new AutoencoderModel(GraphBytes.Scorer(
            (g, x, _) => g.Node("Neg", "encoder", [x]), (g, z, _) => g.Node("Mul", "decoder", [z, g.Initializer("zero", [0f])]), metadata),
            "The graph");
        float[] row = [2, float.NaN, 1e30f, -2, float.NegativeInfinity, 1, -1e30f, 2];
        var scored = ExportedGraph.Run(model.ToOnnx(OnnxGraph.Scorer, new() { TopFeatures = d }),
            new Dictionary<string, float[]> { [GraphNames.Features] = row }, 1);
        CollectionAssert.AreEqual(new double[] { 1, 4, 2, 6, 0, 3, 7, 5 }, scored[GraphNames.TopFeatureIndices]);
        CollectionAssert.AreEqual(new[] { double.NaN, double.NaN, double.PositiveInfinity, double.PositiveInfinity, 4, 4, 4, 1 },
            scored[GraphNames.TopFeatureErrors]);
        int[] places = new int[d];
        TopFeatures.Find([.. scored[GraphNames.FeatureErrors].Select(value => (float)value)], places);
        CollectionAssert.AreEqual(places.Select(place => (double)place).ToArray(), scored[GraphNames.TopFeatureIndices]);
    }

    [TestMethod]
    public void The_probability_can_be_added_to_a_model_and_left_out()
    {
        using var with = Tests.Rows.Fit(s_ml, options => options.ProbabilityColumnName = "Probability");
        Assert.AreEqual(Graph(with.ToOnnx(OnnxGraph.Scorer)), Graph(s_model.ToOnnx(OnnxGraph.Scorer, new() { Probability = true })));
        Assert.AreEqual(Graph(s_model.ToOnnx(OnnxGraph.Scorer)), Graph(with.ToOnnx(OnnxGraph.Scorer, new() { Probability = false })));
        CollectionAssert.AreEqual(with.ToOnnx(OnnxGraph.Scorer), with.ToOnnx(OnnxGraph.Scorer, new() { Probability = true }));
        CollectionAssert.AreEqual(s_model.ToOnnx(OnnxGraph.Scorer), s_model.ToOnnx(OnnxGraph.Scorer, new() { Probability = false }));

        static GraphProto Graph(byte[] bytes)
        {
            // Equal but for the order of nodes and weights: what is added stands at the end.
            var graph = OnnxFile.Parse(bytes, "The graph").Graph;
            var nodes = graph.Node.OrderBy(node => node.Name, StringComparer.Ordinal).ToArray();
            var weights = graph.Initializer.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToArray();
            graph.Node.Clear();
            graph.Initializer.Clear();
            graph.Node.Add(nodes);
            graph.Initializer.Add(weights);
            return graph;
        }
    }

    [TestMethod]
    public void A_file_with_optional_outputs_is_a_model_again()
    {
        byte[] bytes = s_model.ToOnnx(OnnxGraph.Scorer, new() { Probability = true, TopFeatures = 2, Opset = 21 });
        var model = new AutoencoderModel(bytes, "The graph");
        Assert.AreEqual("score is_anomaly probability feature_errors top_feature_indices top_feature_errors reconstruction code",
            string.Join(' ', model.Outputs));
        CollectionAssert.AreEqual(s_model.ToOnnx(OnnxGraph.Scorer), model.ToOnnx(OnnxGraph.Scorer, new() { Probability = false }));
        Assert.AreEqual("score is_anomaly probability feature_errors top_feature_indices top_feature_errors reconstruction code",
            string.Join(' ', new AutoencoderModel(model.ToOnnx(OnnxGraph.Scorer, new() { TopFeatures = 5 }), "The graph").Outputs));

        using var again = s_ml.Autoencoders().FromModel(model);
        using var folder = new TestFolder();
        var rows = Tests.Rows.View(s_ml, 20);
        s_ml.Model.Save(again, rows.Schema, folder["model.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);
        CollectionAssert.AreEqual(s_model.ToOnnx(OnnxGraph.Scorer), loaded.ToOnnx(OnnxGraph.Scorer, new() { Probability = false }));
        var (expected, actual) = (Tests.Rows.Read(s_ml, s_model.Transform(rows)), Tests.Rows.Read(s_ml, loaded.Transform(rows)));
        CollectionAssert.AreEqual(expected.Select(row => row.Score).ToArray(), actual.Select(row => row.Score).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void A_loaded_model_exports_the_same_bytes(string variant)
    {
        using var folder = new TestFolder();
        var model = EveryVariant.Fitted(variant);
        s_ml.Model.Save(model, EveryVariant.Rows(1).Schema, folder["model.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);
        foreach (var graph in s_graphs)
        {
            foreach (var options in new OnnxExportOptions[] { new(), new() { Opset = 12, BatchSize = 4 }, new() { Opset = 20 } })
                CollectionAssert.AreEqual(model.ToOnnx(graph, options), loaded.ToOnnx(graph, options), $"{graph}, {options}");
        }
        CollectionAssert.AreEqual(model.ToOnnx(OnnxGraph.Scorer, new() { TopFeatures = 2, Probability = false }),
            loaded.ToOnnx(OnnxGraph.Scorer, new() { TopFeatures = 2, Probability = false }));
    }

    [TestMethod]
    public void Files_hold_the_bytes()
    {
        using var folder = new TestFolder();
        var options = new OnnxExportOptions { Opset = 13, Probability = true, TopFeatures = 1, BatchSize = 2 };
        s_model.ExportOnnx(folder["e"], folder["d"], folder["s"], options);
        var ofParts = options with { Probability = null, TopFeatures = 0 };
        CollectionAssert.AreEqual(s_model.ToOnnx(OnnxGraph.Encoder, ofParts), File.ReadAllBytes(folder["e"]));
        CollectionAssert.AreEqual(s_model.ToOnnx(OnnxGraph.Decoder, ofParts), File.ReadAllBytes(folder["d"]));
        CollectionAssert.AreEqual(s_model.ToOnnx(OnnxGraph.Scorer, options), File.ReadAllBytes(folder["s"]));
    }

    [TestMethod]
    public void A_classifier_is_exported_in_every_opset_too()
    {
        using var folder = new TestFolder();
        using var model = new StackedClassifierEstimator(
            s_ml, new StackedClassifierEstimator.Options { LabelColumnName = "Key", Hidden = [10], Code = 4, PretrainingEpochs = 1,
            Epochs = 5, Seed = 1 }).Fit(VariantRows.View(s_ml, 60));
        var rows = VariantRows.Make(7);
        rows[3].Features[0] = float.NaN;
        var view = model.Transform(VariantRows.View(s_ml, rows));
        float[] expected = [.. view.GetColumn<float[]>("Score").SelectMany(row => row)];
        string[] names = [.. view.GetColumn<uint>("PredictedLabel").Select(key => key == 0 ? "" : model.Metadata.ClassNames[(int)key - 1])];
        for (int opset = 12; opset <= 21; opset++)
        {
            model.ExportOnnx(folder["c"], new() { Opset = opset, BatchSize = 7 });
            CollectionAssert.AreEqual(model.ToOnnx(new() { Opset = opset, BatchSize = 7 }), File.ReadAllBytes(folder["c"]));
            using var session = new InferenceSession(folder["c"]);
            using var input = OrtValue.CreateTensorValueFromMemory([.. rows.SelectMany(row => row.Features)], [7, VariantRow.FeatureCount]);
            using var options = new RunOptions();
            using var results = session.Run(options, ["features"], [input], ["predicted_label", "class_probabilities"]);
            CollectionAssert.AreEqual(names, results[0].GetStringTensorAsArray());
            float[] actual = results[1].GetTensorDataAsSpan<float>().ToArray();
            for (int i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], actual[i], Tolerance, $"opset {opset}, value {i}");
        }
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => model.ToOnnx(new() { TopFeatures = 1 })).Message,
            "OnnxExportOptions.TopFeatures is 1; only a scorer has that output. For the classifier, 0 is expected");
    }

    [TestMethod]
    public void Wrong_options_are_refused_by_name_and_nothing_is_written()
    {
        using var folder = new TestFolder();
        void Refused<T>(OnnxExportOptions options, string message) where T : Exception =>
            Fails.With<T>(message, () => s_model.ExportOnnx(folder["e"], folder["d"], folder["s"], options));
        Refused<ArgumentOutOfRangeException>(new() { Opset = 11 }, "The option OnnxExportOptions.Opset is 11; expected 12 to 21");
        Refused<ArgumentOutOfRangeException>(new() { Opset = 22 }, "The option OnnxExportOptions.Opset is 22; expected 12 to 21");
        Refused<ArgumentOutOfRangeException>(new() { TopFeatures = 6 }, "The option OnnxExportOptions.TopFeatures is 6; expected 0 to 5");
        Refused<ArgumentOutOfRangeException>(new() { TopFeatures = -1 }, "The option OnnxExportOptions.TopFeatures is -1; expected 0 to 5");
        Refused<ArgumentOutOfRangeException>(new() { BatchSize = 0 }, "The option OnnxExportOptions.BatchSize is 0; expected at least 1");
        Fails.With<ArgumentException>(
            "OnnxExportOptions.Probability is True; only a scorer has that output. For the encoder, null is expected",
            () => s_model.ExportOnnx(folder["e"], null, null, new() { Probability = true }));
        Fails.With<ArgumentException>("OnnxExportOptions.TopFeatures is 2; only a scorer has that output. For the decoder, 0",
            () => s_model.ToOnnx(OnnxGraph.Decoder, new() { TopFeatures = 2 }));
        Fails.With<ArgumentOutOfRangeException>("expected one of Encoder, Decoder, Scorer, Classifier", () => s_model.ToOnnx((OnnxGraph)7));
        Fails.With<InvalidOperationException>("only the scorer of an autoencoder", () => s_model.ToOnnx(OnnxGraph.Classifier));
        Assert.IsEmpty(Directory.GetFiles(folder.Path));

        var encoder = new AutoencoderModel(s_model.ToOnnx(OnnxGraph.Encoder), "The encoder");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => encoder.ToOnnx(OnnxGraph.Scorer)).Message,
            "The model is only the encoder of an autoencoder (features to code); its scorer cannot be had from it");
        var bare = s_model.Metadata.OfCode(5) with { ScoreQuantiles = [] };
        var untrained = new AutoencoderModel(GraphBytes.Scorer(
            (g, x, _) => g.Node("Neg", "encoder", [x]), (g, z, _) => g.Node("Neg", "decoder", [z]), bare), "The graph");
        Fails.With<InvalidOperationException>("0 quantiles of the training scores; the probability needs 1001",
            () => untrained.ToOnnx(OnnxGraph.Scorer, new() { Probability = true }));
    }
}
