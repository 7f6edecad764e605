namespace MLNetAutoencoder;

public static partial class AutoencoderTrainersCatalog
{
    /// <summary>A sparse autoencoder: of the code, of rectified linear units, few are active for a row.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for 64, 32.</param>
    /// <param name="code">The number of units of the code, which may be more than there are features.</param>
    /// <param name="weight">The weight of <see cref="L1Penalty"/>. For a target rate of activation take the overload
    /// with options and <see cref="KullbackLeiblerPenalty"/>.</param>
    /// <param name="epochs">How often the training rows are gone through.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The step size of Adam.</param>
    /// <param name="contamination">The share of the training rows that the threshold is to call anomalies, between 0 and 0.5.</param>
    /// <param name="scaling">How the features are scaled, inside the graphs.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Sparse(
        this AutoencoderCatalog catalog,
        string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize,
        double weight = L1Penalty.DefaultWeight,
        int epochs = AutoencoderEstimator.Options.DefaultEpochs,
        int batchSize = AutoencoderEstimator.Options.DefaultBatchSize,
        double learningRate = AutoencoderEstimator.Options.DefaultLearningRate,
        double contamination = AutoencoderEstimator.Options.DefaultContamination,
        InputScaling scaling = AutoencoderEstimator.Options.DefaultScaling,
        int? seed = null)
    {
        var options = Preset(new DenseNetworkOptions(), featureColumnName, hidden, code, epochs, batchSize, learningRate, contamination,
            scaling, seed);
        options.Code = options.Code with { Activation = Activation.ReLU };
        options.Penalties = [new L1Penalty(weight)];
        return catalog.Sparse(options);
    }

    /// <summary>A sparse autoencoder with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="AutoencoderEstimator.Options.Penalties"/> must have
    /// <see cref="L1Penalty"/> or <see cref="KullbackLeiblerPenalty"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Sparse(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        RequirePenalty(options, "a sparse autoencoder", typeof(L1Penalty), typeof(KullbackLeiblerPenalty));
        return new AutoencoderEstimator(catalog.Context, options);
    }
}
