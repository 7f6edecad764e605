namespace Microsoft.ML.Data;

/// <summary>A cursor that counts its own rows.</summary>
internal abstract class RootCursor : DataViewRowCursor
{
    private long _position = -1;
    private bool _disposed;

    public override long Position => _position;

    public override long Batch => 0;

    public sealed override bool MoveNext()
    {
        if (_disposed)
            return false;
        if (Advance())
        {
            _position++;
            return true;
        }

        Dispose();
        return false;
    }

    protected abstract bool Advance();

    protected void RefuseOffRow() => Refuse.StateUnless(_position >= 0, RowExtensions.NoRow);

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
            return;
        _disposed = true;
        _position = -1;
        base.Dispose(disposing);
    }
}

/// <summary>A cursor with the rows of its input, one for one.</summary>
internal abstract class SynchronizedCursor : DataViewRowCursor
{
    // Moves go straight to the cursor at the bottom, however many of these are stacked.
    private readonly DataViewRowCursor _bottom;
    private bool _disposed;

    protected SynchronizedCursor(DataViewRowCursor input)
    {
        Input = input;
        _bottom = input is SynchronizedCursor synchronized ? synchronized._bottom : input;
    }

    public sealed override long Position => _bottom.Position;

    public sealed override long Batch => _bottom.Batch;

    protected DataViewRowCursor Input { get; }

    public sealed override bool MoveNext() => _bottom.MoveNext();

    public sealed override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
            return;
        _disposed = true;
        if (disposing)
            Input.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A row made of another row.</summary>
internal abstract class WrappingRow : DataViewRow
{
    private bool _disposed;

    protected WrappingRow(DataViewRow input) => Input = input;

    public sealed override long Position => Input.Position;

    public sealed override long Batch => Input.Batch;

    protected DataViewRow Input { get; }

    public sealed override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    protected virtual void DisposeCore()
    {
    }

    protected sealed override void Dispose(bool disposing)
    {
        if (_disposed)
            return;
        _disposed = true;
        if (disposing)
        {
            DisposeCore();
            Input.Dispose();
        }

        base.Dispose(disposing);
    }
}
