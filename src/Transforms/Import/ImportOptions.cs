using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// An encoder and a decoder of another library's, and what they lack to be an autoencoder that scores: see
/// <see cref="AutoencoderCatalog.FromOnnx(ImportOptions, Microsoft.ML.IDataView)"/>.
/// </summary>
public sealed class ImportOptions
{
    /// <summary>The contamination that the threshold has by default, where there are calibration rows.</summary>
    public const double DefaultContamination = 0.1;

    /// <summary>Scaled features [batch, d], or images [batch, c, h, w] of d pixels, to the code. It has no default value.</summary>
    public required ImportedGraph Encoder { get; set; }

    /// <summary>The code to scaled reconstructions, as wide as the features. It has no default value.</summary>
    public required ImportedGraph Decoder { get; set; }

    /// <summary>
    /// The names of the features. The default value is null: the slot names of the calibration rows, or the column's
    /// name with a number.
    /// </summary>
    public IReadOnlyList<string>? FeatureNames { get; set; }

    /// <summary>What is subtracted from each raw feature before the encoder gets it. The default value is null: 0.</summary>
    public IReadOnlyList<float>? ScalingOffsets { get; set; }

    /// <summary>
    /// What each raw feature, less its offset, is divided by before the encoder gets it, above 0. Reconstructions go
    /// the other way. The default value is null: 1.
    /// </summary>
    public IReadOnlyList<float>? ScalingScales { get; set; }

    /// <summary>
    /// What takes the place of a missing value, in raw units. The default value is null: the means of the calibration
    /// rows, and without these the offsets.
    /// </summary>
    public IReadOnlyList<float>? FeatureMeans { get; set; }

    /// <summary>
    /// What the feature errors are; the score is their mean. The default value is
    /// <see cref="ReconstructionLoss.MeanSquared"/>.
    /// </summary>
    public ReconstructionLoss Loss { get; set; } = ReconstructionLoss.MeanSquared;

    /// <summary>
    /// What scoring does with a row that has a missing value. The default value is
    /// <see cref="ScoringMissingValues.NaN"/>.
    /// </summary>
    public ScoringMissingValues MissingValues { get; set; } = ScoringMissingValues.NaN;

    /// <summary>
    /// How the threshold is chosen from the calibration rows' scores. The default value is null: a contamination of
    /// 0.1, and without calibration rows +∞, so that only rows without a score count as anomalies.
    /// </summary>
    public ThresholdRule? Threshold { get; set; }

    /// <summary>The column with the features, a vector of known size of Single. The default value is "Features".</summary>
    public string FeatureColumnName { get; set; } = AutoencoderColumns.Features;

    /// <summary>The column for the anomaly score, or null for none. The default value is "Score".</summary>
    public string? ScoreColumnName { get; set; } = AutoencoderColumns.Score;

    /// <summary>The column for the decision, or null for none. The default value is "PredictedLabel".</summary>
    public string? PredictedLabelColumnName { get; set; } = AutoencoderColumns.PredictedLabel;

    /// <summary>
    /// The column for the share of calibration rows that score lower, or null for none. It needs calibration rows. The
    /// default value is null.
    /// </summary>
    public string? ProbabilityColumnName { get; set; }

    /// <summary>The column for the code, or null for none. The default value is null.</summary>
    public string? CodeColumnName { get; set; }

    /// <summary>The column for the reconstruction in raw units, or null for none. The default value is null.</summary>
    public string? ReconstructionColumnName { get; set; }

    /// <summary>The column for the feature errors, or null for none. The default value is null.</summary>
    public string? FeatureErrorsColumnName { get; set; }

    /// <summary>Device, threads and batches. The default value leaves the device to the context and the rest to ONNX Runtime.</summary>
    public ScoringOptions Scoring { get; set; } = new();

    /// <summary>Checks the options that can be checked by themselves.</summary>
    internal void Validate()
    {
        Require.NotNull(Encoder, nameof(Encoder));
        Require.NotNull(Decoder, nameof(Decoder));
        Require.NotNull(Scoring, nameof(Scoring));
        Require.Defined(Loss, nameof(Loss));
        Require.Defined(MissingValues, nameof(MissingValues));
        Require.ColumnName(FeatureColumnName, nameof(FeatureColumnName));
        AutoencoderColumns.Validate(Columns());
    }

    /// <summary>Numbers for each feature.</summary>
    /// <param name="values">An option; null for <paramref name="otherwise"/>.</param>
    /// <param name="option">Its name.</param>
    /// <param name="otherwise">What stands in its place where it is null.</param>
    /// <param name="positive">Whether only numbers above 0 are taken.</param>
    internal static float[] PerFeature(IReadOnlyList<float>? values, string option, float[] otherwise, bool positive = false)
    {
        if (values is null)
            return otherwise;
        if (values.Count != otherwise.Length)
            throw new ArgumentException(
                $"The option {option} has {values.Count} values; expected {otherwise.Length}, one for each feature.", option);
        foreach (float value in values)
        {
            if (!float.IsFinite(value) || (positive && value <= 0))
                throw new ArgumentOutOfRangeException(
                    option, value, FormattableString.Invariant(
                    $"The option {option} has the value {value}; expected numbers{(positive ? " above 0" : "")}."));
        }
        return [.. values];
    }

    /// <summary>From names of the graph to names of columns; what is null has none.</summary>
    internal IReadOnlyDictionary<string, string> Columns() => AutoencoderColumns.Named(
        (GraphNames.Features, FeatureColumnName), (GraphNames.IsAnomaly, PredictedLabelColumnName), (GraphNames.Score, ScoreColumnName),
        (GraphNames.Probability, ProbabilityColumnName), (GraphNames.Code, CodeColumnName),
        (GraphNames.Reconstruction, ReconstructionColumnName), (GraphNames.FeatureErrors, FeatureErrorsColumnName));
}
