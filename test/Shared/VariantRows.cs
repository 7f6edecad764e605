using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>
/// A made row with everything that a variant may read: features that depend on two hidden numbers and on a group, and
/// an offset that depends on the same two numbers.
/// </summary>
public sealed class VariantRow
{
    public const int FeatureCount = 12;

    [VectorType(FeatureCount)]
    public float[] Features { get; set; } = new float[FeatureCount];

    public string Group { get; set; } = "";

    [VectorType(3)]
    public float[] Side { get; set; } = new float[3];

    [VectorType(2)]
    public float[] Offset { get; set; } = new float[2];

    public float Weight { get; set; }
}

/// <summary>Makes such rows, from fixed seeds.</summary>
internal static class VariantRows
{
    private static readonly string[] s_groups = ["red", "green", "blue"];

    public static VariantRow[] Make(int count, int seed = 11)
    {
        var random = new Random(seed);
        double Next() => random.NextDouble() * 2 - 1;
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            double a = Next(), b = Next();
            int group = i % s_groups.Length;
            return new VariantRow
            {
                // Between 0 and 1, so that every loss is at home.
                Features = [.. Enumerable.Range(0, VariantRow.FeatureCount).Select(j =>
                    (float)(1 / (1 + Math.Exp(-2 * (a * Math.Cos(j) + b * Math.Sin(2 * j) + 0.5 * Math.Cos(j * (group + 1)))))))],
                Group = s_groups[group],
                Side = [group == 0 ? 1 : 0, group == 1 ? 1 : 0, (float)Next()],
                Offset = [(float)(2 * a * b), (float)(a - b)],
                Weight = 0.5f + i % 3,
            };
        })];
    }

    /// <summary>The rows with the group as the key column "Key".</summary>
    public static IDataView View(MLContext ml, int count, int seed = 11) => View(ml, Make(count, seed));

    /// <summary>The same of given rows with a group; one that is no value of the key becomes a missing key.</summary>
    public static IDataView View<T>(MLContext ml, IEnumerable<T> rows) where T : class
    {
        // The key's values are the same, however few rows there are.
        var groups = ml.Data.LoadFromEnumerable(Make(s_groups.Length));
        return ml.Transforms.Conversion.MapValueToKey("Key", nameof(VariantRow.Group)).Fit(groups)
            .Transform(ml.Data.LoadFromEnumerable(rows));
    }

    /// <summary>What the key of a row is as a condition.</summary>
    public static float[] OneHot(VariantRow row) => [.. s_groups.Select(group => group == row.Group ? 1f : 0f)];

    /// <summary>Options of a small, quick model.</summary>
    public static AutoencoderEstimator.Options Options() => new()
    {
        Network = new DenseNetworkOptions { Hidden = [10] },
        Code = new CodeOptions { Size = 2 },
        Scaling = InputScaling.MinMax,
        Epochs = 3,
        Seed = 5,
    };
}
