namespace MLNetAutoencoder.Onnx;

/// <summary>The graphs that a model can be exported as.</summary>
public enum OnnxGraph
{
    /// <summary><see cref="GraphNames.Features"/> to <see cref="GraphNames.Code"/>.</summary>
    Encoder,

    /// <summary><see cref="GraphNames.Code"/> to <see cref="GraphNames.Reconstruction"/>.</summary>
    Decoder,

    /// <summary>
    /// <see cref="GraphNames.Features"/> to <see cref="GraphNames.Score"/>, <see cref="GraphNames.IsAnomaly"/> and all
    /// else.
    /// </summary>
    Scorer,

    /// <summary>
    /// Of a classifier: <see cref="GraphNames.Features"/> to <see cref="GraphNames.ClassProbabilities"/>,
    /// <see cref="GraphNames.PredictedLabel"/> and <see cref="GraphNames.Code"/>.
    /// </summary>
    Classifier,
}
