using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Greedy layer-wise pretraining, and fine-tuning of the whole after it.</summary>
[TestClass]
public sealed class StackedTests
{
    private const int TrainingRows = 1200;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly DigitRow[] s_digits = DigitRows.Read(seed: 5);

    /// <summary>The mean reconstruction error of the rows that were not trained on, 64-32-16-32-64.</summary>
    private static double HeldOutError(int? pretrainingEpochs, int epochs, Corruption? corruption = null)
    {
        var options = new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [32] },
            Code = new CodeOptions { Size = 16 },
            Scaling = InputScaling.MinMax,
            Pretraining = pretrainingEpochs is { } before ? new PretrainingOptions { Epochs = before } : null,
            Corruption = corruption,
            Epochs = epochs,
            Seed = 1,
        };
        using var model = s_ml.Autoencoders().Autoencoder(options).Fit(s_ml.Data.LoadFromEnumerable(s_digits[..TrainingRows]));
        return model.Transform(s_ml.Data.LoadFromEnumerable(s_digits[TrainingRows..])).GetColumn<float>("Score").Average();
    }

    [TestMethod]
    public void Pretraining_lowers_the_error_and_fine_tuning_lowers_it_further()
    {
        double untrained = HeldOutError(null, 0), pretrained = HeldOutError(20, 0), tuned = HeldOutError(20, 20);
        Assert.IsLessThan(0.5 * untrained, pretrained);
        Assert.IsLessThan(0.9 * pretrained, tuned);
    }

    [TestMethod]
    public void Each_layer_of_a_pretrained_denoising_stack_learns_from_spoiled_codes()
    {
        double untrained = HeldOutError(null, 0), pretrained = HeldOutError(20, 0, new MaskingCorruption(0.2));
        Assert.IsLessThan(0.5 * untrained, pretrained);
        Assert.AreNotEqual(HeldOutError(20, 0), pretrained);
    }

    [TestMethod]
    public void What_a_layer_reconstructs_is_compared_without_dropout()
    {
        // Steps too small to move a weight: the second layer, whose own units drop nothing, has the loss of the same
        // layer without dropout. The order of the rows differs, and with it the rounding.
        double Loss(double dropout)
        {
            var ml = new MLContext(seed: 1);
            var losses = new List<string>();
            ml.Log += (_, e) => losses.Add(e.RawMessage);
            using var model = Rows.Fit(ml, options => (options.Network, options.Pretraining, options.LearningRate) =
                (new DenseNetworkOptions { Hidden = [6], Dropout = dropout }, new PretrainingOptions { Epochs = 1 }, 1e-30));
            string told = losses.Last(message => message.StartsWith("Layer 2 of 2, epoch 1/1, step ", StringComparison.Ordinal));
            return double.Parse(told.Split("loss ")[1].Split(' ', ',')[0], System.Globalization.CultureInfo.InvariantCulture);
        }
        double plain = Loss(0);
        Assert.AreEqual(plain, Loss(0.5), 1e-4 * plain);
    }

    [TestMethod]
    public void The_catalog_makes_stacked_autoencoders()
    {
        var view = Rows.View(s_ml, 100);
        using var simple = s_ml.Autoencoders().Stacked(hidden: [6, 4], code: 2, pretrainingEpochs: 1, epochs: 1, seed: 1).Fit(view);
        Assert.AreEqual("stacked dense", simple.Metadata.Variant);
        StringAssert.Contains(simple.Metadata.Options, "\"pretraining\":{\"epochs\":1}");

        var options = Rows.Options();
        options.Pretraining = new PretrainingOptions();
        using var model = s_ml.Autoencoders().Stacked(options).Fit(view);
        StringAssert.Contains(model.Metadata.Options, $"\"pretraining\":{{\"epochs\":{PretrainingOptions.DefaultEpochs}}}");
    }

    [TestMethod]
    public void The_factory_needs_pretraining() => Fails.As<ArgumentException>(
        "The option Pretraining is null; a stacked autoencoder expects PretrainingOptions",
        () => s_ml.Autoencoders().Stacked(Rows.Options()));
}
