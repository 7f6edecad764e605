using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Samples;

namespace MLNetAutoencoder.Bench.Convolution;

/// <summary>
/// Held-out errors of a convolutional network and of dense ones on the digits of the samples, under several trainings. A study of accuracy,
/// not of speed.
/// </summary>
internal static class ConvolutionStudy
{
    private static readonly MLContext s_ml = new(seed: 1);

    public static int Run()
    {
        var data = DataSets.Digits(s_ml);
        var pixels = s_ml.Transforms.CopyColumns("Features", data.Features[0]);
        var train = pixels.Fit(data.Train).Transform(data.Train);
        var heldOut = pixels.Fit(data.Test).Transform(s_ml.Data.TakeRows(data.Test, 301));
        var networks = new (string Name, NetworkOptions Network)[]
        {
            ("convolutional 16, 32", new ConvolutionalNetworkOptions { Height = 8, Width = 8, Normalization = Normalization.Batch }),
            ("dense 128", new DenseNetworkOptions { Hidden = [128] }),
            ("dense 72, 36", new DenseNetworkOptions { Hidden = [72, 36] }),
            ("dense 400", new DenseNetworkOptions { Hidden = [400] }),
        };
        Console.WriteLine($"{"network",-22} {"parameters",10} {"epochs",7} {"batch",6} {"held-out error",15}");
        foreach (var (epochs, batch) in new[] { (100, 32), (50, 32), (100, 128) })
        {
            foreach (var (name, network) in networks)
            {
                long parameters = 0;
                double error = Enumerable.Range(1, 3).Average(seed =>
                {
                    var options = new AutoencoderEstimator.Options
                    {
                        Network = network, Scaling = InputScaling.None, Epochs = epochs, BatchSize = batch, LearningRate = 3e-3,
                        Seed = seed,
                    };
                    using var model = new AutoencoderEstimator(s_ml, options)
                        .Fit(train, (trained, _) => parameters = trained.ParameterCount);
                    return model.Transform(heldOut).GetColumn<float>("Score").Average();
                });
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{name,-22} {parameters,10} {epochs,7} {batch,6} {error,15:F2}"));
            }
        }
        return 0;
    }
}
