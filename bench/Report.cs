using System.Globalization;
using System.Reflection;

namespace MLNetAutoencoder.Bench;

/// <summary>What benchmarks have in common: medians, the supplier's name, the lines that an issue asks for.</summary>
internal static class Report
{
    /// <summary>Who supplied Microsoft.ML, ONNX Runtime and TorchSharp to this build: packages or polyfills.</summary>
    public static string Supplier { get; } =
        typeof(Report).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == "Supplier").Value!;

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Ends a benchmark with one figure.</summary>
    public static void Ratio(string name, double value) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio {name} {(Math.Abs(value) is > 0 and < 0.001 ? value.ToString("E1", CultureInfo.InvariantCulture) : value.ToString("F3", CultureInfo.InvariantCulture))}"));

    /// <summary>Whether Microsoft.ML and its OnnxTransformer are this repository's own: figures about their speed are then no figures about ML.NET.</summary>
    public static bool IsPolyfilled => Supplier == "polyfills";

    /// <summary>Ends a benchmark with a figure that only the real packages can give.</summary>
    public static void PolyfillOnly(string name) => Console.WriteLine($"ratio {name} polyfill-only");
}
