using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// A row far outside the training range scores above normal ones also where the loss is the cross-entropy, whose formula falls without end
/// outside [0, 1].
/// </summary>
[TestClass]
public sealed class FarRowsInCrossEntropyTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    [DataRow(1e6f)]
    [DataRow(-1e6f)]
    [DataRow(100f)]
    [DataRow(-100f)]
    [DataRow(1e15f)]
    [DataRow(-1e15f)]
    public void A_row_far_outside_in_all_features_is_an_anomaly(float value) =>
        AssertAnomaly([.. Enumerable.Repeat(value, NormalRow.FeatureCount)]);

    [TestMethod]
    [DataRow(1e6f)]
    [DataRow(-1e6f)]
    public void So_is_one_far_outside_in_one_feature(float value)
    {
        float[] row = [.. NormalRows.Make(1, seed: 9)[0].Features];
        row[4] = value;
        AssertAnomaly(row);
    }

    private static void AssertAnomaly(float[] far)
    {
        var training = NormalRows.Make(500);
        using var model = s_ml.Autoencoders().Dense(new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [6], OutputActivation = Activation.Sigmoid },
            Code = new CodeOptions { Size = 3 },
            Loss = ReconstructionLoss.BinaryCrossEntropy,
            Scaling = InputScaling.MinMax,
            Epochs = 20,
            Seed = 1,
        }).Fit(s_ml.Data.LoadFromEnumerable(training));
        float largest = model.Transform(s_ml.Data.LoadFromEnumerable(training)).GetColumn<float>("Score").Max();
        var scored = Rows.Read(s_ml, model.Transform(s_ml.Data.LoadFromEnumerable(new[] { new NormalRow { Features = far } })))[0];
        Assert.IsGreaterThan(largest, scored.Score, "no training row scores as high");
        Assert.IsTrue(scored.PredictedLabel);

        // So it is in the exported file.
        var inputs = new Dictionary<string, float[]> { [GraphNames.Features] = far };
        var exported = ExportedGraph.Run(model.ToOnnx(OnnxGraph.Scorer), inputs, rows: 1);
        Assert.IsGreaterThan(largest, exported[GraphNames.Score][0]);
    }
}
