using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A view of one column of any values, which counts what is asked of it.</summary>
internal sealed class OneColumnView<T>(DataViewSchema schema, T[] values) : IDataView
{
    public int RowsRead { get; private set; }

    public int CursorsOpened { get; private set; }

    public int CursorsDisposed { get; private set; }

    public DataViewSchema.Column[] LastColumnsNeeded { get; private set; } = [];

    /// <summary>The row at which reading fails, or none.</summary>
    public int FailAt { get; init; } = -1;

    public DataViewSchema Schema => schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        CursorsOpened++;
        LastColumnsNeeded = [.. columnsNeeded];
        return new Cursor(this);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(OneColumnView<T> view) : DataViewRowCursor
    {
        private readonly T[] _values = view.Values;
        private long _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            if (_position + 1 == view.FailAt)
                throw new IOException("The view fails here.");
            if (_position + 1 >= _values.Length)
                return false;
            _position++;
            view.RowsRead++;
            return true;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => (ref TValue value) =>
            value = (TValue)(object)_values[_position]!;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        protected override void Dispose(bool disposing)
        {
            view.CursorsDisposed++;
            base.Dispose(disposing);
        }
    }

    private T[] Values => values;
}
