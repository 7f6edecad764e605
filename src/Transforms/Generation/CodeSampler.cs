using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Draws codes from a distribution, as a model's metadata describe it.</summary>
internal sealed class CodeSampler
{
    private readonly int _codeSize;
    private readonly GaussianCodes _gaussian;

    private CodeSampler(int codeSize, GaussianCodes gaussian)
    {
        _codeSize = codeSize;
        _gaussian = gaussian;
    }

    /// <exception cref="ArgumentOutOfRangeException">There is no such distribution.</exception>
    /// <exception cref="InvalidOperationException">The metadata lack what the distribution needs.</exception>
    public static CodeSampler For(AutoencoderMetadata metadata, CodeDistribution distribution)
    {
        int k = metadata.CodeSize;
        return new CodeSampler(k, distribution switch
        {
            CodeDistribution.StandardNormal => GaussianCodes.Standard(k),
            CodeDistribution.Gaussian => Gaussian(metadata),
            _ => throw new ArgumentOutOfRangeException(nameof(distribution), distribution, $"The distribution of codes is {distribution}; expected one of {string.Join(", ", Enum.GetNames<CodeDistribution>())}."),
        });
    }

    /// <summary>Draws codes one after another, the same at each enumeration, into one array.</summary>
    public IEnumerable<float[]> Draw(int rows, int seed)
    {
        var numbers = new NormalNumbers(seed);
        double[] normal = new double[_codeSize];
        float[] code = new float[_codeSize];
        for (int i = 0; i < rows; i++)
        {
            _gaussian.Draw(numbers, normal, code);
            yield return code;
        }
    }

    private static GaussianCodes Gaussian(AutoencoderMetadata metadata)
    {
        int k = metadata.CodeSize;
        var (mean, covariance) = (metadata.CodeMean, metadata.CodeCovariance);
        if (mean.Count != k || (covariance.Count != k * k && covariance.Count != k))
            throw new InvalidOperationException(
                $"The model's metadata have {mean.Count} means and {covariance.Count} covariances of its training codes; a Gaussian of codes of {k} units needs {k} and {k * k}, or {k} variances. Use CodeDistribution.{CodeDistribution.StandardNormal}, or fit the model again.");
        return new GaussianCodes([.. mean], [.. covariance]);
    }
}
