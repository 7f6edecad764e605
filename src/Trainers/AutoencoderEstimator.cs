using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>Trains an autoencoder on the rows of a data view.</summary>
/// <remarks>
/// <para><b>Input and output columns.</b> The feature column is a vector of known size (or, for one feature, a scalar) of Single. The fitted
/// transformer adds, each where its name is not null:</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type and meaning</description></listheader>
/// <item><term><c>PredictedLabel</c></term><description>Boolean: whether the row counts as an anomaly, that is, not (score ≤ threshold).</description></item>
/// <item><term><c>Score</c></term><description>Single: the mean of the feature errors; higher is more anomalous.</description></item>
/// <item><term><c>Probability</c></term><description>Single: the share of training rows that score lower. It is not the frequency of anomalies.</description></item>
/// <item><term><c>Code</c></term><description>Vector of Single: the code of the row.</description></item>
/// <item><term><c>Reconstruction</c></term><description>Vector of Single: the reconstruction, in the features' raw units.</description></item>
/// <item><term><c>FeatureErrors</c></term><description>Vector of Single: each feature's squared error, in scaled units.</description></item>
/// </list>
/// <para><b>Trainer characteristics.</b> Unsupervised anomaly detection; no caching needed (rows are read once); scaling is built in; needs
/// Microsoft.ML and TorchSharp with one of its native packages to train, and ONNX Runtime to score; exportable to ONNX.</para>
/// <para><b>Training.</b> Encoder f and decoder g minimise the mean over rows and features of (s − g(f(s)))², with s the scaled row, by Adam
/// (Kingma and Ba 2015) over shuffled batches; see Goodfellow, Bengio and Courville, <i>Deep Learning</i> (2016), chapter 14. The threshold
/// is chosen from the training rows' scores by <see cref="Options.Threshold"/>.</para>
/// <para><b>Randomness.</b> Initial weights and the order of the rows come from one generator that belongs to the fit; the process-wide one is
/// neither read nor changed. A second fit on the same data gives the same bytes.</para>
/// </remarks>
public sealed class AutoencoderEstimator : IEstimator<AutoencoderTransformer>
{
    private readonly MLContext _context;
    private readonly IHost _host;
    private readonly Options _options;
    private readonly long _seed;

    internal AutoencoderEstimator(MLContext context, Options options)
    {
        options.Validate();
        _context = context;
        _options = options.Clone();
        _host = ((IHostEnvironment)context).Register("Autoencoder");
        _seed = options.Seed ?? _host.Rand.Next();
    }

    /// <summary>The options of <see cref="AutoencoderEstimator"/>. They are copied when the estimator is made.</summary>
    public sealed class Options
    {
        /// <summary>The default value of <see cref="Epochs"/>.</summary>
        public const int DefaultEpochs = 50;

        /// <summary>The default value of <see cref="BatchSize"/>.</summary>
        public const int DefaultBatchSize = 32;

        /// <summary>The default value of <see cref="LearningRate"/>.</summary>
        public const double DefaultLearningRate = 1e-3;

        /// <summary>The contamination that <see cref="Threshold"/> has by default.</summary>
        public const double DefaultContamination = 0.1;

        /// <summary>The default value of <see cref="Scaling"/>.</summary>
        public const InputScaling DefaultScaling = InputScaling.Standardise;

        /// <summary>The column with the features, a vector of known size of Single. The default value is "Features".</summary>
        public string FeatureColumnName { get; set; } = AutoencoderColumns.Features;

        /// <summary>The column for the anomaly score, or null for none. The default value is "Score".</summary>
        public string? ScoreColumnName { get; set; } = AutoencoderColumns.Score;

        /// <summary>The column for the decision, or null for none. The default value is "PredictedLabel".</summary>
        public string? PredictedLabelColumnName { get; set; } = AutoencoderColumns.PredictedLabel;

        /// <summary>
        /// The column for the share of training rows that score lower, a monotone function of the score, or null for none. The default value is null.
        /// It is not the frequency of anomalies.
        /// </summary>
        public string? ProbabilityColumnName { get; set; }

        /// <summary>The column for the code, or null for none. The default value is null.</summary>
        public string? CodeColumnName { get; set; }

        /// <summary>The column for the reconstruction in raw units, or null for none. The default value is null.</summary>
        public string? ReconstructionColumnName { get; set; }

        /// <summary>The column for the feature errors, or null for none. The default value is null.</summary>
        public string? FeatureErrorsColumnName { get; set; }

        /// <summary>The layers around the code. The default value is a dense network with hidden layers of 64 and 32 units.</summary>
        public NetworkOptions Network { get; set; } = new DenseNetworkOptions();

        /// <summary>The code. The default value is 8 linear units.</summary>
        public CodeOptions Code { get; set; } = new();

        /// <summary>How the features are scaled, inside the graphs. The default value is <see cref="InputScaling.Standardise"/>.</summary>
        public InputScaling Scaling { get; set; } = DefaultScaling;

        /// <summary>How often the training rows are gone through. The default value is 50; with 0 the network keeps its initial weights.</summary>
        public int Epochs { get; set; } = DefaultEpochs;

        /// <summary>The rows of one step. The default value is 32. The last batch of an epoch may be smaller.</summary>
        public int BatchSize { get; set; } = DefaultBatchSize;

        /// <summary>The step size of Adam. The default value is 0.001.</summary>
        public double LearningRate { get; set; } = DefaultLearningRate;

        /// <summary>How the threshold is chosen from the training rows' scores. The default value is a contamination of 0.1.</summary>
        public ThresholdRule Threshold { get; set; } = ThresholdRule.Contamination(DefaultContamination);

        /// <summary>Device, threads and batches of the fitted model. The default value leaves the device to the context and the rest to ONNX Runtime.</summary>
        public ScoringOptions Scoring { get; set; } = new();

        /// <summary>What training does with a row that has a missing value. The default value is <see cref="TrainingMissingValues.Refuse"/>.</summary>
        public TrainingMissingValues MissingValues { get; set; } = TrainingMissingValues.Refuse;

        /// <summary>What scoring does with a row that has a missing value. The default value is <see cref="ScoringMissingValues.NaN"/>.</summary>
        public ScoringMissingValues ScoringMissingValues { get; set; } = ScoringMissingValues.NaN;

        /// <summary>The seed of everything random in the training. The default value is null: one is drawn from the context when the estimator is made.</summary>
        public int? Seed { get; set; }

        /// <summary>Checks every option and their combination.</summary>
        internal void Validate()
        {
            Require.ColumnName(FeatureColumnName, nameof(FeatureColumnName));
            Require.NotNull(Network, nameof(Network));
            Require.NotNull(Code, nameof(Code));
            Require.Defined(Scaling, nameof(Scaling));
            Require.AtLeast(Epochs, 0, nameof(Epochs));
            Require.AtLeast(BatchSize, 1, nameof(BatchSize));
            Require.Between(LearningRate, 0, float.MaxValue, nameof(LearningRate));
            Require.NotNull(Threshold, nameof(Threshold));
            Require.NotNull(Scoring, nameof(Scoring));
            Scoring.Validate();
            Require.Defined(MissingValues, nameof(MissingValues));
            Require.Defined(ScoringMissingValues, nameof(ScoringMissingValues));
            Code.Validate();
            Network.Validate(this);
            AutoencoderColumns.Validate(Columns());
            if (Columns().Count == 1)
                throw new ArgumentException($"All output columns are null, so the autoencoder would add nothing. Name at least one, such as {nameof(ScoreColumnName)}.", nameof(ScoreColumnName));
        }

        internal Options Clone()
        {
            var copy = (Options)MemberwiseClone();
            copy.Network = Network.Clone();
            copy.Code = Code.Clone();
            return copy;
        }

        /// <summary>From names of the graph to names of columns; what is null has none.</summary>
        internal IReadOnlyDictionary<string, string> Columns()
        {
            (string Output, string? Column)[] all =
            [
                (GraphNames.Features, FeatureColumnName),
                (GraphNames.IsAnomaly, PredictedLabelColumnName),
                (GraphNames.Score, ScoreColumnName),
                (GraphNames.Probability, ProbabilityColumnName),
                (GraphNames.Code, CodeColumnName),
                (GraphNames.Reconstruction, ReconstructionColumnName),
                (GraphNames.FeatureErrors, FeatureErrorsColumnName),
            ];
            return all.Where(pair => pair.Column is not null).ToDictionary(pair => pair.Output, pair => pair.Column!, StringComparer.Ordinal);
        }

        /// <summary>The options as JSON for the metadata.</summary>
        internal string Describe() => JsonSerializer.Serialize(
            Network.Describe().Concat(
            [
                ("code_size", Code.Size),
                ("code_activation", Code.Activation.ToString()),
                ("scaling", Scaling.ToString()),
                ("epochs", Epochs),
                ("batch_size", BatchSize),
                ("learning_rate", LearningRate),
                ("threshold", Threshold.ToString()),
                ("missing_values", MissingValues.ToString()),
                ("scoring_missing_values", ScoringMissingValues.ToString()),
            ]).ToDictionary(pair => pair.Item1, pair => pair.Item2));
    }

    /// <summary>Trains an autoencoder.</summary>
    /// <param name="input">The training rows. For anomaly detection, mostly or all normal ones.</param>
    /// <returns>The fitted autoencoder, with its threshold.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, a row has a missing value that training refuses, training diverges, or a native library is missing.</exception>
    public AutoencoderTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        TorchLibrary.Require();
        using var channel = _host.Start("Training");
        var column = AutoencoderColumns.FindFeatures(input.Schema, _options.FeatureColumnName);
        string[] names = AutoencoderColumns.FeatureNames(column);
        var rows = TrainingRows.Read(input, column, names, _options.MissingValues, channel);
        var scaling = FeatureScaling.Fit(rows, _options.Scaling, names);
        Warn(channel, rows, scaling, names);

        using var scope = torch.NewDisposeScope();
        var generator = new torch.Generator((ulong)_seed, torch.CPU);
        using var network = _options.Network.Create(rows.FeatureCount, _options.Code, generator);
        int threads = TorchThreads.CountFor(network.ParameterCount, _options.BatchSize);
        double[] losses;
        using (TorchThreads.Use(threads))
            losses = new TrainingLoop(_options, channel).Run(network, scaling.Apply(rows), rows.FeatureCount, generator);

        return _context.Autoencoders().FromModel(BuildModel(network, rows, scaling, names, threads, losses), _options.Scoring);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => AutoencoderColumns.OutputShape(inputSchema, _options.Columns());

    private AutoencoderModel BuildModel(AutoencoderNetwork network, TrainingRows rows, FeatureScaling scaling, string[] names, int threads, double[] losses)
    {
        var metadata = new AutoencoderMetadata
        {
            Variant = _options.Network.Variant,
            FeatureNames = names,
            CodeSize = _options.Code.Size,
            Scaling = _options.Scaling switch { InputScaling.MinMax => "min-max", InputScaling.Standardise => "standardise", _ => "none" },
            ScalingOffsets = scaling.Offsets,
            ScalingScales = scaling.Scales,
            FeatureMeans = scaling.Means,
            Loss = "mean_squared",
            MissingValues = _options.ScoringMissingValues switch
            {
                ScoringMissingValues.Mean => MissingValuePolicy.Mean,
                ScoringMissingValues.Refuse => MissingValuePolicy.Error,
                _ => MissingValuePolicy.NaN,
            },
            Options = _options.Describe(),
            Seed = _seed,
            ThreadCount = threads,
            Training = JsonSerializer.Serialize(new Dictionary<string, object?>
            {
                ["rows"] = rows.Count,
                ["skipped_rows"] = rows.Skipped,
                ["epochs"] = losses.Length,
                ["first_loss"] = losses.Length == 0 ? null : losses[0],
                ["final_loss"] = losses.Length == 0 ? null : losses[^1],
            }),
            Columns = _options.Columns(),
        };

        // The threshold comes from the scores of the very graph that will be compared with it.
        using var unthresholded = new AutoencoderModel(network.ToScorerGraph(metadata), "The trained graph");
        var statistics = ScoreStatistics.Compute(unthresholded, rows);
        metadata = metadata with
        {
            ScoreMean = statistics.Mean,
            ScoreDeviation = statistics.Deviation,
            ScoreQuantiles = statistics.Quantiles(),
            CodeMean = statistics.CodeMean,
            CodeCovariance = statistics.CodeCovariance,
            CodeMixtureWeights = statistics.CodeMixture.Weights,
            CodeMixtureMeans = statistics.CodeMixture.Means,
            CodeMixtureCovariances = statistics.CodeMixture.Covariances,
        };
        metadata = metadata with { Threshold = _options.Threshold.Compute(metadata), ThresholdRule = _options.Threshold.ToString() };
        return new AutoencoderModel(network.ToScorerGraph(metadata, withProbability: _options.ProbabilityColumnName is not null), "The trained graph");
    }

    private void Warn(IChannel channel, TrainingRows rows, FeatureScaling scaling, string[] names)
    {
        if (_options.Code.Size >= rows.FeatureCount)
            channel.Warning(MessageSensitivity.None, $"The code has {_options.Code.Size} units and the column '{_options.FeatureColumnName}' {rows.FeatureCount} features: without a penalty or corruption the autoencoder may learn to copy its input. Use a smaller code.");
        if (scaling.Constant.Length > 0)
            channel.Warning(MessageSensitivity.None, $"{scaling.Constant.Length} of {rows.FeatureCount} features in the column '{_options.FeatureColumnName}' have one value in all training rows: {string.Join(", ", scaling.Constant.Take(10).Select(j => $"'{names[j]}'"))}{(scaling.Constant.Length > 10 ? ", ..." : "")}.");
        if (rows.Count < _options.BatchSize)
            channel.Warning(MessageSensitivity.None, $"There are {rows.Count} training rows and the batch size is {_options.BatchSize}: every epoch is one step over all rows.");
    }
}
