using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A code to be decoded as a digit.</summary>
public sealed class DigitCode
{
    public const int Size = 8;

    [VectorType(Size)]
    public float[] Code { get; set; } = new float[Size];

    public string Digit { get; set; } = "";

    [VectorType(10)]
    public float[] OneHot { get; set; } = new float[10];
}

/// <summary>All ten digits of samples/data/digits.csv: every third row is held out.</summary>
internal static class LabeledDigits
{
    public const int PixelCount = 64;

    private static readonly DigitRow[] s_all = [.. File.ReadLines(Repository.PathOf("samples", "data", "digits.csv")).Skip(1).Select(line =>
    {
        string[] fields = line.Split(',');
        return new DigitRow { Digit = fields[1], Features =
            [.. fields[2..].Select(field => float.Parse(field, CultureInfo.InvariantCulture))] };
    })];

    public static DigitRow[] Train { get; } = [.. s_all.Where((_, i) => i % 3 != 0)];

    public static DigitRow[] HeldOut { get; } = [.. s_all.Where((_, i) => i % 3 == 0)];

    /// <summary>The rows with the digit as the key column "Key", whose values stand in order.</summary>
    public static IDataView View<T>(MLContext ml, IEnumerable<T> rows) where T : class
    {
        var names = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 10).Select(digit => new DigitRow { Digit = $"{digit}" }));
        return ml.Transforms.Conversion.MapValueToKey("Key", "Digit").Fit(names).Transform(ml.Data.LoadFromEnumerable(rows));
    }

    /// <summary>Codes from N(0, I), as many for each digit.</summary>
    public static DigitCode[] NormalCodes(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var row = new DigitCode { Code = [.. Enumerable.Range(0, DigitCode.Size).Select(_ => (float)Normal(random))],
                Digit = $"{i % 10}" };
            row.OneHot[i % 10] = 1;
            return row;
        })];
    }

    /// <summary>The nearest training row of an image, and its distance.</summary>
    public static (string Digit, double Distance) Nearest(float[] image)
    {
        (string Digit, double Distance) best = ("", double.PositiveInfinity);
        foreach (var row in Train)
        {
            double sum = 0;
            for (int j = 0; j < PixelCount; j++)
                sum += (image[j] - row.Features[j]) * (image[j] - row.Features[j]);
            if (sum < best.Distance)
                best = (row.Digit, sum);
        }
        return (best.Digit, Math.Sqrt(best.Distance));
    }

    /// <summary>The variance of each pixel over some images, mean over the pixels.</summary>
    public static double PixelVariance(float[][] images) => Enumerable.Range(0, PixelCount).Average(j =>
    {
        double mean = images.Average(image => (double)image[j]);
        return images.Average(image => (image[j] - mean) * (image[j] - mean));
    });

    /// <summary>A draw from N(0, 1) (Box and Muller 1958).</summary>
    public static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()))
        * Math.Cos(2 * Math.PI * random.NextDouble());
}
