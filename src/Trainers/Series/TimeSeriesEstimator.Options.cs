using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

public sealed partial class TimeSeriesEstimator
{
    /// <summary>The options of <see cref="TimeSeriesEstimator"/>. They are copied when the estimator is made.</summary>
    /// <remarks>
    /// <see cref="TrainingOptions.FeatureColumnName"/> is the column with the values of a step, a scalar or a vector of Single, by default
    /// "Value". <see cref="TrainingOptions.Epochs"/> count only where <see cref="Steps"/> is null.
    /// </remarks>
    public sealed class Options : TrainingOptions
    {
        /// <summary>The false-alarm rate that <see cref="Threshold"/> has by default.</summary>
        public const double DefaultFalseAlarmRate = 0.01;

        /// <summary>The default value of <see cref="Steps"/>.</summary>
        public const int DefaultTrainingSteps = 500;

        /// <summary>The name of the value column by default.</summary>
        public const string DefaultValueColumnName = "Value";

        /// <summary>Makes the options with their default values.</summary>
        public Options()
        {
            FeatureColumnName = DefaultValueColumnName;
            BatchSize = 128;
            Schedule = new CosineSchedule();
            MissingValues = TrainingMissingValues.Masked;
            ScoringMissingValues = ScoringMissingValues.Hidden;
        }

        /// <summary>
        /// The column with the time of a step: date, time span or number, rising within each series; one that repeats is a step of its own.
        /// Where steps are left out, windows have missing ones there. The default value is null: rows follow each other at equal distances.
        /// </summary>
        [JsonIgnore]
        public string? TimeColumnName { get; set; }

        /// <summary>
        /// The column that tells which series a row belongs to: text, key or whole number. No window has steps of two, and their rows may
        /// interleave. The default value is null: there is one series.
        /// </summary>
        [JsonIgnore]
        public string? KeyColumnName { get; set; }

        /// <summary>
        /// A column that tells known anomalies, as <see cref="AutoencoderEstimator.Options.LabelColumnName"/>: windows with one are left
        /// out. The default value is null: every window is trained on.
        /// </summary>
        [JsonIgnore]
        public string? LabelColumnName { get; set; }

        /// <summary>The value of <see cref="LabelColumnName"/> that means anomaly. The default value is null.</summary>
        [JsonIgnore]
        public string? AnomalyLabelValue { get; set; }

        /// <summary>The column for the p-value, how often a normal step scores as high, or null for none. The default value is
        /// null.</summary>
        [JsonIgnore]
        public string? PValueColumnName { get; set; }

        /// <summary>The column for the expected values, a vector of Single, or null for none. The default value is null.</summary>
        [JsonIgnore]
        public string? ExpectedColumnName { get; set; }

        /// <summary>
        /// The column for the errors of the channels, a vector of Single whose mean is the score, or null for none. The default value is
        /// null.
        /// </summary>
        [JsonIgnore]
        public string? ChannelErrorsColumnName { get; set; }

        /// <summary>The steps of a window. The default value is 100.</summary>
        [JsonIgnore]
        public WindowWidth Width { get; set; } = WindowWidth.Steps(WindowWidth.DefaultSteps);

        /// <summary>
        /// Whether each window is seen around its own level: the mean of each channel over it is taken off. The default value is true: a
        /// series that drifts slowly stays normal, and a jump shows in the windows that it lies in. With false, values far from those of
        /// the training are anomalies for as long as they last.
        /// </summary>
        public bool RemovesLevel { get; set; } = true;

        /// <summary>
        /// Whether the score of a step is the mean over all windows that cover it, for which later steps are looked at, and not that of the
        /// window which ends with it. The default value is false, as a stream has it.
        /// </summary>
        public bool IsCovering { get; set; }

        /// <summary>
        /// Whether steps before the first whole window of a series are scored with what there is, the rest missing; a few steps tell
        /// little, so that they score higher than others. It needs <see cref="TrainingOptions.ScoringMissingValues"/> that give a window
        /// with missing values a score. The default value is false: they have the score NaN, and are no anomalies.
        /// </summary>
        public bool ScoresFirstSteps { get; set; }

        /// <summary>
        /// The layers around the code. The default value is null: dense ones, a residual block of 128 units before the code and one after
        /// it. A <see cref="TemporalConvolutionNetworkOptions"/> without a width gets width and channels from the series.
        /// </summary>
        public NetworkOptions? Network { get; set; }

        /// <summary>The code. The default value is 8 linear units.</summary>
        public CodeOptions Code { get; set; } = new();

        /// <summary>
        /// What is hidden from the network while training, and in a score. The default value hides a run of steps, and shows all in a
        /// score. With null nothing is, and <see cref="TrainingOptions.ScoringMissingValues"/> must be another one than
        /// <see cref="ScoringMissingValues.Hidden"/>, its default value here.
        /// </summary>
        public Masking? Masking { get; set; } = new()
        {
            Shape = MaskShape.Runs,
            LeastShare = 0.01,
            GreatestShare = 0.5,
            VisibleWeight = 1,
            ScoresVisible = true,
        };

        /// <summary>What is minimized. The default value is <see cref="ReconstructionLoss.MeanSquared"/>.</summary>
        public ReconstructionLoss Loss { get; set; } = ReconstructionLoss.MeanSquared;

        /// <summary>
        /// How many steps of <see cref="TrainingOptions.BatchSize"/> windows the network is trained; one pass over the windows at least.
        /// The default value is 500; null for <see cref="TrainingOptions.Epochs"/>.
        /// </summary>
        public int? Steps { get; set; } = DefaultTrainingSteps;

        /// <summary>
        /// The share of the windows of each series, the last ones, that the network is not trained on: the threshold comes from their
        /// scores. Above 0 and at most 0.5. The default value is 0.2.
        /// </summary>
        public double HeldOutShare { get; set; } = 0.2;

        /// <summary>How many windows are trained on at most, drawn at random. The default value is 16,384.</summary>
        public int MostWindows { get; set; } = 16_384;

        /// <summary>
        /// How many nearest windows of the training are looked for; their distance is a second part of the score, as in the
        /// <see cref="AnomalyDetectionEstimator"/>. It needs <see cref="Masking"/>. The default value is 0: none.
        /// </summary>
        public int Neighbors { get; set; }

        /// <inheritdoc cref="AutoencoderEstimator.Options.Device"/>
        [JsonIgnore]
        public TrainingDevice Device { get; set; } = TrainingDevice.Auto;

        /// <summary>How the threshold is chosen. The default value is a false-alarm rate of 0.01.</summary>
        [JsonIgnore]
        public ThresholdRule Threshold { get; set; } = ThresholdRule.FalseAlarmRate(DefaultFalseAlarmRate);

        [JsonInclude, JsonPropertyName("threshold")]
        internal string ThresholdText => Threshold.ToString();

        [JsonInclude, JsonPropertyName("width")]
        internal string WidthText => Width.ToString();

        internal override void Validate()
        {
            Require.NotNull(Width, nameof(Width));
            Require.AtLeast(Steps, 1, nameof(Steps));
            Require.AtLeast(MostWindows, 1, nameof(MostWindows));
            Require.AtLeast(Neighbors, 0, nameof(Neighbors));
            Require.Not(Neighbors > 0 && (Masking is null || Code?.Variational is not null || Scaling == InputScaling.None),
                nameof(Neighbors), Neighbors, $"{nameof(Masking)}, Code.Variational and {nameof(Scaling)}",
                $"{(Masking is null ? "null" : "set")}, {(Code?.Variational is null ? "null" : "set")} and {Scaling}",
                "the distance joins the score of a masked network without variance, over scaled windows");
            Require.InRange(HeldOutShare is > 0 and <= 0.5, HeldOutShare, nameof(HeldOutShare), "more than 0 and at most 0.5");
            Require.InRange(Scaling is InputScaling.None or InputScaling.Standardize or InputScaling.StandardizeCompressed, Scaling,
                nameof(Scaling), $"one of {InputScaling.None}, {InputScaling.Standardize}, {InputScaling.StandardizeCompressed}, " +
                "which are the same for all steps of a channel");
            Require.Not(ScoresFirstSteps && ScoringMissingValues is ScoringMissingValues.NaN or ScoringMissingValues.Refuse,
                nameof(ScoresFirstSteps), ScoresFirstSteps, nameof(ScoringMissingValues), ScoringMissingValues,
                "the steps before the first ones are missing");
            if (Network is TemporalConvolutionNetworkOptions { Width: 0 } network)
                Require.AtLeast(network.Channels, 1, $"{nameof(Network)}.{nameof(network.Channels)}");
            OptionalColumn(TimeColumnName, nameof(TimeColumnName));
            OptionalColumn(KeyColumnName, nameof(KeyColumnName));
            OptionalColumn(LabelColumnName, nameof(LabelColumnName));
            OptionalColumn(ExpectedColumnName, nameof(ExpectedColumnName));
            OptionalColumn(ChannelErrorsColumnName, nameof(ChannelErrorsColumnName));
            OptionalColumn(CodeColumnName, nameof(CodeColumnName));
            OptionalColumn(Code?.OffsetColumnName, $"{nameof(Code)}.{nameof(CodeOptions.OffsetColumnName)}");
            Require.Not(CodeColumnName is not null, nameof(CodeColumnName), CodeColumnName ?? "", "the code", "that of a window",
                "a step has none; use Windows of the fitted transformer");
            Require.Not(Code?.OffsetColumnName is not null, "Code.OffsetColumnName", Code?.OffsetColumnName ?? "", "the code",
                "that of a window", "a window has no offset");
            Member(new WindowDescription { Width = 2, Channels = ["-"], ValueColumn = FeatureColumnName }).Validate();
        }

        internal Options Clone() => (Options)MemberwiseClone();

        internal override IReadOnlyDictionary<string, string> Columns() => AutoencoderColumns.Named(
            (GraphNames.Features, FeatureColumnName), (GraphNames.IsAnomaly, PredictedLabelColumnName),
            (GraphNames.Score, ScoreColumnName), (GraphNames.PValue, PValueColumnName), (GraphNames.Reconstruction, ExpectedColumnName),
            (GraphNames.FeatureErrors, ChannelErrorsColumnName));

        /// <summary>The options of the autoencoder over windows.</summary>
        internal AutoencoderEstimator.Options Member(WindowDescription windows) => AddTo(new()
        {
            PredictedLabelColumnName = PredictedLabelColumnName,
            ScoreColumnName = ScoreColumnName,
            PValueColumnName = PValueColumnName,
            ReconstructionColumnName = ExpectedColumnName,
            FeatureErrorsColumnName = ChannelErrorsColumnName,
            LabelColumnName = LabelColumnName,
            AnomalyLabelValue = AnomalyLabelValue,
            Network = Network switch
            {
                null => LayersNetworkOptions.Residual(AutoencoderTrainersCatalog.DefaultMaskedWidth, blocks: 1),
                TemporalConvolutionNetworkOptions { Width: 0 } temporal =>
                    temporal with { Width = windows.Width, Channels = windows.Channels.Count },
                _ => Network,
            },
            Code = Code,
            Masking = Masking is null ? null : Masking with
            {
                Width = windows.Width,
                MovesLevel = RemovesLevel && Masking.ScoresVisible,
            },
            Loss = Loss,
            Scoring = Scoring,
            ScoringMissingValues = ScoringMissingValues,
            Threshold = Threshold,
            Device = Device,
        });
    }
}
