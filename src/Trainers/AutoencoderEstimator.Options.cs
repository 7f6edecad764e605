using System.Text.Json.Serialization;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

public sealed partial class AutoencoderEstimator
{
    /// <summary>The options of <see cref="AutoencoderEstimator"/>. They are copied when the estimator is made.</summary>
    public sealed class Options : TrainingOptions
    {
        /// <summary>The contamination that <see cref="Threshold"/> has by default.</summary>
        public const double DefaultContamination = 0.1;

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
        /// labels; with <see cref="AnomalyLabelValue"/> a key of any values or text. Nothing else is learned from it,
        /// and scoring does not need it. A row without a label is kept. The default value is null: every row is trained
        /// on.
        /// </summary>
        public string? LabelColumnName { get; set; }

        /// <summary>
        /// The value of <see cref="LabelColumnName"/> that means anomaly, of a key or of text. The default value is
        /// null: the second value of a key of two, which of a key made by <c>MapValueToKey</c> is the one that occurs
        /// later.
        /// </summary>
        public string? AnomalyLabelValue { get; set; }

        /// <summary>
        /// The column for the share of training rows that score lower, a monotone function of the score, or null for
        /// none. The default value is null. It is not the frequency of anomalies.
        /// </summary>
        [JsonIgnore]
        public string? ProbabilityColumnName { get; set; }

        /// <summary>
        /// The column for the p-value, how often a normal row scores as high, or null for none. The default value is null. It is that of
        /// rows like those that the threshold comes from: validation rows for what it promises, see <c>docs/detection.md</c>.
        /// </summary>
        [JsonIgnore]
        public string? PValueColumnName { get; set; }

        /// <summary>
        /// The column for the logarithm of the code's variance, or null for none; variational autoencoders only. The
        /// default value is null.
        /// </summary>
        [JsonIgnore]
        public string? CodeLogVarianceColumnName { get; set; }

        /// <summary>The column for the reconstruction in raw units, or null for none. The default value is null.</summary>
        [JsonIgnore]
        public string? ReconstructionColumnName { get; set; }

        /// <summary>The column for the feature errors, or null for none. The default value is null.</summary>
        [JsonIgnore]
        public string? FeatureErrorsColumnName { get; set; }

        /// <summary>The layers around the code. The default value is a dense network with hidden layers of 64 and 32 units.</summary>
        public NetworkOptions Network { get; set; } = new DenseNetworkOptions();

        /// <summary>The code. The default value is 8 linear units.</summary>
        public CodeOptions Code { get; set; } = new();

        /// <summary>
        /// Hides features at random while training, and scores a row by predicting its features while they are hidden. The default
        /// value is null: the encoder sees all features.
        /// </summary>
        public Masking? Masking { get; set; }

        /// <summary>
        /// What is minimized between a row and its reconstruction, and what the feature errors are. The default value
        /// is <see cref="ReconstructionLoss.MeanSquared"/>.
        /// </summary>
        public ReconstructionLoss Loss { get; set; } = ReconstructionLoss.MeanSquared;

        /// <summary>
        /// The weight of each feature in loss and score, 0 or more; only their proportions count. The default value is
        /// null: all weigh the same.
        /// </summary>
        [JsonIgnore]
        public IReadOnlyList<float>? FeatureWeights { get; set => field = ValueList.Of(value); }

        /// <summary>What is added to the loss for what the code is like. The default value is empty: nothing.</summary>
        public IReadOnlyList<CodePenalty> Penalties { get; set => field = ValueList.Of(value); } = ValueList.Of<CodePenalty>([]);

        /// <summary>What the sum of the absolute weights is multiplied by and added to the loss. The default value is 0.</summary>
        public double WeightL1 { get; set; }

        /// <summary>What the sum of the squared weights is multiplied by and added to the loss. The default value is 0.</summary>
        public double WeightL2 { get; set; }

        /// <summary>Trains the layers one by one before the whole. The default value is null: the whole at once.</summary>
        public PretrainingOptions? Pretraining { get; set; }

        /// <summary>
        /// A safetensors file of weights to start from in the place of random ones, as
        /// <see cref="AutoencoderTransformer.ExportTorchWeights"/> writes it or Python does: with just the names and
        /// shapes of the network's layers. With <see cref="TrainingOptions.Epochs"/> 0 they are kept, and scaling,
        /// threshold and statistics are those of the training rows. The default value is null: random ones.
        /// </summary>
        [JsonIgnore]
        public string? InitialWeights { get; set; }

        /// <summary>
        /// The share of the training rows that is held out, by the seed, in [0, 1): not trained on, but measured after
        /// each epoch. The weights of the epoch with the least validation loss are kept, and threshold and
        /// probability come from the scores of these rows. The default value is 0. With a validation view of its own
        /// (<see cref="Fit(IDataView, IDataView)"/>) nothing is held out.
        /// </summary>
        public double ValidationShare { get; set; }

        /// <summary>Ends the training when the validation loss no longer falls. The default value is null: it goes on.</summary>
        public EarlyStopping? EarlyStopping { get; set; }

        /// <summary>Writes checkpoints, and goes on from one. The default value is null: neither.</summary>
        [JsonIgnore]
        public CheckpointOptions? Checkpoint { get; set; }

        /// <summary>
        /// How many bytes of training rows may be held in memory, at 4 bytes for each feature and whatever else a row
        /// has. More rows are read from the data view in every epoch, which must give the same ones each time, and
        /// are shuffled within a window of this size; validation, scaling and threshold take passes of their own. The
        /// default value is null: a quarter of the memory that the process may use.
        /// </summary>
        [JsonIgnore]
        public long? MemoryBudget { get; set; }

        /// <summary>Where the network is trained. The default value is <see cref="TrainingDevice.Auto"/>.</summary>
        [JsonIgnore]
        public TrainingDevice Device { get; set; } = TrainingDevice.Auto;

        /// <summary>How the threshold is chosen from the training rows' scores. The default value is a contamination of 0.1.</summary>
        [JsonIgnore]
        public ThresholdRule Threshold { get; set; } = ThresholdRule.Contamination(DefaultContamination);

        [JsonInclude, JsonPropertyName("initial_weights")]
        internal string? InitialWeightsFile => Path.GetFileName(InitialWeights);

        [JsonInclude, JsonPropertyName("threshold")]
        internal string ThresholdText => Threshold.ToString();

        internal override void Validate()
        {
            base.Validate();
            OptionalColumn(ConditionColumnName, nameof(ConditionColumnName));
            OptionalColumn(WeightColumnName, nameof(WeightColumnName));
            OptionalColumn(LabelColumnName, nameof(LabelColumnName));
            if (AnomalyLabelValue is not null)
                Require.Text(AnomalyLabelValue, nameof(AnomalyLabelValue), "a value of the label column");
            Require.Not(AnomalyLabelValue is not null && LabelColumnName is null, nameof(AnomalyLabelValue), AnomalyLabelValue ?? "",
                nameof(LabelColumnName), "null", "the value is one of a column");
            Require.NotNull(Network, nameof(Network));
            Require.NotNull(Code, nameof(Code));
            Require.NotNull(Threshold, nameof(Threshold));
            Code.Validate();
            Masking?.Validate();
            Network.Validate(this);
            ValidateMasking();
            ValidateLoss();
            ValidatePenalties();
            ValidateTraining();
            ValidateOutputs("the autoencoder", (ScoreColumnName, nameof(ScoreColumnName)),
                (PredictedLabelColumnName, nameof(PredictedLabelColumnName)), (ProbabilityColumnName, nameof(ProbabilityColumnName)),
                (PValueColumnName, nameof(PValueColumnName)),
                (CodeColumnName, nameof(CodeColumnName)), (CodeLogVarianceColumnName, nameof(CodeLogVarianceColumnName)),
                (ReconstructionColumnName, nameof(ReconstructionColumnName)), (FeatureErrorsColumnName, nameof(FeatureErrorsColumnName)));
            Require.Not(CodeLogVarianceColumnName is not null && Code.Variational is null, nameof(CodeLogVarianceColumnName),
                CodeLogVarianceColumnName ?? "", "Code.Variational", "null", "the code has no variance");
            AutoencoderColumns.Validate(Columns());
        }

        internal Options Clone() => (Options)MemberwiseClone();

        /// <summary>The options of a layer that is trained before the whole: schedule and stopping are the whole's.</summary>
        internal Options ForPretraining()
        {
            var copy = Clone();
            (copy.Schedule, copy.WarmUpEpochs, copy.EarlyStopping) = (new ConstantSchedule(), 0, null);
            return copy;
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
            Cancellation = Cancellation,
            KeepsWhenCanceled = WhenCanceled == WhenCanceled.KeepBest,
        };

        internal override IReadOnlyDictionary<string, string> Columns() => AutoencoderColumns.Named(
            (GraphNames.Features, FeatureColumnName), (GraphNames.Condition, ConditionColumnName),
            (GraphNames.CodeOffset, Code.OffsetColumnName), (GraphNames.IsAnomaly, PredictedLabelColumnName),
            (GraphNames.Score, ScoreColumnName), (GraphNames.Probability, ProbabilityColumnName),
            (GraphNames.PValue, PValueColumnName), (GraphNames.Code, CodeColumnName),
            (GraphNames.CodeLogVariance, CodeLogVarianceColumnName), (GraphNames.Reconstruction, ReconstructionColumnName),
            (GraphNames.FeatureErrors, FeatureErrorsColumnName));

        /// <summary>The words of the literature for what the options make, such as <c>denoising variational dense</c>.</summary>
        internal string Variant()
        {
            List<string> words = [];
            if (Pretraining is { Epochs: > 0 })
                words.Add("stacked");
            if (Masking is not null)
                words.Add("masked");
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
        internal bool IsRegularized => Corruption is not null || Masking is not null || Penalties.Count > 0 || Code.Variational is not null
            || Code.NoiseDeviation > 0 || Network.HasDropout;

        private void ValidateMasking()
        {
            Require.Not(Masking is null && ScoringMissingValues == ScoringMissingValues.Hidden, nameof(ScoringMissingValues),
                ScoringMissingValues, nameof(Masking), "null", "only a masked autoencoder is told what it does not see");
            if (Masking is null)
                return;
            Require.Not(ScoringMissingValues == ScoringMissingValues.Mean, nameof(Masking), "set", nameof(ScoringMissingValues),
                ScoringMissingValues, $"the network is told that the value is missing; use {ScoringMissingValues.Hidden}");
            Require.Not(Loss == ReconstructionLoss.Cosine, nameof(Masking), "set", nameof(Loss), Loss, "the angle is that of whole rows");
            Require.Not(Pretraining is not null, nameof(Masking), "set", nameof(Pretraining), "set",
                "a layer by itself is not told what is hidden");
            Require.Not(Code.OffsetColumnName is not null, nameof(Masking), "set", $"{nameof(Code)}.{nameof(Code.OffsetColumnName)}",
                Code.OffsetColumnName ?? "", "the offset is that of a row whose features are seen");
            Require.Not(Code.Variational is { Score: not VariationalScore.ReconstructionError }, nameof(Masking), "set",
                "Code.Variational.Score", Code.Variational?.Score ?? default, "the score hides features");
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

        private void ValidatePenalties()
        {
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
        }

        private void ValidateTraining()
        {
            Require.Not(BatchSize == 1 && Network.Normalization == Normalization.Batch, nameof(BatchSize), BatchSize,
                $"{nameof(Network)}.{nameof(Network.Normalization)}", Network.Normalization, "one row has no variance over the batch");
            Require.Not(BatchSize == 1 && Code.Normalization == CodeNormalization.Batch, nameof(BatchSize), BatchSize,
                $"{nameof(Code)}.{nameof(Code.Normalization)}", Code.Normalization, "one row has no variance over the batch");
            Pretraining?.Validate(this);
            if (InitialWeights is not null)
                Require.Text(InitialWeights, nameof(InitialWeights), "the path of a file");
            Require.Not(InitialWeights is not null && Pretraining is not null, nameof(InitialWeights), InitialWeights ?? "",
                nameof(Pretraining), "set", "it would train the layers anew");
            Require.Share(ValidationShare, nameof(ValidationShare));
            EarlyStopping?.Validate();
            Checkpoint?.Validate();
            Require.InRange(MemoryBudget is null or >= 1, MemoryBudget, nameof(MemoryBudget), "at least 1 byte");
            Require.Defined(Device, nameof(Device));
        }
    }
}
