using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>Makes the value of a row.</summary>
internal delegate void RowMaker<T>(long row, ref T value);

/// <summary>A view of one column whose values are made as they are read, the same ones each time; it counts what is asked of it.</summary>
internal class OneColumnView<T>(DataViewSchema schema, long rows, RowMaker<T> make) : IDataView
{
    public OneColumnView(DataViewSchema schema, T[] values)
        : this(schema, values.Length, (long row, ref T value) => value = values[row])
    {
    }

    public long RowsRead { get; private set; }

    /// <summary>How many cursors were opened: how often the view was gone through.</summary>
    public int CursorsOpened { get; private set; }

    public int CursorsDisposed { get; private set; }

    public DataViewSchema.Column[] LastColumnsNeeded { get; private set; } = [];

    /// <summary>The row at which reading fails, or none.</summary>
    public long FailAt { get; init; } = -1;

    /// <summary>The pass, from 1, that fails there; 0 for every one.</summary>
    public int FailingPass { get; init; }

    /// <summary>How many rows each pass but the first has more than the first.</summary>
    public int LaterRows { get; init; }

    public bool TellsCount { get; init; }

    public DataViewSchema Schema => schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => TellsCount ? rows : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        LastColumnsNeeded = [.. columnsNeeded];
        long count = rows + (CursorsOpened++ > 0 ? LaterRows : 0);
        return new Cursor(this, count, FailingPass == 0 || FailingPass == CursorsOpened ? FailAt : -1);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private RowMaker<T> Make => make;

    private sealed class Cursor(OneColumnView<T> view, long rows, long failAt) : DataViewRowCursor
    {
        private readonly RowMaker<T> _make = view.Make;
        private long _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            if (_position + 1 == failAt)
                throw new IOException("The view fails here.");
            if (_position + 1 >= rows)
                return false;
            _position++;
            view.RowsRead++;
            return true;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            (ValueGetter<TValue>)(Delegate)(ValueGetter<T>)((ref T value) => _make(_position, ref value));

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        protected override void Dispose(bool disposing)
        {
            view.CursorsDisposed++;
            base.Dispose(disposing);
        }
    }
}
