using System.Diagnostics;
using System.Globalization;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>One of two ways to do the same.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Run">Goes through a number of rows and returns a sum over what it read.</param>
internal sealed record Side(string Name, Func<long, double> Run)
{
    /// <summary>How many times its number of rows a run goes through, for one that works on several threads.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Rows per second of one run.</summary>
    public double Rate(long rows)
    {
        long start = Stopwatch.GetTimestamp();
        Run(rows);
        return rows * Threads / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>A number of rows that takes about so long; warms up on the way.</summary>
    public long RowsFor(double seconds)
    {
        long rows = Duel.RowsMultiple;
        double rate = Rate(rows);
        while (rows * Threads / rate < seconds / 3)
        {
            rows *= 2;
            rate = Rate(rows);
        }
        return Math.Max(1, (long)(rate / Threads * seconds / Duel.RowsMultiple)) * Duel.RowsMultiple;
    }
}

/// <summary>Measures two sides turn by turn and prints a line of the table.</summary>
internal static class Duel
{
    /// <summary>Runs go through a multiple of so many rows, which every batch size divides.</summary>
    public const int RowsMultiple = 1024;

    private const int Rounds = 5;
    private const double Seconds = 0.5;

    public static void PrintHead() =>
        Console.WriteLine($"{"rows/s: median of five (slowest - fastest)",-44}{"ours or first",-40}{"theirs or second",-40}{"ratio",8}");

    /// <summary>The ratio of the sides' medians.</summary>
    /// <param name="what">The line's name in the table.</param>
    /// <param name="first">The side above the fraction bar.</param>
    /// <param name="second">The side below.</param>
    /// <param name="sameSum">Whether the sides compute the same, so that their sums must agree.</param>
    public static double Measure(string what, Side first, Side second, bool sameSum = true)
    {
        if (sameSum)
            Compare(what, first, second);
        Side[] sides = [first, second];
        long[] rows = Array.ConvertAll(sides, side => side.RowsFor(Seconds));
        var rates = Array.ConvertAll(sides, _ => new List<double>());
        for (int round = 0; round < Rounds; round++)
            for (int i = 0; i < sides.Length; i++)
                rates[i].Add(sides[i].Rate(rows[i]));

        double ratio = Report.Median(rates[0]) / Report.Median(rates[1]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-44}{Describe(first, rates[0]),-40}{Describe(second, rates[1]),-40}{ratio,8:F3}"));
        return ratio;
    }

    private static string Describe(Side side, List<double> rates) =>
        string.Create(CultureInfo.InvariantCulture, $"{side.Name}: {Report.Median(rates):N0} ({rates.Min():N0} - {rates.Max():N0})");

    private static void Compare(string what, Side first, Side second)
    {
        double one = first.Run(RowsMultiple), other = second.Run(RowsMultiple);
        if (!(Math.Abs(one - other) <= 1e-4 * Math.Max(Math.Abs(one), RowsMultiple)))
            throw new InvalidOperationException($"{what}: the sides do not compute the same; their sums are {one} and {other}.");
    }
}
