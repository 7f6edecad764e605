using System.Diagnostics;
using System.Globalization;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>One of two ways to do the same.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Read">Goes on by a number of rows and returns a sum over what it read.</param>
internal sealed record Side(string Name, Func<long, double> Read)
{
    /// <summary>Turns are a multiple of so many rows, which every batch size divides.</summary>
    public const int RowsMultiple = 2048;

    /// <summary>How many threads go on by the number of rows each.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Seconds that a number of rows takes.</summary>
    public double Time(long rows)
    {
        long start = Stopwatch.GetTimestamp();
        Read(rows);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Rows per second in a time.</summary>
    public double Rate(long rows, double seconds) => rows * Threads / seconds;

    /// <summary>A number of rows that takes about so long; warms up on the way.</summary>
    public long RowsFor(double seconds)
    {
        // Long enough for the runtime to have replaced its first, quickly made code.
        long start = Stopwatch.GetTimestamp();
        long rows = RowsMultiple;
        double time = Time(rows);
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < 0.3)
        {
            rows = time < seconds / 2 ? rows * 2 : rows;
            time = Time(rows);
        }
        return Math.Max(1, (long)Math.Round(rows / time * seconds / RowsMultiple)) * RowsMultiple;
    }
}

/// <summary>Measures two sides turn by turn and prints a line of the table.</summary>
/// <remarks>
/// Each of the five rounds gives each side eight short turns, one side's after the other's: what else the machine does
/// then slows both alike. A round's figure is a side's rows over its seconds; the ratio is that of the medians.
/// </remarks>
internal static class Duel
{
    private const int Rounds = 5, Turns = 8;
    private const double SecondsPerTurn = 0.04;

    public static void PrintHead() =>
        Console.WriteLine($"{"rows/s: median of five (slowest - fastest)",-50}{"ours or first",-50}{"theirs or second",-50}{"ratio",8}");

    /// <summary>The ratio of the sides' medians.</summary>
    /// <param name="what">The line's name in the table.</param>
    /// <param name="first">The side above the fraction bar.</param>
    /// <param name="second">The side below.</param>
    /// <param name="sameSum">Whether the sides compute the same, so that their sums must agree.</param>
    /// <param name="secondsPerTurn">How long a turn is. Where one side leaves garbage behind, turns must be long enough
    /// for it to be collected in that side's own turn.</param>
    public static double Measure(string what, Side first, Side second, bool sameSum = true, double secondsPerTurn = SecondsPerTurn)
    {
        if (sameSum)
            Compare(what, first, second);
        Side[] sides = [first, second];
        long[] rows = Array.ConvertAll(sides, side => side.RowsFor(secondsPerTurn));
        var rates = Array.ConvertAll(sides, _ => new List<double>());
        for (int round = 0; round < Rounds; round++)
        {
            double[] seconds = new double[sides.Length];
            for (int turn = 0; turn < Turns; turn++)
                for (int i = 0; i < sides.Length; i++)
                    seconds[i] += sides[i].Time(rows[i]);
            for (int i = 0; i < sides.Length; i++)
                rates[i].Add(sides[i].Rate(rows[i] * Turns, seconds[i]));
        }

        double ratio = Report.Median(rates[0]) / Report.Median(rates[1]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-50}{Describe(first, rates[0]),-50}{Describe(second, rates[1]),-50}{ratio,8:F3}"));
        return ratio;
    }

    /// <summary>The fastest of several sides, each by its best of several turns, which are printed.</summary>
    public static T Fastest<T>(IReadOnlyList<T> candidates, Func<T, Side> sideOf)
    {
        Side[] sides = [.. candidates.Select(sideOf)];
        long[] rows = Array.ConvertAll(sides, side => side.RowsFor(SecondsPerTurn / 2));
        double[] best = new double[sides.Length];
        for (int turn = 0; turn < Turns; turn++)
            for (int i = 0; i < sides.Length; i++)
                best[i] = Math.Max(best[i], sides[i].Rate(rows[i], sides[i].Time(rows[i])));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  best turns, ns a row: {string.Join(", ", sides.Select((side, i) => $"{side.Name}: {1e9 / best[i]:F0}"))}"));
        return candidates[Array.IndexOf(best, best.Max())];
    }

    private static string Describe(Side side, List<double> rates) =>
        string.Create(CultureInfo.InvariantCulture, $"{side.Name}: {Report.Median(rates):N0} ({rates.Min():N0} - {rates.Max():N0})");

    private static void Compare(string what, Side first, Side second)
    {
        double one = first.Read(Side.RowsMultiple), other = second.Read(Side.RowsMultiple);
        if (!(Math.Abs(one - other) <= 1e-4 * Math.Max(Math.Abs(one), Side.RowsMultiple)))
            throw new InvalidOperationException($"{what}: the sides do not compute the same; their sums are {one} and {other}.");
    }
}
