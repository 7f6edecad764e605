using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The options that autoencoders and classifiers on their codes have in common.</summary>
public abstract class TrainingOptions
{
    /// <summary>The default value of <see cref="Epochs"/>.</summary>
    public const int DefaultEpochs = 50;

    /// <summary>The default value of <see cref="BatchSize"/>.</summary>
    public const int DefaultBatchSize = 32;

    /// <summary>The default value of <see cref="LearningRate"/>.</summary>
    public const double DefaultLearningRate = 1e-3;

    /// <summary>The default value of <see cref="Scaling"/>.</summary>
    public const InputScaling DefaultScaling = InputScaling.Standardize;

    // What the metadata say of a training: everything that has a part in it, under the names of the properties.
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    private protected TrainingOptions()
    {
    }

    /// <summary>The column with the features, a vector of known size of Single. The default value is "Features".</summary>
    public string FeatureColumnName { get; set; } = AutoencoderColumns.Features;

    /// <summary>
    /// The column for the anomaly score, of a classifier for the probabilities of the classes, or null for none. The
    /// default value is "Score".
    /// </summary>
    [JsonIgnore]
    public string? ScoreColumnName { get; set; } = AutoencoderColumns.Score;

    /// <summary>
    /// The column for the decision, of a classifier for the most probable class, or null for none. The default value is
    /// "PredictedLabel".
    /// </summary>
    [JsonIgnore]
    public string? PredictedLabelColumnName { get; set; } = AutoencoderColumns.PredictedLabel;

    /// <summary>The column for the code, or null for none. The default value is null.</summary>
    [JsonIgnore]
    public string? CodeColumnName { get; set; }

    /// <summary>
    /// What spoils the rows that the encoder sees while training, of a classifier the inputs of a layer while it is
    /// pretrained. The default value is null: nothing.
    /// </summary>
    public Corruption? Corruption { get; set; }

    /// <summary>How the features are scaled, inside the graphs. The default value is <see cref="InputScaling.Standardize"/>.</summary>
    public InputScaling Scaling { get; set; } = DefaultScaling;

    /// <summary>
    /// How often the training rows are gone through. The default value is 50; with 0 the network keeps its initial
    /// weights.
    /// </summary>
    public int Epochs { get; set; } = DefaultEpochs;

    /// <summary>The rows of one step. The default value is 32. The last batch of an epoch may be smaller.</summary>
    public int BatchSize { get; set; } = DefaultBatchSize;

    /// <summary>The step size of the optimizer, at its largest. The default value is 0.001.</summary>
    public double LearningRate { get; set; } = DefaultLearningRate;

    /// <summary>What the gradients do to the weights. The default value is <see cref="AdamOptimizer"/>.</summary>
    public Optimizer Optimizer { get; set; } = new AdamOptimizer();

    /// <summary>How the learning rate changes while training. The default value is <see cref="ConstantSchedule"/>.</summary>
    public LearningRateSchedule Schedule { get; set; } = new ConstantSchedule();

    /// <summary>
    /// Over how many epochs the learning rate rises from 0 in a straight line, on top of the schedule. The default
    /// value is 0.
    /// </summary>
    public int WarmUpEpochs { get; set; }

    /// <summary>
    /// The largest Euclidean norm that all gradients together may have; larger ones are scaled down to it (Pascanu,
    /// Mikolov and Bengio 2013). The default value is null: any.
    /// </summary>
    public double? GradientClipping { get; set; }

    /// <summary>
    /// Is told how the training goes on, on the thread that trains: after each epoch, and twice a second within one.
    /// The default value is null.
    /// </summary>
    [JsonIgnore]
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>Stops the training within one step. The default value is none.</summary>
    [JsonIgnore]
    public CancellationToken Cancellation { get; set; }

    /// <summary>What a canceled fit does. The default value is <see cref="MLNetAutoencoder.WhenCanceled.Throw"/>.</summary>
    [JsonIgnore]
    public WhenCanceled WhenCanceled { get; set; } = WhenCanceled.Throw;

    /// <summary>
    /// The longest that the training may take; then it ends within one step, with the best weights so far. The default
    /// value is without end.
    /// </summary>
    [JsonIgnore]
    public TimeSpan MaxTrainingTime { get; set; } = TimeSpan.MaxValue;

    /// <summary>
    /// How many threads libtorch trains with, 1 to 1024. With one number of threads a fit is the same bit for bit; with
    /// another it differs in the last digits. The default value is null: as many as the work of a step pays for, at
    /// most one for each physical core. Set it where models must be the same on machines with other numbers of cores.
    /// </summary>
    public int? Threads { get; set; }

    /// <summary>
    /// Device, threads and batches of the fitted model. The default value leaves the device to the context and the rest
    /// to ONNX Runtime.
    /// </summary>
    [JsonIgnore]
    public ScoringOptions Scoring { get; set; } = new();

    /// <summary>
    /// What training does with a row that has a missing value. The default value is
    /// <see cref="TrainingMissingValues.Refuse"/>.
    /// </summary>
    public TrainingMissingValues MissingValues { get; set; } = TrainingMissingValues.Refuse;

    /// <summary>
    /// What scoring does with a row that has a missing value. The default value is
    /// <see cref="ScoringMissingValues.NaN"/>; of a classifier the probabilities are NaN and the label a missing key.
    /// </summary>
    public ScoringMissingValues ScoringMissingValues { get; set; } = ScoringMissingValues.NaN;

    /// <summary>
    /// The seed of everything random in the training. The default value is null: one is drawn from the context when the
    /// estimator is made.
    /// </summary>
    [JsonIgnore]
    public int? Seed { get; set; }

    /// <summary>Checks every option and their combination.</summary>
    internal virtual void Validate()
    {
        Require.ColumnName(FeatureColumnName, nameof(FeatureColumnName));
        Corruption?.Validate();
        Require.Defined(Scaling, nameof(Scaling));
        Require.AtLeast(Epochs, 0, nameof(Epochs));
        Require.AtLeast(BatchSize, 1, nameof(BatchSize));
        Require.Between(LearningRate, 0, float.MaxValue, nameof(LearningRate));
        Require.NotNull(Optimizer, nameof(Optimizer));
        Optimizer.Validate();
        Require.NotNull(Schedule, nameof(Schedule));
        Schedule.Validate();
        Require.AtLeast(WarmUpEpochs, 0, nameof(WarmUpEpochs));
        if (GradientClipping is { } clipping)
            Require.Between(clipping, 0, double.PositiveInfinity, nameof(GradientClipping));
        Require.Defined(WhenCanceled, nameof(WhenCanceled));
        Require.InRange(MaxTrainingTime > TimeSpan.Zero, MaxTrainingTime, nameof(MaxTrainingTime), $"more than {TimeSpan.Zero}");
        Require.Threads(Threads, nameof(Threads));
        Require.NotNull(Scoring, nameof(Scoring));
        Scoring.Validate();
        Require.Defined(MissingValues, nameof(MissingValues));
        Require.Defined(ScoringMissingValues, nameof(ScoringMissingValues));
    }

    /// <summary>Gives the options of the autoencoder that is trained for these what both have: scaling, and how it is trained.</summary>
    internal AutoencoderEstimator.Options AddTo(AutoencoderEstimator.Options autoencoder)
    {
        autoencoder.FeatureColumnName = FeatureColumnName;
        autoencoder.Corruption = Corruption;
        autoencoder.Scaling = Scaling;
        autoencoder.Epochs = Epochs;
        autoencoder.BatchSize = BatchSize;
        autoencoder.LearningRate = LearningRate;
        autoencoder.Optimizer = Optimizer;
        autoencoder.Schedule = Schedule;
        autoencoder.WarmUpEpochs = WarmUpEpochs;
        autoencoder.GradientClipping = GradientClipping;
        autoencoder.Progress = Progress;
        autoencoder.Cancellation = Cancellation;
        autoencoder.WhenCanceled = WhenCanceled;
        autoencoder.MaxTrainingTime = MaxTrainingTime;
        autoencoder.Threads = Threads;
        autoencoder.MissingValues = MissingValues;
        return autoencoder;
    }

    /// <summary>From names of the graph to names of columns; what is null has none.</summary>
    internal abstract IReadOnlyDictionary<string, string> Columns();

    /// <summary>The options as JSON, in every culture the same.</summary>
    internal string ToJson() => ToJson(this);

    /// <summary>Options of any kind, in the same way.</summary>
    internal static string ToJson(object options) => JsonSerializer.Serialize(options, options.GetType(), s_json);

    /// <summary>Checks that the names of output columns are names, and that there is one.</summary>
    private protected static void ValidateOutputs(string adds, params (string? Column, string Option)[] outputs)
    {
        foreach (var (column, option) in outputs)
            OptionalColumn(column, option);
        if (outputs.All(output => output.Column is null))
            throw new ArgumentException(
                $"All output columns are null, so {adds} would add nothing. Name at least one, such as {outputs[0].Option}.",
                outputs[0].Option);
    }

    private protected static void OptionalColumn(string? column, string option)
    {
        if (column is not null)
            Require.ColumnName(column, option);
    }
}
