using System.Text.Json.Nodes;
using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>Weights that move to PyTorch and back.</summary>
[TestClass]
public sealed class TorchWeightsTests
{
    /// <summary>What the issue asks for; PyTorch and ONNX Runtime sum in different orders.</summary>
    private const double Tolerance = 1e-5;

    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> Variants => EveryVariant.Data;

    [TestMethod]
    public void PyTorch_gives_the_same_codes_and_reconstructions_and_takes_the_weights_further()
    {
        using var folder = new TestFolder();
        var view = EveryVariant.Rows(30);
        string[] names = [.. EveryVariant.Names];
        var cases = new JsonArray();
        for (int i = 0; i < names.Length; i++)
        {
            var model = EveryVariant.Fitted(names[i]);
            model.ExportTorchWeights(folder[$"{i}.safetensors"]);
            var one = new JsonObject { ["weights"] = folder[$"{i}.safetensors"], ["changed"] = folder[$"{i}-changed.safetensors"],
                ["features"] = Matrix(view, "Features") };
            if (model.Metadata.ConditionSize > 0)
                one["condition"] = Matrix(view, model.Metadata.Columns[GraphNames.Condition]);
            if (model.Metadata.CodeOffsetSize > 0)
                one["code_offset"] = Matrix(view, model.Metadata.Columns[GraphNames.CodeOffset]);
            cases.Add((JsonNode)one);
        }
        File.WriteAllText(folder["cases.json"], cases.ToJsonString());
        PythonScript.Run(Repository.PathOf("test", "Interop.Tests", "TorchWeights", "torch_weights.py"),
            Repository.PathOf("samples", "Torch"), folder["cases.json"]);

        var results = JsonNode.Parse(File.ReadAllText(folder["cases.json"]))!.AsArray();
        for (int i = 0; i < names.Length; i++)
        {
            var model = EveryVariant.Fitted(names[i]);
            Same(results[i]!["before"]!, model, $"{names[i]}, as exported");
            using var changed = model.WithTorchWeights(folder[$"{i}-changed.safetensors"]);
            Same(results[i]!["after"]!, changed, $"{names[i]}, after a step in PyTorch");
            Assert.IsGreaterThan(1e-4, Rows.Difference(
                Values(results[i]!["before"]!["reconstruction"]!), Values(results[i]!["after"]!["reconstruction"]!)),
                $"{names[i]}: the step changed nothing");
        }

        void Same(JsonNode expected, AutoencoderTransformer model, string what)
        {
            var scored = model.Transform(view);
            foreach (var (name, column) in new[] { ("code", "Code"), ("reconstruction", "Reconstruction"),
                ("code_log_variance", "CodeLogVariance") })
            {
                if (expected[name] is { } values)
                    Assert.IsLessThan(Tolerance, Rows.Difference(Values(values), scored.GetColumn<float[]>(column).SelectMany(row => row)),
                        $"{what}: {name}");
            }
        }
    }

    [TestMethod]
    public void The_documentation_shows_the_sample()
    {
        string sample = File.ReadAllText(Repository.PathOf("samples", "Torch", "autoencoder_weights.py"));
        string[] shown = [.. Repository.FilesUnder("docs", "*.md").SelectMany(path => File.ReadAllText(path).Split("```python\n")[1..])
            .Select(block => block.Split("\n```")[0]).Where(block => block.Contains("def load(path)", StringComparison.Ordinal))];
        Assert.HasCount(1, shown);
        StringAssert.Contains(sample, shown[0]);
    }

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void Its_own_weights_give_the_same_model(string name)
    {
        using var folder = new TestFolder();
        var model = EveryVariant.Fitted(name);
        var training = EveryVariant.Rows(300);
        model.ExportTorchWeights(folder["w.safetensors"]);
        using var cleared = model.WithTorchWeights(folder["w.safetensors"]);
        foreach (string column in new[] { "Score", "Code", "Reconstruction" })
            CollectionAssert.AreEqual(Column(model.Transform(training), column), Column(cleared.Transform(training), column), column);
        Assert.AreEqual(float.PositiveInfinity, cleared.Threshold);
        Assert.IsEmpty(cleared.Metadata.ScoreQuantiles);
        Assert.IsEmpty(cleared.Metadata.CodeMean);
        Assert.IsNull(cleared.GetOutputSchema(training.Schema).GetColumnOrNull("Probability"), "there is no probability without scores");
        Fails.With<InvalidOperationException>("have no quantiles of its training scores",
            () => cleared.WithThreshold(ThresholdRule.MeanPlusDeviations(1)));

        using var recomputed = model.WithTorchWeights(folder["w.safetensors"], training, ThresholdRule.Contamination(0.1));

        // The trainer scored the rows in batches of another size; what the threshold lies between may be far apart in few rows.
        Assert.AreEqual(model.Threshold, recomputed.Threshold, 1e-5 * Math.Max(1, model.Threshold));
        Assert.IsLessThan(Tolerance, Rows.Difference(model.Metadata.ScoreQuantiles, recomputed.Metadata.ScoreQuantiles));
        Assert.IsLessThan(Tolerance, Rows.Difference(model.Metadata.CodeCovariance, recomputed.Metadata.CodeCovariance));
        Assert.IsLessThan(1e-4, Rows.Difference(Column(model.Transform(training), "Probability"),
            Column(recomputed.Transform(training), "Probability")), "an interval between quantiles may be short");
    }

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void Training_starts_from_them(string name)
    {
        using var folder = new TestFolder();
        var model = EveryVariant.Fitted(name);
        model.ExportTorchWeights(folder["w.safetensors"]);
        var options = EveryVariant.Options(name);
        (options.Epochs, options.InitialWeights, options.Pretraining) = (0, folder["w.safetensors"], null);
        (options.CodeColumnName, options.ReconstructionColumnName) = ("Code", "Reconstruction");
        var training = EveryVariant.Rows(300);
        using var again = s_ml.Autoencoders().Autoencoder(options).Fit(training);
        foreach (string column in new[] { "Code", "Reconstruction" })
            Assert.IsLessThan(Tolerance, Rows.Difference(
                Column(model.Transform(training), column), Column(again.Transform(training), column)), column);

        // The draws of a score of samples belong to the fit.
        if (model.Metadata.ScoreSamples == 0)
            Assert.AreEqual(model.Threshold, again.Threshold, 1e-5 * Math.Max(1, model.Threshold));
        StringAssert.Contains(again.Metadata.Options, "\"initial_weights\":\"w.safetensors\"");
    }

    [TestMethod]
    public void Training_goes_on_from_them()
    {
        using var folder = new TestFolder();
        using var first = Rows.Fit(s_ml, options => (options.Epochs, options.LearningRate) = (30, 0.01));
        first.ExportTorchWeights(folder["w.safetensors"]);
        using var fresh = Rows.Fit(s_ml, options => options.Epochs = 1);
        using var further = Rows.Fit(s_ml, options => (options.Epochs, options.InitialWeights) = (1, folder["w.safetensors"]));
        Assert.IsLessThan(0.5 * fresh.History[0].Loss, further.History[0].Loss, "the first epoch starts where the other training ended");
        CollectionAssert.AreEqual(
            Column(further.Transform(Rows.View(s_ml, 50)), "Score"),
            Column(Rows.Fit(s_ml, options => (options.Epochs, options.InitialWeights) = (1, folder["w.safetensors"]))
                .Transform(Rows.View(s_ml, 50)), "Score"), "a second fit gives the same");
    }

    [TestMethod]
    public void Weights_of_another_network_are_refused_by_the_tensor()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        model.ExportTorchWeights(folder["w.safetensors"]);
        var own = SafeTensors.ReadFile(folder["w.safetensors"]);
        CollectionAssert.AreEqual(
            new[]
            {
                "encoder.dense1.weight [6, 5]", "encoder.dense1.bias [6]", "encoder.code.weight [2, 6]", "encoder.code.bias [2]",
                "decoder.dense1.weight [6, 2]", "decoder.dense1.bias [6]", "decoder.dense2.weight [5, 6]", "decoder.dense2.bias [5]",
                    "scaling.offset [5]", "scaling.scale [5]",
            },
            own.Tensors.Select(tensor => $"{tensor.Name} [{string.Join(", ", tensor.Shape)}]").ToArray());

        void Refused(Func<IEnumerable<SafeTensor>, IEnumerable<SafeTensor>> change, string message, bool byTrainer = true)
        {
            var changed = new SafeTensors([.. change(own.Tensors)], own.Metadata);
            AtomicFile.WriteAll((folder["changed.safetensors"], changed.ToBytes()));
            string said = Assert.ThrowsExactly<InvalidDataException>(() => model.WithTorchWeights(folder["changed.safetensors"])).Message;
            StringAssert.Contains(said, message);
            StringAssert.Contains(said, folder["changed.safetensors"]);
            if (byTrainer)
                Fails.With<InvalidDataException>(message,
                    () => Rows.Fit(s_ml, options => (options.Epochs, options.InitialWeights) = (0, folder["changed.safetensors"])));
        }
        Refused(tensors => tensors.Where(tensor => tensor.Name != "encoder.code.bias"),
            "lacks the tensor 'encoder.code.bias' of shape [2]");
        Refused(tensors => tensors.Append(new SafeTensor("encoder.dense2.bias", [1], new float[1])),
            "has the tensor 'encoder.dense2.bias', which the model does not have");
        Refused(tensors => tensors.Select(tensor => tensor.Name == "decoder.dense1.weight" ? tensor with { Shape = [2, 6] } : tensor),
            "has the tensor 'decoder.dense1.weight' of shape [2, 6]; the model's is [6, 2]");
        Refused(tensors => tensors.Select(tensor =>
            tensor.Name == "decoder.dense1.bias" ? tensor with { Values = new[] { 0, 0, float.NaN, 0, 0, 0 } } : tensor),
            "has NaN in the tensor 'decoder.dense1.bias'");
        Refused(tensors => tensors.Where(tensor => tensor.Name != "scaling.scale"),
            "has the tensor 'scaling.scale' not at all; expected [5]", byTrainer: false);
        Refused(tensors => tensors.Select(tensor => tensor.Name == "scaling.scale" ? tensor with { Values = new float[5] } : tensor),
            "a scaling that cannot be", byTrainer: false);

        using var other = Rows.Fit(s_ml, options =>
            (options.Epochs, options.Network) = (0, new DenseNetworkOptions { Hidden = [6], Activation = Activation.Tanh }));
        other.ExportTorchWeights(folder["tanh.safetensors"]);
        Fails.With<InvalidDataException>("is of a network with other layers: its 'autoencoder.encoder' is",
            () => model.WithTorchWeights(folder["tanh.safetensors"]));
    }

    [TestMethod]
    public void The_scaling_comes_with_the_weights_or_stays()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml, options => options.Epochs = 2);
        using var moved = Rows.Fit(s_ml, options => options.Epochs = 2,
            s_ml.Data.LoadFromEnumerable(Rows.Make(200)
            .Select(row => new Row { Features = [.. row.Features.Select(value => 3 * value + 1)] }).ToArray()));
        moved.ExportTorchWeights(folder["moved.safetensors"]);
        using var taken = model.WithTorchWeights(folder["moved.safetensors"]);
        var view = Rows.View(s_ml, 20);
        CollectionAssert.AreEqual(moved.Metadata.ScalingScales.ToArray(), taken.Metadata.ScalingScales.ToArray());
        CollectionAssert.AreEqual(Column(moved.Transform(view), "Reconstruction"), Column(taken.Transform(view), "Reconstruction"));

        var read = SafeTensors.ReadFile(folder["moved.safetensors"]);
        AtomicFile.WriteAll((folder["plain.safetensors"],
            new SafeTensors([.. read.Tensors.Where(tensor => !tensor.Name.StartsWith("scaling.", StringComparison.Ordinal))],
            new Dictionary<string, string>()).ToBytes()));
        using var plain = model.WithTorchWeights(folder["plain.safetensors"]);
        CollectionAssert.AreEqual(model.Metadata.ScalingScales.ToArray(), plain.Metadata.ScalingScales.ToArray());

        using var unscaled = Rows.Fit(s_ml, options => (options.Epochs, options.Scaling) = (0, InputScaling.None));
        Fails.With<InvalidDataException>("the model's graph has no place for it",
            () => unscaled.WithTorchWeights(folder["moved.safetensors"]));
    }

    [TestMethod]
    public void A_trainer_tells_where_the_weights_belong_to_another_scaling()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        model.ExportTorchWeights(folder["w.safetensors"]);
        var ml = new MLContext(seed: 1);
        List<string> messages = [];
        ml.Log += (_, e) => messages.Add(e.Message);
        Rows.Fit(ml, options => (options.Epochs, options.InitialWeights) = (0, folder["w.safetensors"])).Dispose();
        Assert.IsFalse(messages.Exists(message => message.Contains("were scaled otherwise", StringComparison.Ordinal)));
        Rows.Fit(ml, options => (options.Epochs, options.InitialWeights, options.Scaling) = (
            0, folder["w.safetensors"], InputScaling.MinMax)).Dispose();
        Assert.IsTrue(messages.Exists(message => message.Contains("were scaled otherwise", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Options_of_initial_weights_are_checked()
    {
        Fails.With<ArgumentException>("InitialWeights is empty", () => Rows.Fit(s_ml, options => options.InitialWeights = " "));
        Fails.With<ArgumentException>("InitialWeights (w) and Pretraining (set) cannot be combined",
            () => Rows.Fit(s_ml, options => (options.InitialWeights, options.Pretraining) = ("w", new PretrainingOptions())));
        Fails.With<FileNotFoundException>("'/none/w.safetensors' does not exist",
            () => Rows.Fit(s_ml, options => options.InitialWeights = "/none/w.safetensors"));
    }

    [TestMethod]
    public void Tied_layers_take_only_weights_that_are_tied()
    {
        using var folder = new TestFolder();
        void Tied(AutoencoderEstimator.Options options) =>
            (options.Epochs, options.Network) = (0, new DenseNetworkOptions { Hidden = [6], TiedWeights = true });
        using var model = Rows.Fit(s_ml, Tied);
        model.ExportTorchWeights(folder["w.safetensors"]);
        var read = SafeTensors.ReadFile(folder["w.safetensors"]);
        var changed = read.Tensors.Select(tensor =>
            tensor.Name == "decoder.dense2.weight" ? tensor with { Values = new float[30] } : tensor);
        AtomicFile.WriteAll((folder["untied.safetensors"], new SafeTensors([.. changed], read.Metadata).ToBytes()));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Rows.Fit(s_ml, options =>
        {
            Tied(options);
            options.InitialWeights = folder["untied.safetensors"];
        })).Message, "'decoder.dense2.weight', which does not fit the network: its layer shares its weights");
        Rows.Fit(s_ml, options =>
        {
            Tied(options);
            options.InitialWeights = folder["w.safetensors"];
        }).Dispose();
    }

    [TestMethod]
    public void An_imported_pair_gives_and_takes_weights_too()
    {
        using var folder = new TestFolder();
        var pairs = ImportedPairs.Kept;
        using var model = s_ml.Autoencoders().FromOnnx(pairs["batch-normalized"].Options(pairs), pairs.View(s_ml));
        model.ExportTorchWeights(folder["w.safetensors"]);
        var read = SafeTensors.ReadFile(folder["w.safetensors"]);
        CollectionAssert.Contains(read.Tensors.Select(tensor => tensor.Name).ToArray(), "decoder.1.running_mean");
        var doubled = read.Tensors.Select(tensor =>
            tensor.Name == "decoder.3.bias" ? tensor
            with { Values = tensor.Values.ToArray().Select(value => value + 1).ToArray() } : tensor);
        AtomicFile.WriteAll((folder["more.safetensors"], new SafeTensors([.. doubled], read.Metadata).ToBytes()));
        using var changed = model.WithTorchWeights(folder["more.safetensors"], pairs.View(s_ml), ThresholdRule.Contamination(0.1));
        Assert.IsLessThan(Tolerance, Rows.Difference(
            Column(model.Transform(pairs.View(s_ml)), "Reconstruction").Select(value => value + 1),
            Column(changed.Transform(pairs.View(s_ml)), "Reconstruction")));
        Assert.AreNotEqual(model.Threshold, changed.Threshold);
    }

    [TestMethod]
    public void What_has_no_scores_has_no_threshold_to_find()
    {
        using var folder = new TestFolder();
        var model = EveryVariant.Fitted("dense");
        model.ExportOnnx(folder["e.onnx"], null, null);
        using var encoder = s_ml.Autoencoders().FromOnnx(folder["e.onnx"]);
        encoder.ExportTorchWeights(folder["e.safetensors"]);
        CollectionAssert.AreEqual(new[] { "encoder", "scaling" },
            SafeTensors.ReadFile(folder["e.safetensors"]).Tensors.Select(tensor => tensor.Name.Split('.')[0]).Distinct().ToArray());
        encoder.WithTorchWeights(folder["e.safetensors"]).Dispose();
        Fails.With<InvalidOperationException>("is only the encoder",
            () => encoder.WithTorchWeights(folder["e.safetensors"], EveryVariant.Rows(10), ThresholdRule.Contamination(0.1)));

        model.ExportTorchWeights(folder["w.safetensors"]);
        var rows = VariantRows.Make(5);
        rows[3].Features[2] = float.NaN;
        Fails.With<InvalidOperationException>("Row 3 (counted from 0) has the score NaN",
            () => model.WithTorchWeights(folder["w.safetensors"], s_ml.Data.LoadFromEnumerable(rows), ThresholdRule.Contamination(0.1)));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(
            () => model.WithTorchWeights(folder["w.safetensors"], s_ml.Data.LoadFromEnumerable(Array.Empty<VariantRow>()),
            ThresholdRule.Contamination(0.1))).Message, "There are no rows");
        Fails.With<IOException>("cannot be written", () => model.ExportTorchWeights(folder["none/w.safetensors"]));
    }

    [TestMethod]
    public void Weights_in_another_form_than_Single_are_refused_and_so_is_a_file_that_names_no_layers()
    {
        var model = EveryVariant.Fitted("dense");
        void Refused(AutoencoderTransformer from, string message)
        {
            using var folder = new TestFolder();
            Fails.With<InvalidOperationException>(message, () => from.ExportTorchWeights(folder["w.safetensors"]));
        }
        foreach (var form in Enum.GetValues<OnnxQuantization>())
        {
            byte[] bytes = model.ToQuantizedOnnx(EveryVariant.Rows(100), new QuantizationOptions { Form = form, Force = true }, out _);
            using var quantized = s_ml.Autoencoders().FromOnnx(bytes);
            Refused(quantized, "keeps the weight 'encoder/dense1/weight' in another form than Single");
            if (form != OnnxQuantization.Float16)
                continue;
            using var folder = new TestFolder();
            s_ml.Model.Save(quantized, null, folder["m.zip"]);
            using var widened = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["m.zip"], out _);
            Refused(widened, "from a file with smaller weights");
        }

        using var unnamed = s_ml.Autoencoders().FromModel(new AutoencoderModel(WithoutLayers(model), "The file"));
        Refused(unnamed, "name no layers with weights in Single: it was written before format version 1.3");

        static byte[] WithoutLayers(AutoencoderTransformer model)
        {
            var file = OnnxFile.Parse(model.ToOnnx(OnnxGraph.Scorer), "The file");
            file.MetadataProps.Remove(file.MetadataProps.Single(entry => entry.Key == "autoencoder.layers"));
            return MessageExtensions.ToByteArray(file);
        }
    }

    private static float[] Column(IDataView view, string name) => view.Schema[name].Type is VectorDataViewType
        ? [.. view.GetColumn<float[]>(name).SelectMany(row => row)]
        : [.. view.GetColumn<float>(name)];

    private static float[] Values(JsonNode array) => [.. array.AsArray().Select(value => (float)value!)];

    /// <summary>A column of vectors, or of a key as one-hot vectors, as JSON.</summary>
    private static JsonArray Matrix(IDataView view, string column)
    {
        if (view.Schema[column].Type is KeyDataViewType key)
            return [.. view.GetColumn<uint>(column)
                .Select(value => Row(Enumerable.Range(1, (int)key.Count).Select(number => number == value ? 1f : 0)))];
        return [.. view.GetColumn<float[]>(column).Select(Row)];

        static JsonNode Row(IEnumerable<float> values) => new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
    }
}
