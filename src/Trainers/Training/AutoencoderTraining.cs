using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>The fit of an autoencoder. Training rows and held-out rows stay the caller's.</summary>
internal sealed class AutoencoderTraining : TrainingRun
{
    // As many parameters as there are values, in so many epochs, reproduce every row.
    private const int EpochsByHeart = 200;

    private readonly TrainingData? _heldOut;
    private readonly AutoencoderNetwork _network;
    private readonly bool _isMember;
    private FeatureMasks? _masks;

    /// <param name="options">The options.</param>
    /// <param name="seed">The seed of everything random.</param>
    /// <param name="columns">The columns that the rows were read from.</param>
    /// <param name="rows">The training rows.</param>
    /// <param name="heldOut">The rows that are measured in their stead, or null.</param>
    /// <param name="device">Where the network is trained.</param>
    /// <param name="channel">The log.</param>
    /// <param name="shared">
    /// Of a member of a detector, the scaling of all: it keeps its last weights, and the held-out rows choose none.
    /// </param>
    /// <param name="isFirst">Whether the log is told what is odd in the rows.</param>
    public AutoencoderTraining(AutoencoderEstimator.Options options, long seed, TrainingColumns columns, TrainingData rows,
        TrainingData? heldOut, torch.Device device, IChannel channel, FeatureScaling? shared = null, bool isFirst = true)
        : base(options, seed, columns, rows, device, channel, shared)
    {
        (_heldOut, _isMember) = (heldOut, shared is not null);
        if (options.Code.Size >= rows.Layout.Features && !options.IsRegularized)
            channel.Warning(MessageSensitivity.None,
                $"The code has {options.Code.Size} units and the column '{options.FeatureColumnName}' {rows.Layout.Features} features: " +
                "without a penalty or corruption the autoencoder may learn to copy its input. Use a smaller code.");
        if (isFirst)
            Warn();
        _network = Own(options.Network.Create(
            rows.Layout.Features, rows.Layout.Condition, rows.Layout.Offset, options.Code, options.Masking is not null, Generator));
        if (!_isMember)
            WarnOfLearningByHeart();
        if (options.InitialWeights is { } start)
            InitialWeights.Load(start, _network, Scaling, channel);
    }

    /// <summary>Trains the network.</summary>
    /// <param name="convolutions">What sees to right convolutions.</param>
    /// <param name="inspect">Is shown the trained network, with its training set.</param>
    public IReadOnlyList<TrainingEpoch> Run(ConvolutionGuard convolutions, Action<AutoencoderNetwork, TrainingSet>? inspect)
    {
        using var threads = UseThreads(_network.MultiplyAdds);
        using var guard = convolutions.Use(_network, ConvolutionRuns(), Channel);
        if (Options is { Loss: ReconstructionLoss.BinaryCrossEntropy, Scaling: InputScaling.None })
        {
            RequireUnitInterval("Training", Rows);
            if (_heldOut is not null)
                RequireUnitInterval("Validation", _heldOut);
        }
        using var set = Batches(Rows);
        using var validation = _heldOut is null ? null : Batches(_heldOut);
        var loop = new TrainingLoop(Options, Channel);
        var checkpoint = Options.Checkpoint is null ? null : new CheckpointFile(Options.Checkpoint, CheckpointSettings(set));
        checkpoint?.Prepare();
        if (checkpoint is not { CanResume: true })
            Pretrain(_network, set);
        var objective = new Objective(Options, _network, set);
        TorchSharp.Modules.Parameter[] parameters = [.. _network.parameters()];
        using ITrainingStep step = (ITrainingStep?)DenseStep.TryCreate(_network, Options, set)
            ?? new AutogradStep(parameters, objective.Terms);
        var history = loop.Run(
            new TrainingTask
            {
                Stage = "Epoch",
                Parameters = parameters,
                Network = _network,
                Terms = objective.Names,
                Step = step,
                Rows = set,
                Validate = validation is null || _isMember ? null : cancellation =>
                    objective.Evaluate(validation, new Pass(IsTraining: false, Generator), cancellation),
                Epochs = Options.Epochs,
                Checkpoint = checkpoint,
            }, Generator);
        inspect?.Invoke(_network, set);
        return history;
    }

    /// <summary>The trained network as a scorer, with the threshold and the statistics of the rows' scores and codes.</summary>
    public AutoencoderModel ToModel(IReadOnlyList<TrainingEpoch> history)
    {
        float[] draws = Draws();
        var metadata = Describe(history, draws);

        // The threshold comes from the scores of the very graph that will be compared with it.
        using var scorer = _network.ToScorer(metadata, draws, Masks);
        var statistics = new RowStatistics(metadata.CodeSize);
        var codes = metadata.CodeSize <= GaussianMixture.LargestCode ? new CodeSample(Rows.Count, metadata.CodeSize, Seed) : null;
        TrainingScores.Compute(scorer, Rows, (score, code) =>
        {
            if (_heldOut is null && float.IsFinite(score))
                statistics.AddScore(score);
            statistics.AddCode(code);
            codes?.Offer(code);
        });
        if (_heldOut is not null)
            TrainingScores.Compute(scorer, _heldOut, (score, _) =>
            {
                if (float.IsFinite(score))
                    statistics.AddScore(score);
            });
        if (statistics.Count == 0)
            throw new InvalidOperationException(Options.ScoringMissingValues == ScoringMissingValues.Hidden
                ? $"None of the {(_heldOut ?? Rows).Count} rows that the threshold is to come from has a value, so that none has a score."
                : $"Every one of the {(_heldOut ?? Rows).Count} rows that the threshold is to come from has a missing value, and with " +
                $"Options.{nameof(Options.ScoringMissingValues)} {nameof(ScoringMissingValues.NaN)} or " +
                $"{nameof(ScoringMissingValues.Refuse)} such a row has no score. Use {nameof(ScoringMissingValues.Mean)}.");
        metadata = statistics.AddTo(metadata, Options.Threshold);
        if (codes is not null && metadata.CodeCovariance.Count > 0)
        {
            using var lease = TorchThreads.Use(Threads, Options.Cancellation);
            var (weights, means, covariances) = GaussianMixture.Fit(codes.Codes, metadata.CodeSize, codes.Seed);
            if (covariances.All(float.IsFinite))
                metadata = metadata with { CodeMixtureWeights = weights, CodeMixtureMeans = means, CodeMixtureCovariances = covariances };
        }
        return scorer.WithMetadata(metadata,
            new OptionalScores(Options.ProbabilityColumnName is not null, Options.PValueColumnName is not null));
    }

    /// <summary>The words of the literature for the network.</summary>
    public string Variant => Options.Variant();

    /// <summary>The masks of the score, with the errors of the rows that the threshold comes from; null without masking.</summary>
    public FeatureMasks? Masks => _masks ??= MeasureMasks();

    /// <summary>What the graph of the trained network says of itself, without threshold and statistics.</summary>
    /// <param name="history">What <see cref="Run"/> gave.</param>
    public AutoencoderMetadata Describe(IReadOnlyList<TrainingEpoch> history) => Describe(history, []);

    /// <summary>The trained network as a scorer of hidden features, without threshold and statistics.</summary>
    public AutoencoderModel ToMaskedScorer() => _network.ToScorer(Describe([]), [], Masks);

    /// <summary>The trained network as the first one of a detector.</summary>
    public AutoencoderModel ToDetector(AutoencoderMetadata metadata, DetectorParts parts) => _network.ToScorer(metadata, [], Masks, parts);

    /// <summary>Writes encoder and decoder.</summary>
    public string EmitNetwork(OnnxGraphBuilder graph, string input, string? condition) => _network.Emit(graph, input, condition);

    private AutoencoderMetadata Describe(IReadOnlyList<TrainingEpoch> history, float[] draws)
    {
        var variational = Options.Code.Variational;
        string summary = TrainingSummary.Of(history, ("rows", Rows.Count), ("skipped_rows", Rows.Skipped),
            ("known_anomalies", Rows.Anomalies), ("streamed", Rows.IsStreamed), ("validation_rows", _heldOut?.Count ?? 0));
        return Describe(Variant, Options, Options.Loss.ToKind(), summary) with
        {
            FeatureWeights = Options.FeatureWeights ?? [],
            IsVariational = variational is not null,
            LikelihoodVariance = variational is null || Options.Loss != ReconstructionLoss.MeanSquared ? 0
                : _network.LikelihoodLogVariance is { } learned ? (float)Math.Exp(learned.item<float>()) : (float)variational.Variance,
            ConditionSize = Rows.Layout.Condition,
            ConditionValues = Columns.Condition is { } condition ? AutoencoderColumns.KeyNames(condition) : [],
            CodeOffsetSize = Rows.Layout.Offset,
            ScoreKind = variational?.Score switch
            {
                _ when Options.Masking is not null => ScoreKind.HiddenFeatureError,
                VariationalScore.NegativeElbo => ScoreKind.NegativeElbo,
                VariationalScore.ReconstructionProbability => ScoreKind.ReconstructionProbability,
                _ => ScoreKind.MeanFeatureError,
            },
            ScoreSamples = Options.Masking is null ? draws.Length / Options.Code.Size : Masks!.Count,
        };
    }

    /// <summary>The standard-normal draws of a score that takes samples of the code; none for another.</summary>
    private float[] Draws()
    {
        if (Options.Code.Variational is not { Score: not VariationalScore.ReconstructionError } variational)
            return [];
        using var draws = torch.randn([variational.ScoreSamples, Options.Code.Size], dtype: torch.ScalarType.Float32,
            device: Generator.device, generator: Generator).cpu();
        return [.. MemoryMarshal.Cast<byte, float>(draws.bytes)];
    }

    private FeatureMasks? MeasureMasks()
    {
        if (Options.Masking is not { } masking)
            return null;
        using var lease = TorchThreads.Use(Threads, Options.Cancellation);
        using var set = Batches(_heldOut ?? Rows);
        return HiddenErrors.Measure(_network, masking, Options.Loss, set, new Pass(IsTraining: false, Generator), Seed);
    }

    /// <summary>Every size of batch in which this fit runs its convolutions, with the derivatives that it takes of them.</summary>
    private IEnumerable<ConvolutionRun> ConvolutionRuns()
    {
        foreach (long batch in Batches(Rows.Count))
        {
            yield return new ConvolutionRun(batch, Derivatives: 1);
            foreach (var penalty in Options.Penalties.OfType<ContractivePenalty>())
                yield return new ConvolutionRun(batch * penalty.RowsFor(Options.Code.Size), Derivatives: 2);
        }
        foreach (long batch in Batches(_heldOut?.Count ?? 0))
            yield return new ConvolutionRun(batch, Derivatives: 0);

        IEnumerable<long> Batches(long count) =>
            new[] { Math.Min(count, Options.BatchSize), count % Options.BatchSize }.Where(batch => batch > 0).Distinct();
    }

    /// <summary>Tells of a training that may learn single rows. Held-out rows would show it.</summary>
    private void WarnOfLearningByHeart()
    {
        long values = Rows.Count * Rows.Layout.Features;
        if (_heldOut is null && Options.Epochs >= EpochsByHeart && _network.ParameterCount >= values)
            Channel.Warning(MessageSensitivity.None,
                $"The network has {_network.ParameterCount} parameters and goes {Options.Epochs} times through {Rows.Count} training " +
                $"rows of {Rows.Layout.Features} features: so many epochs and parameters far exceed what {values} values teach. " +
                "Outliers among the rows are learned by heart, and score low. Use fewer epochs or a smaller network, or hold rows out " +
                $"({nameof(AutoencoderEstimator.Options.ValidationShare)}).");
    }

    private void RequireUnitInterval(string what, TrainingData rows)
    {
        using var pass = rows.Open();
        for (long i = 0; pass.MoveNext(); i++)
        {
            var row = pass.Record[..Names.Length];
            for (int j = 0; j < row.Length; j++)
            {
                if (float.IsFinite(row[j]) && row[j] is not (>= 0 and <= 1))
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"{what} row {i} (counted from 0) has {row[j]} in '{Names[j]}'; the loss {Options.Loss} expects values from 0 " +
                        $"to 1. Use Scaling {InputScaling.MinMax}."));
            }
        }
    }

    /// <summary>
    /// What must be the same for a training to go on from a checkpoint. The number of epochs need not, unless the
    /// learning rate follows it. What is named first is told first.
    /// </summary>
    private List<(string Name, string Value)> CheckpointSettings(TrainingSet set)
    {
        List<string> free = ["threshold", "scoring_missing_values", "early_stopping", "threads"];
        if (Options.Schedule is ConstantSchedule or StepSchedule or PlateauSchedule)
            free.Add("epochs");
        var options = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Options.ToJson())!
            .Where(option => !free.Contains(option.Key)).SelectMany(option => option.Key is "network" or "code"
                ? option.Value.EnumerateObject().Select(inner => (Name: $"{option.Key}.{inner.Name}", inner.Value))
                : [(Name: option.Key, option.Value)]);
        return
        [
            .. options.Select(option => ($"the option {option.Name}", option.Value.GetRawText())),
            ("the option feature_weights", JsonSerializer.Serialize(Options.FeatureWeights)),
            ("the seed", FormattableString.Invariant($"{Seed}")),
            ("the features", JsonSerializer.Serialize(Names)),
            ("the number of training rows", FormattableString.Invariant($"{Rows.Count}")),
            ("the number of validation rows", FormattableString.Invariant($"{_heldOut?.Count ?? 0}")),
            ("the width of condition and code offset", FormattableString.Invariant($"{Rows.Layout.Condition} and {Rows.Layout.Offset}")),
            ("the rows that are shuffled at a time", FormattableString.Invariant($"{set.WindowFor(Options.BatchSize)}")),
            ("the device", Generator.device.type.ToString()),
            ("the number of threads", FormattableString.Invariant($"{Threads}")),
            ("training rows of the digest", Rows.Digest!),
            ("validation rows of the digest", _heldOut?.Digest ?? "none"),
        ];
    }
}
