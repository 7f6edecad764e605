using System.Text.Json;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

public sealed partial class AutoencoderEstimator
{
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
        public const InputScaling DefaultScaling = InputScaling.Standardize;

        /// <summary>The column with the features, a vector of known size of Single. The default value is "Features".</summary>
        public string FeatureColumnName { get; set; } = AutoencoderColumns.Features;

        /// <summary>
        /// The column that encoder and decoder are told besides: a key, which becomes one-hot, or a vector of known
        /// size of Single. The default value is null: none.
        /// </summary>
        public string? ConditionColumnName { get; set; }

        /// <summary>
        /// The column with the weight of each training row in the loss, a Single of 0 or more; only their proportions
        /// count. A row of weight 0 is left out. Scaling, normalization over the batch and threshold count every other
        /// row once. The default value is null: all weigh the same.
        /// </summary>
        public string? WeightColumnName { get; set; }

        /// <summary>
        /// A column that tells known anomalies, which are left out of training, validation and threshold: Boolean
        /// (true), Single (above 0) or a key of two values (the second), as <c>AnomalyDetection.Evaluate</c> reads
        /// labels. Nothing else is learned from it, and scoring does not need it. A row without a label is kept. The
        /// default value is null: every row is trained on.
        /// </summary>
        public string? LabelColumnName { get; set; }

        /// <summary>The column for the anomaly score, or null for none. The default value is "Score".</summary>
        public string? ScoreColumnName { get; set; } = AutoencoderColumns.Score;

        /// <summary>The column for the decision, or null for none. The default value is "PredictedLabel".</summary>
        public string? PredictedLabelColumnName { get; set; } = AutoencoderColumns.PredictedLabel;

        /// <summary>
        /// The column for the share of training rows that score lower, a monotone function of the score, or null for
        /// none. The default value is null. It is not the frequency of anomalies.
        /// </summary>
        public string? ProbabilityColumnName { get; set; }

        /// <summary>The column for the code, or null for none. The default value is null.</summary>
        public string? CodeColumnName { get; set; }

        /// <summary>
        /// The column for the logarithm of the code's variance, or null for none; variational autoencoders only. The
        /// default value is null.
        /// </summary>
        public string? CodeLogVarianceColumnName { get; set; }

        /// <summary>The column for the reconstruction in raw units, or null for none. The default value is null.</summary>
        public string? ReconstructionColumnName { get; set; }

        /// <summary>The column for the feature errors, or null for none. The default value is null.</summary>
        public string? FeatureErrorsColumnName { get; set; }

        /// <summary>The layers around the code. The default value is a dense network with hidden layers of 64 and 32 units.</summary>
        public NetworkOptions Network { get; set; } = new DenseNetworkOptions();

        /// <summary>The code. The default value is 8 linear units.</summary>
        public CodeOptions Code { get; set; } = new();

        /// <summary>
        /// What is minimized between a row and its reconstruction, and what the feature errors are. The default value
        /// is <see cref="ReconstructionLoss.MeanSquared"/>.
        /// </summary>
        public ReconstructionLoss Loss { get; set; } = ReconstructionLoss.MeanSquared;

        /// <summary>
        /// The weight of each feature in loss and score, 0 or more; only their proportions count. The default value is
        /// null: all weigh the same.
        /// </summary>
        public IReadOnlyList<float>? FeatureWeights { get; set; }

        /// <summary>What spoils the rows that the encoder sees while training. The default value is null: nothing.</summary>
        public Corruption? Corruption { get; set; }

        /// <summary>What is added to the loss for what the code is like. The default value is empty: nothing.</summary>
        public IReadOnlyList<CodePenalty> Penalties { get; set; } = [];

        /// <summary>What the sum of the absolute weights is multiplied by and added to the loss. The default value is 0.</summary>
        public double WeightL1 { get; set; }

        /// <summary>What the sum of the squared weights is multiplied by and added to the loss. The default value is 0.</summary>
        public double WeightL2 { get; set; }

        /// <summary>Trains the layers one by one before the whole. The default value is null: the whole at once.</summary>
        public PretrainingOptions? Pretraining { get; set; }

        /// <summary>
        /// A safetensors file of weights to start from in the place of random ones, as
        /// <see cref="AutoencoderTransformer.ExportTorchWeights"/> writes it or Python does: with just the names and
        /// shapes of the network's layers. With <see cref="Epochs"/> 0 they are kept, and scaling, threshold and
        /// statistics are those of the training rows. The default value is null: random ones.
        /// </summary>
        public string? InitialWeights { get; set; }

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
        /// The share of the training rows that is held out, by the seed, in [0, 1): not trained on, but measured after
        /// each epoch. The weights of the epoch with the least validation loss are kept, and threshold and
        /// probability come from the scores of these rows. The default value is 0. With a validation view of its own
        /// (<see cref="Fit(IDataView, IDataView)"/>) nothing is held out.
        /// </summary>
        public double ValidationShare { get; set; }

        /// <summary>Ends the training when the validation loss no longer falls. The default value is null: it goes on.</summary>
        public EarlyStopping? EarlyStopping { get; set; }

        /// <summary>
        /// Is told how the training goes on, on the thread that trains: after each epoch, and twice a second within
        /// one. The default value is null.
        /// </summary>
        public IProgress<TrainingProgress>? Progress { get; set; }

        /// <summary>Stops the training within one step. The default value is none.</summary>
        public CancellationToken Cancellation { get; set; }

        /// <summary>What a canceled fit does. The default value is <see cref="MLNetAutoencoder.WhenCanceled.Throw"/>.</summary>
        public WhenCanceled WhenCanceled { get; set; } = WhenCanceled.Throw;

        /// <summary>
        /// The longest that the training may take; then it ends within one step, with the best weights so far. The
        /// default value is without end.
        /// </summary>
        public TimeSpan MaxTrainingTime { get; set; } = TimeSpan.MaxValue;

        /// <summary>Writes checkpoints, and goes on from one. The default value is null: neither.</summary>
        public CheckpointOptions? Checkpoint { get; set; }

        /// <summary>
        /// How many bytes of training rows may be held in memory, at 4 bytes for each feature and whatever else a row
        /// has. More rows are read from the data view in every epoch, which must give the same ones each time, and
        /// are shuffled within a window of this size; validation, scaling and threshold take passes of their own. The
        /// default value is null: a quarter of the memory that the process may use.
        /// </summary>
        public long? MemoryBudget { get; set; }

        /// <summary>Where the network is trained. The default value is <see cref="TrainingDevice.Auto"/>.</summary>
        public TrainingDevice Device { get; set; } = TrainingDevice.Auto;

        /// <summary>
        /// How many threads libtorch trains with, 1 to 1024. With one number of threads a fit is the same bit for bit; with another it
        /// differs in the last digits. The default value is null: as many as the work of a step pays for, at most one for each physical
        /// core. Set it where models must be the same on machines with other numbers of cores.
        /// </summary>
        public int? Threads { get; set; }

        /// <summary>How the threshold is chosen from the training rows' scores. The default value is a contamination of 0.1.</summary>
        public ThresholdRule Threshold { get; set; } = ThresholdRule.Contamination(DefaultContamination);

        /// <summary>
        /// Device, threads and batches of the fitted model. The default value leaves the device to the context and the
        /// rest to ONNX Runtime.
        /// </summary>
        public ScoringOptions Scoring { get; set; } = new();

        /// <summary>
        /// What training does with a row that has a missing value. The default value is
        /// <see cref="TrainingMissingValues.Refuse"/>.
        /// </summary>
        public TrainingMissingValues MissingValues { get; set; } = TrainingMissingValues.Refuse;

        /// <summary>
        /// What scoring does with a row that has a missing value. The default value is
        /// <see cref="ScoringMissingValues.NaN"/>.
        /// </summary>
        public ScoringMissingValues ScoringMissingValues { get; set; } = ScoringMissingValues.NaN;

        /// <summary>
        /// The seed of everything random in the training. The default value is null: one is drawn from the context when
        /// the estimator is made.
        /// </summary>
        public int? Seed { get; set; }

        /// <summary>Checks every option and their combination.</summary>
        internal void Validate()
        {
            ValidateColumnNames();
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
            Require.Not(BatchSize == 1 && Network.Normalization == Normalization.Batch, nameof(BatchSize), BatchSize,
                $"{nameof(Network)}.{nameof(Network.Normalization)}", Network.Normalization, "one row has no variance over the batch");
            Require.Not(BatchSize == 1 && Code.Normalization == CodeNormalization.Batch, nameof(BatchSize), BatchSize,
                $"{nameof(Code)}.{nameof(Code.Normalization)}", Code.Normalization, "one row has no variance over the batch");
            if (MemoryBudget is { } budget && budget < 1)
                throw new ArgumentOutOfRangeException(
                    nameof(MemoryBudget), budget, $"The option {nameof(MemoryBudget)} is {budget}; expected at least 1 byte.");
            Require.Defined(Device, nameof(Device));
            Require.Threads(Threads, nameof(Threads));
            ValidateLoss();
            Corruption?.Validate();
            Require.NotNull(Penalties, nameof(Penalties));
            foreach (var penalty in Penalties)
            {
                Require.NotNull(penalty, nameof(Penalties));
                penalty.Validate(this);
            }
            var twice = Penalties.GroupBy(penalty => penalty.Name).FirstOrDefault(group => group.Count() > 1);
            if (twice is not null)
                throw new ArgumentException(
                    $"The option {nameof(Penalties)} has {twice.Count()} of {twice.First().GetType().Name}; expected one. Add up their " +
                    "weights.", nameof(Penalties));
            Require.NotNegative(WeightL1, nameof(WeightL1));
            Require.NotNegative(WeightL2, nameof(WeightL2));
            Pretraining?.Validate(this);
            if (InitialWeights is not null && string.IsNullOrWhiteSpace(InitialWeights))
                throw new ArgumentException($"The option {nameof(InitialWeights)} is empty; expected the path of a file.",
                    nameof(InitialWeights));
            Require.Not(InitialWeights is not null && Pretraining is not null, nameof(InitialWeights), InitialWeights ?? "",
                nameof(Pretraining), "set", "it would train the layers anew");
            ValidateTraining();
            Require.Not(CodeLogVarianceColumnName is not null && Code.Variational is null, nameof(CodeLogVarianceColumnName),
                CodeLogVarianceColumnName ?? "", "Code.Variational", "null", "the code has no variance");
            AutoencoderColumns.Validate(Columns());
            if (OutputColumns().All(pair => pair.Column is null))
                throw new ArgumentException(
                    "All output columns are null, so the autoencoder would add nothing. Name at least one, such as " +
                    $"{nameof(ScoreColumnName)}.", nameof(ScoreColumnName));
        }

        /// <summary>The options of a layer that is trained before the whole: schedule and stopping are the whole's.</summary>
        internal Options ForPretraining()
        {
            var copy = Clone();
            (copy.Schedule, copy.WarmUpEpochs, copy.EarlyStopping) = (new ConstantSchedule(), 0, null);
            return copy;
        }

        private void ValidateTraining()
        {
            Require.NotNull(Optimizer, nameof(Optimizer));
            Optimizer.Validate();
            Require.NotNull(Schedule, nameof(Schedule));
            Schedule.Validate();
            Require.AtLeast(WarmUpEpochs, 0, nameof(WarmUpEpochs));
            if (GradientClipping is { } clipping)
                Require.Between(clipping, 0, double.PositiveInfinity, nameof(GradientClipping));
            Require.Share(ValidationShare, nameof(ValidationShare));
            EarlyStopping?.Validate();
            Require.Defined(WhenCanceled, nameof(WhenCanceled));
            if (MaxTrainingTime <= TimeSpan.Zero)
                throw new ArgumentOutOfRangeException(
                    nameof(MaxTrainingTime), MaxTrainingTime,
                    $"The option {nameof(MaxTrainingTime)} is {MaxTrainingTime}; expected more than {TimeSpan.Zero}.");
            Checkpoint?.Validate();
        }

        private void ValidateLoss()
        {
            Require.Defined(Loss, nameof(Loss));
            foreach (float weight in FeatureWeights ?? [])
                Require.NotNegative(weight, nameof(FeatureWeights));
            if (FeatureWeights is not null && FeatureWeights.All(weight => weight == 0))
                throw new ArgumentException($"The option {nameof(FeatureWeights)} has no weight above 0; expected at least one.",
                    nameof(FeatureWeights));
            Require.Not(Loss == ReconstructionLoss.BinaryCrossEntropy && Network.OutputActivation != Activation.Sigmoid, nameof(Loss), Loss,
                $"{nameof(Network)}.{nameof(Network.OutputActivation)}", Network.OutputActivation,
                "the cross-entropy needs reconstructions between 0 and 1; use Sigmoid");
            Require.Not(Loss is not (ReconstructionLoss.MeanSquared or ReconstructionLoss.BinaryCrossEntropy)
                && Code.Variational is not null, nameof(Loss), Loss, $"{nameof(Code)}.{nameof(Code.Variational)}", "set",
                "the loss is no likelihood; use MeanSquared for a Gaussian or BinaryCrossEntropy for a Bernoulli one");
            Require.Not(Loss != ReconstructionLoss.MeanSquared && Code.Variational is { LearnVariance: true }, nameof(Loss), Loss,
                "Code.Variational.LearnVariance", true, "only a Gaussian likelihood has a variance");
            Require.Not(Loss == ReconstructionLoss.Cosine && MissingValues == TrainingMissingValues.Masked, nameof(Loss), Loss,
                nameof(MissingValues), MissingValues, "the angle is that of whole rows");
            Require.Not(Loss == ReconstructionLoss.Cosine && FeatureWeights is not null, nameof(Loss), Loss, nameof(FeatureWeights), "set",
                "the angle is that of whole rows");
        }

        /// <summary>How rows are read.</summary>
        /// <param name="seed">The seed of the fit.</param>
        /// <param name="heldOutShare">The share of the rows that is held out.</param>
        internal RowReading Reading(long seed, double heldOutShare) => new()
        {
            MissingValues = MissingValues,
            Budget = MemoryBudget ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4,
            HeldOutShare = heldOutShare,
            Seed = seed,
            HasDigest = Checkpoint is not null,
            Cancellation = Cancellation,
            KeepsWhenCanceled = WhenCanceled == WhenCanceled.KeepBest,
        };

        internal Options Clone()
        {
            var copy = (Options)MemberwiseClone();
            copy.FeatureWeights = FeatureWeights is null ? null : [.. FeatureWeights];
            copy.Penalties = [.. Penalties];
            return copy;
        }

        /// <summary>From names of the graph to names of columns; what is null has none.</summary>
        internal IReadOnlyDictionary<string, string> Columns()
        {
            (string Graph, string? Column)[] inputs =
                [(GraphNames.Features, FeatureColumnName), (GraphNames.Condition, ConditionColumnName),
                (GraphNames.CodeOffset, Code.OffsetColumnName)];
            return inputs.Concat(OutputColumns()).Where(pair => pair.Column is not null)
                .ToDictionary(pair => pair.Graph, pair => pair.Column!, StringComparer.Ordinal);
        }

        private void ValidateColumnNames()
        {
            Require.ColumnName(FeatureColumnName, nameof(FeatureColumnName));
            foreach (var (column, option) in new[]
            {
                (ConditionColumnName, nameof(ConditionColumnName)), (WeightColumnName, nameof(WeightColumnName)),
                    (LabelColumnName, nameof(LabelColumnName)), (PredictedLabelColumnName, nameof(PredictedLabelColumnName)),
                (ScoreColumnName, nameof(ScoreColumnName)), (ProbabilityColumnName, nameof(ProbabilityColumnName)),
                    (CodeColumnName, nameof(CodeColumnName)),
                (CodeLogVarianceColumnName, nameof(CodeLogVarianceColumnName)),
                    (ReconstructionColumnName, nameof(ReconstructionColumnName)),
                    (FeatureErrorsColumnName, nameof(FeatureErrorsColumnName)),
            })
            {
                if (column is not null)
                    Require.ColumnName(column, option);
            }
        }

        private (string Graph, string? Column)[] OutputColumns() =>
        [
            (GraphNames.IsAnomaly, PredictedLabelColumnName),
            (GraphNames.Score, ScoreColumnName),
            (GraphNames.Probability, ProbabilityColumnName),
            (GraphNames.Code, CodeColumnName),
            (GraphNames.CodeLogVariance, CodeLogVarianceColumnName),
            (GraphNames.Reconstruction, ReconstructionColumnName),
            (GraphNames.FeatureErrors, FeatureErrorsColumnName),
        ];

        /// <summary>The words of the literature for what the options make, such as <c>denoising variational dense</c>.</summary>
        internal string Variant()
        {
            List<string> words = [];
            if (Pretraining is { Epochs: > 0 })
                words.Add("stacked");
            if (Corruption is not null)
                words.Add("denoising");
            words.AddRange(Penalties.Select(penalty => penalty.Adjective).Distinct());
            if (ConditionColumnName is not null)
                words.Add("conditional");
            if (Code.Variational is not null)
                words.Add("variational");
            words.Add(Network.Kind);
            return string.Join(' ', words);
        }

        /// <summary>Whether something keeps the network from copying rows through a code that is large enough for that.</summary>
        internal bool IsRegularized => Corruption is not null || Penalties.Count > 0 || Code.Variational is not null
            || Code.NoiseDeviation > 0 || Network.HasDropout;

        /// <summary>The options as JSON for the metadata.</summary>
        internal string Describe() => JsonSerializer.Serialize(
            Network.Describe().Concat(Code.Describe()).Concat(
            new (string Name, object? Value)[]
            {
                ("loss", Loss.ToString()),
                ("corruption", InvariantText.Of(Corruption)),
                ("penalties", Penalties.Select(InvariantText.Of).ToArray()),
                ("weight_l1", WeightL1),
                ("weight_l2", WeightL2),
                ("pretraining_epochs", Pretraining?.Epochs),
                ("initial_weights", InitialWeights is null ? null : Path.GetFileName(InitialWeights)),
                ("scaling", Scaling.ToString()),
                ("epochs", Epochs),
                ("batch_size", BatchSize),
                ("learning_rate", LearningRate),
                ("optimizer", Optimizer.ToString()),
                ("schedule", Schedule.ToString()),
                ("warm_up_epochs", WarmUpEpochs),
                ("gradient_clipping", GradientClipping),
                ("validation_share", ValidationShare),
                ("early_stopping", EarlyStopping?.ToString()),
                ("threads", Threads),
                ("threshold", Threshold.ToString()),
                ("missing_values", MissingValues.ToString()),
                ("scoring_missing_values", ScoringMissingValues.ToString()),
            }).ToDictionary(pair => pair.Name, pair => pair.Value));
    }
}
