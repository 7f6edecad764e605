using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Rows whose features are normally distributed, from fixed seeds; three hidden numbers decide most of them.</summary>
internal sealed class NormalRow
{
    public const int FeatureCount = 10;

    [VectorType(FeatureCount)]
    public float[] Features { get; set; } = new float[FeatureCount];
}

/// <summary>Makes such rows.</summary>
internal static class NormalRows
{
    public static NormalRow[] Make(int count, int seed = 7)
    {
        var numbers = new NormalNumbers(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            double a = numbers.Next(), b = numbers.Next(), c = numbers.Next();
            return new NormalRow
            {
                Features = [.. Enumerable.Range(0, NormalRow.FeatureCount)
                    .Select(j => (float)(a * Math.Cos(j) + b * Math.Sin(j) + c * Math.Cos(2 * j) + 0.1 * numbers.Next()))],
            };
        })];
    }

    public static IDataView View(MLContext ml, int count, int seed = 7) => ml.Data.LoadFromEnumerable(Make(count, seed));
}
