using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>Trains an autoencoder on the rows of a data view.</summary>
/// <remarks>
/// <para><b>Input and output columns.</b> The feature column is a vector of known size (or, for one feature, a scalar)
/// of Single. The fitted transformer adds, each where its name is not null:</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type and meaning</description></listheader>
/// <item><term><c>PredictedLabel</c></term><description>Boolean: whether the row counts as an anomaly, that is, not
/// (score ≤ threshold).</description></item>
/// <item><term><c>Score</c></term><description>Single: the mean of the feature errors; higher is more anomalous.</description></item>
/// <item><term><c>Probability</c></term><description>Single: the share of training rows that score lower. It is not the
/// frequency of anomalies.</description></item>
/// <item><term><c>Code</c></term><description>Vector of Single: the code of the row; of a variational autoencoder its
/// mean.</description></item>
/// <item><term><c>CodeLogVariance</c></term><description>Vector of Single: of a variational autoencoder, the logarithm
/// of the code's variance.</description></item>
/// <item><term><c>Reconstruction</c></term><description>Vector of Single: the reconstruction, in the features' raw
/// units.</description></item>
/// <item><term><c>FeatureErrors</c></term><description>Vector of Single: each feature's term of the loss, in scaled
/// units.</description></item>
/// </list>
/// <para><b>Trainer characteristics.</b> Unsupervised anomaly detection; no caching needed (rows are read once); scaling is built in; needs
/// Microsoft.ML and TorchSharp with one of its native packages to train, and ONNX Runtime to score; exportable to ONNX.</para>
/// <para><b>Training.</b> Encoder f and decoder g minimize the mean over rows and features of
/// <see cref="Options.Loss"/> between the scaled row s and g(f(s)), and what the options add to it, by Adam
/// (Kingma and Ba 2015) over shuffled batches; see Goodfellow, Bengio and Courville, <i>Deep Learning</i> (2016), chapter 14. The threshold
/// is chosen from the training rows' scores by <see cref="Options.Threshold"/>. Which options make which autoencoder of
/// the literature is told in the catalog (<see cref="AutoencoderTrainersCatalog"/>).</para>
/// <para><b>Randomness.</b> Initial weights, the order of the rows, corruption, dropout and noise come from one
/// generator that belongs to the fit; the process-wide one is neither read nor changed. A second fit on the same data
/// gives the same bytes.</para>
/// </remarks>
public sealed partial class AutoencoderEstimator : IEstimator<AutoencoderTransformer>
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

    /// <summary>What sees to right convolutions; null for that of the process.</summary>
    internal ConvolutionGuard? Convolutions { get; init; }

    /// <summary>Trains an autoencoder.</summary>
    /// <param name="input">The training rows. For anomaly detection, mostly or all normal ones.</param>
    /// <returns>The fitted autoencoder, with its threshold.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, a row has a missing value that training refuses,
    /// training diverges, the checkpoint is of another training, a native library is missing, or it computes
    /// convolutions wrongly and cannot be kept from it.</exception>
    /// <exception cref="OperationCanceledException">The training was canceled, and the options do not want the best
    /// weights so far.</exception>
    /// <exception cref="IOException">The folder or file of the checkpoint cannot be used.</exception>
    public AutoencoderTransformer Fit(IDataView input) => Fit(input, validation: null, inspect: null);

    /// <summary>
    /// Trains an autoencoder and measures it after each epoch on rows of their own; the weights of the epoch with the
    /// least validation loss are kept, and threshold and probability come from these rows' scores.
    /// </summary>
    /// <param name="input">The training rows.</param>
    /// <param name="validation">The validation rows, with the same columns.</param>
    /// <returns>The fitted autoencoder, with its threshold.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or the validation rows'
    /// condition is a key with other values.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, a row has a missing value that training refuses,
    /// training diverges, the checkpoint is of another training, a native library is missing, or it computes
    /// convolutions wrongly and cannot be kept from it.</exception>
    /// <exception cref="OperationCanceledException">The training was canceled, and the options do not want the best
    /// weights so far.</exception>
    /// <exception cref="IOException">The folder or file of the checkpoint cannot be used.</exception>
    public AutoencoderTransformer Fit(IDataView input, IDataView validation)
    {
        ArgumentNullException.ThrowIfNull(validation);
        return Fit(input, validation, inspect: null);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var shape = AutoencoderColumns.OutputShape(inputSchema, _options.Columns());
        if (_options.WeightColumnName is { } weights)
        {
            var column = inputSchema.Where(column => column.Name == weights).Cast<SchemaShape.Column?>().FirstOrDefault()
                ?? throw new ArgumentOutOfRangeException(
                    nameof(inputSchema),
                    $"Could not find the weight column '{weights}'. The data have the columns " +
                    $"{string.Join(", ", inputSchema.Select(column => $"'{column.Name}'"))}.");
            if (column.IsKey || column.ItemType != NumberDataViewType.Single || column.Kind == SchemaShape.Column.VectorKind.VariableVector)
                throw new ArgumentOutOfRangeException(
                    nameof(inputSchema),
                    $"The weight column '{weights}' is {column.Kind} of {(column.IsKey ? "Key of " : "")}{column.ItemType}; expected a " +
                    "scalar of Single.");
        }
        if (_options.LabelColumnName is { } label)
            AnomalyLabels.CheckShape(inputSchema, label);
        return shape;
    }

    /// <summary>Trains an autoencoder and shows the trained network, with its training set, before they go.</summary>
    internal AutoencoderTransformer Fit(IDataView input, Action<AutoencoderNetwork, TrainingSet> inspect) =>
        Fit(input, validation: null, inspect);

    internal AutoencoderTransformer Fit(IDataView input, IDataView? validation, Action<AutoencoderNetwork, TrainingSet>? inspect)
    {
        ArgumentNullException.ThrowIfNull(input);
        TorchLibrary.Require();
        using var channel = _host.Start("Training");
        var columns = TrainingColumns.Find(input.Schema, _options);
        string[] names = columns.FeatureNames;
        _options.Network.ValidateFor(names.Length, _options.FeatureColumnName);
        if (_options.FeatureWeights is { } weights && weights.Count != names.Length)
            throw new InvalidOperationException(
                $"The option {nameof(Options.FeatureWeights)} has {weights.Count} weights, and the column '{_options.FeatureColumnName}' " +
                $"{names.Length} features; expected one weight for each feature.");
        var validationColumns = validation is null ? null : FindValidation(validation.Schema, columns);
        var device = TrainingDevices.Choose(_options.Device, _context, channel);
        var (rows, split) = TrainingData.Read(input, columns,
            _options.Reading(_seed, validation is null ? _options.ValidationShare : 0), channel);
        using var ownsRows = rows;
        using var heldOut = validation is null ? split
            : TrainingData.Read(validation, validationColumns!, _options.Reading(_seed, heldOutShare: 0), channel).Training;
        Require.Not(heldOut is null && _options.EarlyStopping is not null, nameof(Options.EarlyStopping), "set",
            nameof(Options.ValidationShare), 0, "there is no validation loss to look at; give a share or a validation view");
        var scaling = FeatureScaling.Fit(rows, _options.Scaling, names, _seed);
        Warn(channel, rows, scaling, names);

        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator((ulong)_seed, device);
        using var network = _options.Network.Create(
            rows.Layout.Features, rows.Layout.Condition, rows.Layout.Offset, _options.Code, generator);
        TrainingWarnings.ReportLearningByHeart(channel, _options.Epochs, network.ParameterCount, rows, isValidated: heldOut is not null);
        if (_options.InitialWeights is { } start)
            InitialWeights.Load(start, network, scaling, channel);
        int threads = _options.Threads ?? TorchThreads.CountFor(network.MultiplyAdds * _options.BatchSize);
        IReadOnlyList<TrainingEpoch> history;
        using (TorchThreads.Use(threads, _options.Cancellation))
        using ((Convolutions ?? ConvolutionGuard.Process).Use(network, ConvolutionRuns(rows.Count, heldOut?.Count ?? 0), channel))
            history = Train(network, rows, heldOut, scaling, names, threads, generator, channel, inspect);

        using var draws = _options.Code.Variational is { Score: not VariationalScore.ReconstructionError } variational
            ? torch.randn([variational.ScoreSamples, _options.Code.Size], dtype: torch.ScalarType.Float32, device: device,
                generator: generator).cpu()
            : null;
        var model = BuildModel(network, rows, heldOut, scaling, columns, threads, history,
            draws is null ? [] : [.. MemoryMarshal.Cast<byte, float>(draws.bytes)]);
        if (model.Metadata.CodeCovariance.Count == 0)
            channel.Warning(MessageSensitivity.None,
                "The codes of the training rows vary by more than a Single holds as a variance: the model keeps no distribution of codes " +
                "to sample from. Scale the features.");
        return _context.Autoencoders().FromModel(model, _options.Scoring, history);
    }

    /// <summary>The columns of the validation data, which must be read as those of the training data are.</summary>
    private TrainingColumns FindValidation(DataViewSchema validation, TrainingColumns training)
    {
        var columns = TrainingColumns.Find(validation, _options);
        if (columns.FeatureNames.Length != training.FeatureNames.Length)
            throw new ArgumentOutOfRangeException(
                nameof(validation),
                $"The column '{_options.FeatureColumnName}' has {columns.FeatureNames.Length} features in the validation data and " +
                $"{training.FeatureNames.Length} in the training data.");
        RequireSame("condition", columns.Condition, training.Condition);
        RequireSame("code offset", columns.Offset, training.Offset);
        return columns;

        static void RequireSame(string what, DataViewSchema.Column? validation, DataViewSchema.Column? training)
        {
            if (validation is not { } found || training is not { } expected)
                return;
            if (AutoencoderColumns.WidthOf(found) != AutoencoderColumns.WidthOf(expected))
                throw new ArgumentOutOfRangeException(
                    nameof(validation),
                    $"The {what} column '{found.Name}' is {found.Type} in the validation data and {expected.Type} in the training data; " +
                    "expected as many values.");

            // A key without values may be any.
            if (!AutoencoderColumns.HasKeyNames(found) || !AutoencoderColumns.HasKeyNames(expected))
                return;
            string[] values = AutoencoderColumns.KeyNames(found), expectedValues = AutoencoderColumns.KeyNames(expected);
            if (!values.SequenceEqual(expectedValues))
                throw new ArgumentOutOfRangeException(nameof(validation),
                    $"The {what} column '{found.Name}' is a key with the values {string.Join(", ", values.Take(10))} in the validation " +
                        $"data and {string.Join(", ", expectedValues.Take(10))} in the training data; expected the same in the same " +
                        "order. Make both with the MapValueToKey that was fitted for the training.");
        }
    }

    private IReadOnlyList<TrainingEpoch> Train(
        AutoencoderNetwork network, TrainingData rows, TrainingData? heldOut, FeatureScaling scaling, string[] names, int threads,
            torch.Generator generator, IChannel channel, Action<AutoencoderNetwork, TrainingSet>? inspect)
    {
        if (_options is { Loss: ReconstructionLoss.BinaryCrossEntropy, Scaling: InputScaling.None })
        {
            RequireUnitInterval("Training", rows, names);
            if (heldOut is not null)
                RequireUnitInterval("Validation", heldOut, names);
        }
        bool masks = _options.MissingValues == TrainingMissingValues.Masked;
        using var set = new TrainingSet(rows, scaling, generator.device, masks);
        using var validation = heldOut is null ? null : new TrainingSet(heldOut, scaling, generator.device, masks);
        var loop = new TrainingLoop(_options, channel);
        var checkpoint = _options.Checkpoint is null ? null
            : new CheckpointFile(_options.Checkpoint, CheckpointSettings(rows, heldOut, set, names, threads, generator.device));
        checkpoint?.Prepare();
        if (_options.Pretraining is not null && checkpoint is not { CanResume: true })
        {
            var before = _options.ForPretraining();
            Pretraining.Run(network, before, set, new TrainingLoop(before, channel), generator);
        }
        var objective = new Objective(_options, network, set);
        TorchSharp.Modules.Parameter[] parameters = [.. network.parameters()];
        using ITrainingStep step = (ITrainingStep?)DenseStep.TryCreate(network, _options, set)
            ?? new AutogradStep(parameters, objective.Terms);
        var history = loop.Run(
            new TrainingTask
            {
                Stage = "Epoch",
                Parameters = parameters,
                Network = network,
                Terms = objective.Names,
                Step = step,
                Rows = set,
                Validate = validation is null ? null : cancellation =>
                    objective.Evaluate(validation, new Pass(IsTraining: false, generator), cancellation),
                Epochs = _options.Epochs,
                Checkpoint = checkpoint,
            }, generator);
        inspect?.Invoke(network, set);
        return history;
    }

    /// <summary>Every size of batch in which this fit runs its convolutions, with the derivatives that it takes of them.</summary>
    private IEnumerable<ConvolutionRun> ConvolutionRuns(long rows, long heldOut)
    {
        foreach (long batch in Batches(rows))
        {
            yield return new ConvolutionRun(batch, Derivatives: 1);
            foreach (var penalty in _options.Penalties.OfType<ContractivePenalty>())
                yield return new ConvolutionRun(batch * penalty.RowsFor(_options.Code.Size), Derivatives: 2);
        }
        foreach (long batch in Batches(heldOut))
            yield return new ConvolutionRun(batch, Derivatives: 0);

        IEnumerable<long> Batches(long count) =>
            new[] { Math.Min(count, _options.BatchSize), count % _options.BatchSize }.Where(batch => batch > 0).Distinct();
    }

    private void RequireUnitInterval(string what, TrainingData rows, string[] names)
    {
        using var pass = rows.Open();
        for (long i = 0; pass.MoveNext(); i++)
        {
            var row = pass.Record[..names.Length];
            for (int j = 0; j < row.Length; j++)
            {
                if (float.IsFinite(row[j]) && row[j] is not (>= 0 and <= 1))
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"{what} row {i} (counted from 0) has {row[j]} in '{names[j]}'; the loss {_options.Loss} expects values from 0 " +
                            $"to 1. Use Scaling {InputScaling.MinMax}."));
            }
        }
    }

    /// <summary>
    /// What must be the same for a training to go on from a checkpoint. The number of epochs need not, unless the
    /// learning rate follows it. What is named first is told first.
    /// </summary>
    private List<(string Name, string Value)> CheckpointSettings(
        TrainingData rows, TrainingData? heldOut, TrainingSet set, string[] names, int threads, torch.Device device)
    {
        List<string> free = ["threshold", "scoring_missing_values", "early_stopping", "threads"];
        if (_options.Schedule is ConstantSchedule or StepSchedule or PlateauSchedule)
            free.Add("epochs");
        (string Key, string Value)[] columns =
        [
            ("feature_weights", JsonSerializer.Serialize(_options.FeatureWeights)),
            ("weight_column", Column(_options.WeightColumnName)),
            ("condition_column", Column(_options.ConditionColumnName)),
            ("code_offset_column", Column(_options.Code.OffsetColumnName)),
            ("label_column", Column(_options.LabelColumnName)),
        ];
        var options = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(_options.Describe())!
            .Select(pair => (pair.Key, Value: pair.Value.GetRawText())).Concat(columns).Where(pair => !free.Contains(pair.Key));
        return
        [
            .. options.Select(pair => ($"the option {pair.Key}", pair.Value)),
            ("the seed", FormattableString.Invariant($"{_seed}")),
            ("the features", JsonSerializer.Serialize(names)),
            ("the number of training rows", FormattableString.Invariant($"{rows.Count}")),
            ("the number of validation rows", FormattableString.Invariant($"{heldOut?.Count ?? 0}")),
            ("the width of condition and code offset", FormattableString.Invariant($"{rows.Layout.Condition} and {rows.Layout.Offset}")),
            ("the rows that are shuffled at a time", FormattableString.Invariant($"{set.WindowFor(_options.BatchSize)}")),
            ("the device", device.type.ToString()),
            ("the number of threads", FormattableString.Invariant($"{threads}")),
            ("training rows of the digest", rows.Digest!),
            ("validation rows of the digest", heldOut?.Digest ?? "none"),
        ];

        static string Column(string? name) => name is null ? "none" : $"'{name}'";
    }

    private AutoencoderModel BuildModel(
        AutoencoderNetwork network, TrainingData rows, TrainingData? heldOut, FeatureScaling scaling, TrainingColumns columns, int threads,
            IReadOnlyList<TrainingEpoch> history, float[] draws)
    {
        var metadata = new AutoencoderMetadata
        {
            Variant = _options.Variant(),
            FeatureNames = columns.FeatureNames,
            CodeSize = _options.Code.Size,
            Scaling = _options.Scaling.ToKind(),
            ScalingOffsets = scaling.Offsets,
            ScalingScales = scaling.Scales,
            FeatureMeans = scaling.Means,
            Loss = _options.Loss.ToKind(),
            FeatureWeights = _options.FeatureWeights ?? [],
            IsVariational = _options.Code.Variational is not null,
            LikelihoodVariance = _options is { Code.Variational: { } variational, Loss: ReconstructionLoss.MeanSquared }
                ? network.LikelihoodLogVariance is { } learned ? (float)Math.Exp(learned.item<float>()) : (float)variational.Variance
                : 0,
            ConditionSize = rows.Layout.Condition,
            ConditionValues = columns.Condition is { } condition ? AutoencoderColumns.KeyNames(condition) : [],
            CodeOffsetSize = rows.Layout.Offset,
            ScoreKind = _options.Code.Variational?.Score switch
            {
                VariationalScore.NegativeElbo => ScoreKind.NegativeElbo,
                VariationalScore.ReconstructionProbability => ScoreKind.ReconstructionProbability,
                _ => ScoreKind.MeanFeatureError,
            },
            ScoreSamples = draws.Length / _options.Code.Size,
            MissingValues = _options.ScoringMissingValues.ToPolicy(),
            Options = _options.Describe(),
            Seed = _seed,
            ThreadCount = threads,
            Training = TrainingSummary.Of(
                history, ("rows", rows.Count), ("skipped_rows", rows.Skipped), ("known_anomalies", rows.Anomalies),
                    ("streamed", rows.IsStreamed), ("validation_rows", heldOut?.Count ?? 0)),
            Columns = _options.Columns(),
        };

        // The threshold comes from the scores of the very graph that will be compared with it.
        using var unthresholded = new AutoencoderModel(network.ToScorerGraph(metadata, draws), "The trained graph");
        var statistics = ScoreStatistics.Compute(unthresholded, rows);
        if (heldOut is not null)
            statistics = statistics.WithScoresOf(ScoreStatistics.Compute(unthresholded, heldOut));
        var mixture = statistics.Codes.FitMixture();
        metadata = metadata with
        {
            ScoreMean = statistics.Mean,
            ScoreDeviation = statistics.Deviation,
            ScoreQuantiles = statistics.Quantiles(),
            CodeMean = statistics.Codes.Mean,
            CodeCovariance = statistics.Codes.Covariance,
            CodeMixtureWeights = mixture.Weights,
            CodeMixtureMeans = mixture.Means,
            CodeMixtureCovariances = mixture.Covariances,
        };
        metadata = metadata with { Threshold = _options.Threshold.Compute(metadata), ThresholdRule = _options.Threshold.ToString() };
        return new AutoencoderModel(network.ToScorerGraph(metadata, draws, withProbability: _options.ProbabilityColumnName is not null),
            "The trained graph");
    }

    private void Warn(IChannel channel, TrainingData rows, FeatureScaling scaling, string[] names)
    {
        if (_options.Code.Size >= rows.Layout.Features && !_options.IsRegularized)
            channel.Warning(MessageSensitivity.None,
                $"The code has {_options.Code.Size} units and the column '{_options.FeatureColumnName}' {rows.Layout.Features} features: " +
                "without a penalty or corruption the autoencoder may learn to copy its input. Use a smaller code.");
        TrainingWarnings.Report(channel, rows, scaling, names, _options.FeatureColumnName, _options.BatchSize);
    }
}
