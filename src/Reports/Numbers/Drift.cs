namespace MLNetAutoencoder;

/// <summary>How strongly scores differ from those of the training.</summary>
internal enum DriftLevel
{
    /// <summary>Not more than such numbers of rows differ by chance.</summary>
    None,

    /// <summary>More than by chance, and little.</summary>
    Slight,

    /// <summary>Moderately.</summary>
    Moderate,

    /// <summary>Strongly.</summary>
    Strong,
}

/// <summary>A bin of the population stability index: scores up to a bound.</summary>
internal sealed record DriftBin(double UpTo, double Expected, double Found);

/// <summary>The difference between the scores of the training and those of other rows.</summary>
/// <remarks>
/// <para>Population stability index: Σ (f − e) ln(f / e) over bins that hold a tenth of the training scores each, where equal scores
/// allow it, with e and f the shares of both; a share counts as half a row at least (Siddiqi 2006: below 0.1 little,
/// above 0.25 much).</para>
/// <para>Kolmogorov-Smirnov: the largest difference of the two distribution functions, and how likely one as large is by chance, by
/// Kolmogorov's limit with the correction of Stephens (1970).</para>
/// </remarks>
internal sealed record Drift
{
    private const int BinCount = 10;
    private const double ByChance = 0.01, Little = 0.1, Much = 0.25;

    public required IReadOnlyList<DriftBin> Bins { get; init; }

    public required double Psi { get; init; }

    public required double KolmogorovSmirnov { get; init; }

    /// <summary>Where the distribution functions differ most.</summary>
    public required double At { get; init; }

    public required double PValue { get; init; }

    /// <summary>Whether the scores are higher than those of the training, by the largest difference.</summary>
    public required bool IsHigher { get; init; }

    public DriftLevel Level => PValue >= ByChance ? DriftLevel.None
        : Psi < Little ? DriftLevel.Slight : Psi <= Much ? DriftLevel.Moderate : DriftLevel.Strong;

    /// <summary>Compares scores.</summary>
    /// <param name="reference">The scores of the training, rising, and how many each stands for.</param>
    /// <param name="scores">The others, rising; at least one.</param>
    public static Drift Of(IReadOnlyList<(float Score, double Weight)> reference, float[] scores)
    {
        double count = reference.Sum(pair => pair.Weight);
        var bins = BinsOf(reference, scores, count);
        var (difference, at) = LargestDifference(reference, scores, count);
        double effective = Math.Sqrt(count * scores.Length / (count + scores.Length));
        return new Drift
        {
            Bins = bins,
            Psi = bins.Sum(bin => (bin.Found - bin.Expected) * Math.Log(bin.Found / bin.Expected)),
            KolmogorovSmirnov = Math.Abs(difference),
            At = at,
            IsHigher = difference > 0,
            PValue = KolmogorovTail((effective + 0.12 + 0.11 / effective) * Math.Abs(difference)),
        };
    }

    private static List<DriftBin> BinsOf(IReadOnlyList<(float Score, double Weight)> reference, float[] scores, double count)
    {
        var bins = new List<DriftBin>();
        double inBin = 0, before = 0;
        int placed = 0;
        for (int i = 0; i < reference.Count; i++)
        {
            inBin += reference[i].Weight;
            bool isLast = i == reference.Count - 1;
            int tenth = (int)(before / count * BinCount + 1e-6) + 1;
            bool isFull = tenth < BinCount && before + inBin >= (tenth - 1e-6) * count / BinCount;
            if (!isLast && (!isFull || reference[i + 1].Score <= reference[i].Score))
                continue;
            double upTo = isLast ? double.PositiveInfinity : reference[i].Score;
            int end = placed;
            while (end < scores.Length && scores[end] <= upTo)
                end++;
            bins.Add(new DriftBin(upTo, Math.Max(inBin, 0.5) / count, Math.Max(end - placed, 0.5) / scores.Length));
            (before, inBin, placed) = (before + inBin, 0, end);
        }
        return bins;
    }

    private static (double Difference, double At) LargestDifference(
        IReadOnlyList<(float Score, double Weight)> reference, float[] scores, double count)
    {
        double largest = 0, at = scores[0], below = 0;
        for (int i = 0, j = 0; i < reference.Count || j < scores.Length;)
        {
            float score = j == scores.Length || (i < reference.Count && reference[i].Score <= scores[j]) ? reference[i].Score : scores[j];
            for (; i < reference.Count && reference[i].Score <= score; i++)
                below += reference[i].Weight;
            while (j < scores.Length && scores[j] <= score)
                j++;
            double difference = below / count - (double)j / scores.Length;
            if (Math.Abs(difference) > Math.Abs(largest))
                (largest, at) = (difference, score);
        }
        return (largest, at);
    }

    private static double KolmogorovTail(double x)
    {
        if (x < 0.2)
            return 1;
        double sum = 0;
        for (int k = 1; k <= 100; k++)
            sum += (k % 2 == 1 ? 2 : -2) * Math.Exp(-2.0 * k * k * x * x);
        return Math.Clamp(sum, 0, 1);
    }
}
