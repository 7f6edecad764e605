using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Stacked;

/// <summary>
/// What greedy pretraining is worth on the digits of the samples: to a classifier with few labels, and to an
/// autoencoder. A study of accuracy, not of speed.
/// </summary>
internal static class StackedStudy
{
    private const int Seeds = 10, PretrainingEpochs = 20;

    private static readonly MLContext s_ml = new(seed: 1);

    public static int Run()
    {
        Console.WriteLine(
            $"stacked: digits, 1200 rows to train on, 597 held out, split anew by each of {Seeds} seeds; mean ± standard error over the " +
            "seeds");
        Classify();
        Reconstruct();
        return 0;
    }

    /// <summary>
    /// Held-out accuracy with 50 labels and with all. With one seed, split and initial weights are the same whatever
    /// the pretraining.
    /// </summary>
    private static void Classify()
    {
        Console.WriteLine(
            $"\nclassifier 64-100-50-10, min-max scaling, batch 32, Adam 1e-3; pretraining {PretrainingEpochs} epochs a layer over all " +
            "rows, fine-tuning over the labeled ones");
        Console.WriteLine($"{"labels",-8}{"epochs",-8}{"activation",-12}{"pretraining",-16}{"accuracy",-18}gain over none");
        foreach (var (labels, epochs) in new[] { (50, 200), (50, 1000), (1200, 20) })
        {
            foreach (var activation in new[] { Activation.ReLU, Activation.Sigmoid })
            {
                var none = Accuracies(labels, epochs, activation, 0, null);
                var plain = Accuracies(labels, epochs, activation, PretrainingEpochs, null);
                var masking = Accuracies(labels, epochs, activation, PretrainingEpochs, new MaskingCorruption(0.25));
                foreach (var (name, accuracies) in new[] { ("none", none), ("plain", plain), ("masking 0.25", masking) })
                {
                    string gain = accuracies == none ? "" : MeanAndError([.. accuracies.Zip(none, (a, b) => a - b)]);
                    Console.WriteLine($"{labels,-8}{epochs,-8}{activation,-12}{name,-16}{MeanAndError(accuracies),-18}{gain}".TrimEnd());
                }
                if (labels == 50)
                    Report.Ratio($"stacked.{labels}-labels-{epochs}-epochs-{activation.ToString().ToLowerInvariant()}-accuracy-vs-none",
                        plain.Average() / none.Average());
            }
        }
    }

    private static double[] Accuracies(int labels, int epochs, Activation activation, int pretrainingEpochs, Corruption? corruption) =>
        [.. Enumerable.Range(1, Seeds).Select(seed =>
    {
        var digits = new Digits(s_ml, seed);
        using var model = s_ml.Autoencoders().StackedClassifier(new StackedClassifierEstimator.Options
        {
            Activation = activation,
            Corruption = corruption,
            Scaling = InputScaling.MinMax,
            PretrainingEpochs = pretrainingEpochs,
            Epochs = epochs,
            Seed = seed,
        }).Fit(digits.Train(labels));
        return s_ml.MulticlassClassification.Evaluate(model.Transform(digits.HeldOut)).MicroAccuracy;
    })];

    /// <summary>
    /// Held-out reconstruction error of an untrained stack, after pretraining, and after fine-tuning; and of the same
    /// network trained as a whole for as many epochs.
    /// </summary>
    private static void Reconstruct()
    {
        Console.WriteLine(
            "\nautoencoder 64-48-32-16-32-48-64, ReLU, linear code, min-max scaling, batch 32, Adam 1e-3; held-out mean squared error");
        foreach (var (name, pretraining, epochs) in new (
            string, int?, int)[] { ("untrained", null, 0), ("pretrained, 20 epochs a layer", 20, 0), ("and fine-tuned, 20 epochs", 20, 20),
            ("as a whole, 20 epochs", null, 20), ("as a whole, 80 epochs", null, 80) })
        {
            double[] errors = [.. Enumerable.Range(1, Seeds).Select(seed =>
            {
                var digits = new Digits(s_ml, seed);
                using var model = s_ml.Autoencoders().Dense(new AutoencoderEstimator.Options
                {
                    Network = new DenseNetworkOptions { Hidden = [48, 32] },
                    Code = new CodeOptions { Size = 16 },
                    Scaling = InputScaling.MinMax,
                    Pretraining = pretraining is { } before ? new PretrainingOptions { Epochs = before } : null,
                    Epochs = epochs,
                    Seed = seed,
                }).Fit(digits.Train(0));
                return (double)model.Transform(digits.HeldOut).GetColumn<float>("Score").Average();
            })];
            Console.WriteLine($"{name,-34}{MeanAndError(errors)}");
        }
    }

    private static string MeanAndError(double[] values)
    {
        double mean = values.Average();
        double error = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length);
        return string.Create(CultureInfo.InvariantCulture, $"{mean:F4} ± {error:F4}");
    }
}
