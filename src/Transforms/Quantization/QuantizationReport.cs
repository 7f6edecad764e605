using System.Globalization;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>What smaller weights do to a model's scores, on calibration rows.</summary>
public sealed record QuantizationReport
{
    /// <summary>How the weights are stored and calculated with.</summary>
    public required OnnxQuantization Form { get; init; }

    /// <summary>The bytes of the scorer before.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>The bytes of the scorer after.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>The calibration rows that have a score; rows whose score is NaN for a missing value have none.</summary>
    public required long Rows { get; init; }

    /// <summary>
    /// Spearman's rank correlation of the scores before and after, ties with their mean rank; NaN where all scores
    /// before, or all after, are equal.
    /// </summary>
    public required double RankCorrelation { get; init; }

    /// <summary>
    /// The share of the rows that count as anomalies before and not after, or the other way round. The threshold is the
    /// same.
    /// </summary>
    public required double ChangedDecisions { get; init; }

    /// <summary>The area under the ROC curve before; null without a label column.</summary>
    public double? AreaUnderRocCurveBefore { get; init; }

    /// <summary>The area under the ROC curve after; null without a label column.</summary>
    public double? AreaUnderRocCurveAfter { get; init; }

    /// <summary>The report in one sentence.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Form}: {BytesAfter:N0} of {BytesBefore:N0} bytes; on {Rows:N0} rows the rank correlation of the scores is " +
            $"{RankCorrelation:F4}, and {ChangedDecisions:P2} of the decisions changed")
        + (AreaUnderRocCurveBefore is null ? "." : FormattableString.Invariant(
            $"; the area under the ROC curve was {AreaUnderRocCurveBefore:F4} and is {AreaUnderRocCurveAfter:F4}."));
}
