using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>A model without a distribution of codes, as no Single holds their variances, says so where samples are asked for.</summary>
[TestClass]
public sealed class SampleOfLargeCodesTests
{
    private const string Reason = "more than a Single holds";

    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    [DataRow(CodeDistribution.Gaussian)]
    [DataRow(CodeDistribution.GaussianMixture)]
    public void After_training_a_sample_is_refused_with_the_reason(CodeDistribution distribution)
    {
        var rows = Rows.Make(200);
        foreach (var row in rows)
            row.Features = Array.ConvertAll(row.Features, value => value * 1e22f);
        void Change(AutoencoderEstimator.Options options) =>
            (options.Loss, options.Scaling) = (ReconstructionLoss.Cosine, InputScaling.None);
        using var model = Rows.Fit(s_ml, Change, s_ml.Data.LoadFromEnumerable(rows));
        AssertRefused(model, distribution);
    }

    [TestMethod]
    public void So_it_is_after_given_weights_whose_codes_are_large()
    {
        using var folder = new TestFolder();
        var view = Rows.View(s_ml, 200);
        using var model = Rows.Fit(s_ml, options => options.Network = new DenseNetworkOptions { Hidden = [] });
        model.ExportTorchWeights(folder["weights"]);

        // The code is 1e20 times as large, and the decoder takes that back: the scores are as before.
        var weights = SafeTensors.ReadFile(folder["weights"]);
        SafeTensor Scaled(SafeTensor tensor) =>
            tensor with { Values = Array.ConvertAll(tensor.Values.ToArray(), value => value * Factor(tensor.Name)) };
        File.WriteAllBytes(folder["scaled"], new SafeTensors([.. weights.Tensors.Select(Scaled)], weights.Metadata).ToBytes());
        using var large = model.WithTorchWeights(folder["scaled"], view, ThresholdRule.Contamination(0.1));
        float largest = large.Transform(view).GetColumn<float[]>("Code").Max(code => code.Max(Math.Abs));
        Assert.IsGreaterThan(1e19f, largest, "the codes are large");
        Assert.IsTrue(large.Transform(view).GetColumn<float>("Score").All(float.IsFinite));
        Assert.IsEmpty(large.Metadata.CodeCovariance);
        AssertRefused(large, distribution: null);

        static float Factor(string name) =>
            name.StartsWith("encoder", StringComparison.Ordinal) ? 1e20f
            : name.StartsWith("decoder", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal) ? 1e-20f : 1;
    }

    private static void AssertRefused(AutoencoderTransformer model, CodeDistribution? distribution) => StringAssert.Contains(
        Assert.ThrowsExactly<InvalidOperationException>(() => model.Generator.Sample(10, seed: 1, distribution)).Message, Reason);
}
