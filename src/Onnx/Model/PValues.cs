namespace MLNetAutoencoder.Onnx;

/// <summary>The p-values of scores: how often a normal row scores as high.</summary>
/// <remarks>
/// <para>With n scores of normal rows that the model was not trained on, the p-value of a score s is (1 + #{scores ≥ s}) / (n + 1): of a
/// row that is drawn like these, p ≤ α with a probability of at most α (Bates, Candès, Lei, Romano and Sesia 2023). Where more than
/// <see cref="AutoencoderMetadata.MostLargestScores"/> scores are known, those below the largest count by their quantiles.</para>
/// <para>Above the largest score it is 1 / (n + 1) times S(s) / S(largest), with S the survival function of a generalized Pareto
/// distribution that is fitted to the largest tenth of the scores by probability-weighted moments (Hosking and Wallis 1987; Siffer, Fouque,
/// Termier and Largouet 2017): an estimate, without the guarantee. Its shape is kept from 0 to 0.5, so that no score is impossible.</para>
/// </remarks>
internal sealed class PValues
{
    private const double TailShare = 0.1, MostShape = 0.5;
    private const int LeastTail = 10;

    private readonly float[] _knots;
    private readonly double[] _counts;

    private PValues(float[] knots, double[] counts, long count)
    {
        (_knots, _counts, Count) = (knots, counts, count);
        int tail = Math.Min(knots.Length - 1, Math.Max(
            LeastTail, (int)Math.Min(TailShare * count, AutoencoderMetadata.MostLargestScores - 1)));
        Start = knots[knots.Length - 1 - tail];
        double[] excesses = [.. knots.AsSpan(knots.Length - tail).ToArray().Select(score => (double)score - Start)];
        double mean = tail == 0 ? 0 : excesses.Average(), weighted = 0;
        for (int i = 0; i < tail; i++)
            weighted += excesses[i] * (1 - (i + 0.65) / tail) / tail;
        double shape = mean > 2 * weighted ? 2 - mean / (mean - 2 * weighted) : 0;
        Shape = double.IsFinite(shape) ? Math.Clamp(shape, 0, MostShape) : 0;
        Scale = Math.Max(mean * (1 - Shape), Math.Max(1e-6 * Math.Abs(Largest), 1e-30));
    }

    /// <summary>The number of scores.</summary>
    public long Count { get; }

    /// <summary>The largest score.</summary>
    public float Largest => _knots[^1];

    /// <summary>Where the tail begins.</summary>
    public float Start { get; }

    /// <summary>The shape of the tail's distribution, 0 for an exponential one.</summary>
    public double Shape { get; }

    /// <summary>The scale of the tail's distribution.</summary>
    public double Scale { get; }

    /// <summary>Scores, rising, each of which stands for as many as <see cref="Weights"/> says.</summary>
    public IReadOnlyList<float> Knots => _knots;

    /// <summary>How many scores each of <see cref="Knots"/> stands for.</summary>
    public IReadOnlyList<double> Weights => _counts;

    /// <summary>Those that the metadata of a model keep.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="by">What they are wanted for, for the message.</param>
    /// <exception cref="InvalidOperationException">The metadata keep no scores.</exception>
    public static PValues Of(AutoencoderMetadata metadata, string by)
    {
        if (metadata.ScoreQuantiles.Count == 0)
            throw new InvalidOperationException(
                $"The model's metadata have no quantiles of its training scores, so that there is no {by}.");
        long count = metadata.ScoreCount > 0 ? metadata.ScoreCount : metadata.ScoreQuantiles.Count;
        if (metadata.LargestScores.Count == 0 || metadata.LargestScores.Count >= count)
        {
            float[] all = [.. metadata.LargestScores.Count == 0 ? metadata.ScoreQuantiles : metadata.LargestScores];
            return new PValues(all, Array.ConvertAll(all, _ => (double)count / all.Length), count);
        }
        float[] lower = [.. metadata.ScoreQuantiles.TakeWhile(score => score < metadata.LargestScores[0])];
        float[] knots = [.. lower, .. metadata.LargestScores];
        double ofLower = (count - metadata.LargestScores.Count) / (double)Math.Max(1, lower.Length);
        return new PValues(knots, [.. Enumerable.Range(0, knots.Length).Select(i => i < lower.Length ? ofLower : 1)], count);
    }

    /// <summary>The p-value of a score; NaN where that is.</summary>
    public double Of(float score)
    {
        if (float.IsNaN(score))
            return double.NaN;
        if (score > Largest)
            return Survival(score) / Survival(Largest) / (Count + 1);
        double above = 0;
        for (int i = _knots.Length - 1; i >= 0 && _knots[i] >= score; i--)
            above += _counts[i];
        return (1 + above) / (Count + 1);
    }

    /// <summary>The score above the largest one whose p-value is <paramref name="rate"/>, which is less than 1 / (n + 1).</summary>
    public double ScoreOf(double rate)
    {
        double survival = rate * (Count + 1) * Survival(Largest);
        return Start + (Shape == 0 ? -Scale * Math.Log(survival) : Scale / Shape * (Math.Pow(survival, -Shape) - 1));
    }

    /// <summary>What the tail's distribution says of the largest score.</summary>
    public double SurvivalOfLargest => Survival(Largest);

    private double Survival(double score)
    {
        double relative = (score - Start) / Scale;
        return Shape == 0 ? Math.Exp(-relative) : Math.Pow(1 + Shape * relative, -1 / Shape);
    }
}
