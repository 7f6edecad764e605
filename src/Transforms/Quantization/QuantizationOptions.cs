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
    /// curve as <c>AnomalyDetection.Evaluate</c> of the ML.NET context has it. The default value is null: none.
    /// </summary>
    public string? LabelColumnName { get; init; }

    /// <summary>Whether to write a file whatever the rank correlation is. The default value is false.</summary>
    public bool Force { get; init; }
}
