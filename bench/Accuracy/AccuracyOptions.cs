using System.Globalization;
using Microsoft.ML;

namespace MLNetAutoencoder.Bench.Accuracy;

/// <summary>What the benchmark of accuracy is asked for.</summary>
internal sealed record AccuracyOptions
{
    public const string Usage =
        "usage: accuracy FOLDER [--contaminate SHARE] [--seeds N] [--folds N] [--sets A,B] [--ablation] "
        + "[--variant detector|masked|dense|denoising|variational] [--steps N] [--code N] [--width N] [--members N] [--member-rows SHARE] "
        + "[--member-features SHARE] [--neighbors N] [--spaces FLAGS] [--residual 0|1] [--top SHARE] [--rounds N] [--visible WEIGHT] "
        + "[--trim SHARE]";

    public required string Folder { get; init; }

    /// <summary>The share of the training rows that is made anomalies; 0 for none.</summary>
    public double Contaminate { get; init; }

    public int Seeds { get; init; } = 1;

    public int Folds { get; init; } = int.MaxValue;

    public string[] Sets { get; init; } = [];

    public string Variant { get; init; } = "detector";

    /// <summary>What of the detector's options is not as by default: for ablations.</summary>
    public Action<AnomalyDetectionEstimator.Options> Change { get; init; } = _ => { };

    /// <summary>Whether each choice of the defaults is measured.</summary>
    public bool IsAblation { get; init; }

    /// <summary>Reads the arguments, from some options on; null where they are not understood.</summary>
    public static AccuracyOptions? Parse(string[] args, AccuracyOptions? start = null)
    {
        bool isAblation = args.Contains("--ablation");
        args = [.. args.Where(arg => arg != "--ablation")];
        if (args.Length == 0 || args.Length % 2 == 0 || !Directory.Exists(args[0]))
            return null;
        var options = start ?? new AccuracyOptions { Folder = args[0], IsAblation = isAblation };
        for (int i = 1; i < args.Length; i += 2)
        {
            string value = args[i + 1];
            bool isNumber = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
            if (args[i] is not ("--sets" or "--variant") && !isNumber)
                return null;
            AccuracyOptions? next = args[i] switch
            {
                "--contaminate" => options with { Contaminate = number },
                "--seeds" => options with { Seeds = (int)number },
                "--folds" => options with { Folds = (int)number },
                "--sets" => options with { Sets = value.Split(',') },
                "--variant" => options with { Variant = value },
                "--steps" => Changed(some => some.Steps = (int)number),
                "--code" => Changed(some => some.Code = (int)number),
                "--width" => Changed(some => some.Width = (int)number),
                "--members" => Changed(some => some.Members = (int)number),
                "--neighbors" => Changed(some => some.Neighbors = (int)number),
                "--rounds" => Changed(some => some.Masking = some.Masking with { ScoreRounds = (int)number }),
                "--visible" => Changed(some => some.Masking = some.Masking with { VisibleWeight = number }),
                "--loss" => Changed(some => some.Loss = (ReconstructionLoss)(int)number),
                "--spaces" => Changed(some => some.NeighborSpaces = (NeighborSpaces)(int)number),
                "--residual" => Changed(some => some.ResidualDistance = number != 0),
                "--top" => Changed(some => some.TopShare = number),
                "--member-rows" => Changed(some => some.MemberRows = number),
                "--member-features" => Changed(some => some.MemberFeatures = number),
                "--trim" => Changed(some => some.Contamination = number),
                _ => null,
            };
            if (next is null)
                return null;
            options = next;

            AccuracyOptions Changed(Action<AnomalyDetectionEstimator.Options> change)
            {
                var before = options.Change;
                return options with { Change = before + change };
            }
        }
        return options;
    }

    /// <summary>The sets of the folder that are wanted, in the order of their numbers.</summary>
    public LabeledSet[] ReadSets() =>
        [.. Directory.EnumerateFiles(Folder, "*.csv.gz").OrderBy(path => path, NaturalOrder.Comparer).Select(LabeledSet.Read)
            .Where(set => Sets.Length == 0 || Sets.Contains(set.Name))];

    /// <summary>What is trained: one thread, and nothing told of the set.</summary>
    public IEstimator<AutoencoderTransformer> Create(MLContext ml, int seed)
    {
        if (Variant == "dense")
            return ml.Autoencoders().Dense(new AutoencoderEstimator.Options { Seed = seed, Threads = 1 });
        if (Variant == "denoising")
            return ml.Autoencoders().Denoising(corruption: new MaskingCorruption(MaskingCorruption.DefaultShare), seed: seed);
        if (Variant == "variational")
            return ml.Autoencoders().Variational(new AutoencoderEstimator.Options
            {
                Seed = seed, Threads = 1,
                Code = new CodeOptions { Variational = new VariationalOptions { Score = VariationalScore.NegativeElbo } },
            });
        var options = new AnomalyDetectionEstimator.Options { Seed = seed, Threads = 1, FeatureErrorsColumnName = "FeatureErrors" };
        if (Variant == "masked")
            options.Neighbors = 0;
        Change(options);
        return ml.Autoencoders().AnomalyDetection(options);
    }
}
