using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests;

/// <summary>Metadata for graphs that a test makes by hand.</summary>
internal static class MadeMetadata
{
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
