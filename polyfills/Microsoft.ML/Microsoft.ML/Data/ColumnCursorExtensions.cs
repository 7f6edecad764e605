namespace Microsoft.ML.Data;

/// <summary>One column of a view as a sequence.</summary>
public static class ColumnCursorExtensions
{
    public static IEnumerable<T> GetColumn<T>(this IDataView data, string columnName)
    {
        Refuse.Null(data, nameof(data));
        Refuse.Empty(columnName, nameof(columnName));
        return data.GetColumn<T>(data.Schema[columnName]);
    }

    public static IEnumerable<T> GetColumn<T>(this IDataView data, DataViewSchema.Column column)
    {
        Refuse.Null(data, nameof(data));
        Refuse.Empty(column.Name, nameof(column));
        DataViewSchema.Column own = data.Schema[column.Index];
        Refuse.Unless(
            own.Name == column.Name && own.Type == column.Type,
            nameof(column),
            $"column with name {column.Name}, type {column.Type}, and index {column.Index} cannot be found in data");

        if (column.Type.RawType == typeof(T))
            return Values<T, T>(data, column, value => value);
        if (typeof(T) == typeof(string) && column.Type is TextDataViewType)
            return (IEnumerable<T>)Values<ReadOnlyMemory<char>, string>(data, column, text => text.ToString());
        if (typeof(T).IsArray)
        {
            if (column.Type is not VectorDataViewType vector)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(column), $"Cannot load vector type, {column.Type}, specified in {nameof(column)} to the user-defined type, {typeof(T)}.");
            }

            if (vector.ItemType.RawType == typeof(T).GetElementType())
                return Generic.Call<IEnumerable<T>>(Arrays<int>, vector.ItemType.RawType, data, column);
            if (typeof(T) == typeof(string[]) && vector.ItemType is TextDataViewType)
            {
                return (IEnumerable<T>)Values<VBuffer<ReadOnlyMemory<char>>, string[]>(
                    data, column, texts => [.. texts.DenseValues().Select(text => text.ToString())]);
            }
        }

        throw new ArgumentOutOfRangeException(
            nameof(column), $"Cannot map column (name: {column.Name}, type: {column.Type}) in {nameof(data)} to the user-defined type, {typeof(T)}.");
    }

    private static IEnumerable<T[]> Arrays<T>(IDataView data, DataViewSchema.Column column) => Values<VBuffer<T>, T[]>(data, column, value =>
    {
        var array = new T[value.Length];
        value.CopyTo(array);
        return array;
    });

    private static IEnumerable<TOut> Values<T, TOut>(IDataView data, DataViewSchema.Column column, Func<T, TOut> convert)
    {
        using DataViewRowCursor cursor = data.GetRowCursor([column]);
        ValueGetter<T> getter = cursor.GetGetter<T>(column);
        T value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            yield return convert(value);
        }
    }
}
