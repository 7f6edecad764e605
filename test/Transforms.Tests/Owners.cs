using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>A value like ML.NET's images: whoever reads it owns it, and a getter disposes what it overwrites.</summary>
internal sealed class Owner(int number) : IDisposable
{
    private bool _disposed;

    public int Number => _disposed ? throw new ObjectDisposedException(nameof(Owner)) : number;

    public void Dispose() => _disposed = true;
}

internal sealed class OwnerType() : StructuredDataViewType(typeof(Owner))
{
    public override bool Equals(DataViewType? other) => other is OwnerType;

    public override bool Equals(object? obj) => obj is OwnerType;

    public override int GetHashCode() => 1;
}

/// <summary>
/// The columns of two views of equal length beside each other; the first one's values are disposed when they are
/// overwritten.
/// </summary>
internal sealed class Beside(IDataView first, IDataView second) : IDataView
{
    private readonly DataViewSchema _schema = Join(first.Schema, second.Schema);

    public DataViewSchema Schema => _schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(_schema, first.GetRowCursor(first.Schema), second.GetRowCursor(second.Schema));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private static DataViewSchema Join(DataViewSchema first, DataViewSchema second)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(first);
        builder.AddColumns(second);
        return builder.ToSchema();
    }

    private sealed class Cursor(DataViewSchema schema, DataViewRowCursor first, DataViewRowCursor second) : DataViewRowCursor
    {
        public override DataViewSchema Schema => schema;

        public override long Position => second.Position;

        public override long Batch => second.Batch;

        public override bool MoveNext() => first.MoveNext() && second.MoveNext();

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (column.Index >= first.Schema.Count)
                return second.GetGetter<TValue>(second.Schema[column.Index - first.Schema.Count]);
            var getter = first.GetGetter<TValue>(first.Schema[column.Index]);
            return (ref TValue value) =>
            {
                (value as IDisposable)?.Dispose();
                getter(ref value);
            };
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => second.GetIdGetter();

        protected override void Dispose(bool disposing)
        {
            first.Dispose();
            second.Dispose();
            base.Dispose(disposing);
        }
    }
}
