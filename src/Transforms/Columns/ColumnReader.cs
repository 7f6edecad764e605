using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>Reads the value of one column in the row that a cursor stands on, as Singles.</summary>
/// <param name="destination">Where the values go; as long as the column is wide.</param>
/// <param name="position">The row's number in the data, for messages.</param>
internal delegate void ColumnReader(Span<float> destination, long position);

/// <summary>Makes readers: of a vector or a scalar of Single, and of a key, which becomes one-hot.</summary>
internal static class ColumnReaders
{
    private static readonly MethodInfo s_createKey = typeof(ColumnReaders)
        .GetMethod(nameof(CreateKey), BindingFlags.NonPublic | BindingFlags.Static)!;
    private static readonly MethodInfo s_namesOf = typeof(ColumnReaders)
        .GetMethod(nameof(NamesOf), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>Makes a reader of a column that <see cref="AutoencoderColumns"/> found.</summary>
    /// <param name="input">The row, or the cursor, that is read.</param>
    /// <param name="column">The column.</param>
    /// <param name="onMissingKey">Is called for every row whose key is missing; such a row reads as zeros.</param>
    public static ColumnReader Create(DataViewRow input, DataViewSchema.Column column, Action? onMissingKey = null)
    {
        if (column.Type is KeyDataViewType)
            return (ColumnReader)s_createKey.MakeGenericMethod(column.Type.RawType).Invoke(null, [input, column, onMissingKey])!;
        if (column.Type is not VectorDataViewType)
        {
            var scalar = input.GetGetter<float>(column);
            return (destination, _) => scalar(ref destination[0]);
        }
        var getter = input.GetGetter<VBuffer<float>>(column);
        VBuffer<float> vector = default;
        return (destination, position) =>
        {
            getter(ref vector);
            if (vector.Length != destination.Length)
                throw new InvalidOperationException(
                    $"Row {position} of the column '{column.Name}' has {vector.Length} values; expected {destination.Length}.");
            // A dense copy without the walk over explicit values that CopyTo takes.
            if (vector.IsDense)
                vector.GetValues().CopyTo(destination);
            else
                vector.CopyTo(destination);
        };
    }

    /// <summary>The names of a key's values in their order: its annotation, or the numbers from 1 where it has none.</summary>
    public static string[] KeyNames(DataViewSchema.Column column) => AutoencoderColumns.KeyValueType(column) is { } type
        ? (string[])s_namesOf.MakeGenericMethod(type.RawType).Invoke(null, [column])!
        : Numbers((KeyDataViewType)column.Type);

    /// <summary>The numbers of a key's values, from 1.</summary>
    public static string[] Numbers(KeyDataViewType key) =>
        [.. Enumerable.Range(1, checked((int)key.Count)).Select(number => number.ToString(CultureInfo.InvariantCulture))];

    private static ColumnReader CreateKey<T>(DataViewRow input, DataViewSchema.Column column, Action? onMissingKey) where T : IConvertible
    {
        var getter = input.GetGetter<T>(column);
        T key = default!;
        return (destination, _) =>
        {
            getter(ref key);
            destination.Clear();

            // A key counts from 1; 0 is a missing one.
            ulong number = key.ToUInt64(CultureInfo.InvariantCulture);
            if (number >= 1 && number <= (ulong)destination.Length)
                destination[(int)number - 1] = 1;
            else
                onMissingKey?.Invoke();
        };
    }

    private static string[] NamesOf<T>(DataViewSchema.Column column)
    {
        VBuffer<T> values = default;
        column.GetKeyValues(ref values);
        return [.. values.DenseValues().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];
    }
}
