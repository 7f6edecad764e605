using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Bench.Scoring;

namespace MLNetAutoencoder.Bench.Quantized;

/// <summary>
/// A handwritten digit of 28×28 pixels: one of 8×8, enlarged, with a little noise, without which the pixels between
/// would tell nothing new.
/// </summary>
internal sealed class LargeDigit
{
    public const int Width = Side * Side;

    private const int Side = 28, SmallSide = 8;
    private const float Noise = 0.05f, White = 16;

    [VectorType(Width)]
    public float[] Features { get; set; } = [];

    /// <summary>1 for a nine, which counts as an anomaly; 0 for every other digit.</summary>
    public float Label { get; set; }

    public static LargeDigit Enlarge(int digit, int[] pixels, Random random) =>
        new() { Label = digit == 9 ? 1 : 0, Features =
        [.. Enumerable.Range(0, Width).Select(place => Pixel(pixels, place) / White + Noise * (random.NextSingle() - 0.5f))] };

    /// <summary>Linearly between the four nearest pixels.</summary>
    private static float Pixel(int[] pixels, int place)
    {
        float y = place / Side * (SmallSide - 1f) / (Side - 1), x = place % Side * (SmallSide - 1f) / (Side - 1);
        int top = Math.Min((int)y, SmallSide - 2), left = Math.Min((int)x, SmallSide - 2);
        float down = y - top, right = x - left;
        float Row(int row) => (1 - right) * pixels[row * SmallSide + left] + right * pixels[row * SmallSide + left + 1];
        return (1 - down) * Row(top) + down * Row(top + 1);
    }
}

/// <summary>
/// The digits of samples/data in the order of a seed: two thirds to train and calibrate on, without the nines, and a
/// third held out.
/// </summary>
internal sealed class LargeDigits
{
    private readonly LargeDigit[] _rows;

    public LargeDigits(int seed)
    {
        var random = new Random(seed);
        _rows = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "data", "digits.csv")).Skip(1)
            .Select(line => Array.ConvertAll(line.Split(','), int.Parse))
            .Select(cells => LargeDigit.Enlarge(cells[1], cells[2..], random))];
        random.Shuffle(_rows);
    }

    public IDataView Training(MLContext ml) => ml.Data.LoadFromEnumerable(_rows.Where((row, i) => i % 3 != 0 && row.Label == 0).ToArray());

    public IDataView HeldOut(MLContext ml) => ml.Data.LoadFromEnumerable(_rows.Where((_, i) => i % 3 == 0).ToArray());

    /// <summary>Rows in memory, for the speed.</summary>
    public RowBlock Block(int rows) => new([.. _rows.Take(rows).SelectMany(row => row.Features)], LargeDigit.Width);
}
