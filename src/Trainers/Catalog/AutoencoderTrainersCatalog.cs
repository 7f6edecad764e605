using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The trainers of the catalog <see cref="AutoencoderExtensions.Autoencoders"/>.</summary>
public static partial class AutoencoderTrainersCatalog
{
    /// <summary>A dense autoencoder: fully connected layers down to the code and up again.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for 64, 32.</param>
    /// <param name="code">The number of units of the code.</param>
    /// <param name="epochs">How often the training rows are gone through.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The step size of Adam.</param>
    /// <param name="contamination">The share of the training rows that the threshold is to call anomalies, between 0 and 0.5.</param>
    /// <param name="scaling">How the features are scaled, inside the graphs.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Dense(
        this AutoencoderCatalog catalog,
        string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize,
        int epochs = AutoencoderEstimator.Options.DefaultEpochs,
        int batchSize = AutoencoderEstimator.Options.DefaultBatchSize,
        double learningRate = AutoencoderEstimator.Options.DefaultLearningRate,
        double contamination = AutoencoderEstimator.Options.DefaultContamination,
        InputScaling scaling = AutoencoderEstimator.Options.DefaultScaling,
        int? seed = null) =>
        catalog.Dense(Preset(new DenseNetworkOptions(), featureColumnName, hidden, code, epochs, batchSize, learningRate, contamination,
            scaling, seed));

    /// <summary>Any autoencoder that the options describe.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Autoencoder(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new AutoencoderEstimator(catalog.Context, options);
    }

    /// <summary>A dense autoencoder with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="AutoencoderEstimator.Options.Network"/> must be
    /// <see cref="DenseNetworkOptions"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Dense(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Network is not DenseNetworkOptions)
            throw new ArgumentException(
                $"The option {nameof(options.Network)} is {options.Network?.GetType().Name ?? "null"}; a dense autoencoder expects " +
                $"{nameof(DenseNetworkOptions)}.", nameof(options));
        return new AutoencoderEstimator(catalog.Context, options);
    }

    /// <summary>What the simple overloads have in common.</summary>
    private static AutoencoderEstimator.Options Preset(
        DenseNetworkOptions network, string featureColumnName, IReadOnlyList<int>? hidden, int code, int epochs, int batchSize,
            double learningRate, double contamination, InputScaling scaling, int? seed)
    {
        if (hidden is not null)
            network = network with { Hidden = hidden };
        return new AutoencoderEstimator.Options
        {
            FeatureColumnName = featureColumnName,
            Network = network,
            Code = new CodeOptions { Size = code },
            Epochs = epochs,
            BatchSize = batchSize,
            LearningRate = learningRate,
            Threshold = ThresholdRule.Contamination(contamination),
            Scaling = scaling,
            Seed = seed,
        };
    }

    /// <summary>Refuses options that lack the penalty that makes the variant.</summary>
    private static void RequirePenalty(AutoencoderEstimator.Options options, string variant, params Type[] expected)
    {
        Require.NotNull(options.Penalties, nameof(options.Penalties));
        if (!options.Penalties.Any(penalty => expected.Contains(penalty?.GetType())))
        {
            string found = options.Penalties.Count == 0 ? "nothing"
                : string.Join(", ", options.Penalties.Select(penalty => penalty?.GetType().Name ?? "null"));
            throw new ArgumentException(
                $"The option {nameof(options.Penalties)} has {found}; {variant} expects " +
                $"{string.Join(" or ", expected.Select(type => type.Name))}.", nameof(options));
        }
    }
}
