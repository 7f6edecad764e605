using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A handwritten digit of 8×8 pixels.</summary>
public sealed class DigitRow
{
    [VectorType(64)]
    public float[] Features { get; set; } = new float[64];

    /// <summary>Its name; empty where it is not told.</summary>
    public string Digit { get; set; } = "";
}

/// <summary>The ten digits of samples/data, in an order of a seed's.</summary>
internal static class DigitRows
{
    private static readonly string[] s_names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

    /// <summary>All 1,797, shuffled.</summary>
    public static DigitRow[] Read(int seed)
    {
        DigitRow[] rows = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "data", "digits.csv")).Skip(1)
            .Select(line => Array.ConvertAll(line.Split(','), int.Parse))
            .Select(cells => new DigitRow { Digit = s_names[cells[1]], Features = Array.ConvertAll(cells[2..], cell => (float)cell) })];
        new Random(seed).Shuffle(rows);
        return rows;
    }

    /// <summary>The same rows, all but the first few without their digit.</summary>
    public static IEnumerable<DigitRow> Forget(IEnumerable<DigitRow> rows, int labeled) =>
        rows.Select((row, i) => i < labeled ? row : new DigitRow { Features = row.Features });

    /// <summary>A view of rows with the key "Label", whose values are the digits in the order of the alphabet.</summary>
    public static IDataView View(MLContext ml, IEnumerable<DigitRow> rows)
    {
        var names = ml.Data.LoadFromEnumerable(s_names.Order(StringComparer.Ordinal)
            .Select(name => new DigitRow { Digit = name, Features = new float[64] }).ToArray());
        var view = ml.Data.LoadFromEnumerable(rows.ToArray());
        return ml.Transforms.Conversion.MapValueToKey("Label", nameof(DigitRow.Digit)).Fit(names).Transform(view);
    }
}
