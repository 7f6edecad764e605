using System.Globalization;

namespace MLNetAutoencoder.Bench;

/// <summary>What benchmarks have in common: medians and the lines that an issue asks for.</summary>
internal static class Report
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Ends a benchmark with one figure.</summary>
    public static void Ratio(string name, double value)
    {
        string format = Math.Abs(value) is > 0 and < 0.001 ? "E1" : "F3";
        Console.WriteLine($"ratio {name} {value.ToString(format, CultureInfo.InvariantCulture)}");
    }
}
