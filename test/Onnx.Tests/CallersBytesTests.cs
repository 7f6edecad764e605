using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>A model keeps bytes of its own: what the caller does with the array afterwards is no matter.</summary>
[TestClass]
public sealed class CallersBytesTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Lazy<byte[]> s_scorer = new(() =>
    {
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        return model.ToOnnx(OnnxGraph.Scorer);
    });

    [TestMethod]
    public void A_model_gives_back_the_file_that_it_was_made_of()
    {
        byte[] bytes = [.. s_scorer.Value];
        using var model = new AutoencoderModel(bytes, "The graph");
        Array.Clear(bytes);
        Assert.AreSequenceEqual(s_scorer.Value, model.ToBytes());
        Assert.AreSequenceEqual(s_scorer.Value, model.ToOnnx(OnnxGraph.Scorer));
        using var placed = model.WithScoring(new ScoringOptions());
        Assert.AreSequenceEqual(s_scorer.Value, placed.ToBytes());
    }

    [TestMethod]
    public void A_transformer_exports_the_file_that_it_was_made_of()
    {
        byte[] bytes = [.. s_scorer.Value];
        using var model = s_ml.Autoencoders().FromOnnx(bytes);
        new Random(1).NextBytes(bytes);
        Assert.AreSequenceEqual(s_scorer.Value, model.ToOnnx(OnnxGraph.Scorer));
        using var folder = new TestFolder();
        model.ExportOnnx(null, null, folder["scorer.onnx"]);
        Assert.AreSequenceEqual(s_scorer.Value, File.ReadAllBytes(folder["scorer.onnx"]));
    }

    [TestMethod]
    public void What_a_model_gave_is_the_callers()
    {
        using var model = new AutoencoderModel([.. s_scorer.Value], "The graph");
        Array.Clear(model.ToBytes());
        Array.Clear(model.ToOnnx(OnnxGraph.Scorer));
        Assert.AreSequenceEqual(s_scorer.Value, model.ToBytes());
    }
}
