using System.Globalization;
using Microsoft.ML;

namespace MLNetAutoencoder.Bench.Accuracy;

/// <summary>What the benchmark of accuracy is asked for.</summary>
internal sealed record AccuracyOptions
{
    public const string Usage =
        "usage: accuracy FOLDER [--contaminate SHARE] [--seeds N] [--folds N] [--sets A,B] [--variant detector|masked|dense]";

    public required string Folder { get; init; }

    /// <summary>The share of the training rows that is made anomalies; 0 for none.</summary>
    public double Contaminate { get; init; }

    public int Seeds { get; init; } = 1;

    public int Folds { get; init; } = int.MaxValue;

    public string[] Sets { get; init; } = [];

    public string Variant { get; init; } = "detector";

    public static AccuracyOptions? Parse(string[] args)
    {
        if (args.Length == 0 || args.Length % 2 == 0 || !Directory.Exists(args[0]))
            return null;
        var options = new AccuracyOptions { Folder = args[0] };
        for (int i = 1; i < args.Length; i += 2)
        {
            string value = args[i + 1];
            bool isNumber = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
            if (args[i] is "--contaminate" or "--seeds" or "--folds" && !isNumber)
                return null;
            AccuracyOptions? next = args[i] switch
            {
                "--contaminate" => options with { Contaminate = number },
                "--seeds" => options with { Seeds = (int)number },
                "--folds" => options with { Folds = (int)number },
                "--sets" => options with { Sets = value.Split(',') },
                "--variant" => options with { Variant = value },
                _ => null,
            };
            if (next is null)
                return null;
            options = next;
        }
        return options;
    }

    /// <summary>What is trained: one thread, and nothing told of the set.</summary>
    public IEstimator<AutoencoderTransformer> Create(MLContext ml, int seed)
    {
        switch (Variant)
        {
            case "masked":
                var masked = new AnomalyDetectionEstimator.Options { Seed = seed, Threads = 1, Neighbors = 0 };
                return ml.Autoencoders().AnomalyDetection(masked);
            case "neighbors":
                return ml.Autoencoders().AnomalyDetection(new AnomalyDetectionEstimator.Options { Seed = seed, Threads = 1, Steps = 1 });
            case "dense":
                return ml.Autoencoders().Dense(new AutoencoderEstimator.Options { Seed = seed, Threads = 1 });
            default:
                return ml.Autoencoders().AnomalyDetection(new AnomalyDetectionEstimator.Options { Seed = seed, Threads = 1 });
        }
    }
}
