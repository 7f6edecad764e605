namespace MLNetAutoencoder;

public static partial class AutoencoderTrainersCatalog
{
    /// <summary>
    /// A stacked autoencoder: a dense one whose layers are trained one by one, each on the codes of the one before, and
    /// then as a whole.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for 64, 32.</param>
    /// <param name="code">The number of units of the code.</param>
    /// <param name="pretrainingEpochs">How often the training rows are gone through for each layer.</param>
    /// <param name="epochs">How often the training rows are gone through for the whole.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The step size of Adam.</param>
    /// <param name="contamination">The share of the training rows that the threshold is to call anomalies, between 0 and 0.5.</param>
    /// <param name="scaling">How the features are scaled, inside the graphs.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Stacked(
        this AutoencoderCatalog catalog,
        string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize,
        int pretrainingEpochs = PretrainingOptions.DefaultEpochs,
        int epochs = AutoencoderEstimator.Options.DefaultEpochs,
        int batchSize = AutoencoderEstimator.Options.DefaultBatchSize,
        double learningRate = AutoencoderEstimator.Options.DefaultLearningRate,
        double contamination = AutoencoderEstimator.Options.DefaultContamination,
        InputScaling scaling = AutoencoderEstimator.Options.DefaultScaling,
        int? seed = null)
    {
        var options = Preset(new DenseNetworkOptions(), featureColumnName, hidden, code, epochs, batchSize, learningRate, contamination,
            scaling, seed);
        options.Pretraining = new PretrainingOptions { Epochs = pretrainingEpochs };
        return catalog.Stacked(options);
    }

    /// <summary>A stacked autoencoder with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="AutoencoderEstimator.Options.Pretraining"/> must be set.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Stacked(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Pretraining is null)
            throw new ArgumentException(
                $"The option {nameof(options.Pretraining)} is null; a stacked autoencoder expects {nameof(PretrainingOptions)}.",
                nameof(options));
        return new AutoencoderEstimator(catalog.Context, options);
    }

    /// <summary>
    /// A classifier on the code of a stacked autoencoder: its layers are trained one by one without labels, then all
    /// with a softmax layer on the code and the labels there are.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="labelColumnName">The column with the label, a key; rows with a missing one take part in the pretraining only.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single.</param>
    /// <param name="hidden">The widths of the hidden layers, from the features to the code. Null for 100.</param>
    /// <param name="code">The number of units of the code, the last layer before the classes.</param>
    /// <param name="pretrainingEpochs">How often the training rows are gone through for each layer; with 0 nothing is pretrained.</param>
    /// <param name="epochs">How often the labeled training rows are gone through.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The step size of Adam.</param>
    /// <param name="scaling">How the features are scaled, inside the graph.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public static StackedClassifierEstimator StackedClassifier(
        this AutoencoderCatalog catalog,
        string labelColumnName = ClassifierColumns.Label,
        string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null,
        int code = StackedClassifierEstimator.Options.DefaultCode,
        int pretrainingEpochs = StackedClassifierEstimator.Options.DefaultPretrainingEpochs,
        int epochs = StackedClassifierEstimator.Options.DefaultEpochs,
        int batchSize = StackedClassifierEstimator.Options.DefaultBatchSize,
        double learningRate = StackedClassifierEstimator.Options.DefaultLearningRate,
        InputScaling scaling = StackedClassifierEstimator.Options.DefaultScaling,
        int? seed = null)
    {
        var options = new StackedClassifierEstimator.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            Code = code,
            PretrainingEpochs = pretrainingEpochs,
            Epochs = epochs,
            BatchSize = batchSize,
            LearningRate = learningRate,
            Scaling = scaling,
            Seed = seed,
        };
        if (hidden is not null)
            options.Hidden = hidden;
        return catalog.StackedClassifier(options);
    }

    /// <summary>A classifier on the code of a stacked autoencoder with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public static StackedClassifierEstimator StackedClassifier(this AutoencoderCatalog catalog, StackedClassifierEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new StackedClassifierEstimator(catalog.Context, options);
    }
}
