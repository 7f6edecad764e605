namespace MLNetAutoencoder.Onnx;

/// <summary>
/// The training scores in rising order, as far as they are known, and where between them a threshold may lie.
/// </summary>
/// <remarks>
/// <para>The last digits of a score depend on the batch that its row is in and on the runtime. So a threshold lies in
/// a gap between two scores that is wider than this noise: rows that are equal have one label.</para>
/// <para>It is the gap with the number of scores above it nearest to the wanted one, and the one with fewer of two
/// equally near. Above the largest score there always is a gap, so that less than twice the wanted number lies above
/// the threshold, however many scores are equal. Where scores lie too close together for such a gap, as those of
/// millions of rows may, it is the widest one near the wanted place.</para>
/// </remarks>
internal sealed class OrderedScores
{
    /// <summary>The width of a gap, relative to the scores, that batches and runtimes do not bridge.</summary>
    private const double Noise = 1e-5;

    /// <summary>The width of a gap between scores that are 0: small, and still a normal number of Single.</summary>
    private const double LeastNoise = 1e-30;

    /// <summary>
    /// How far from the wanted place a gap may be, as a share of the scores above it; farther only beyond equal ones.
    /// </summary>
    private const double Leeway = 0.01;

    private static readonly int[] s_up = [1], s_upAndDown = [1, -1];

    private readonly float[] _scores;
    private readonly int _firstOfLargest, _quantileCount;
    private readonly long _count;

    /// <summary>All scores.</summary>
    /// <param name="scores">The scores, rising; at least one.</param>
    public OrderedScores(float[] scores)
        : this([], scores, scores.Length)
    {
    }

    /// <summary>The largest scores, and quantiles of all.</summary>
    /// <param name="quantiles">Quantiles at equal steps from the smallest score to the largest.</param>
    /// <param name="largest">The largest scores, rising.</param>
    /// <param name="count">The number of scores.</param>
    public OrderedScores(IReadOnlyList<float> quantiles, IReadOnlyList<float> largest, long count)
    {
        (_count, _quantileCount) = (count, quantiles.Count);
        float[] lower = largest.Count == count ? []
            : [.. quantiles.TakeWhile((score, i) => largest.Count == 0 || (QuantileAbove(i) >= largest.Count && score <= largest[0]))];
        _firstOfLargest = lower.Length;
        _scores = [.. lower, .. largest];
    }

    /// <summary>The scores that the metadata of a model keep.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="by">What the scores are wanted for, for the message.</param>
    /// <exception cref="InvalidOperationException">The metadata keep none.</exception>
    public static OrderedScores Of(AutoencoderMetadata metadata, string by)
    {
        if (metadata.ScoreQuantiles.Count == 0)
            throw new InvalidOperationException(
                $"The model's metadata have no quantiles of its training scores, so no threshold can be found by {by}. Use " +
                "ThresholdRule.Fixed.");

        // Before version 1.3 there were only the quantiles.
        return metadata.LargestScores.Count == 0 ? new(metadata.ScoreQuantiles, [], metadata.ScoreQuantiles.Count)
            : new(metadata.ScoreQuantiles, metadata.LargestScores, metadata.ScoreCount);
    }

    /// <summary>
    /// A threshold with as many scores above it as lie above the quantile at 1 − <paramref name="share"/> (Hyndman and
    /// Fan 1996, type 7), or as near to that as equal scores allow.
    /// </summary>
    /// <param name="share">The share of the scores that is to lie above it, from 0 to 0.5.</param>
    public float WithAbove(double share)
    {
        // A whole number but for rounding must stay that number.
        double above = Math.Max(0, share * (_count - 1) - 1e-6);
        int below = LastWhere(i => Above(i) >= above);
        bool isGap = below >= _firstOfLargest || below == _scores.Length - 1;
        return Settle(below, isGap ? double.NaN : Between(below, above));
    }

    /// <summary>A threshold with a number of scores above it at most: as many, or fewer where some are equal.</summary>
    public float WithAtMost(long above) => Settle(LastWhere(i => Above(i) >= above), double.NaN, onlyUp: true);

    /// <summary>A threshold, or the one nearest to it that lies on no score.</summary>
    public float Near(double threshold)
    {
        int below = LastWhere(i => _scores[i] <= threshold);
        return below < 0 && threshold < _scores[0] - NoiseAt(0) ? (float)threshold : Settle(Math.Max(0, below), threshold);
    }

    /// <summary>The last place of which something holds that holds up to it and not beyond; -1 where it never does.</summary>
    private int LastWhere(Func<int, bool> holds)
    {
        int first = -1, last = _scores.Length - 1;
        while (first < last)
        {
            int middle = last - (last - first) / 2;
            (first, last) = holds(middle) ? (middle, last) : (first, middle - 1);
        }
        return first;
    }

    /// <summary>How many scores come after a place.</summary>
    private double Above(int place) => place >= _firstOfLargest ? _scores.Length - 1 - place : QuantileAbove(place);

    private double QuantileAbove(int place) => (1 - place / (_quantileCount - 1.0)) * (_count - 1);

    /// <summary>The score at which so many are above, between two quantiles.</summary>
    private double Between(int below, double above)
    {
        // Linearly; where the quantiles end and the largest scores begin, as an exponential tail has it.
        double upper = Above(below), lower = Above(below + 1);
        double part = below + 1 == _firstOfLargest ? Math.Log(upper / above) / Math.Log(upper / lower) : (upper - above) / (upper - lower);
        return _scores[below] + part * ((double)_scores[below + 1] - _scores[below]);
    }

    /// <summary>A threshold above a place and below the next, or in the nearest gap where these are as good as equal.</summary>
    /// <param name="below">The place.</param>
    /// <param name="wanted">Where in the gap; NaN for its middle.</param>
    /// <param name="onlyUp">Whether no more scores may lie above it than above the place.</param>
    private float Settle(int below, double wanted, bool onlyUp = false)
    {
        double noise = NoiseAt(below);
        int place = Nearest(below, noise, onlyUp);
        double low = _scores[place], high = low + Width(place);
        double margin = Math.Min(noise, high - low) / 2;
        double value = !double.IsNaN(wanted) ? Math.Clamp(wanted, low + margin, high - margin)
            : place == _scores.Length - 1 ? low + noise : (low + high) / 2;
        return (float)value < high ? (float)value : (float)low;
    }

    /// <summary>The place before the nearest gap wider than the noise; where none is near, before the widest there.</summary>
    private int Nearest(int from, double noise, bool onlyUp)
    {
        double Distance(int place) => Math.Abs(Above(place) - Above(from));
        double leeway = Math.Max(1, Leeway * Above(from));
        int widest = from;
        int? found = null;

        // Upwards first: of two gaps that are equally near, the one with fewer scores above it.
        foreach (int step in onlyUp ? s_up : s_upAndDown)
        {
            for (int place = from; place >= 0; place += step)
            {
                // The last gap has no end, so that the way up ends there.
                double passed = step > 0 ? (double)_scores[place] - _scores[from] : (double)_scores[from] - _scores[place + 1];
                if (Distance(place) > leeway && passed > noise)
                    break;
                if (Width(place) > Width(widest))
                    widest = place;
                if (Width(place) > noise)
                {
                    found = found is { } other && Distance(other) <= Distance(place) ? other : place;
                    break;
                }
            }
            if (found == from)
                break;
        }
        return found ?? widest;
    }

    private double Width(int place) =>
        place == _scores.Length - 1 ? double.PositiveInfinity : (double)_scores[place + 1] - _scores[place];

    /// <summary>Scores of both signs, as likelihoods have them, are sums of terms as large as the largest.</summary>
    private double NoiseAt(int place) => Math.Max(LeastNoise, Noise * Math.Max(Math.Abs(_scores[place]), -_scores[0]));
}
