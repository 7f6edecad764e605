using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The training rows, read once from a data view into arrays.</summary>
internal sealed class TrainingRows
{
    // Condition and code offset are not scaled; the squares of larger values, of which losses and gradients are made, are more than a Single holds.
    private const float MostOfUnscaled = 1e18f;

    private readonly Part _features;
    private readonly Part? _condition, _offset, _weights, _label;

    private TrainingRows(Part features, Part? condition, Part? offset, Part? weights, Part? label, int count, long skipped)
    {
        (_features, _condition, _offset, _weights, _label) = (features, condition, offset, weights, label);
        (Count, Skipped) = (count, skipped);
    }

    /// <summary>The raw features, row after row; this and the other arrays may be longer than the rows.</summary>
    public float[] Values => _features.Values;

    /// <summary>The conditions, row after row, or null.</summary>
    public float[]? Condition => _condition?.Values;

    /// <summary>The code offsets, row after row, or null.</summary>
    public float[]? Offset => _offset?.Values;

    /// <summary>The rows' weights, or null.</summary>
    public float[]? Weights => _weights?.Values;

    /// <summary>The rows' classes, one-hot, row after row, zeros for a row without a label; or null.</summary>
    public float[]? Labels => _label?.Values;

    public int Count { get; }

    public int FeatureCount => _features.Width;

    public int ConditionSize => _condition?.Width ?? 0;

    public int OffsetSize => _offset?.Width ?? 0;

    public int ClassCount => _label?.Width ?? 0;

    /// <summary>How many rows were left out for their missing values.</summary>
    public long Skipped { get; }

    public ReadOnlySpan<float> Row(int row) => _features.Row(row);

    /// <summary>The places of the rows that have a label.</summary>
    public long[] Labelled() => [.. Enumerable.Range(0, Count).Where(row => _label!.Row(row).Contains(1f)).Select(row => (long)row)];

    /// <summary>Two parts of the rows: those to train on, and those that are held out.</summary>
    /// <param name="share">The share that is held out.</param>
    /// <param name="seed">What decides, with the row's number, which.</param>
    public (TrainingRows Training, TrainingRows Validation) Split(double share, long seed)
    {
        bool[] held = [.. Enumerable.Range(0, Count).Select(row => IsHeldOut(row, share, seed))];
        return (Only(held, false), Only(held, true));
    }

    private TrainingRows Only(bool[] flags, bool wanted)
    {
        int[] places = [.. Enumerable.Range(0, Count).Where(row => flags[row] == wanted)];
        return new TrainingRows(_features.Only(places), _condition?.Only(places), _offset?.Only(places), _weights?.Only(places), _label?.Only(places), places.Length, Skipped);
    }

    /// <summary>Whether a row is held out: a hash of its number and the seed (the finaliser of SplitMix64; Steele, Lea and Flood 2014), as a share of the largest one.</summary>
    private static bool IsHeldOut(long row, double share, long seed)
    {
        ulong x = unchecked((ulong)row * 0x9E3779B97F4A7C15 + (ulong)seed * 0xD1B54A32D192ED03 + 0x9E3779B97F4A7C15);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        x ^= x >> 31;
        return (x >> 11) * (1.0 / (1UL << 53)) < share;
    }

    /// <summary>Copies consecutive rows of an input of the graph.</summary>
    public void CopyTo(string input, int start, int count, Span<float> destination)
    {
        var part = input switch { GraphNames.Condition => _condition!, GraphNames.CodeOffset => _offset!, _ => _features };
        part.Values.AsSpan(start * part.Width, count * part.Width).CopyTo(destination);
    }

    public static TrainingRows Read(IDataView view, TrainingColumns columns, TrainingMissingValues missing, IChannel channel)
    {
        long expected = view.GetRowCount() ?? 1024;
        Part features = new(columns.Features, columns.FeatureNames, expected);
        Part? Side(DataViewSchema.Column? column, float most = float.MaxValue) => column is { } present ? new Part(present, names: null, expected, most) : null;
        Part? condition = Side(columns.Condition, MostOfUnscaled), offset = Side(columns.Offset, MostOfUnscaled), weights = Side(columns.Weights), label = Side(columns.Label);
        Part[] parts = [.. new[] { features, condition, offset, weights, label }.OfType<Part>()];
        int count = 0;
        long skipped = 0, withoutWeight = 0, withoutKey = 0;
        using (var cursor = view.GetRowCursor(parts.Select(part => part.Column)))
        {
            foreach (var part in parts)
                part.Open(cursor, () => withoutKey += part == condition ? 1 : 0);
            while (cursor.MoveNext())
            {
                // A row that weighs nothing is not there, whatever else it has.
                string? hole = weights?.ReadAt(count, cursor.Position);
                if (hole is null && weights is not null && weights.Values[count] < 0)
                    throw new InvalidOperationException($"Row {cursor.Position} (counted from 0) of the weight column '{weights.Column.Name}' has {weights.Values[count]}; expected 0 or more.");
                if (hole is null && weights is not null && weights.Values[count] == 0)
                {
                    withoutWeight++;
                    continue;
                }
                foreach (var part in parts)
                    hole ??= part.ReadAt(count, cursor.Position);
                if (hole is null)
                    count++;
                else if (missing == TrainingMissingValues.Skip)
                    skipped++;
                else
                    throw new InvalidOperationException(
                        $"Row {cursor.Position} (counted from 0) of {hole}, and training refuses missing values. "
                        + $"Remove such rows, replace the values (ReplaceMissingValues), or set Options.{nameof(AutoencoderEstimator.Options.MissingValues)} to {TrainingMissingValues.Skip}.");
            }
        }
        string names = parts.Length == 1 ? $"the column '{features.Column.Name}'" : $"one of the columns {string.Join(", ", parts.Select(part => $"'{part.Column.Name}'"))}";
        if (count == 0 && withoutWeight > 0)
            throw new InvalidOperationException($"{withoutWeight} of {withoutWeight + skipped} training rows have the weight 0 in the column '{weights!.Column.Name}'{(skipped > 0 ? " and the others a missing value" : "")}, so none is left to train on.");
        if (count == 0)
            throw new InvalidOperationException(skipped == 0
                ? $"The training data have no rows, so there is nothing that the column '{features.Column.Name}' could teach. Expected at least one row."
                : $"All {skipped} rows of the training data have a missing value in {names}, so none is left to train on.");
        if (skipped > 0)
            channel.Warning(MessageSensitivity.None, $"{skipped} of {count + skipped + withoutWeight} training rows were left out: they have a missing value in {names}.");
        if (withoutKey > 0)
            channel.Warning(MessageSensitivity.None, $"{withoutKey} training rows have a missing key in the condition column '{condition!.Column.Name}'; their condition is the zero vector.");
        return new TrainingRows(features, condition, offset, weights, label, count, skipped);
    }

    /// <summary>One column, row after row.</summary>
    private sealed class Part(DataViewSchema.Column column, string[]? names, long expectedRows, float most = float.MaxValue)
    {
        private ColumnReader? _read;

        public DataViewSchema.Column Column { get; } = column;

        public int Width { get; } = AutoencoderColumns.WidthOf(column);

        public float[] Values { get; private set; } = new float[(int)Math.Clamp(expectedRows * AutoencoderColumns.WidthOf(column), AutoencoderColumns.WidthOf(column), Array.MaxLength)];

        /// <summary>Some of the rows.</summary>
        public Part Only(int[] places)
        {
            var part = new Part(Column, names, places.Length);
            for (int i = 0; i < places.Length; i++)
                Row(places[i]).CopyTo(part.Values.AsSpan(i * Width, Width));
            return part;
        }

        public ReadOnlySpan<float> Row(int row) => Values.AsSpan(row * Width, Width);

        public void Open(DataViewRow row, Action onMissingKey) => _read = AutoencoderColumns.CreateReader(row, Column, onMissingKey);

        /// <summary>Reads the row that the cursor stands on; says what is missing in it, or null.</summary>
        public string? ReadAt(int row, long position)
        {
            int start = checked(row * Width);
            if (start + Width > Values.Length)
            {
                float[] larger = new float[(int)Math.Min(Math.Max(2L * Values.Length, start + Width), Array.MaxLength)];
                Values.CopyTo(larger, 0);
                Values = larger;
            }
            var destination = Values.AsSpan(start, Width);
            _read!(destination, position);
            for (int j = 0; j < destination.Length; j++)
            {
                if (!float.IsFinite(destination[j]))
                    return $"the column '{Column.Name}' has {destination[j]}{(names is null ? "" : $" in '{names[j]}'")}";
                if (Math.Abs(destination[j]) > most)
                    throw new InvalidOperationException(FormattableString.Invariant($"Row {position} (counted from 0) of the column '{Column.Name}' has {destination[j]}, which enters the network as it is; expected at most {most} either way. Scale the column before training."));
            }
            return null;
        }
    }
}

/// <summary>The columns that a training reads.</summary>
internal sealed record TrainingColumns
{
    public required DataViewSchema.Column Features { get; init; }

    public required string[] FeatureNames { get; init; }

    public DataViewSchema.Column? Condition { get; init; }

    public DataViewSchema.Column? Offset { get; init; }

    public DataViewSchema.Column? Weights { get; init; }

    /// <summary>The key with the rows' classes, of a classifier.</summary>
    public DataViewSchema.Column? Label { get; init; }

    public static TrainingColumns Find(DataViewSchema schema, AutoencoderEstimator.Options options)
    {
        DataViewSchema.Column? Side(string input, string? name) => name is null ? null : AutoencoderColumns.FindInput(schema, input, name);
        var features = AutoencoderColumns.FindInput(schema, GraphNames.Features, options.FeatureColumnName);
        var columns = new TrainingColumns
        {
            Features = features,
            FeatureNames = AutoencoderColumns.FeatureNames(features),
            Condition = Side(GraphNames.Condition, options.ConditionColumnName),
            Offset = Side(GraphNames.CodeOffset, options.Code.OffsetColumnName),
            Weights = FindWeights(schema, options.WeightColumnName),
        };
        if (columns.Offset is { } offset && options.Code.OffsetHidden is null && AutoencoderColumns.WidthOf(offset) != options.Code.Size)
            throw new ArgumentOutOfRangeException(nameof(schema), $"The code offset column '{offset.Name}' is {offset.Type}; the code has {options.Code.Size} units, so expected a vector of Single of size {options.Code.Size}. Set Code.OffsetHidden to have it encoded first.");
        return columns;
    }

    private static DataViewSchema.Column? FindWeights(DataViewSchema schema, string? name)
    {
        if (name is null)
            return null;
        if (schema.GetColumnOrNull(name) is { } present && present.Type != NumberDataViewType.Single)
            throw new ArgumentOutOfRangeException(nameof(schema), $"The weight column '{name}' is {present.Type}; expected a scalar of Single.");
        return AutoencoderColumns.FindInput(schema, GraphNames.Features, name);
    }
}
