using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Stacked;

/// <summary>A handwritten digit of 8×8 pixels.</summary>
internal sealed class Digit
{
    [VectorType(64)]
    public float[] Features { get; set; } = [];

    /// <summary>What it is, 0 to 9; ML.NET counts keys from 0 in objects, and what is beyond the last is a missing one.</summary>
    [KeyType(10)]
    public uint Label { get; set; } = uint.MaxValue;
}

/// <summary>
/// The digits of samples/data in the order of a seed: rows to train on, of which the first few are labeled, and rows
/// held out.
/// </summary>
internal sealed class Digits
{
    private const int TrainingRows = 1200;

    private readonly MLContext _ml;
    private readonly Digit[] _rows;

    public Digits(MLContext ml, int seed)
    {
        _ml = ml;
        _rows = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "data", "digits.csv")).Skip(1)
            .Select(line => Array.ConvertAll(line.Split(','), int.Parse))
            .Select(cells => new Digit { Label = (uint)cells[1], Features = Array.ConvertAll(cells[2..], cell => (float)cell) })];
        new Random(seed).Shuffle(_rows);
    }

    public IDataView Train(int labeled) => _ml.Data.LoadFromEnumerable(
        _rows[..TrainingRows].Select((row, i) => i < labeled ? row : new Digit { Features = row.Features }).ToArray());

    public IDataView HeldOut => _ml.Data.LoadFromEnumerable(_rows[TrainingRows..]);
}
