using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tool.Training;

/// <summary>What can be chosen about a training; what is null follows the variant.</summary>
internal sealed record TrainingChoices
{
    public const string DefaultFeatureColumnName = "Features";

    public string Variant { get; init; } = Variants.Detector;

    /// <summary>The column with the features.</summary>
    public string FeatureColumnName { get; init; } = DefaultFeatureColumnName;

    public int? Epochs { get; init; }

    public int? Steps { get; init; }

    public int? Code { get; init; }

    public int[] Hidden { get; init; } = [];

    /// <summary>How series are read; null where the rows are none.</summary>
    public SeriesChoices? Series { get; init; }

    public int? Seed { get; init; }

    public TrainingDevice Device { get; init; }

    public ThresholdRule? Threshold { get; init; }

    /// <summary>The share of the training rows that the detector takes for anomalies.</summary>
    public double Contamination { get; init; }

    /// <summary>Refuses choices that do not go together.</summary>
    public TrainingChoices Check()
    {
        if (Series is not null && (Epochs is not null || Hidden.Length > 0))
            throw new UsageException("--epochs and --hidden do not go with --time; a time series has --steps and --code.");
        if (Variant == Variants.Detector && (Epochs is not null || Hidden.Length > 0))
            throw new UsageException($"--epochs and --hidden do not go with the variant '{Variant}'; it has --steps and --code.");
        if (Variant != Variants.Detector && Steps is not null)
            throw new UsageException($"--steps goes with the variant '{Variants.Detector}' only; '{Variant}' has --epochs.");
        return this;
    }
}

/// <summary>How the rows of a file become time series.</summary>
/// <param name="Time">The column with the time.</param>
/// <param name="Key">The column that tells the series; null for one series.</param>
/// <param name="Width">The steps of a window; null for as many as the library has.</param>
/// <param name="IsCovering">Whether a row is scored by all windows that cover it.</param>
internal sealed record SeriesChoices(string Time, string? Key, WindowWidth? Width, bool IsCovering)
{
    /// <summary>The column of flags that tells known anomalies, whose windows are not trained on; null for none.</summary>
    public string? Label { get; init; }
}

/// <summary>The estimators by the names that the command line has for them.</summary>
internal static class Variants
{
    public const string Detector = "detector";

    private const double DefaultFalseAlarmRate = AnomalyDetectionEstimator.Options.DefaultFalseAlarmRate;
    private const double ValidationShare = 0.1;
    private const int BatchSize = 128;

    // Missing values take the mean's place when a row is scored, and do not count in the loss.
    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_presets = new(StringComparer.Ordinal)
    {
        ["dense"] = _ => { },
        ["denoising"] = options => options.Corruption = new MaskingCorruption(MaskingCorruption.DefaultShare),
        ["sparse"] = options =>
            (options.Code, options.Penalties) = (options.Code with { Activation = Activation.ReLU },
                [new L1Penalty(L1Penalty.DefaultWeight)]),
        ["variational"] = options => options.Code = options.Code with
        {
            Variational = new VariationalOptions { Variance = VariationalOptions.DefaultVariance, LearnVariance = true },
        },
    };

    public static string[] Names => [Detector, .. s_presets.Keys];

    /// <summary>Makes the estimator.</summary>
    /// <exception cref="UsageException">Two choices do not go together, or one is out of its range.</exception>
    public static IEstimator<ITransformer> Create(MLContext context, TrainingChoices choices, IProgress<TrainingProgress> progress,
        CancellationToken stop)
    {
        try
        {
            if (choices.Series is not null)
                return context.Autoencoders().TimeSeries(SeriesOptions(choices, choices.Series, progress, stop));
            return choices.Variant == Detector ? context.Autoencoders().AnomalyDetection(DetectorOptions(choices, progress, stop))
                : context.Autoencoders().Autoencoder(NetworkOptions(choices, progress, stop));
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static AnomalyDetectionEstimator.Options DetectorOptions(TrainingChoices choices, IProgress<TrainingProgress> progress,
        CancellationToken stop) => new()
        {
            FeatureColumnName = choices.FeatureColumnName,
            PValueColumnName = "PValue",
            CodeColumnName = "Code",
            ReconstructionColumnName = "Reconstruction",
            FeatureErrorsColumnName = "FeatureErrors",
            Contamination = choices.Contamination,
            Threshold = choices.Threshold ?? ThresholdRule.FalseAlarmRate(DefaultFalseAlarmRate),
            Steps = choices.Steps,
            Code = choices.Code,
            Seed = choices.Seed,
            Device = choices.Device,
            Progress = progress,
            Cancellation = stop,
            WhenCanceled = WhenCanceled.KeepBest,
        };

    private static TimeSeriesEstimator.Options SeriesOptions(TrainingChoices choices, SeriesChoices series,
        IProgress<TrainingProgress> progress, CancellationToken stop) => new()
        {
            FeatureColumnName = choices.FeatureColumnName,
            TimeColumnName = series.Time,
            KeyColumnName = series.Key,
            LabelColumnName = series.Label,
            PValueColumnName = "PValue",
            ExpectedColumnName = "Reconstruction",
            ChannelErrorsColumnName = "FeatureErrors",
            Width = series.Width ?? WindowWidth.Steps(WindowWidth.DefaultSteps),
            IsCovering = series.IsCovering,
            Steps = choices.Steps ?? TimeSeriesEstimator.Options.DefaultTrainingSteps,
            Code = new CodeOptions { Size = choices.Code ?? CodeOptions.DefaultSize },
            Threshold = choices.Threshold ?? ThresholdRule.FalseAlarmRate(DefaultFalseAlarmRate),
            Seed = choices.Seed,
            Device = choices.Device,
            Progress = progress,
            Cancellation = stop,
            WhenCanceled = WhenCanceled.KeepBest,
        };

    private static AutoencoderEstimator.Options NetworkOptions(TrainingChoices choices, IProgress<TrainingProgress> progress,
        CancellationToken stop)
    {
        var options = new AutoencoderEstimator.Options
        {
            FeatureColumnName = choices.FeatureColumnName,
            PValueColumnName = "PValue",
            CodeColumnName = "Code",
            ReconstructionColumnName = "Reconstruction",
            FeatureErrorsColumnName = "FeatureErrors",
            Network = choices.Hidden.Length > 0 ? new DenseNetworkOptions { Hidden = choices.Hidden } : new DenseNetworkOptions(),
            Code = new CodeOptions { Size = choices.Code ?? CodeOptions.DefaultSize },
            Epochs = choices.Epochs ?? TrainingOptions.DefaultEpochs,
            BatchSize = BatchSize,
            ValidationShare = ValidationShare,
            MissingValues = TrainingMissingValues.Masked,
            ScoringMissingValues = ScoringMissingValues.Mean,
            Threshold = choices.Threshold ?? ThresholdRule.FalseAlarmRate(DefaultFalseAlarmRate),
            Seed = choices.Seed,
            Device = choices.Device,
            Progress = progress,
            Cancellation = stop,
            WhenCanceled = WhenCanceled.KeepBest,
        };
        s_presets[choices.Variant](options);
        return options;
    }
}
