namespace MLNetAutoencoder.Onnx;

/// <summary>What the scores and codes of some rows look like, as the metadata of a model keep it.</summary>
/// <param name="codeSize">The units of a code.</param>
internal sealed class RowStatistics(int codeSize)
{
    /// <summary>Of larger codes only the variances are kept: the covariances would outgrow the weights.</summary>
    public const int LargestFullCovariance = 128;

    private readonly List<float> _scores = [];
    private readonly bool _full = codeSize <= LargestFullCovariance;
    private readonly double[] _mean = new double[codeSize];
    private readonly double[] _deviation = new double[codeSize];
    private readonly double[] _comoment = new double[codeSize <= LargestFullCovariance ? codeSize * codeSize : codeSize];

    /// <summary>The number of rows so far.</summary>
    public int Count => _scores.Count;

    /// <summary>Adds a row.</summary>
    /// <param name="score">Its score, a finite number.</param>
    /// <param name="code">Its code, [k].</param>
    /// <exception cref="ArgumentException">The score is no finite number, or the code has another length.</exception>
    public void Add(float score, ReadOnlySpan<float> code)
    {
        if (!float.IsFinite(score))
            throw new ArgumentException(FormattableString.Invariant(
                $"The score of row {Count} (counted from 0) is {score}; expected a finite number."), nameof(score));
        if (code.Length != codeSize)
            throw new ArgumentException($"The code of row {Count} (counted from 0) has {code.Length} units; expected {codeSize}.",
                nameof(code));
        _scores.Add(score);

        // Welford's update for several variables: the comoment grows by (x - old mean)(x - new mean)ᵀ.
        for (int a = 0; a < codeSize; a++)
        {
            _deviation[a] = code[a] - _mean[a];
            _mean[a] += _deviation[a] / Count;
        }
        for (int a = 0; a < codeSize; a++)
        {
            if (!_full)
                _comoment[a] += _deviation[a] * (code[a] - _mean[a]);
            for (int b = 0; _full && b < codeSize; b++)
                _comoment[a * codeSize + b] += _deviation[a] * (code[b] - _mean[b]);
        }
    }

    /// <summary>
    /// The metadata with mean, deviation and quantiles of the scores, mean and covariance of the codes, and the
    /// threshold that a rule makes of these. A mixture of Gaussians fitted to other codes goes.
    /// </summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="threshold">The rule.</param>
    /// <exception cref="InvalidOperationException">No row has been added.</exception>
    public AutoencoderMetadata AddTo(AutoencoderMetadata metadata, ThresholdRule threshold)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(threshold);
        if (Count == 0)
            throw new InvalidOperationException("There are no rows, so that there are no scores to find a threshold from.");
        float[] sorted = [.. _scores.Order()];
        double mean = sorted.Average(score => (double)score);
        metadata = metadata with
        {
            ScoreMean = (float)mean,
            ScoreDeviation = (float)Math.Sqrt(sorted.Average(score => (score - mean) * (score - mean))),
            ScoreQuantiles = Quantiles(sorted),
            CodeMean = Array.ConvertAll(_mean, value => (float)value),
            CodeCovariance = Array.ConvertAll(_comoment, value => (float)(value / Count)),
            CodeMixtureWeights = [],
            CodeMixtureMeans = [],
            CodeMixtureCovariances = [],
        };
        return metadata with { Threshold = threshold.Compute(metadata), ThresholdRule = threshold.ToString() };
    }

    /// <summary>
    /// The metadata of a model of which no scores and codes are known: no threshold but +∞, no quantiles, no
    /// distribution of codes.
    /// </summary>
    /// <param name="metadata">The metadata.</param>
    public static AutoencoderMetadata RemoveFrom(AutoencoderMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return metadata with
        {
            Threshold = float.PositiveInfinity,
            ThresholdRule = "none",
            ScoreMean = 0,
            ScoreDeviation = 0,
            ScoreQuantiles = [],
            CodeMean = [],
            CodeCovariance = [],
            CodeMixtureWeights = [],
            CodeMixtureMeans = [],
            CodeMixtureCovariances = [],
        };
    }

    /// <summary>
    /// The quantiles at 0, 0.001, ..., 1, linearly between neighboring scores (Hyndman and Fan 1996, type 7; NumPy's
    /// and PyOD's).
    /// </summary>
    private static float[] Quantiles(float[] sorted)
    {
        float[] quantiles = new float[AutoencoderMetadata.QuantileCount];
        for (int i = 0; i < quantiles.Length; i++)
        {
            double place = i / (quantiles.Length - 1.0) * (sorted.Length - 1);
            int below = (int)Math.Floor(place), above = Math.Min(below + 1, sorted.Length - 1);
            quantiles[i] = (float)(sorted[below] + (place - below) * ((double)sorted[above] - sorted[below]));
        }
        return quantiles;
    }
}
