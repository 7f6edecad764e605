namespace MLNetAutoencoder;

/// <summary>The trainers of the catalog <see cref="AutoencoderExtensions.Autoencoders"/>.</summary>
public static class AutoencoderTrainersCatalog
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
        int? seed = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.Dense(Preset(featureColumnName, hidden, code, epochs, batchSize, learningRate, contamination, scaling, seed));
    }

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
    /// <param name="options">The options; <see cref="AutoencoderEstimator.Options.Network"/> must be <see cref="DenseNetworkOptions"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Dense(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Network is not DenseNetworkOptions)
            throw new ArgumentException($"The option {nameof(options.Network)} is {options.Network?.GetType().Name ?? "null"}; a dense autoencoder expects {nameof(DenseNetworkOptions)}.", nameof(options));
        return new AutoencoderEstimator(catalog.Context, options);
    }

    /// <summary>A dense variational autoencoder: the code is a distribution, drawn to the standard normal, from which new rows can be sampled (Kingma and Welling 2014).</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for 64, 32.</param>
    /// <param name="code">The number of units of the code.</param>
    /// <param name="variance">The variance of the Gaussian likelihood, in squared scaled units; a smaller one weighs reconstruction more. Null to learn it (Rybkin, Daniilidis and Levine 2021).</param>
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
        var options = Preset(featureColumnName, hidden, code, epochs, batchSize, learningRate, contamination, scaling, seed);
        options.Code.Variational = Likelihood(variance, beta);
        return catalog.Variational(options);
    }

    /// <summary>A variational autoencoder, with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="CodeOptions.Variational"/> of <see cref="AutoencoderEstimator.Options.Code"/> must be set.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Variational(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireVariational(options);
        return catalog.Autoencoder(options);
    }

    /// <summary>A dense conditional autoencoder: encoder and decoder are told a label or a vector besides (Sohn, Lee and Yan 2015), so that the code need not hold it.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="conditionColumnName">The column that encoder and decoder are told besides: a key, which becomes one-hot, or a vector of known size of Single.</param>
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
        var options = Preset(featureColumnName, hidden, code, epochs, batchSize, learningRate, contamination, scaling, seed);
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
    /// <param name="conditionColumnName">The column that encoder and decoder are told besides: a key, which becomes one-hot, or a vector of known size of Single.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for 64, 32.</param>
    /// <param name="code">The number of units of the code.</param>
    /// <param name="variance">The variance of the Gaussian likelihood, in squared scaled units; a smaller one weighs reconstruction more. Null to learn it (Rybkin, Daniilidis and Levine 2021).</param>
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
        var options = Preset(featureColumnName, hidden, code, epochs, batchSize, learningRate, contamination, scaling, seed);
        options.ConditionColumnName = conditionColumnName;
        options.Code.Variational = Likelihood(variance, beta);
        return catalog.ConditionalVariational(options);
    }

    /// <summary>A conditional variational autoencoder, with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="CodeOptions.Variational"/> of <see cref="AutoencoderEstimator.Options.Code"/> and <see cref="AutoencoderEstimator.Options.ConditionColumnName"/> must be set.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator ConditionalVariational(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireVariational(options);
        RequireCondition(options);
        return catalog.Autoencoder(options);
    }

    private static AutoencoderEstimator.Options Preset(
        string featureColumnName, IReadOnlyList<int>? hidden, int code, int epochs, int batchSize, double learningRate, double contamination, InputScaling scaling, int? seed)
    {
        var network = new DenseNetworkOptions();
        if (hidden is not null)
            network.Hidden = hidden;
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

    private static VariationalOptions Likelihood(double? variance, double beta) =>
        new() { Variance = variance ?? VariationalOptions.DefaultVariance, LearnVariance = variance is null, Beta = beta };

    private static void RequireVariational(AutoencoderEstimator.Options options)
    {
        if (options.Code is { Variational: null })
            throw new ArgumentException($"The option {nameof(options.Code)}.{nameof(CodeOptions.Variational)} is null; a variational autoencoder expects {nameof(VariationalOptions)}.", nameof(options));
    }

    private static void RequireCondition(AutoencoderEstimator.Options options)
    {
        if (options.ConditionColumnName is null)
            throw new ArgumentException($"The option {nameof(options.ConditionColumnName)} is null; a conditional autoencoder expects the name of a column.", nameof(options));
    }
}
