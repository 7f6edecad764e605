namespace MLNetAutoencoder;

public static partial class AutoencoderTrainersCatalog
{
    /// <summary>
    /// A dense variational autoencoder: the code is a distribution, drawn to the standard normal, from which new rows
    /// can be sampled (Kingma and Welling 2014).
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for 64, 32.</param>
    /// <param name="code">The number of units of the code.</param>
    /// <param name="variance">The variance of the Gaussian likelihood, in squared scaled units; a smaller one weighs
    /// reconstruction more. Null to learn it (Rybkin, Daniilidis and Levine 2021).</param>
    /// <param name="beta">The weight of the divergence from the standard normal (Higgins et al. 2017).</param>
    /// <param name="epochs">How often the training rows are gone through.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The step size of Adam.</param>
    /// <param name="contamination">The share of the training rows that the threshold is to call anomalies, between 0 and 0.5.</param>
    /// <param name="scaling">How the features are scaled, inside the graphs.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Variational(
        this AutoencoderCatalog catalog,
        string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize,
        double? variance = null,
        double beta = VariationalOptions.DefaultBeta,
        int epochs = AutoencoderEstimator.Options.DefaultEpochs,
        int batchSize = AutoencoderEstimator.Options.DefaultBatchSize,
        double learningRate = AutoencoderEstimator.Options.DefaultLearningRate,
        double contamination = AutoencoderEstimator.Options.DefaultContamination,
        InputScaling scaling = AutoencoderEstimator.Options.DefaultScaling,
        int? seed = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var options = Preset(new DenseNetworkOptions(), featureColumnName, hidden, code, epochs, batchSize, learningRate, contamination,
            scaling, seed);
        options.Code = options.Code with { Variational = Likelihood(variance, beta) };
        return catalog.Variational(options);
    }

    /// <summary>A variational autoencoder, with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="CodeOptions.Variational"/> of
    /// <see cref="AutoencoderEstimator.Options.Code"/> must be set.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Variational(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireVariational(options);
        return catalog.Autoencoder(options);
    }

    private static VariationalOptions Likelihood(double? variance, double beta) =>
        new() { Variance = variance ?? VariationalOptions.DefaultVariance, LearnVariance = variance is null, Beta = beta };

    private static void RequireVariational(AutoencoderEstimator.Options options)
    {
        if (options.Code is { Variational: null })
            throw new ArgumentException(
                $"The option {nameof(options.Code)}.{nameof(CodeOptions.Variational)} is null; a variational autoencoder expects " +
                $"{nameof(VariationalOptions)}.", nameof(options));
    }
}
