namespace MLNetAutoencoder;

public static partial class AutoencoderTrainersCatalog
{
    /// <summary>
    /// The step size that
    /// <see cref="BinaryCode(AutoencoderCatalog, string, IReadOnlyList{int}, int, double, int, int, double, double, InputScaling, int?)"/>
    /// takes where none is given: sigmoid units are slow to leave the middle.
    /// </summary>
    public const double DefaultBinaryCodeLearningRate = 0.03;

    /// <summary>
    /// An autoencoder with a binary code: sigmoid units that a penalty, whose weight rises over the training, pushes to
    /// 0 or 1.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for none.</param>
    /// <param name="code">The number of bits.</param>
    /// <param name="weight">The weight of <see cref="BinaryCodePenalty"/>, to which it rises from 0 in the first epoch,
    /// by as much in each: in the last it is short of it by one step.</param>
    /// <param name="epochs">How often the training rows are gone through.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The step size of Adam.</param>
    /// <param name="contamination">The share of the training rows that the threshold is to call anomalies, between 0 and 0.5.</param>
    /// <param name="scaling">How the features are scaled, inside the graphs: the loss, cross-entropy, needs them between 0 and 1.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator BinaryCode(
        this AutoencoderCatalog catalog,
        string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize,
        double weight = BinaryCodePenalty.DefaultWeight,
        int epochs = AutoencoderEstimator.Options.DefaultEpochs,
        int batchSize = AutoencoderEstimator.Options.DefaultBatchSize,
        double learningRate = DefaultBinaryCodeLearningRate,
        double contamination = AutoencoderEstimator.Options.DefaultContamination,
        InputScaling scaling = InputScaling.MinMax,
        int? seed = null)
    {
        var options = Preset(new DenseNetworkOptions { OutputActivation = Activation.Sigmoid }, featureColumnName, hidden ?? [], code,
            epochs, batchSize, learningRate, contamination, scaling, seed);
        options.Code = options.Code with { Activation = Activation.Sigmoid };
        options.Loss = ReconstructionLoss.BinaryCrossEntropy;
        options.Penalties = [new BinaryCodePenalty(weight) { WarmUpEpochs = Math.Max(epochs, 0) }];
        return catalog.BinaryCode(options);
    }

    /// <summary>An autoencoder with a binary code, with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="AutoencoderEstimator.Options.Penalties"/> must have
    /// <see cref="BinaryCodePenalty"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator BinaryCode(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        RequirePenalty(options, "an autoencoder with a binary code", typeof(BinaryCodePenalty));
        return new AutoencoderEstimator(catalog.Context, options);
    }
}
