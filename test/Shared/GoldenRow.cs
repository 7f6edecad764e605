using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A row of the golden files. It stands in them, so its members stay as they are.</summary>
public sealed class GoldenRow
{
    public const int FeatureCount = 12;

    [VectorType(FeatureCount)]
    public float[] Features { get; set; } = new float[FeatureCount];

    public string Group { get; set; } = "";

    [VectorType(2)]
    public float[] Offset { get; set; } = new float[2];

    public int Visits { get; set; }

    /// <summary>The rows with the group as the key column "Key", which has three values; any other is a missing key.</summary>
    public static IDataView View(MLContext ml, IEnumerable<GoldenRow> rows)
    {
        GoldenRow[] groups = [new() { Group = "red" }, new() { Group = "green" }, new() { Group = "blue" }];
        var key = ml.Transforms.Conversion.MapValueToKey("Key", nameof(Group)).Fit(ml.Data.LoadFromEnumerable(groups));
        return key.Transform(ml.Data.LoadFromEnumerable(rows.ToArray()));
    }
}
