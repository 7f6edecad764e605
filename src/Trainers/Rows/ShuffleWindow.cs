namespace MLNetAutoencoder;

/// <summary>Shuffles a walk within a window: each row is drawn from those in the window, and the walk's next row takes its place.</summary>
internal sealed class ShuffleWindow
{
    private readonly RowPass _pass;
    private readonly RowBuffer _rows;
    private readonly Random _random;
    private bool _ended;

    /// <param name="pass">The walk.</param>
    /// <param name="rows">Where the window's rows are held; what it has is forgotten.</param>
    /// <param name="size">How many rows the window has.</param>
    /// <param name="seed">The seed of the order.</param>
    public ShuffleWindow(RowPass pass, RowBuffer rows, long size, int seed)
    {
        (_pass, _rows, _random) = (pass, rows, new Random(seed));
        rows.Clear();
        while (rows.Count < size && TryNext())
            rows.Add(pass.Record);
    }

    /// <summary>Puts the next rows in a batch.</summary>
    public void Draw(BatchBuffer.Writer writer, int count)
    {
        for (int i = 0; i < count; i++)
        {
            long place = _random.NextInt64(_rows.Count);
            writer.Put(i, _rows[place]);
            if (TryNext())
                _pass.Record.CopyTo(_rows[place]);
            else
                _rows.RemoveBySwap(place);
        }
    }

    private bool TryNext()
    {
        _ended = _ended || !_pass.MoveNext();
        return !_ended;
    }
}
