namespace MLNetAutoencoder.Onnx;

/// <summary>The names of the inputs and outputs that every exported graph of this library uses.</summary>
public static class GraphNames
{
    /// <summary>Input of encoder and scorer: raw features, [batch, d].</summary>
    public const string Features = "features";

    /// <summary>
    /// Input of a conditional autoencoder's graphs: what encoder and decoder are told besides, [batch, c]; for a label,
    /// one-hot.
    /// </summary>
    public const string Condition = "condition";

    /// <summary>Input of encoder and scorer where the code is offset by a known vector, [batch, m].</summary>
    public const string CodeOffset = "code_offset";

    /// <summary>
    /// Output of a variational encoder: the logarithm of the code's variance, [batch, k]; its <see cref="Code"/> is the
    /// mean.
    /// </summary>
    public const string CodeLogVariance = "code_log_variance";

    /// <summary>Output of encoder and scorer, input of the decoder: the code, [batch, k].</summary>
    public const string Code = "code";

    /// <summary>Output of decoder and scorer: the reconstruction in the features' raw units, [batch, d].</summary>
    public const string Reconstruction = "reconstruction";

    /// <summary>Output of the scorer: each feature's term of the reconstruction loss, in scaled units, [batch, d].</summary>
    public const string FeatureErrors = "feature_errors";

    /// <summary>Output of the scorer: the anomaly score, higher for rows more anomalous, [batch, 1].</summary>
    public const string Score = "score";

    /// <summary>Output of the scorer: whether the row counts as an anomaly, that is, not (score ≤ threshold), [batch, 1].</summary>
    public const string IsAnomaly = "is_anomaly";

    /// <summary>
    /// Optional output of the scorer: the share of training rows that score lower, a monotone function of the score,
    /// [batch, 1]. It is not the frequency of anomalies.
    /// </summary>
    public const string Probability = "probability";

    /// <summary>
    /// Optional output of the scorer: how often a normal row scores as high, [batch, 1]; the smaller, the more anomalous.
    /// </summary>
    public const string PValue = "p_value";

    /// <summary>
    /// Optional output of the scorer: the places of the features with the largest errors, counted from 0, the largest
    /// first, 64-bit integers, [batch, t].
    /// </summary>
    public const string TopFeatureIndices = "top_feature_indices";

    /// <summary>
    /// Optional output of the scorer: the errors of the features that <see cref="TopFeatureIndices"/> names, in scaled
    /// units, [batch, t]; NaN for a missing value.
    /// </summary>
    public const string TopFeatureErrors = "top_feature_errors";

    /// <summary>Output of a classifier: the probability of each class, [batch, n].</summary>
    public const string ClassProbabilities = "class_probabilities";

    /// <summary>
    /// Output of a classifier: the name of the most probable class, the first of equal ones, as text, [batch, 1]; empty
    /// for a row without probabilities.
    /// </summary>
    public const string PredictedLabel = "predicted_label";
}
