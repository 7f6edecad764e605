namespace MLNetAutoencoder.Onnx;

/// <summary>
/// The values of <see cref="AutoencoderMetadata.ScoreKind"/>: what the score is. All but <see cref="ClassProbability"/>
/// are higher for rows more anomalous.
/// </summary>
internal static class ScoreKind
{
    /// <summary>The mean of the feature errors, weighted by the feature weights.</summary>
    public const string MeanFeatureError = "mean_feature_error";

    /// <summary>
    /// The negative evidence lower bound, in nats: what the samples' negative log-likelihood is on average, and the
    /// divergence of the code from its prior (Kingma and Welling 2014).
    /// </summary>
    public const string NegativeElbo = "negative_elbo";

    /// <summary>
    /// The samples' negative log-likelihood on average, in nats: the reconstruction probability of An and Cho (2015)
    /// with its sign turned.
    /// </summary>
    public const string ReconstructionProbability = "reconstruction_probability";

    /// <summary>
    /// The mean of the feature errors, weighted by the feature weights, where a feature's error is that of predicting it while it is
    /// hidden, relative to what normal rows have.
    /// </summary>
    public const string HiddenFeatureError = "hidden_feature_error";

    /// <summary>
    /// The mean of the feature errors of a detector: its masked networks' and the distance to the nearest kept rows, each relative to
    /// the spread that it has on normal rows.
    /// </summary>
    public const string Detector = "detector";

    /// <summary>Of a classifier: the probability of each class.</summary>
    public const string ClassProbability = "class_probability";
}
