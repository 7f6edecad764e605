using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

public sealed partial class AnomalyDetectionEstimator
{
    /// <summary>The options of <see cref="AnomalyDetectionEstimator"/>. They are copied when the estimator is made.</summary>
    /// <remarks>What is null by default follows the data.</remarks>
    public sealed class Options
    {
        /// <summary>The false-alarm rate that <see cref="Threshold"/> has by default.</summary>
        public const double DefaultFalseAlarmRate = 0.01;

        /// <summary>The column with the features. The default value is "Features".</summary>
        public string FeatureColumnName { get; set; } = AutoencoderColumns.Features;

        /// <summary>
        /// A column that tells known anomalies, which are left out, as
        /// <see cref="AutoencoderEstimator.Options.LabelColumnName"/>. The default value is null: every row is trained on.
        /// </summary>
        [JsonIgnore]
        public string? LabelColumnName { get; set; }

        /// <summary>The value of <see cref="LabelColumnName"/> that means anomaly. The default value is null.</summary>
        [JsonIgnore]
        public string? AnomalyLabelValue { get; set; }

        /// <summary>The column for the decision, or null for none. The default value is "PredictedLabel".</summary>
        [JsonIgnore]
        public string? PredictedLabelColumnName { get; set; } = AutoencoderColumns.PredictedLabel;

        /// <summary>The column for the score, or null for none. The default value is "Score".</summary>
        [JsonIgnore]
        public string? ScoreColumnName { get; set; } = AutoencoderColumns.Score;

        /// <summary>
        /// The column for the share of training rows that score lower, or null for none. The default value is null.
        /// </summary>
        [JsonIgnore]
        public string? ProbabilityColumnName { get; set; }

        /// <summary>
        /// The column for the p-value, how often a normal row scores as high, or null for none. The default value is null.
        /// </summary>
        [JsonIgnore]
        public string? PValueColumnName { get; set; }

        /// <summary>The column for the code of the first network, or null for none. The default value is null.</summary>
        [JsonIgnore]
        public string? CodeColumnName { get; set; }

        /// <summary>The column for the reconstruction in raw units, or null for none. The default value is null.</summary>
        [JsonIgnore]
        public string? ReconstructionColumnName { get; set; }

        /// <summary>The column for the feature errors, or null for none. The default value is null.</summary>
        [JsonIgnore]
        public string? FeatureErrorsColumnName { get; set; }

        /// <summary>
        /// The share of the training rows that may be anomalies, from 0 to 0.5. As many are left out, those that lie
        /// farthest from a part of
        /// the others: of networks, kept rows, threshold and p-values. The default value is 0: all are taken for normal.
        /// </summary>
        public double Contamination { get; set; }

        /// <summary>How many masked networks there are. The default value is null: 5 for few rows, otherwise 1.</summary>
        public int? Members { get; set; }

        /// <summary>
        /// The share of its training rows that each network is trained on, drawn anew for each, above 0 and at most 1 (bagging,
        /// Breiman 1996). The default value is 1.
        /// </summary>
        public double MemberRows { get; set; } = 1;

        /// <summary>
        /// The share of the features that each network has, drawn anew for each, above 0 and at most 1 (Lazarevic and Kumar 2005). It has
        /// one at least. The default value is 1.
        /// </summary>
        public double MemberFeatures { get; set; } = 1;

        /// <summary>The units of the networks' layers. The default value is null: 128.</summary>
        public int? Width { get; set; }

        /// <summary>The units of the networks' codes. The default value is null: 32.</summary>
        public int? Code { get; set; }

        /// <summary>
        /// How many steps each network is trained. The default value is null: 300 where there are five for few rows,
        /// otherwise 1,500; one pass
        /// over the rows at least.
        /// </summary>
        public int? Steps { get; set; }

        /// <summary>What is hidden from the networks. The default value has 16 masks.</summary>
        public Masking Masking { get; set; } = new();

        /// <summary>
        /// What is minimized between a hidden feature and its prediction, and what its error is: squared, absolute, or the Huber loss. The
        /// default value is <see cref="ReconstructionLoss.MeanSquared"/>.
        /// </summary>
        public ReconstructionLoss Loss { get; set; } = ReconstructionLoss.MeanSquared;

        /// <summary>
        /// The share of the networks' feature errors that count, the largest of each row, above 0 and at most 1. The
        /// default value is 1: all.
        /// </summary>
        public double TopShare { get; set; } = 1;

        /// <summary>
        /// Whether the Mahalanobis distance of residual and code of the first network, with the covariance of rows that it was not trained
        /// on (as in DAGMM, Zong et al. 2018, with one component), is a part of the score. The default value is false.
        /// </summary>
        public bool ResidualDistance { get; set; }

        /// <summary>Where nearest rows are looked for. The default value is <see cref="NeighborSpaces.Features"/>.</summary>
        public NeighborSpaces NeighborSpaces { get; set; } = NeighborSpaces.Features;

        /// <summary>
        /// How many nearest rows are looked for; 0 for none. The default value is null: 3, and 10 where rows repeat, so that the nearest
        /// ones are copies of each other.
        /// </summary>
        public int? Neighbors { get; set; }

        /// <summary>
        /// How many training rows are kept to find neighbors among, drawn at random. The default value is null: all up to 8,192, and to
        /// about a million numbers.
        /// </summary>
        public int? KeptRows { get; set; }

        /// <summary>How features are scaled. The default value is <see cref="InputScaling.StandardizeCompressed"/>.</summary>
        public InputScaling Scaling { get; set; } = InputScaling.StandardizeCompressed;

        /// <summary>
        /// What training does with a row that has a missing value. The default value is <see cref="TrainingMissingValues.Masked"/>:
        /// the value is hidden.
        /// </summary>
        public TrainingMissingValues MissingValues { get; set; } = TrainingMissingValues.Masked;

        /// <summary>
        /// What scoring does with a row that has a missing value. The default value is <see cref="ScoringMissingValues.Hidden"/>.
        /// </summary>
        public ScoringMissingValues ScoringMissingValues { get; set; } = ScoringMissingValues.Hidden;

        /// <summary>How the threshold is chosen. The default value is a false-alarm rate of 0.01.</summary>
        [JsonIgnore]
        public ThresholdRule Threshold { get; set; } = ThresholdRule.FalseAlarmRate(DefaultFalseAlarmRate);

        /// <summary>The seed of everything random. The default value is null: one is drawn from the context.</summary>
        [JsonIgnore]
        public int? Seed { get; set; }

        /// <inheritdoc cref="TrainingOptions.Threads"/>
        public int? Threads { get; set; }

        /// <inheritdoc cref="AutoencoderEstimator.Options.Device"/>
        [JsonIgnore]
        public TrainingDevice Device { get; set; } = TrainingDevice.Auto;

        /// <inheritdoc cref="AutoencoderEstimator.Options.MemoryBudget"/>
        [JsonIgnore]
        public long? MemoryBudget { get; set; }

        /// <inheritdoc cref="TrainingOptions.Scoring"/>
        [JsonIgnore]
        public ScoringOptions Scoring { get; set; } = new();

        /// <inheritdoc cref="TrainingOptions.Progress"/>
        [JsonIgnore]
        public IProgress<TrainingProgress>? Progress { get; set; }

        /// <inheritdoc cref="TrainingOptions.Cancellation"/>
        [JsonIgnore]
        public CancellationToken Cancellation { get; set; }

        /// <inheritdoc cref="TrainingOptions.WhenCanceled"/>
        [JsonIgnore]
        public WhenCanceled WhenCanceled { get; set; } = WhenCanceled.Throw;

        /// <inheritdoc cref="TrainingOptions.MaxTrainingTime"/>
        [JsonIgnore]
        public TimeSpan MaxTrainingTime { get; set; } = TimeSpan.MaxValue;

        [JsonInclude, JsonPropertyName("threshold")]
        internal string ThresholdText => Threshold.ToString();

        internal void Validate()
        {
            const string AboveZero = "more than 0 and at most 1";
            Require.InRange(Contamination is >= 0 and <= 0.5, Contamination, nameof(Contamination), "at least 0 and at most 0.5");
            Require.AtLeast(Members, 1, nameof(Members));
            Require.AtLeast(Width, 2, nameof(Width));
            Require.AtLeast(Code, 1, nameof(Code));
            Require.AtLeast(Steps, 1, nameof(Steps));
            Require.InRange(MemberRows is > 0 and <= 1, MemberRows, nameof(MemberRows), AboveZero);
            Require.InRange(MemberFeatures is > 0 and <= 1, MemberFeatures, nameof(MemberFeatures), AboveZero);
            Require.InRange(TopShare is > 0 and <= 1, TopShare, nameof(TopShare), AboveZero);
            const NeighborSpaces all = NeighborSpaces.Features | NeighborSpaces.Ranks | NeighborSpaces.Codes;
            Require.InRange((NeighborSpaces & ~all) == 0, NeighborSpaces, nameof(NeighborSpaces),
                $"one of None, {all}, or some of these together");
            Require.NotNull(Masking, nameof(Masking));
            Require.AtLeast(Neighbors, 0, nameof(Neighbors));
            Require.AtLeast(KeptRows, 2, nameof(KeptRows));
            Require.NotNull(Threshold, nameof(Threshold));

            // The rest is what a masked autoencoder has, with the same names and the same messages.
            Member().Validate();
            if (MemberFeatures < 1 && (MissingValues != TrainingMissingValues.Masked
                || ScoringMissingValues != ScoringMissingValues.Hidden))
                throw new ArgumentException(
                    $"{nameof(MemberFeatures)} is {MemberFeatures}: features that a network does not have are hidden from it, which " +
                        "expects " +
                    $"{nameof(MissingValues)} {TrainingMissingValues.Masked} and {nameof(ScoringMissingValues)} " +
                    $"{ScoringMissingValues.Hidden}, and they are {MissingValues} and {ScoringMissingValues}.", nameof(MemberFeatures));
        }

        internal Options Clone() => (Options)MemberwiseClone();

        internal IReadOnlyDictionary<string, string> Columns() => Member().Columns();

        internal string ToJson() => TrainingOptions.ToJson(this);

        /// <summary>The options of one of the networks; epochs and batches are its training's.</summary>
        internal AutoencoderEstimator.Options Member() => new()
        {
            FeatureColumnName = FeatureColumnName,
            LabelColumnName = LabelColumnName,
            AnomalyLabelValue = AnomalyLabelValue,
            PredictedLabelColumnName = PredictedLabelColumnName,
            ScoreColumnName = ScoreColumnName,
            ProbabilityColumnName = ProbabilityColumnName,
            PValueColumnName = PValueColumnName,
            CodeColumnName = CodeColumnName,
            ReconstructionColumnName = ReconstructionColumnName,
            FeatureErrorsColumnName = FeatureErrorsColumnName,
            Network = LayersNetworkOptions.Residual(Width ?? AutoencoderTrainersCatalog.DefaultMaskedWidth, blocks: 1),
            Code = new CodeOptions { Size = Code ?? AutoencoderTrainersCatalog.DefaultMaskedCode },
            Masking = Masking,
            Loss = Loss,
            LearningRate = AutoencoderTrainersCatalog.DefaultMaskedLearningRate,
            Schedule = new OneCycleSchedule(),
            Scaling = Scaling,
            MissingValues = MissingValues,
            ScoringMissingValues = ScoringMissingValues,
            Threshold = Threshold,
            Threads = Threads,
            Device = Device,
            MemoryBudget = MemoryBudget,
            Scoring = Scoring,
            Progress = Progress,
            Cancellation = Cancellation,
            WhenCanceled = WhenCanceled,
            MaxTrainingTime = MaxTrainingTime,
        };
    }
}
