using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Where a view throws.</summary>
public enum Throws
{
    /// <summary>When a cursor is asked for.</summary>
    Cursor,

    /// <summary>When a getter is asked for.</summary>
    Getter,

    /// <summary>When the cursor is to move to the row.</summary>
    MoveNext,

    /// <summary>When a value of the row is read.</summary>
    Value,

    /// <summary>When the cursor is disposed.</summary>
    Disposal,
}

/// <summary>Another view, which throws at one place and counts its cursors.</summary>
internal sealed class ThrowingView(IDataView source, Throws place, long row) : IDataView
{
    /// <summary>What it throws.</summary>
    public Exception Error { get; } = new NotFiniteNumberException("The view throws here.");

    public int CursorsOpened { get; private set; }

    public int CursorsDisposed { get; private set; }

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        if (place == Throws.Cursor)
            throw Error;
        CursorsOpened++;
        return new Cursor(this, source.GetRowCursor(columnsNeeded, rand));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private void ThrowAt(Throws here, long position)
    {
        if (here == Place && position == Row)
            throw Error;
    }

    private Throws Place => place;

    private long Row => row;

    private sealed class Cursor(ThrowingView view, DataViewRowCursor input) : DataViewRowCursor
    {
        private bool _disposed;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => input.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => input.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (view.Place == Throws.Getter)
                throw view.Error;
            var getter = input.GetGetter<TValue>(column);
            return (ref TValue value) =>
            {
                view.ThrowAt(Throws.Value, input.Position);
                getter(ref value);
            };
        }

        public override bool MoveNext()
        {
            view.ThrowAt(Throws.MoveNext, input.Position + 1);
            return input.MoveNext();
        }

        protected override void Dispose(bool disposing)
        {
            if (_disposed)
                return;
            _disposed = true;
            view.CursorsDisposed++;
            input.Dispose();
            base.Dispose(disposing);
            if (view.Place == Throws.Disposal)
                throw view.Error;
        }
    }
}
