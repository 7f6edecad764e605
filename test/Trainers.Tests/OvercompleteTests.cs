using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>A code with as many units as there are features, or more, can hold a copy of the row.</summary>
[TestClass]
public sealed class OvercompleteTests
{
    private const string Warning = "without a penalty or corruption the autoencoder may learn to copy its input";

    [TestMethod]
    [DataRow(4, false)]
    [DataRow(5, true)]
    [DataRow(12, true)]
    public void A_code_without_a_penalty_warns_from_the_width_of_the_features_on(int code, bool expected) =>
        Check(expected, options => options.Code = options.Code with { Size = code });

    [TestMethod]
    public void Whatever_keeps_the_network_from_copying_silences_the_warning()
    {
        Check(false, options => options.Penalties = [new L1Penalty(0.01)]);
        Check(false, options => (options.Penalties, options.Code) = (
            [new KullbackLeiblerPenalty(0.01)], options.Code with { Activation = Activation.Sigmoid }));
        Check(false, options =>
            (options.Penalties, options.Code) = ([new BinaryCodePenalty(0.01)], options.Code with { Activation = Activation.Sigmoid }));
        Check(false, options => options.Penalties = [new ContractivePenalty(0.01)]);
        Check(false, options => options.Corruption = new MaskingCorruption(0.2));
        Check(false, options => options.Code = options.Code with { NoiseDeviation = 0.1 });
        Check(false, options => options.Network = (DenseNetworkOptions)options.Network with { Dropout = 0.1 });

        // Small weights copy as well as large ones: the decoder may have those.
        Check(true, options => options.WeightL2 = 1e-4);
    }

    private static void Check(bool expected, Action<AutoencoderEstimator.Options> change)
    {
        var ml = new MLContext(seed: 1);
        var log = new List<string>();
        ml.Log += (_, e) => log.Add(e.RawMessage);
        Rows.Fit(ml, options =>
        {
            options.Code = options.Code with { Size = 9 };
            options.Epochs = 1;
            change(options);
        }).Dispose();
        Assert.AreEqual(expected, log.Any(message => message.Contains(Warning, StringComparison.Ordinal)), string.Join('\n', log));
    }
}
