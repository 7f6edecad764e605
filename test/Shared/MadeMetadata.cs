using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests;

/// <summary>Metadata for graphs that a test makes by hand.</summary>
internal static class MadeMetadata
{
    /// <summary>The metadata of a plain autoencoder that was not trained, with features f0, f1 and so on.</summary>
    public static AutoencoderMetadata Plain(int features, int code) => new()
    {
        Variant = "dense",
        FeatureNames = [.. Enumerable.Range(0, features).Select(j => $"f{j}")],
        CodeSize = code,
        Scaling = "none",
        ScalingOffsets = new float[features],
        ScalingScales = [.. Enumerable.Repeat(1f, features)],
        FeatureMeans = new float[features],
        Loss = LossKind.MeanSquared,
        MissingValues = MissingValuePolicy.NaN,
        Options = "{}",
        Seed = 1,
        ThreadCount = 1,
        Training = "{}",
    };

    /// <summary>The same with so many unscaled features and units of the code, and nothing known of the codes.</summary>
    public static AutoencoderMetadata OfSizes(this AutoencoderMetadata metadata, int features, int code) => metadata.OfCode(code) with
    {
        FeatureNames = [.. Enumerable.Range(0, features).Select(j => $"f{j}")],
        ScalingOffsets = new float[features],
        ScalingScales = [.. Enumerable.Repeat(1f, features)],
        FeatureMeans = new float[features],
    };

    /// <summary>The same with so many units of the code, and nothing known of the codes.</summary>
    public static AutoencoderMetadata OfCode(this AutoencoderMetadata metadata, int code) =>
        metadata with { CodeSize = code, CodeMean = [], CodeCovariance = [], CodeMixtureWeights = [], CodeMixtureMeans = [],
            CodeMixtureCovariances = [] };
}
