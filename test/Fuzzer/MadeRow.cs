using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Fuzzer;

/// <summary>A row with everything that the models may read which the mutants are made of.</summary>
public sealed class MadeRow
{
    [VectorType(12)]
    public float[] Features { get; set; } = new float[12];

    public string Group { get; set; } = "";

    [VectorType(3)]
    public float[] Side { get; set; } = new float[3];

    [VectorType(2)]
    public float[] Offset { get; set; } = new float[2];

    public int Visits { get; set; }

    /// <summary>Three rows, the last with a missing value and a group that no model knows.</summary>
    public static IDataView View(MLContext ml)
    {
        MadeRow[] rows =
        [
            new() { Group = "red", Features = [.. Enumerable.Range(0, 12).Select(j => j / 12f)] },
            new() { Group = "green", Side = [1, 0, -1], Offset = [0.5f, -0.5f] },
            new() { Group = "violet", Features = [float.NaN, .. Enumerable.Repeat(0.5f, 11)] },
        ];
        string[] groups = ["red", "green", "blue"];
        var known = ml.Data.LoadFromEnumerable(groups.Select(group => new MadeRow { Group = group }).ToArray());
        return ml.Transforms.Conversion.MapValueToKey("Key", nameof(Group)).Fit(known).Transform(ml.Data.LoadFromEnumerable(rows));
    }
}
