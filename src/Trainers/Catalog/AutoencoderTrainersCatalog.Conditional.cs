namespace MLNetAutoencoder;

public static partial class AutoencoderTrainersCatalog
{
    /// <summary>
    /// A dense conditional autoencoder: encoder and decoder are told a label or a vector besides (Sohn, Lee and Yan
    /// 2015), so that the code need not hold it.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="conditionColumnName">The column that encoder and decoder are told besides: a key, which becomes
    /// one-hot, or a vector of known size of Single.</param>
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
    public static AutoencoderEstimator Conditional(
        this AutoencoderCatalog catalog,
        string conditionColumnName,
        string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize,
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
        options.ConditionColumnName = conditionColumnName;
        return catalog.Conditional(options);
    }

    /// <summary>A conditional autoencoder, with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="AutoencoderEstimator.Options.ConditionColumnName"/> must be set.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Conditional(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireCondition(options);
        return catalog.Autoencoder(options);
    }

    /// <summary>A dense conditional variational autoencoder, which samples rows of a wanted label (Sohn, Lee and Yan 2015).</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="conditionColumnName">The column that encoder and decoder are told besides: a key, which becomes
    /// one-hot, or a vector of known size of Single.</param>
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
    public static AutoencoderEstimator ConditionalVariational(
        this AutoencoderCatalog catalog,
        string conditionColumnName,
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
        options.ConditionColumnName = conditionColumnName;
        options.Code = options.Code with { Variational = Likelihood(variance, beta) };
        return catalog.ConditionalVariational(options);
    }

    /// <summary>A conditional variational autoencoder, with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="CodeOptions.Variational"/> of
    /// <see cref="AutoencoderEstimator.Options.Code"/> and
    /// <see cref="AutoencoderEstimator.Options.ConditionColumnName"/> must be set.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator ConditionalVariational(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireVariational(options);
        RequireCondition(options);
        return catalog.Autoencoder(options);
    }

    private static void RequireCondition(AutoencoderEstimator.Options options)
    {
        if (options.ConditionColumnName is null)
            throw new ArgumentException(
                $"The option {nameof(options.ConditionColumnName)} is null; a conditional autoencoder expects the name of a column.",
                nameof(options));
    }
}
