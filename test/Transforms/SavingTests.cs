using System.Globalization;
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
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
            "PredictedLabel Vector<Boolean, 1, 1>; Anomaly Score Vector<Single, 1, 1>; Code Vector<Single, 1, 2>; Reconstruction Vector<Single, 1, 5>; FeatureErrors Vector<Single, 1, 5>",
            string.Join("; ", stock.Select(column => $"{column.Key} {column.Value.Type}")),
            "these columns and no helper");

        var ours = model.Transform(rows);
        Compare("Anomaly Score", ours.GetColumn<float>("Anomaly Score").Select(value => new[] { value }));
        foreach (string vector in new[] { "Code", "Reconstruction", "FeatureErrors" })
            Compare(vector, ours.GetColumn<float[]>(vector));
        CollectionAssert.AreEqual(ours.GetColumn<bool>("PredictedLabel").Select(value => value.ToString()).ToArray(), stock["PredictedLabel"].Values);

        void Compare(string column, IEnumerable<float[]> values) => Assert.IsLessThanOrEqualTo(1e-6,
            Rows.Difference(values.SelectMany(value => value), stock[column].Values.SelectMany(text => text.Split(',')).Select(text => float.Parse(text, CultureInfo.InvariantCulture))), column);
    }

    [TestMethod]
    public void A_chain_with_transforms_before_and_after_and_two_autoencoders_comes_back_whole()
    {
        using var folder = new TestFolder();
        var rows = FeaturesOnly(200);
        var pipeline = s_ml.Transforms.Concatenate("Both", "Features", "Features")
            .Append(s_ml.Autoencoders().Dense(new AutoencoderEstimator.Options { FeatureColumnName = "Both", Epochs = 2, Seed = 1, ScoreColumnName = "First", PredictedLabelColumnName = null, Code = new CodeOptions { Size = 3 } }))
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
        Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(chain.Transform(rows).GetColumn<float>("First"), stock["First"].Values.Select(text => float.Parse(text, CultureInfo.InvariantCulture))));
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
        Assert.AreEqual("fixed", again.Metadata.ThresholdRule);
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
                Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(part.Transform(input).GetColumn<float[]>(output).SelectMany(v => v), again.Transform(input).GetColumn<float[]>(output).SelectMany(v => v)));
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
    }

    [TestMethod]
    public void A_file_that_is_no_model_is_refused_by_name()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        s_ml.Model.Save(model, Rows.View(s_ml, 1).Schema, folder["model.zip"]);
        byte[] whole = File.ReadAllBytes(folder["model.zip"]);

        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => Load("nothing.zip")).Message, "nothing.zip' does not exist");
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
        var error = Assert.ThrowsExactly<IOException>(() => model.ExportOnnx(folder["e.onnx"], folder["no/such/folder/d.onnx"], folder["s.onnx"]));
        StringAssert.Contains(error.Message, "no/such/folder/d.onnx' cannot be written");
        Assert.AreEqual(0, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    private static void Same(IDataView expected, IDataView actual, params string[] columns)
    {
        foreach (string column in columns)
            Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(expected.GetColumn<float>(column), actual.GetColumn<float>(column)), column);
    }
}
