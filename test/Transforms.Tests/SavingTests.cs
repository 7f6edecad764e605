using System.Globalization;
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Samples;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Model files: what comes back with this library, and what an application without it sees.</summary>
[TestClass]
public sealed class SavingTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly string[] s_features = ["Features"];

    private static IDataView FeaturesOnly(int count) =>
        s_ml.Transforms.SelectColumns(s_features).Fit(Rows.View(s_ml, count)).Transform(Rows.View(s_ml, count));

    [TestMethod]
    public void A_process_without_this_library_sees_the_same_values_under_the_users_names()
    {
        using var folder = new TestFolder();
        var rows = FeaturesOnly(300);
        using var model = Rows.Fit(s_ml, options => options.ScoreColumnName = "Anomaly Score", rows);
        s_ml.Model.Save(model, rows.Schema, folder["model.zip"]);

        var stock = StockProcess.Score(folder["model.zip"], rows);
        Assert.AreEqual(
            "PredictedLabel Vector<Boolean, 1, 1>; Anomaly Score Vector<Single, 1, 1>; Code Vector<Single, 1, 2>; Reconstruction " +
                "Vector<Single, 1, 5>; FeatureErrors Vector<Single, 1, 5>",
            string.Join("; ", stock.Select(column => $"{column.Key} {column.Value.Type}")),
            "these columns and no helper");

        var ours = model.Transform(rows);
        Compare("Anomaly Score", ours.GetColumn<float>("Anomaly Score").Select(value => new[] { value }));
        foreach (string vector in new[] { "Code", "Reconstruction", "FeatureErrors" })
            Compare(vector, ours.GetColumn<float[]>(vector));
        CollectionAssert.AreEqual(ours.GetColumn<bool>("PredictedLabel").Select(value => value.ToString()).ToArray(),
            stock["PredictedLabel"].Values);

        void Compare(string column, IEnumerable<float[]> values) => Assert.IsLessThanOrEqualTo(1e-6,
            Rows.Difference(values.SelectMany(value => value),
                stock[column].Values.SelectMany(text => text.Split(',')).Select(text => float.Parse(text, CultureInfo.InvariantCulture))),
                column);
    }

    [TestMethod]
    public void A_chain_with_transforms_before_and_after_and_two_autoencoders_comes_back_whole()
    {
        using var folder = new TestFolder();
        var rows = FeaturesOnly(200);
        var pipeline = s_ml.Transforms.Concatenate("Both", "Features", "Features")
            .Append(s_ml.Autoencoders()
                .Dense(new AutoencoderEstimator.Options { FeatureColumnName = "Both", Epochs = 2, Seed = 1, ScoreColumnName = "First",
                PredictedLabelColumnName = null, Code = new CodeOptions { Size = 3 } }))
            .Append(s_ml.Autoencoders().Dense(Rows.Options()))
            .Append(s_ml.Transforms.CopyColumns("Copy", "Score"));
        var chain = pipeline.Fit(rows);
        s_ml.Model.Save(chain, rows.Schema, folder["chain.zip"]);

        var again = s_ml.Autoencoders().Load(folder["chain.zip"], out var schema);
        Assert.AreEqual("Features", string.Join(',', schema!.Select(column => column.Name)));
        Assert.AreEqual(2, ((IEnumerable<ITransformer>)again).Count(part => part is AutoencoderTransformer));
        Same(chain.Transform(rows), again.Transform(rows), "First", "Score", "Copy");

        var stock = StockProcess.Score(folder["chain.zip"], rows);
        Assert.AreEqual("Both,First,PredictedLabel,Score,Code,Reconstruction,FeatureErrors,Copy", string.Join(',', stock.Keys));
        Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(
            chain.Transform(rows).GetColumn<float>("First"),
            stock["First"].Values.Select(text => float.Parse(text, CultureInfo.InvariantCulture))));
        (again as IDisposable)?.Dispose();
    }

    [TestMethod]
    public void Load_gives_the_same_model_with_its_threshold_types_and_graphs()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml).WithThreshold(0.75f);
        var view = Rows.View(s_ml, 300);
        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        using var again = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);

        Assert.AreEqual(0.75f, again.Threshold);
        Assert.AreEqual("fixed 0.75", again.Metadata.ThresholdRule);
        Assert.AreEqual(
            string.Join(' ', model.GetOutputSchema(view.Schema).Select(column => $"{column.Name}:{column.Type}")),
            string.Join(' ', again.GetOutputSchema(view.Schema).Select(column => $"{column.Name}:{column.Type}")));
        Same(model.Transform(view), again.Transform(view), "Score");

        model.ExportOnnx(folder["e1"], folder["d1"], folder["s1"]);
        again.ExportOnnx(folder["e2"], folder["d2"], folder["s2"]);
        foreach (string graph in new[] { "e", "d", "s" })
            CollectionAssert.AreEqual(File.ReadAllBytes(folder[graph + "1"]), File.ReadAllBytes(folder[graph + "2"]), graph);
    }

    [TestMethod]
    public void Upgrade_does_for_a_loaded_model_what_Load_does_and_leaves_others_alone()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml);
        var view = Rows.View(s_ml, 50);
        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        var upgraded = s_ml.Autoencoders().Upgrade(s_ml.Model.Load(folder["model.zip"], out _));
        Assert.IsInstanceOfType<AutoencoderTransformer>(upgraded);
        Same(model.Transform(view), upgraded.Transform(view), "Score");

        var other = s_ml.Transforms.CopyColumns("Copy", "Features").Fit(view);
        Assert.AreSame<ITransformer>(other, s_ml.Autoencoders().Upgrade(other));
    }

    [TestMethod]
    public void A_chain_that_a_user_made_of_an_exported_graph_is_the_users()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml);
        model.ExportOnnx(null, null, folder["s.onnx"]);
        var view = Rows.View(s_ml, 20);
        var chain = s_ml.Transforms.CopyColumns("features", "Features")
            .Append(s_ml.Transforms.ApplyOnnxModel(["score"], ["features"], folder["s.onnx"]))
            .Append(s_ml.Transforms.CopyColumns("MyScore", "score"))
            .Append(s_ml.Transforms.DropColumns("features", "Name")).Fit(view);
        Assert.AreSame<ITransformer>(chain, s_ml.Autoencoders().Upgrade(chain));
        Assert.IsNotNull(chain.Transform(view).Schema.GetColumnOrNull("MyScore"));
        s_ml.Model.Save(chain, view.Schema, folder["user.zip"]);
        Fails.With<InvalidDataException>("holds no autoencoder of this library",
            () => s_ml.Autoencoders().Load(folder["user.zip"], out DataViewSchema? _));
        chain.Dispose();
    }

    [TestMethod]
    public void What_the_parts_of_a_chain_are_for_survives_an_upgrade()
    {
        using var folder = new TestFolder();
        var view = Rows.View(s_ml, 60);
        var chain = s_ml.Transforms.CopyColumns("Always", "Features")
            .Append(s_ml.Transforms.CopyColumns("InTrainingOnly", "Features"), TransformerScope.Training)
            .Append(s_ml.Autoencoders().Dense(Rows.Options())).Fit(view);
        s_ml.Model.Save(chain, view.Schema, folder["model.zip"]);
        var loaded = (TransformerChain<ITransformer>)s_ml.Autoencoders().Load(folder["model.zip"], out DataViewSchema? _);
        var longer = s_ml.Model.Load(folder["model.zip"], out _)
            .Append(s_ml.Transforms.CopyColumns("Last", "Score").Fit(loaded.Transform(view)));
        var upgraded = (TransformerChain<ITransformer>)s_ml.Autoencoders().Upgrade(longer);
        Assert.AreEqual(
            "3 of 3, 2 of 3",
            $"{loaded.GetModelFor(TransformerScope.Training).Count()} of {loaded.Count()}, " +
            $"{loaded.GetModelFor(TransformerScope.Scoring).Count()} of {loaded.Count()}");
        Assert.IsTrue(
            upgraded.Any(part => part is AutoencoderTransformer || part is IEnumerable<ITransformer> inner
            && inner.Any(member => member is AutoencoderTransformer)));
    }

    [TestMethod]
    public void An_upgrade_that_fails_leaves_the_model_as_it_was()
    {
        using var folder = new TestFolder();
        var view = FeaturesOnly(60);
        using var good = Rows.Fit(s_ml, options => options.ScoreColumnName = "Good", view);
        var graph = new MLNetAutoencoder.Onnx.AutoencoderModel(good.ToOnnx(MLNetAutoencoder.Onnx.OnnxGraph.Scorer), "The graph");
        using var odd = s_ml.Autoencoders().FromModel(graph.WithMetadata(graph.Metadata with { FormatVersion = "1.8" }));
        var chain = good.Append(odd);
        s_ml.Model.Save(chain, view.Schema, folder["two.zip"]);
        ChangeVersion(folder["two.zip"], "1.8", "8.1");

        var stock = s_ml.Model.Load(folder["two.zip"], out _);
        Fails.With<InvalidDataException>("format version 8.1", () => s_ml.Autoencoders().Upgrade(stock));
        Assert.AreEqual(60, stock.Transform(view).GetColumn<float[]>("Good").Count(), "the model still works");
        (stock as IDisposable)?.Dispose();
    }

    [TestMethod]
    public void An_encoder_or_decoder_alone_is_a_model_that_knows_what_it_is()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml, options => (options.CodeColumnName, options.ReconstructionColumnName) = (null, null));
        model.ExportOnnx(folder["e"], folder["d"], null);
        CollectionAssert.AreEquivalent(new[] { "e", "d" }, Directory.GetFiles(folder.Path).Select(Path.GetFileName).ToArray());
        var view = Rows.View(s_ml, 30);
        using var encoder = s_ml.Autoencoders().FromModel(new MLNetAutoencoder.Onnx.AutoencoderModel(File.ReadAllBytes(folder["e"]), "e"));
        using var decoder = s_ml.Autoencoders().FromModel(new MLNetAutoencoder.Onnx.AutoencoderModel(File.ReadAllBytes(folder["d"]), "d"));
        Assert.AreEqual("Code", encoder.GetOutputSchema(view.Schema)[view.Schema.Count].Name);
        Assert.IsLessThan(1e-5, Rows.Difference(
            model.Reconstructor.Transform(view).GetColumn<float[]>("Reconstruction").SelectMany(v => v),
            decoder.Transform(encoder.Transform(view)).GetColumn<float[]>("Reconstruction").SelectMany(v => v)));
        Fails.With<InvalidOperationException>("only the decoder of an autoencoder", () => decoder.ExportOnnx(folder["x"], null, null));
        Fails.With<InvalidOperationException>("only the encoder of an autoencoder", () => encoder.ExportOnnx(null, null, folder["x"]));
        Fails.With<InvalidOperationException>("only the decoder", () => decoder.Scorer.ToString());
        Fails.With<ArgumentException>("No path is given", () => model.ExportOnnx(null, null, null));

        s_ml.Model.Save(model.Decoder, encoder.GetOutputSchema(view.Schema), folder["d.zip"]);
        using var again = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["d.zip"], out DataViewSchema? _);
        Assert.AreEqual("decoder", again.Metadata.Graph);
    }

    [TestMethod]
    public void A_scorer_keeps_the_columns_that_the_options_name()
    {
        using var model = Rows.Fit(s_ml, options => (options.ScoreColumnName, options.PredictedLabelColumnName) = ("PredictedLabel", null));
        Assert.AreEqual("PredictedLabel:Single", string.Join(
            ',', model.Scorer.GetOutputSchema(Rows.View(s_ml, 1).Schema).Skip(4).Select(column => $"{column.Name}:{column.Type}")));
    }

    [TestMethod]
    public void Parts_save_by_themselves()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml);
        var view = Rows.View(s_ml, 50);
        foreach (var (name, part, input, output) in new[]
        {
            ("encoder", model.Encoder, view, "Code"),
            ("decoder", model.Decoder, model.Encoder.Transform(view), "Reconstruction"),
            ("reconstructor", model.Reconstructor, view, "Reconstruction"),
            ("scorer", model.Scorer, view, "Score"),
        })
        {
            s_ml.Model.Save(part, input.Schema, folder[name]);
            using var again = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder[name], out _);
            Assert.AreEqual(
                string.Join(',', part.GetOutputSchema(input.Schema).Select(column => column.Name)),
                string.Join(',', again.GetOutputSchema(input.Schema).Select(column => column.Name)), name);
            if (output == "Score")
                Same(part.Transform(input), again.Transform(input), output);
            else
                Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(
                    part.Transform(input).GetColumn<float[]>(output).SelectMany(v => v),
                    again.Transform(input).GetColumn<float[]>(output).SelectMany(v => v)));
        }
    }

    [TestMethod]
    public void Saving_leaves_no_file_behind()
    {
        using var folder = new TestFolder();
        using var temporary = new TestFolder();
        var ml = new MLContext(seed: 1) { TempFilePath = temporary.Path };
        using var model = Rows.Fit(ml);
        ml.Model.Save(model, Rows.View(ml, 1).Schema, folder["model.zip"]);
        Assert.AreEqual(0, Directory.GetFileSystemEntries(temporary.Path).Length, "after Save");
        using var again = (AutoencoderTransformer)ml.Autoencoders().Load(folder["model.zip"], out _);
        Assert.AreEqual(0, Directory.GetFiles(temporary.Path, "*", SearchOption.AllDirectories).Length, "after Load");

        Assert.Throws<Exception>(() => ml.Model.Save(model, Rows.View(ml, 1).Schema, folder["no/such/folder/model.zip"]));
        using (var full = new MemoryStream(new byte[100]))
            Assert.Throws<Exception>(() => ml.Model.Save(model, Rows.View(ml, 1).Schema, full));
        byte[] damaged = File.ReadAllBytes(folder["model.zip"]);
        damaged.AsSpan(damaged.Length / 2, 40).Clear();
        Assert.Throws<Exception>(() => ml.Autoencoders().Load(new MemoryStream(damaged), out DataViewSchema? _));
        Assert.AreEqual(0, Directory.GetFiles(temporary.Path, "*", SearchOption.AllDirectories).Length, "after failures");
    }

    [TestMethod]
    public void A_model_saved_with_its_loader_comes_back()
    {
        using var folder = new TestFolder();
        File.WriteAllLines(folder["rows.csv"], Rows.Make(100)
            .Select(row => string.Join(',', row.Features.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))));
        var loader = s_ml.Data.CreateTextLoader([new TextLoader.Column("Features", DataKind.Single, 0, 4)], separatorChar: ',');
        var view = loader.Load(folder["rows.csv"]);
        var chain = s_ml.Transforms.CopyColumns("Copy", "Features").Append(s_ml.Autoencoders().Dense(Rows.Options())).Fit(view);
        s_ml.Model.Save(chain, loader, folder["model.zip"]);
        var again = s_ml.Autoencoders().Load(folder["model.zip"], out var schema);
        Assert.AreEqual("Features", string.Join(',', schema!.Select(column => column.Name)));
        Same(chain.Transform(view), again.Transform(view), "Score");

        var stock = StockProcess.Score(folder["model.zip"], view);
        Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(
            chain.Transform(view).GetColumn<float>("Score"),
            stock["Score"].Values.Select(text => float.Parse(text, CultureInfo.InvariantCulture))));
    }

    [TestMethod]
    public void Loading_opens_no_session_of_MLNETs_so_that_a_device_that_is_not_there_does_not_stop_it()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml);
        var view = Rows.View(s_ml, 20);
        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        var ml = new MLContext(seed: 1) { GpuDeviceId = 99, FallbackToCpu = true };
        var warnings = new List<string>();
        ml.Log += (_, e) =>
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                warnings.Add(e.RawMessage);
        };
        using var again = (AutoencoderTransformer)ml.Autoencoders().Load(folder["model.zip"], out _);
        Same(model.Transform(view), again.Transform(view), "Score");
        Same(model.Transform(view), again.Transform(view), "Score");
        Assert.AreEqual(1, warnings.Count, "one warning, however often the model is used");
        StringAssert.Contains(warnings[0], "The CUDA device 99 was asked for and cannot be used");
        StringAssert.Contains(warnings[0], "The autoencoder runs on the CPU.");
        StringAssert.Contains(warnings[0], "ONNX Runtime said:");

        ml.FallbackToCpu = false;
        using var strict = (AutoencoderTransformer)ml.Autoencoders().Load(folder["model.zip"], out _);
        Fails.With<InvalidOperationException>("Or set FallbackToCpu, or GpuDeviceId to null", () => Rows.Read(ml, strict.Transform(view)));

        using var onCpu = strict.WithScoring(new ScoringOptions { FallbackToCpu = true });
        Same(model.Transform(view), onCpu.Transform(view), "Score");
    }

    [TestMethod]
    public void A_newer_format_in_a_model_file_is_refused_with_its_version()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        model.ExportOnnx(folder["e"], folder["d"], folder["s"]);
        var scorer = new MLNetAutoencoder.Onnx.AutoencoderModel(File.ReadAllBytes(folder["s"]), "The graph");
        using var newer = s_ml.Autoencoders().FromModel(scorer.WithMetadata(scorer.Metadata with { FormatVersion = "1.9" }));
        s_ml.Model.Save(newer, Rows.View(s_ml, 1).Schema, folder["minor.zip"]);
        Assert.IsNotNull(s_ml.Autoencoders().Load(folder["minor.zip"], out _), "a newer minor version is read");

        ChangeVersion(folder["minor.zip"], "1.9", "9.1");
        var error = Assert.ThrowsExactly<InvalidDataException>(() => s_ml.Autoencoders().Load(folder["minor.zip"], out _));
        StringAssert.Contains(error.Message, folder["minor.zip"]);
        StringAssert.Contains(error.Message, "has the format version 9.1; this library");
    }

    [TestMethod]
    public void A_file_that_is_no_model_is_refused_by_name()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        s_ml.Model.Save(model, Rows.View(s_ml, 1).Schema, folder["model.zip"]);
        byte[] whole = File.ReadAllBytes(folder["model.zip"]);

        Fails.With<FileNotFoundException>("nothing.zip' does not exist", () => Load("nothing.zip"));
        File.WriteAllText(folder["text.zip"], "not a zip");
        Refused("text.zip", "cannot be opened as a model of ML.NET");
        File.WriteAllBytes(folder["half.zip"], whole[..(whole.Length / 2)]);
        Refused("half.zip", "cannot be opened as a model of ML.NET");
        using (var zip = ZipFile.Open(folder["foreign.zip"], ZipArchiveMode.Create))
            zip.CreateEntry("readme.txt");
        Refused("foreign.zip", "cannot be opened as a model of ML.NET");
        var other = s_ml.Transforms.CopyColumns("Copy", "Features").Fit(Rows.View(s_ml, 1));
        s_ml.Model.Save(other, Rows.View(s_ml, 1).Schema, folder["other.zip"]);
        Refused("other.zip", "holds no autoencoder of this library");

        void Refused(string file, string message)
        {
            var error = Assert.ThrowsExactly<InvalidDataException>(() => Load(file));
            StringAssert.Contains(error.Message, folder[file]);
            StringAssert.Contains(error.Message, message);
        }
        ITransformer Load(string file) => s_ml.Autoencoders().Load(folder[file], out _);
    }

    [TestMethod]
    public void An_output_folder_that_cannot_be_written_is_named_and_nothing_half_written()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        Fails.With<IOException>("no/such/folder/d.onnx' cannot be written",
            () => model.ExportOnnx(folder["e.onnx"], folder["no/such/folder/d.onnx"], folder["s.onnx"]));
        Assert.AreEqual(0, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    /// <summary>
    /// Changes the format version of a graph inside a model file, as another version of the library would have written
    /// it.
    /// </summary>
    private static void ChangeVersion(string path, string from, string to)
    {
        byte[] Entry(string version) => [.. "autoencoder.format_version"u8, 0x12, (byte)version.Length,
            .. System.Text.Encoding.ASCII.GetBytes(version)];
        using var zip = ZipFile.Open(path, ZipArchiveMode.Update);
        int changed = 0;
        foreach (var entry in zip.Entries.Where(candidate => candidate.FullName.EndsWith("OnnxModel", StringComparison.Ordinal)).ToArray())
        {
            byte[] bytes = new byte[entry.Length];
            using var stream = entry.Open();
            stream.ReadExactly(bytes);
            int place = bytes.AsSpan().IndexOf(Entry(from));
            if (place < 0)
                continue;
            Entry(to).CopyTo(bytes, place);
            stream.Position = 0;
            stream.Write(bytes);
            changed++;
        }
        Assert.AreEqual(1, changed);
    }

    private static void Same(IDataView expected, IDataView actual, params string[] columns)
    {
        foreach (string column in columns)
            Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(expected.GetColumn<float>(column), actual.GetColumn<float>(column)), column);
    }
}
