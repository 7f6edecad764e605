using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace MLNetAutoencoder;

/// <summary>The training rows, read once from a data view into one array.</summary>
internal sealed class TrainingRows
{
    private TrainingRows(float[] values, int count, int featureCount, long skipped)
    {
        Values = values;
        Count = count;
        FeatureCount = featureCount;
        Skipped = skipped;
    }

    /// <summary>The raw features, row after row; the array may be longer than the rows.</summary>
    public float[] Values { get; }

    public int Count { get; }

    public int FeatureCount { get; }

    /// <summary>How many rows were left out for their missing values.</summary>
    public long Skipped { get; }

    public ReadOnlySpan<float> Row(int row) => Values.AsSpan(row * FeatureCount, FeatureCount);

    public static TrainingRows Read(IDataView view, DataViewSchema.Column column, string[] names, TrainingMissingValues missing, IChannel channel)
    {
        int featureCount = names.Length;
        float[] values = new float[(int)Math.Clamp((view.GetRowCount() ?? 1024) * featureCount, featureCount, Array.MaxLength)];
        int count = 0;
        long skipped = 0;
        using (var cursor = view.GetRowCursor([column]))
        {
            var read = CreateReader(cursor, column);
            while (cursor.MoveNext())
            {
                int start = checked(count * featureCount);
                if (start + featureCount > values.Length)
                    Array.Resize(ref values, (int)Math.Min(Math.Max(2L * values.Length, start + featureCount), Array.MaxLength));
                var row = values.AsSpan(start, featureCount);
                read(row, cursor.Position);
                int hole = FirstMissing(row);
                if (hole < 0)
                    count++;
                else if (missing == TrainingMissingValues.Skip)
                    skipped++;
                else
                    throw new InvalidOperationException(
                        $"Row {cursor.Position} (counted from 0) of the column '{column.Name}' has {row[hole]} in '{names[hole]}', and training refuses missing values. "
                        + $"Remove such rows, replace the values (ReplaceMissingValues), or set Options.{nameof(AutoencoderEstimator.Options.MissingValues)} to {TrainingMissingValues.Skip}.");
            }
        }
        if (count == 0)
            throw new InvalidOperationException(skipped == 0
                ? $"The training data have no rows, so there is nothing that the column '{column.Name}' could teach. Expected at least one row."
                : $"All {skipped} rows of the training data have a missing value in the column '{column.Name}', so none is left to train on.");
        if (skipped > 0)
            channel.Warning(MessageSensitivity.None, $"{skipped} of {count + skipped} training rows were left out: they have a missing value in the column '{column.Name}'.");
        return new TrainingRows(values, count, featureCount, skipped);
    }

    private delegate void RowReader(Span<float> destination, long position);

    private static RowReader CreateReader(DataViewRowCursor cursor, DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType)
        {
            var scalar = cursor.GetGetter<float>(column);
            return (destination, _) => scalar(ref destination[0]);
        }
        var getter = cursor.GetGetter<VBuffer<float>>(column);
        VBuffer<float> buffer = default;
        return (destination, position) =>
        {
            getter(ref buffer);
            if (buffer.Length != destination.Length)
                throw new InvalidOperationException($"Row {position} of the column '{column.Name}' has {buffer.Length} values; expected {destination.Length}.");
            buffer.CopyTo(destination);
        };
    }

    private static int FirstMissing(ReadOnlySpan<float> row)
    {
        for (int j = 0; j < row.Length; j++)
        {
            if (!float.IsFinite(row[j]))
                return j;
        }
        return -1;
    }
}
