#pragma warning disable CS1573 // Parameters that every trainer has are documented once, and inherited.

using MLNetAutoencoder.Onnx;
using static MLNetAutoencoder.AutoencoderEstimator.Options;
using static MLNetAutoencoder.TrainingOptions;

namespace MLNetAutoencoder;

/// <summary>The trainers of the catalog <see cref="AutoencoderExtensions.Autoencoders"/>.</summary>
public static class AutoencoderTrainersCatalog
{
    /// <summary>
    /// The step size that a binary code takes where none is given: sigmoid units are slow to leave the middle.
    /// </summary>
    public const double DefaultBinaryCodeLearningRate = 0.03;

    /// <summary>The units of the layers of a masked autoencoder where no number is given.</summary>
    public const int DefaultMaskedWidth = 128;

    /// <summary>The units of the code of a masked autoencoder where no number is given: what is hidden keeps it from copying.</summary>
    public const int DefaultMaskedCode = 32;

    /// <summary>The rows of a step of a masked autoencoder where no number is given.</summary>
    public const int DefaultMaskedBatchSize = 128;

    /// <summary>The largest step size of a masked autoencoder where none is given.</summary>
    public const double DefaultMaskedLearningRate = 0.003;

    /// <summary>Any autoencoder that the options describe.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Autoencoder(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options);

    /// <summary>
    /// An anomaly detector whose defaults need no tuning: masked autoencoders and the distance to the nearest kept rows, with sizes,
    /// scaling and steps from the data.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the features, a vector of known size of Single; values may be missing.</param>
    /// <param name="falseAlarmRate">The share of normal rows that the threshold may call anomalies, between 0 and 1.</param>
    /// <param name="contamination">The share of the training rows that may be anomalies, from 0 to 0.5; they are left out as far as
    /// they are found.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public static AnomalyDetectionEstimator AnomalyDetection(this AutoencoderCatalog catalog,
        string featureColumnName = AutoencoderColumns.Features,
        double falseAlarmRate = AnomalyDetectionEstimator.Options.DefaultFalseAlarmRate, double contamination = 0, int? seed = null) =>
        catalog.AnomalyDetection(new AnomalyDetectionEstimator.Options
        {
            FeatureColumnName = featureColumnName,
            Threshold = ThresholdRule.FalseAlarmRate(falseAlarmRate),
            Contamination = contamination,
            Seed = seed,
        });

    /// <summary>An anomaly detector with all options.</summary>
    /// <inheritdoc cref="AnomalyDetection(AutoencoderCatalog, string, double, double, int?)" path="/param[@name='catalog'] | /exception"/>
    /// <param name="options">The options.</param>
    public static AnomalyDetectionEstimator AnomalyDetection(this AutoencoderCatalog catalog, AnomalyDetectionEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new AnomalyDetectionEstimator(catalog.Context, options);
    }

    /// <summary>
    /// An autoencoder over windows of time series, which scores each step of them; its defaults need no tuning.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="valueColumnName">The column with the values of a step, a scalar or a vector of Single; values may be missing.</param>
    /// <param name="timeColumnName">The column with the time of a step, which tells gaps: date, time span or number. Null for rows at equal
    /// distances.</param>
    /// <param name="keyColumnName">The column that tells the series of a row: text, key or whole number. Null for one series.</param>
    /// <param name="width">The steps of a window, at least 2.</param>
    /// <param name="falseAlarmRate">The share of normal steps that the threshold may call anomalies, between 0 and 1.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public static TimeSeriesEstimator TimeSeries(this AutoencoderCatalog catalog,
        string valueColumnName = TimeSeriesEstimator.Options.DefaultValueColumnName, string? timeColumnName = null,
        string? keyColumnName = null, int width = WindowWidth.DefaultSteps,
        double falseAlarmRate = TimeSeriesEstimator.Options.DefaultFalseAlarmRate, int? seed = null) =>
        catalog.TimeSeries(new TimeSeriesEstimator.Options
        {
            FeatureColumnName = valueColumnName,
            TimeColumnName = timeColumnName,
            KeyColumnName = keyColumnName,
            Width = WindowWidth.Steps(width),
            Threshold = ThresholdRule.FalseAlarmRate(falseAlarmRate),
            Seed = seed,
        });

    /// <summary>An autoencoder over windows of time series with all options.</summary>
    /// <inheritdoc cref="TimeSeries(AutoencoderCatalog, string, string?, string?, int, double, int?)"
    /// path="/param[@name='catalog'] | /exception"/>
    /// <param name="options">The options.</param>
    public static TimeSeriesEstimator TimeSeries(this AutoencoderCatalog catalog, TimeSeriesEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new TimeSeriesEstimator(catalog.Context, options);
    }

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
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize, int epochs = DefaultEpochs, int batchSize = DefaultBatchSize,
        double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.Dense(Preset(featureColumnName, Layers(hidden), code, epochs, batchSize, learningRate, contamination, scaling, seed));

    /// <summary>
    /// A dense autoencoder with all options: <see cref="AutoencoderEstimator.Options.Network"/> must be
    /// <see cref="DenseNetworkOptions"/>.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Dense(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_dense);

    /// <summary>A vanilla autoencoder: the code, of rectified linear units, is the one hidden layer.</summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param[@name!='hidden'] | /exception"/>
    /// <param name="outputActivation">The activation of the reconstruction; one that does not reach all values needs
    /// <paramref name="scaling"/> to bring the features into its range.</param>
    public static AutoencoderEstimator Vanilla(
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, int code = CodeOptions.DefaultSize,
        Activation outputActivation = Activation.Linear, int epochs = DefaultEpochs, int batchSize = DefaultBatchSize,
        double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.Vanilla(Preset(featureColumnName, new DenseNetworkOptions { Hidden = [], OutputActivation = outputActivation }, code,
            epochs, batchSize, learningRate, contamination, scaling, seed,
            options => options.Code = options.Code with { Activation = Activation.ReLU }));

    /// <summary>
    /// A vanilla autoencoder with all options: <see cref="AutoencoderEstimator.Options.Network"/> must be
    /// <see cref="DenseNetworkOptions"/> without hidden layers.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Vanilla(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_dense with { Variant = "a vanilla autoencoder" }, s_vanilla);

    /// <summary>
    /// A masked autoencoder: features are hidden at random while training and predicted from the others; a row is scored by how far its
    /// features are from what the others tell of them. Missing values count as hidden, in training and in scoring.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param[@name!='hidden' and @name!='learningRate'] | /exception"/>
    /// <param name="width">The units of each layer of the residual blocks around the code.</param>
    /// <param name="learningRate">The step size of Adam where it is largest, under <see cref="OneCycleSchedule"/>.</param>
    /// <param name="masking">What is hidden. Null for the defaults.</param>
    public static AutoencoderEstimator Masked(
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, int width = DefaultMaskedWidth,
        int code = DefaultMaskedCode, Masking? masking = null, int epochs = DefaultEpochs, int batchSize = DefaultMaskedBatchSize,
        double learningRate = DefaultMaskedLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = InputScaling.StandardizeCompressed, int? seed = null)
    {
        Require.AtLeast(width, 1, nameof(width));
        var options = Preset(featureColumnName, LayersNetworkOptions.Residual(width, blocks: 1), code, epochs, batchSize, learningRate,
            contamination, scaling, seed);
        options.Masking = masking ?? new Masking();
        options.Schedule = new OneCycleSchedule();
        options.MissingValues = TrainingMissingValues.Masked;
        options.ScoringMissingValues = ScoringMissingValues.Hidden;
        return catalog.Masked(options);
    }

    /// <summary>A masked autoencoder with all options: <see cref="AutoencoderEstimator.Options.Masking"/> must be set.</summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Masked(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, IsSet("a masked autoencoder", "Masking", some => some.Masking, "what is hidden"));

    /// <summary>
    /// A convolutional autoencoder: convolutions and max pooling from an image down to the code, upsampling and
    /// convolutions up again.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param[@name!='featureColumnName' and @name!='hidden'] | /exception"/>
    /// <param name="featureColumnName">The column with the pixels, a vector of known size of Single, channel after
    /// channel (<see cref="ImageLayout.Planar"/>).</param>
    /// <param name="height">The height of the image in pixels.</param>
    /// <param name="width">The width of the image in pixels.</param>
    /// <param name="channels">The channels of the image.</param>
    /// <param name="filters">The filters of each block; the decoder has them the other way round. Null for 16, 32.</param>
    public static AutoencoderEstimator Convolutional(
        this AutoencoderCatalog catalog, string featureColumnName, int height, int width,
        int channels = ConvolutionalNetworkOptions.DefaultChannels, IReadOnlyList<int>? filters = null,
        int code = CodeOptions.DefaultSize, int epochs = DefaultEpochs, int batchSize = DefaultBatchSize,
        double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null)
    {
        var network = new ConvolutionalNetworkOptions { Channels = channels, Height = height, Width = width };
        return catalog.Convolutional(Preset(featureColumnName, filters is null ? network : network with { Filters = filters }, code,
            epochs, batchSize, learningRate, contamination, scaling, seed));
    }

    /// <summary>
    /// A convolutional autoencoder with all options: <see cref="AutoencoderEstimator.Options.Network"/> must be
    /// <see cref="ConvolutionalNetworkOptions"/>.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Convolutional(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_convolutional);

    /// <summary>
    /// A denoising autoencoder: the encoder sees spoilt rows while training, and the clean ones are to be reconstructed.
    /// The code may have more units than there are features.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param | /exception"/>
    /// <param name="corruption">What spoils the rows. Null for masking a quarter of the features
    /// (<see cref="MaskingCorruption.DefaultShare"/>).</param>
    public static AutoencoderEstimator Denoising(
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize, Corruption? corruption = null, int epochs = DefaultEpochs,
        int batchSize = DefaultBatchSize, double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.Denoising(Preset(featureColumnName, Layers(hidden), code, epochs, batchSize, learningRate, contamination, scaling, seed,
            options => options.Corruption = corruption ?? new MaskingCorruption(MaskingCorruption.DefaultShare)));

    /// <summary>A denoising autoencoder with all options: <see cref="TrainingOptions.Corruption"/> must be set.</summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Denoising(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_denoising);

    /// <summary>
    /// A sparse autoencoder: of the code, of rectified linear units, few are active for a row. The code may have more units
    /// than there are features.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param | /exception"/>
    /// <param name="weight">The weight of <see cref="L1Penalty"/>. For a target rate of activation take the overload
    /// with options and <see cref="KullbackLeiblerPenalty"/>.</param>
    public static AutoencoderEstimator Sparse(
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize, double weight = L1Penalty.DefaultWeight, int epochs = DefaultEpochs,
        int batchSize = DefaultBatchSize, double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.Sparse(Preset(featureColumnName, Layers(hidden), code, epochs, batchSize, learningRate, contamination, scaling, seed,
            options => (options.Code, options.Penalties) = (options.Code with { Activation = Activation.ReLU }, [new L1Penalty(weight)])));

    /// <summary>
    /// A sparse autoencoder with all options: <see cref="AutoencoderEstimator.Options.Penalties"/> must have
    /// <see cref="L1Penalty"/> or <see cref="KullbackLeiblerPenalty"/>.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Sparse(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_sparse);

    /// <summary>
    /// A contractive autoencoder: the code, of sigmoid units, changes little when the row does. Encoder and decoder share
    /// their weights. The code may have more units than there are features.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param[@name!='hidden'] | /exception"/>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for none.</param>
    /// <param name="weight">The weight of <see cref="ContractivePenalty"/>, λ.</param>
    public static AutoencoderEstimator Contractive(
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize, double weight = ContractivePenalty.DefaultWeight, int epochs = DefaultEpochs,
        int batchSize = DefaultBatchSize, double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.Contractive(Preset(featureColumnName, Layers(hidden ?? []) with { TiedWeights = true }, code,
            epochs, batchSize, learningRate, contamination, scaling, seed,
            options => (options.Code, options.Penalties) =
                (options.Code with { Activation = Activation.Sigmoid }, [new ContractivePenalty(weight)])));

    /// <summary>
    /// A contractive autoencoder with all options: <see cref="AutoencoderEstimator.Options.Penalties"/> must have
    /// <see cref="ContractivePenalty"/>.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Contractive(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_contractive);

    /// <summary>
    /// An autoencoder with a binary code: sigmoid units that a penalty, whose weight rises over the training, pushes to 0 or
    /// 1. The loss is the cross-entropy, which needs features between 0 and 1.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param[@name!='hidden'] | /exception"/>
    /// <param name="hidden">The widths of the encoder's hidden layers; the decoder has them the other way round. Null for none.</param>
    /// <param name="weight">The weight of <see cref="BinaryCodePenalty"/>, to which it rises from 0 in the first epoch,
    /// by as much in each: in the last it is short of it by one step.</param>
    public static AutoencoderEstimator BinaryCode(
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize, double weight = BinaryCodePenalty.DefaultWeight, int epochs = DefaultEpochs,
        int batchSize = DefaultBatchSize, double learningRate = DefaultBinaryCodeLearningRate,
        double contamination = DefaultContamination, InputScaling scaling = InputScaling.MinMax, int? seed = null)
    {
        var options = Preset(featureColumnName, Layers(hidden ?? []) with { OutputActivation = Activation.Sigmoid }, code,
            epochs, batchSize, learningRate, contamination, scaling, seed);
        options.Code = options.Code with { Activation = Activation.Sigmoid };
        options.Loss = ReconstructionLoss.BinaryCrossEntropy;
        options.Penalties = [new BinaryCodePenalty(weight) { WarmUpEpochs = Math.Max(epochs, 0) }];
        return catalog.BinaryCode(options);
    }

    /// <summary>
    /// An autoencoder with a binary code, with all options: <see cref="AutoencoderEstimator.Options.Penalties"/> must have
    /// <see cref="BinaryCodePenalty"/>.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator BinaryCode(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_binaryCode);

    /// <summary>
    /// A dense variational autoencoder: the code is a distribution, drawn to the standard normal, from which new rows
    /// can be sampled (Kingma and Welling 2014).
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param | /exception"/>
    /// <param name="variance">The variance of the Gaussian likelihood, in squared scaled units; a smaller one weighs
    /// reconstruction more. Null to learn it (Rybkin, Daniilidis and Levine 2021).</param>
    /// <param name="beta">The weight of the divergence from the standard normal (Higgins et al. 2017).</param>
    public static AutoencoderEstimator Variational(
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize, double? variance = null, double beta = VariationalOptions.DefaultBeta,
        int epochs = DefaultEpochs, int batchSize = DefaultBatchSize, double learningRate = DefaultLearningRate,
        double contamination = DefaultContamination, InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.Variational(Preset(featureColumnName, Layers(hidden), code, epochs, batchSize, learningRate, contamination, scaling, seed,
            options => options.Code = options.Code with { Variational = Likelihood(variance, beta) }));

    /// <summary>
    /// A variational autoencoder with all options: <see cref="CodeOptions.Variational"/> of
    /// <see cref="AutoencoderEstimator.Options.Code"/> must be set.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Variational(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_variational);

    /// <summary>
    /// A dense conditional autoencoder: encoder and decoder are told a label or a vector besides (Sohn, Lee and Yan
    /// 2015), so that the code need not hold it.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param | /exception"/>
    /// <param name="conditionColumnName">The column that encoder and decoder are told besides: a key, which becomes
    /// one-hot, or a vector of known size of Single.</param>
    public static AutoencoderEstimator Conditional(
        this AutoencoderCatalog catalog, string conditionColumnName, string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null, int code = CodeOptions.DefaultSize, int epochs = DefaultEpochs,
        int batchSize = DefaultBatchSize, double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.Conditional(Preset(featureColumnName, Layers(hidden), code, epochs, batchSize, learningRate, contamination, scaling, seed,
            options => options.ConditionColumnName = conditionColumnName));

    /// <summary>
    /// A conditional autoencoder with all options: <see cref="AutoencoderEstimator.Options.ConditionColumnName"/> must
    /// be set.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Conditional(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_conditional);

    /// <summary>A dense conditional variational autoencoder, which samples rows of a wanted label (Sohn, Lee and Yan 2015).</summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param | /exception"/>
    /// <param name="conditionColumnName">The column that encoder and decoder are told besides: a key, which becomes
    /// one-hot, or a vector of known size of Single.</param>
    /// <param name="variance">The variance of the Gaussian likelihood, in squared scaled units; a smaller one weighs
    /// reconstruction more. Null to learn it (Rybkin, Daniilidis and Levine 2021).</param>
    /// <param name="beta">The weight of the divergence from the standard normal (Higgins et al. 2017).</param>
    public static AutoencoderEstimator ConditionalVariational(
        this AutoencoderCatalog catalog, string conditionColumnName, string featureColumnName = AutoencoderColumns.Features,
        IReadOnlyList<int>? hidden = null, int code = CodeOptions.DefaultSize, double? variance = null,
        double beta = VariationalOptions.DefaultBeta, int epochs = DefaultEpochs, int batchSize = DefaultBatchSize,
        double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.ConditionalVariational(Preset(featureColumnName, Layers(hidden), code, epochs, batchSize, learningRate, contamination,
            scaling, seed,
            options => (options.ConditionColumnName, options.Code) =
                (conditionColumnName, options.Code with { Variational = Likelihood(variance, beta) })));

    /// <summary>
    /// A conditional variational autoencoder with all options: <see cref="CodeOptions.Variational"/> of
    /// <see cref="AutoencoderEstimator.Options.Code"/> and
    /// <see cref="AutoencoderEstimator.Options.ConditionColumnName"/> must be set.
    /// </summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator ConditionalVariational(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_variational, s_conditional);

    /// <summary>
    /// A stacked autoencoder: a dense one whose layers are trained one by one, each on the codes of the one before, and
    /// then as a whole.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param | /exception"/>
    /// <param name="pretrainingEpochs">How often the training rows are gone through for each layer.</param>
    public static AutoencoderEstimator Stacked(
        this AutoencoderCatalog catalog, string featureColumnName = AutoencoderColumns.Features, IReadOnlyList<int>? hidden = null,
        int code = CodeOptions.DefaultSize, int pretrainingEpochs = PretrainingOptions.DefaultEpochs, int epochs = DefaultEpochs,
        int batchSize = DefaultBatchSize, double learningRate = DefaultLearningRate, double contamination = DefaultContamination,
        InputScaling scaling = DefaultScaling, int? seed = null) =>
        catalog.Stacked(Preset(featureColumnName, Layers(hidden), code, epochs, batchSize, learningRate, contamination, scaling, seed,
            options => options.Pretraining = new PretrainingOptions { Epochs = pretrainingEpochs }));

    /// <summary>A stacked autoencoder with all options: <see cref="AutoencoderEstimator.Options.Pretraining"/> must be set.</summary>
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static AutoencoderEstimator Stacked(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options) =>
        Create(catalog, options, s_stacked);

    /// <summary>
    /// A classifier on the code of a stacked autoencoder: its layers are trained one by one without labels, then all
    /// with a softmax layer on the code and the labels there are.
    /// </summary>
    /// <inheritdoc cref="Dense(AutoencoderCatalog, string, IReadOnlyList{int}, int, int, int, double, double, InputScaling,
    /// int?)" path="/param[@name!='hidden' and @name!='contamination'] | /exception"/>
    /// <param name="labelColumnName">The column with the label, a key; rows with a missing one take part in the pretraining only.</param>
    /// <param name="hidden">The widths of the hidden layers, from the features to the code. Null for 100.</param>
    /// <param name="pretrainingEpochs">How often the training rows are gone through for each layer; with 0 nothing is pretrained.</param>
    public static StackedClassifierEstimator StackedClassifier(
        this AutoencoderCatalog catalog, string labelColumnName = ClassifierColumns.Label,
        string featureColumnName = AutoencoderColumns.Features, IReadOnlyList<int>? hidden = null,
        int code = StackedClassifierEstimator.Options.DefaultCode,
        int pretrainingEpochs = StackedClassifierEstimator.Options.DefaultPretrainingEpochs,
        int epochs = DefaultEpochs, int batchSize = DefaultBatchSize, double learningRate = DefaultLearningRate,
        InputScaling scaling = DefaultScaling, int? seed = null)
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
    /// <inheritdoc cref="Autoencoder" path="/param | /exception"/>
    public static StackedClassifierEstimator StackedClassifier(this AutoencoderCatalog catalog, StackedClassifierEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new StackedClassifierEstimator(catalog.Context, options);
    }

    // What each variant cannot be without.
    private static readonly Requirement
        s_dense = new("a dense autoencoder", "Network", options => options.Network is DenseNetworkOptions,
            options => $"is {options.Network?.GetType().Name ?? "null"}", nameof(DenseNetworkOptions)),
        s_vanilla = new("a vanilla autoencoder", "Network.Hidden or DecoderHidden", options => Widths(options).Length == 0,
            options => $"is {string.Join(", ", Widths(options))}", "no hidden layers but the code"),
        s_convolutional = new("a convolutional autoencoder", "Network", options => options.Network is ConvolutionalNetworkOptions,
            s_dense.Found, nameof(ConvolutionalNetworkOptions)),
        s_denoising = IsSet("a denoising autoencoder", "Corruption", options => options.Corruption,
            $"{nameof(GaussianCorruption)}, {nameof(MaskingCorruption)} or {nameof(SaltAndPepperCorruption)}"),
        s_sparse = HasPenalty("a sparse autoencoder", typeof(L1Penalty), typeof(KullbackLeiblerPenalty)),
        s_contractive = HasPenalty("a contractive autoencoder", typeof(ContractivePenalty)),
        s_binaryCode = HasPenalty("an autoencoder with a binary code", typeof(BinaryCodePenalty)),
        s_variational = IsSet("a variational autoencoder", "Code.Variational", options => options.Code?.Variational,
            nameof(VariationalOptions)),
        s_conditional = IsSet("a conditional autoencoder", "ConditionColumnName", options => options.ConditionColumnName,
            "the name of a column"),
        s_stacked = IsSet("a stacked autoencoder", "Pretraining", options => options.Pretraining, nameof(PretrainingOptions));

    private sealed record Requirement(string Variant, string Option, Func<AutoencoderEstimator.Options, bool> IsMet,
        Func<AutoencoderEstimator.Options, string> Found, string Expected);

    private static Requirement IsSet(string variant, string option, Func<AutoencoderEstimator.Options, object?> value, string expected) =>
        new(variant, option, options => value(options) is not null, _ => "is null", expected);

    private static Requirement HasPenalty(string variant, params Type[] expected) => new(variant, "Penalties",
        options => (options.Penalties ?? []).Any(penalty => expected.Contains(penalty?.GetType())),
        options => "has " + (options.Penalties is { Count: > 0 } some
            ? string.Join(", ", some.Select(penalty => penalty?.GetType().Name ?? "null")) : "nothing"),
        string.Join(" or ", expected.Select(type => type.Name)));

    private static int[] Widths(AutoencoderEstimator.Options options) =>
        options.Network is DenseNetworkOptions network ? [.. network.Hidden ?? [], .. network.DecoderHidden ?? []] : [];

    private static AutoencoderEstimator Create(
        AutoencoderCatalog catalog, AutoencoderEstimator.Options options, params Requirement[] requirements)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        foreach (var requirement in requirements)
        {
            if (!requirement.IsMet(options))
                throw new ArgumentException(
                    $"The option {requirement.Option} {requirement.Found(options)}; {requirement.Variant} expects {requirement.Expected}.",
                    nameof(options));
        }
        return new AutoencoderEstimator(catalog.Context, options);
    }

    /// <summary>What the simple overloads have in common.</summary>
    private static AutoencoderEstimator.Options Preset(string featureColumnName, NetworkOptions network, int code, int epochs,
        int batchSize, double learningRate, double contamination, InputScaling scaling, int? seed,
        Action<AutoencoderEstimator.Options>? set = null)
    {
        var options = new AutoencoderEstimator.Options
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
        set?.Invoke(options);
        return options;
    }

    private static DenseNetworkOptions Layers(IReadOnlyList<int>? hidden) => hidden is null ? new() : new() { Hidden = hidden };

    private static VariationalOptions Likelihood(double? variance, double beta) =>
        new() { Variance = variance ?? VariationalOptions.DefaultVariance, LearnVariance = variance is null, Beta = beta };
}
