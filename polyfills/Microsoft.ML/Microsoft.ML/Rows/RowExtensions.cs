namespace Microsoft.ML.Data;

internal static class RowExtensions
{
    internal const string NoRow = "Values cannot be fetched at this time. This can happen when the cursor is not on a row.";

    /// <summary>Which columns of the schema were asked for, by index.</summary>
    internal static bool[] ActiveIn(this IEnumerable<DataViewSchema.Column> columns, DataViewSchema schema)
    {
        Refuse.Null(columns, "columnsNeeded");
        var active = new bool[schema.Count];
        foreach (DataViewSchema.Column column in columns)
        {
            Refuse.StateUnless(column.Index < active.Length, $"The requested column: {column} is not part of the sourceSchema");
            active[column.Index] = true;
        }

        return active;
    }

    internal static IEnumerable<DataViewSchema.Column> Where(this DataViewSchema schema, bool[] active) => schema.Where(column => active[column.Index]);

    /// <summary>A column's getter as a delegate of its own type.</summary>
    internal static Delegate Getter(this DataViewRow row, int column) =>
        Generic.Call<Delegate>(GetterOf<int>, row.Schema[column].Type.RawType, row, column);

    /// <summary>The getter as the type that the caller named, or the refusal that every stock row gives.</summary>
    internal static ValueGetter<TValue> As<TValue>(this Delegate getter) =>
        getter as ValueGetter<TValue> ?? throw new InvalidOperationException(
            $"Invalid TValue in GetGetter: '{typeof(TValue)}', expected type: '{getter.GetType().GetGenericArguments()[0]}'.");

    private static ValueGetter<TValue> GetterOf<TValue>(DataViewRow row, int column) => row.GetGetter<TValue>(row.Schema[column]);
}
