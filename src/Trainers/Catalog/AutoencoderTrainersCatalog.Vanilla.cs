namespace MLNetAutoencoder;

public static partial class AutoencoderTrainersCatalog
{
    /// <summary>A vanilla autoencoder: the code, of rectified linear units, is the one hidden layer.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="code">The number of units of the code.</param>
    /// <param name="outputActivation">The activation of the reconstruction; one that does not reach all values needs
    /// <paramref name="scaling"/> to bring the features into its range.</param>
    /// <param name="epochs">How often the training rows are gone through.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The step size of Adam.</param>
    /// <param name="contamination">The share of the training rows that the threshold is to call anomalies, between 0 and 0.5.</param>
    /// <param name="scaling">How the features are scaled, inside the graphs.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Vanilla(
        this AutoencoderCatalog catalog,
        string featureColumnName = AutoencoderColumns.Features,
        int code = CodeOptions.DefaultSize,
        Activation outputActivation = Activation.Linear,
        int epochs = AutoencoderEstimator.Options.DefaultEpochs,
        int batchSize = AutoencoderEstimator.Options.DefaultBatchSize,
        double learningRate = AutoencoderEstimator.Options.DefaultLearningRate,
        double contamination = AutoencoderEstimator.Options.DefaultContamination,
        InputScaling scaling = AutoencoderEstimator.Options.DefaultScaling,
        int? seed = null)
    {
        var options = Preset(new DenseNetworkOptions { OutputActivation = outputActivation }, featureColumnName, [], code, epochs,
            batchSize, learningRate, contamination, scaling, seed);
        options.Code = options.Code with { Activation = Activation.ReLU };
        return catalog.Vanilla(options);
    }

    /// <summary>A vanilla autoencoder with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="AutoencoderEstimator.Options.Network"/> must be
    /// <see cref="DenseNetworkOptions"/> without hidden layers.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Vanilla(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Network is not DenseNetworkOptions network)
            throw new ArgumentException(
                $"The option {nameof(options.Network)} is {options.Network?.GetType().Name ?? "null"}; a vanilla autoencoder expects " +
                $"{nameof(DenseNetworkOptions)}.", nameof(options));
        if (network.Hidden is not { Count: 0 } || network.DecoderHidden is { Count: > 0 })
        {
            bool encoder = network.Hidden is not { Count: 0 };
            throw new ArgumentException(
                $"The option {nameof(options.Network)}.{(encoder ? nameof(network.Hidden) : nameof(network.DecoderHidden))} is " +
                    $"{string.Join(", ", (encoder ? network.Hidden : network.DecoderHidden) ?? [])}; a vanilla autoencoder has none but " +
                    "the code.",
                nameof(options));
        }
        return new AutoencoderEstimator(catalog.Context, options);
    }
}
