namespace MLNetAutoencoder;

/// <summary>Mean and covariance of the training rows' codes, and a mixture of Gaussians that is fitted to them.</summary>
internal sealed class CodeMoments
{
    /// <summary>Of larger codes only the variances are kept: the covariances would outgrow the weights.</summary>
    private const int LargestFullCovariance = 128;

    private readonly int _size;
    private readonly bool _isFull;
    private readonly double[] _mean, _deviation, _comoment;
    private readonly CodeSample? _sample;
    private long _count;

    /// <param name="size">The units of a code.</param>
    /// <param name="rowCount">How many codes there will be.</param>
    /// <param name="seed">The seed of the fit.</param>
    public CodeMoments(int size, long rowCount, long seed)
    {
        _size = size;
        _isFull = size <= LargestFullCovariance;
        (_mean, _deviation, _comoment) = (new double[size], new double[size], new double[_isFull ? size * size : size]);
        _sample = size <= GaussianMixture.LargestCode ? new CodeSample(rowCount, size, seed) : null;
    }

    /// <summary>The mean, [k].</summary>
    public float[] Mean => Array.ConvertAll(_mean, value => (float)value);

    /// <summary>
    /// The (population) covariance, [k, k] row by row; for codes of more than 128 units only the variances, [k]; empty
    /// where one is more than a Single holds.
    /// </summary>
    public float[] Covariance
    {
        get
        {
            float[] covariance = Array.ConvertAll(_comoment, value => (float)(value / _count));
            return covariance.All(float.IsFinite) ? covariance : [];
        }
    }

    /// <summary>
    /// Fits a mixture of Gaussians to the codes; none to those of more than <see cref="GaussianMixture.LargestCode"/>
    /// units, or where a Single does not hold their covariances.
    /// </summary>
    public GaussianMixture FitMixture()
    {
        if (_sample is null || Covariance.Length == 0)
            return GaussianMixture.None;
        var mixture = GaussianMixture.Fit(_sample.Codes, _size, _sample.Seed);
        return mixture.Covariances.All(float.IsFinite) ? mixture : GaussianMixture.None;
    }

    /// <summary>Counts a code in.</summary>
    public void Add(ReadOnlySpan<float> code)
    {
        _count++;
        _sample?.Offer(code);

        // Welford's update for several variables: the comoment grows by (x - old mean)(x - new mean)ᵀ.
        for (int a = 0; a < _size; a++)
        {
            _deviation[a] = code[a] - _mean[a];
            _mean[a] += _deviation[a] / _count;
        }
        for (int a = 0; a < _size; a++)
        {
            if (!_isFull)
                _comoment[a] += _deviation[a] * (code[a] - _mean[a]);
            for (int b = 0; _isFull && b < _size; b++)
                _comoment[a * _size + b] += _deviation[a] * (code[b] - _mean[b]);
        }
    }
}
