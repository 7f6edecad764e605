namespace MLNetAutoencoder.Onnx;

/// <summary>The values of <see cref="AutoencoderMetadata.MissingValues"/>: what scoring does with a row that has a missing value.</summary>
internal static class MissingValuePolicy
{
    /// <summary>The row's score is NaN, and it counts as an anomaly.</summary>
    public const string NaN = "nan";

    /// <summary>
    /// Scoring stops with an error that names the row and the feature. In a runtime without this library: as
    /// <see cref="NaN"/>.
    /// </summary>
    public const string Error = "error";

    /// <summary>The missing value counts as the training mean of its feature.</summary>
    public const string Mean = "mean";

    /// <summary>
    /// The network, which is told what is missing, does without it; the row is scored by what is known. Masked autoencoders
    /// only.
    /// </summary>
    public const string Hidden = "hidden";
}
