using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Exported files opened again.</summary>
[TestClass]
public sealed class FromOnnxTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> Variants => EveryVariant.Data;

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void A_scorer_is_the_model_as_it_was_fitted(string name)
    {
        using var folder = new TestFolder();
        var model = EveryVariant.Fitted(name);
        var view = EveryVariant.Rows(40);
        model.ExportOnnx(folder["s.onnx"]);
        byte[] bytes = File.ReadAllBytes(folder["s.onnx"]);
        using var again = s_ml.Autoencoders().FromOnnx(folder["s.onnx"]);
        using var fromBytes = s_ml.Autoencoders().FromOnnx(bytes);
        foreach (var one in new[] { again, fromBytes })
        {
            Assert.AreEqual(Schema(model, view), Schema(one, view));
            Assert.AreEqual(model.Threshold, one.Threshold);
            CollectionAssert.AreEqual(bytes, one.ToOnnx(OnnxGraph.Scorer));
        }
        CollectionAssert.AreEqual(model.Transform(view).GetColumn<float>("Score").ToArray(),
            again.Transform(view).GetColumn<float>("Score").ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void An_encoder_or_a_decoder_is_that_part(string name)
    {
        using var folder = new TestFolder();
        var model = EveryVariant.Fitted(name);
        var view = EveryVariant.Rows(40);
        model.ExportOnnx(folder["e.onnx"], OnnxGraph.Encoder);
        model.ExportOnnx(folder["d.onnx"], OnnxGraph.Decoder);
        using var encoder = s_ml.Autoencoders().FromOnnx(folder["e.onnx"]);
        using var decoder = s_ml.Autoencoders().FromOnnx(folder["d.onnx"]);
        Assert.AreEqual("encoder decoder", $"{encoder.Metadata.Graph} {decoder.Metadata.Graph}");

        // 1e-5: the scorer's session may fuse other nodes than those of the parts.
        Assert.IsLessThan(1e-5, Rows.Difference(
            model.Transform(view).GetColumn<float[]>("Reconstruction").SelectMany(row => row),
            decoder.Transform(encoder.Transform(view)).GetColumn<float[]>("Reconstruction").SelectMany(row => row)));
    }

    [TestMethod]
    public void Scoring_options_are_taken()
    {
        using var folder = new TestFolder();
        EveryVariant.Fitted("dense").ExportOnnx(null, null, folder["s.onnx"]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => s_ml.Autoencoders().FromOnnx(folder["s.onnx"], new ScoringOptions { BatchSize = 0 }));
        using var model = s_ml.Autoencoders().FromOnnx(folder["s.onnx"], new ScoringOptions { BatchSize = 3, IntraOpThreads = 1 });
        Assert.AreEqual(40, model.Transform(EveryVariant.Rows(40)).GetColumn<float>("Score").Count());
    }

    [TestMethod]
    public void What_is_no_file_of_an_autoencoder_is_refused_by_its_name()
    {
        using var folder = new TestFolder();
        var model = EveryVariant.Fitted("dense");
        void Refused<TException>(string file, string message) where TException : Exception
        {
            string refusal = Assert.ThrowsExactly<TException>(() => s_ml.Autoencoders().FromOnnx(folder[file])).Message;
            StringAssert.Contains(refusal, message);
            StringAssert.Contains(refusal, folder[file]);
        }
        Refused<FileNotFoundException>("none.onnx", "does not exist");
        Directory.CreateDirectory(folder["folder"]);
        Refused<FileNotFoundException>("folder", "is a folder; expected an ONNX file");
        File.WriteAllText(folder["text.onnx"], "no model at all");
        Refused<InvalidDataException>("text.onnx", "is not an ONNX model");
        File.Copy(Repository.PathOf("test", "Interop.Tests", "Import", "data", "dense-encoder.onnx"), folder["foreign.onnx"]);
        Refused<InvalidDataException>("foreign.onnx", "is not an autoencoder of this library");

        var labeled = s_ml.Transforms.Conversion.MapValueToKey("Label", "Name").Fit(Rows.View(s_ml, 4)).Transform(Rows.View(s_ml, 4));
        using var classifier = s_ml.Autoencoders()
            .StackedClassifier(new StackedClassifierEstimator.Options { Hidden = [3], Code = 2, Epochs = 1, Seed = 1 }).Fit(labeled);
        classifier.ExportOnnx(folder["classifier.onnx"]);
        Refused<InvalidDataException>("classifier.onnx", "which gives classes and no anomaly scores. Use ClassifierFromOnnx");
        using var again = s_ml.Autoencoders().ClassifierFromOnnx(folder["classifier.onnx"]);
        using var fromBytes = s_ml.Autoencoders().ClassifierFromOnnx(classifier.ToOnnx());
        foreach (var one in new[] { again, fromBytes })
            CollectionAssert.AreEqual(Probabilities(classifier), Probabilities(one));
        model.ExportOnnx(folder["scorer.onnx"]);
        Fails.With<InvalidDataException>("is the scorer of an autoencoder (dense) and tells no classes. Use FromOnnx.",
            () => s_ml.Autoencoders().ClassifierFromOnnx(folder["scorer.onnx"]));
        Assert.ThrowsExactly<FileNotFoundException>(() => s_ml.Autoencoders().ClassifierFromOnnx(folder["none.onnx"]));
        Assert.ThrowsExactly<ArgumentException>(() => s_ml.Autoencoders().FromOnnx(""));

        float[] Probabilities(ITransformer one) => [.. one.Transform(labeled).GetColumn<float[]>("Score").SelectMany(row => row)];
    }

    private static string Schema(AutoencoderTransformer model, IDataView view) =>
        string.Join(' ', model.GetOutputSchema(view.Schema).Select(column => $"{column.Name}:{column.Type}"));
}
