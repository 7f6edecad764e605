using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// What scoring does with a row that has a missing value, that is NaN or an infinity. The choice is made with the
/// estimator and saved in the model.
/// </summary>
public enum ScoringMissingValues
{
    /// <summary>The row's score is NaN, and it counts as an anomaly.</summary>
    NaN,

    /// <summary>Scoring stops with an error that names the row and the feature.</summary>
    Refuse,

    /// <summary>The missing value counts as the training mean of its feature.</summary>
    Mean,

    /// <summary>
    /// The value is hidden from the network, which was trained to do without: the row is scored by its other features, and
    /// the reconstruction tells what the missing ones may have been. Masked autoencoders only.
    /// </summary>
    Hidden,
}

/// <summary>The names of policies in the metadata.</summary>
internal static class ScoringMissingValuesNames
{
    public static string ToPolicy(this ScoringMissingValues missing) => missing switch
    {
        ScoringMissingValues.Mean => MissingValuePolicy.Mean,
        ScoringMissingValues.Hidden => MissingValuePolicy.Hidden,
        ScoringMissingValues.Refuse => MissingValuePolicy.Error,
        _ => MissingValuePolicy.NaN,
    };
}
