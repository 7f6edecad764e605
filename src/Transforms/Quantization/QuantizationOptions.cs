using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>How a model is exported with smaller weights.</summary>
public sealed record QuantizationOptions
{
    /// <summary>
    /// The least rank correlation of the scores before and after with which a file is written unless
    /// <see cref="Force"/> is set.
    /// </summary>
    public const double LeastRankCorrelation = 0.99;

    /// <summary>The least number of calibration rows with a score; a rank correlation of fewer says little.</summary>
    public const int LeastRows = 20;

    /// <summary>How the weights are stored and calculated with. The default value is <see cref="OnnxQuantization.Int8Weights"/>.</summary>
    public OnnxQuantization Form { get; init; } = OnnxQuantization.Int8Weights;

    /// <summary>
    /// A column of the calibration data that tells anomalies (Boolean, or Single above 0), for the area under the ROC
    /// curve. The default value is null: none.
    /// </summary>
    public string? LabelColumnName { get; init; }

    /// <summary>
    /// For <see cref="OnnxQuantization.StaticInt8"/>: the share of a layer's input values that its eight bits span,
    /// more than 0.5 and at most 1; what is left out is the same at both ends, and becomes the nearer end. The default
    /// value is 1: from the least value of the calibration rows to the largest. Take a little less, such as 0.9999,
    /// where these have outliers.
    /// </summary>
    public double RangeCoverage { get; init; } = 1;

    /// <summary>Whether to write a file whatever the rank correlation is. The default value is false.</summary>
    public bool Force { get; init; }
}
