using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Draws codes from a distribution, as a model's metadata describe it: a Gaussian, or one of several by their weights.</summary>
internal sealed class CodeSampler
{
    private readonly int _codeSize;
    private readonly GaussianCodes[] _components;
    private readonly double[] _cumulativeWeights;

    private CodeSampler(int codeSize, GaussianCodes[] components, IReadOnlyList<float> weights)
    {
        _codeSize = codeSize;
        _components = components;
        _cumulativeWeights = new double[components.Length];
        double sum = 0;
        for (int j = 0; j < components.Length; j++)
            _cumulativeWeights[j] = sum += weights[j];
    }

    /// <exception cref="ArgumentOutOfRangeException">There is no such distribution.</exception>
    /// <exception cref="InvalidOperationException">The metadata lack what the distribution needs.</exception>
    public static CodeSampler For(AutoencoderMetadata metadata, CodeDistribution distribution) => distribution switch
    {
        CodeDistribution.StandardNormal => new CodeSampler(metadata.CodeSize, [GaussianCodes.Standard(metadata.CodeSize)], [1]),
        CodeDistribution.Gaussian => new CodeSampler(metadata.CodeSize, [Gaussian(metadata)], [1]),
        CodeDistribution.GaussianMixture => new CodeSampler(metadata.CodeSize, Mixture(metadata), metadata.CodeMixtureWeights),
        _ => throw new ArgumentOutOfRangeException(nameof(distribution), distribution,
            $"The distribution of codes is {distribution}; expected one of {string.Join(", ", Enum.GetNames<CodeDistribution>())}."),
    };

    /// <summary>Draws codes one after another, the same at each enumeration, into one array.</summary>
    public IEnumerable<float[]> Draw(int rows, int seed)
    {
        var numbers = new NormalNumbers(seed);
        double[] normal = new double[_codeSize];
        float[] code = new float[_codeSize];
        for (int i = 0; i < rows; i++)
        {
            Choose(numbers).Draw(numbers, normal, code);
            yield return code;
        }
    }

    private GaussianCodes Choose(NormalNumbers numbers)
    {
        if (_components.Length == 1)
            return _components[0];
        double place = numbers.NextUniform() * _cumulativeWeights[^1];
        int j = 0;
        while (j < _components.Length - 1 && place >= _cumulativeWeights[j])
            j++;
        return _components[j];
    }

    private static GaussianCodes Gaussian(AutoencoderMetadata metadata)
    {
        int k = metadata.CodeSize;
        var (mean, covariance) = (metadata.CodeMean, metadata.CodeCovariance);
        RequireFinite(metadata);
        if (mean.Count != k || (covariance.Count != k * k && covariance.Count != k))
            throw new InvalidOperationException(
                $"The model's metadata have {mean.Count} means and {covariance.Count} covariances of its training codes; "
                + $"a Gaussian of codes of {k} units needs {k} and {k * k}, or {k} variances. Use " +
                    $"CodeDistribution.{CodeDistribution.StandardNormal}, or fit the model again.");
        return new GaussianCodes([.. mean], [.. covariance]);
    }

    private static GaussianCodes[] Mixture(AutoencoderMetadata metadata)
    {
        int k = metadata.CodeSize, count = metadata.CodeMixtureWeights.Count;
        float[] means = [.. metadata.CodeMixtureMeans], covariances = [.. metadata.CodeMixtureCovariances];
        RequireFinite(metadata);
        if (count == 0)
            throw new InvalidOperationException(
                $"The model has no mixture of Gaussians of its training codes: its code has {k} units, and there is none of more than 32, "
                + $"or it was fitted by an older version of the library. Use CodeDistribution.{CodeDistribution.Gaussian}, or fit the " +
                    "model again.");
        if (means.Length != count * k || covariances.Length != count * k * k || !(metadata.CodeMixtureWeights.Sum() > 0))
            throw new InvalidOperationException(
                $"The model's metadata have {count} weights, {means.Length} means and {covariances.Length} covariances of a mixture of " +
                    "Gaussians; "
                + $"{count} components of codes of {k} units need weights above 0, {count * k} means and {count * k * k} covariances. " +
                    $"Use CodeDistribution.{CodeDistribution.Gaussian}, or fit the model again.");
        return [.. Enumerable.Range(0, count).Select(j => new GaussianCodes(means.AsSpan(j * k, k), covariances.AsSpan(j * k * k, k * k)))];
    }

    /// <summary>Codes whose variance is infinite have a mean and no covariance; before version 1.3 an infinite one.</summary>
    private static void RequireFinite(AutoencoderMetadata metadata)
    {
        if (metadata.CodeMean.Count > 0 && (metadata.CodeCovariance.Count == 0 || !metadata.CodeCovariance.All(float.IsFinite)))
            throw new InvalidOperationException(
                "The codes of the training rows vary by more than a Single holds as a variance, so that the model has no distribution of " +
                "them. Scale the features and fit the model again, or use CodeDistribution." +
                $"{CodeDistribution.StandardNormal}.");
    }
}
