namespace MLNetAutoencoder.Onnx;

/// <summary>
/// What the scores and codes of some rows look like, as the metadata of a model keep it. The rows may be any number;
/// what is kept of them is bounded.
/// </summary>
internal sealed class RowStatistics(int codeSize)
{
    /// <summary>Of larger codes only the variances are kept: the covariances would outgrow the weights.</summary>
    public const int LargestFullCovariance = 128;

    /// <summary>
    /// Of more rows the scores of a random selection are kept, and the largest: the quantiles of four million are those
    /// of all to 0.02 percentiles.
    /// </summary>
    public const int MostScores = 4_000_000;

    private static readonly double[] s_quantiles =
        [.. Enumerable.Range(0, AutoencoderMetadata.QuantileCount).Select(i => i / (AutoencoderMetadata.QuantileCount - 1.0))];

    private readonly List<float> _scores = [];
    private readonly PriorityQueue<float, float> _largest = new();
    private readonly Random _selection = new(0);
    private readonly bool _full = codeSize <= LargestFullCovariance;
    private readonly double[] _mean = new double[codeSize];
    private readonly double[] _deviation = new double[codeSize];
    private readonly double[] _comoment = new double[codeSize <= LargestFullCovariance ? codeSize * codeSize : codeSize];
    private double _scoreMean, _scoreSquares;
    private long _codeCount;

    /// <summary>The number of scores so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds the score of a row, a finite number.</summary>
    public void AddScore(float score)
    {
        if (!float.IsFinite(score))
            throw new ArgumentException(FormattableString.Invariant(
                $"The score of row {Count} (counted from 0) is {score}; expected a finite number."), nameof(score));
        Count++;
        double step = score - _scoreMean;
        _scoreMean += step / Count;
        _scoreSquares += step * (score - _scoreMean);

        // A selection of fixed size from rows whose number is not known before (Vitter 1985, algorithm R).
        if (_scores.Count < MostScores)
            _scores.Add(score);
        else if (_selection.NextInt64(Count) is < MostScores and var place)
            _scores[(int)place] = score;
        if (_largest.Count < AutoencoderMetadata.MostLargestScores)
            _largest.Enqueue(score, score);
        else if (score > _largest.Peek())
            _largest.EnqueueDequeue(score, score);
    }

    /// <summary>Adds the code of a row.</summary>
    public void AddCode(ReadOnlySpan<float> code)
    {
        if (code.Length != codeSize)
            throw new ArgumentException($"The code of row {_codeCount} (counted from 0) has {code.Length} units; expected {codeSize}.",
                nameof(code));
        _codeCount++;

        // Welford's update for several variables: the comoment grows by (x - old mean)(x - new mean)ᵀ.
        for (int a = 0; a < codeSize; a++)
        {
            _deviation[a] = code[a] - _mean[a];
            _mean[a] += _deviation[a] / _codeCount;
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
    /// <exception cref="InvalidOperationException">No score has been added.</exception>
    public AutoencoderMetadata AddTo(AutoencoderMetadata metadata, ThresholdRule threshold)
    {
        var (mean, covariance) = CodeMoments();
        return AddScoresTo(RemoveFrom(metadata) with { CodeMean = mean, CodeCovariance = covariance }, threshold);
    }

    /// <summary>The metadata with what is known of the scores alone, and the threshold that a rule makes of them.</summary>
    /// <exception cref="InvalidOperationException">No score has been added.</exception>
    public AutoencoderMetadata AddScoresTo(AutoencoderMetadata metadata, ThresholdRule threshold)
    {
        if (Count == 0)
            throw new InvalidOperationException("There are no rows, so that there are no scores to find a threshold from.");
        float[] sorted = [.. _scores];
        Array.Sort(sorted);
        float[] largest = [.. _largest.UnorderedItems.Select(item => item.Element).Order()];
        return threshold.AddTo(metadata with
        {
            ScoreCount = Count,
            ScoreMean = (float)_scoreMean,
            ScoreDeviation = (float)Math.Sqrt(_scoreSquares / Count),
            ScoreQuantiles = Array.ConvertAll(s_quantiles, q => Quantile.Of(sorted, q)),
            LargestScores = largest,
        }, sorted.Length == Count ? new OrderedScores(sorted) : new OrderedScores(sorted, largest, Count));
    }

    /// <summary>
    /// The metadata of a model of which no scores and codes are known: no threshold but +∞, no quantiles, no
    /// distribution of codes.
    /// </summary>
    public static AutoencoderMetadata RemoveFrom(AutoencoderMetadata metadata) => metadata with
    {
        Threshold = float.PositiveInfinity,
        ThresholdRule = "none",
        ScoreCount = 0,
        ScoreMean = 0,
        ScoreDeviation = 0,
        ScoreQuantiles = [],
        LargestScores = [],
        CodeMean = [],
        CodeCovariance = [],
        CodeMixtureWeights = [],
        CodeMixtureMeans = [],
        CodeMixtureCovariances = [],
    };

    /// <summary>Mean and covariance of the codes; none where a Single does not hold them.</summary>
    private (float[] Mean, float[] Covariance) CodeMoments()
    {
        float[] mean = Array.ConvertAll(_mean, value => (float)value);
        float[] covariance = Array.ConvertAll(_comoment, value => (float)(value / _codeCount));
        return !mean.All(float.IsFinite) ? ([], []) : (mean, covariance.All(float.IsFinite) ? covariance : []);
    }
}
