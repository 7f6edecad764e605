using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Cuda;

/// <summary>Every column of numbers that a model adds, row after row.</summary>
internal static class Outputs
{
    /// <summary>How far GPU and CPU may be apart, relative to the larger of 1 and the value: they sum in another order.</summary>
    public const double Tolerance = 1e-4;

    /// <summary>Reads all of them with one cursor.</summary>
    public static Dictionary<string, float[]> Read(ITransformer model, IDataView rows)
    {
        var view = model.Transform(rows);
        var columns = view.Schema.Where(column => IsSingle(column.Type) && rows.Schema.GetColumnOrNull(column.Name) is null).ToArray();
        var values = columns.ToDictionary(column => column.Name, _ => new List<float>());
        using var cursor = view.GetRowCursor(columns);
        var readers = columns.Select(column => Reader(cursor, column, values[column.Name])).ToArray();
        while (cursor.MoveNext())
            foreach (var read in readers)
                read();
        return values.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
    }

    /// <summary>Fails where a column of two models differs by more than a tolerance, or only one has a number.</summary>
    public static void AssertNear(
        Dictionary<string, float[]> expected, Dictionary<string, float[]> found, string what, double tolerance = Tolerance)
    {
        CollectionAssert.AreEqual(expected.Keys.ToArray(), found.Keys.ToArray(), what);
        Assert.AreNotEqual(0, expected.Count, what);
        foreach (var (column, values) in expected)
            AssertNear(values, found[column], $"{what}, {column}", tolerance);
    }

    public static void AssertNear(float[] expected, float[] found, string what, double tolerance = Tolerance)
    {
        Assert.HasCount(expected.Length, found, what);
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs((double)expected[i] - found[i]) / Math.Max(1, Math.Abs(expected[i]));
            if (!(expected[i].Equals(found[i]) || difference <= tolerance))
                Assert.Fail($"{what}: value {i} is {found[i]:R}, off by {difference:E1}; expected {expected[i]:R} within {tolerance}.");
        }
    }

    private static bool IsSingle(DataViewType type) =>
        (type is VectorDataViewType vector ? vector.ItemType : type) == NumberDataViewType.Single;

    private static Action Reader(DataViewRowCursor cursor, DataViewSchema.Column column, List<float> values)
    {
        if (column.Type is not VectorDataViewType)
        {
            var scalar = cursor.GetGetter<float>(column);
            return () =>
            {
                float value = 0;
                scalar(ref value);
                values.Add(value);
            };
        }
        var vector = cursor.GetGetter<VBuffer<float>>(column);
        var buffer = default(VBuffer<float>);
        return () =>
        {
            vector(ref buffer);
            values.AddRange(buffer.DenseValues());
        };
    }
}
