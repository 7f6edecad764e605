using System.Runtime.InteropServices;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

[TestClass]
public sealed class SharedWeightsTests
{
    [TestMethod]
    public void Sessions_of_one_model_read_the_same_weights()
    {
        const int d = 2048;
        using var small = Rows.Fit(new MLContext(seed: 1), options => options.Epochs = 0);
        var metadata = small.Metadata.OfSizes(d, d);
        byte[] graph = GraphBytes.Scorer(
            (g, x, _) => g.Node("Mul", "encoder", [x, g.Initializer("encoder/weight", [.. Enumerable.Repeat(2f, d)], d)]),
            (g, z, _) => g.Node("Neg", "decoder", [z]), metadata);
        using var model = new AutoencoderModel(graph, "The graph");
        using var coder = model.CreateRunner([GraphNames.Features], [GraphNames.Code], 1);
        using var reconstructor = model.CreateRunner([GraphNames.Features], [GraphNames.Reconstruction], 1);
        (float Code, float Reconstruction) Run()
        {
            coder.Input(0).Fill(1);
            reconstructor.Input(0).Fill(1);
            coder.Run(1);
            reconstructor.Run(1);
            return (coder.OutputRow<float>(0, 0)[d - 1], reconstructor.OutputRow<float>(0, 0)[d - 1]);
        }

        Assert.AreEqual((2f, -2f), Run());

        // A weight of an element-wise operator is read where it lies; were it copied, for one session or for both, the
        // change would not show.
        MemoryMarshal.Cast<byte, float>(model.Weights!["encoder/weight"]).Fill(5);
        Assert.AreEqual((5f, -5f), Run());
    }

    [TestMethod]
    public void Small_weights_are_widened_once_for_all_sessions()
    {
        using var model = Rows.Fit(new MLContext(seed: 1), options =>
            (options.Epochs, options.Network) = (0, new DenseNetworkOptions { Hidden = [300] }));
        foreach (var form in new[] { OnnxQuantization.Float16, OnnxQuantization.Int8Weights })
        {
            using var quantized = new AutoencoderModel(
                model.ToQuantizedOnnx(Rows.View(new MLContext(seed: 1), 50), new QuantizationOptions { Form = form, Force = true }, out _),
                "The graph");
            using var coder = quantized.CreateRunner([GraphNames.Features], [GraphNames.Code], 1);
            string name = "encoder/dense1/weight/" + (form == OnnxQuantization.Float16 ? "single" : "scaled");
            Assert.AreEqual(300 * Row.FeatureCount * sizeof(float), quantized.Weights![name].Length);
        }
    }
}
