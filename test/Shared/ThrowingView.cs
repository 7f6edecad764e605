using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>Where a view throws.</summary>
public enum Throws
{
    /// <summary>When a cursor is asked for.</summary>
    Cursor,

    /// <summary>When a getter is asked for.</summary>
    Getter,

    /// <summary>When the getter of the rows' identities is asked for.</summary>
    IdGetter,

    /// <summary>When the cursor is to move to the row.</summary>
    MoveNext,

    /// <summary>When a value of the row is read.</summary>
    Value,

    /// <summary>When the cursor is disposed.</summary>
    Disposal,
}

/// <summary>Another view, which throws at one place and counts its cursors. Each cursor of a set gives all rows.</summary>
internal sealed class ThrowingView(IDataView source, Throws place, long row = 0) : IDataView
{
    private readonly List<Cursor> _cursors = [];

    /// <summary>What it throws.</summary>
    public Exception Error { get; } = new NotFiniteNumberException("The view throws here.");

    /// <summary>Which of the cursors throws, from 0, in the order in which they are opened; null for all of them.</summary>
    public int? FailingCursor { get; init; }

    public int CursorsOpened => _cursors.Count;

    public int CursorsDisposed => _cursors.Count(cursor => cursor.Disposals > 0);

    /// <summary>How often each cursor was disposed.</summary>
    public IEnumerable<int> Disposals => _cursors.Select(cursor => cursor.Disposals);

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        if (place == Throws.Cursor)
            throw Error;
        _cursors.Add(new Cursor(this, source.GetRowCursor(columnsNeeded, rand), (FailingCursor ?? CursorsOpened) == CursorsOpened));
        return _cursors[^1];
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return [.. Enumerable.Range(0, n).Select(_ => GetRowCursor(needed, rand))];
    }

    private sealed class Cursor(ThrowingView view, DataViewRowCursor input, bool fails) : DataViewRowCursor
    {
        public int Disposals { get; private set; }

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => input.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => input.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter()
        {
            ThrowAt(Throws.IdGetter);
            return input.GetIdGetter();
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ThrowAt(Throws.Getter);
            var getter = input.GetGetter<TValue>(column);
            return (ref TValue value) =>
            {
                ThrowAt(Throws.Value, input.Position);
                getter(ref value);
            };
        }

        public override bool MoveNext()
        {
            ThrowAt(Throws.MoveNext, input.Position + 1);
            return input.MoveNext();
        }

        protected override void Dispose(bool disposing)
        {
            Disposals++;
            input.Dispose();
            base.Dispose(disposing);
            ThrowAt(Throws.Disposal);
        }

        private void ThrowAt(Throws here, long? position = null)
        {
            if (fails && here == view.Place && (position ?? view.Row) == view.Row)
                throw view.Error;
        }
    }

    private Throws Place => place;

    private long Row => row;
}
