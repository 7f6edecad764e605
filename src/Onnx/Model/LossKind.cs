namespace MLNetAutoencoder.Onnx;

/// <summary>
/// The values of <see cref="AutoencoderMetadata.Loss"/>: what a feature error is, with s the scaled feature and r its
/// scaled reconstruction.
/// </summary>
internal static class LossKind
{
    /// <summary>(s − r)².</summary>
    public const string MeanSquared = "mean_squared";

    /// <summary>|s − r|.</summary>
    public const string MeanAbsolute = "mean_absolute";

    /// <summary>½(s − r)² where |s − r| ≤ 1, otherwise |s − r| − ½ (Huber 1964, δ = 1).</summary>
    public const string Huber = "huber";

    /// <summary>
    /// −c ln r − (1 − c) ln(1 − r) + |s − c|, each logarithm at least −100, with c the number from 0 to 1 that is nearest to s: s itself
    /// in [0, 1].
    /// </summary>
    public const string BinaryCrossEntropy = "binary_cross_entropy";

    /// <summary>½ d (s/‖s‖ − r/‖r‖)², whose mean over the d features is 1 − cos(s, r).</summary>
    public const string Cosine = "cosine";

    /// <summary>Of a classifier: −ln of the probability that the row's class is given.</summary>
    public const string CrossEntropy = "cross_entropy";
}
