namespace MLNetAutoencoder;

/// <summary>One walk over training rows, in their order.</summary>
internal abstract class RowPass : IDisposable
{
    /// <summary>The row's record; good until the next one.</summary>
    public abstract ReadOnlySpan<float> Record { get; }

    /// <summary>Goes to the next row.</summary>
    public abstract bool MoveNext();

    public abstract void Dispose();
}

/// <summary>A walk over a buffer, or over some of its rows.</summary>
internal sealed class BufferedPass(RowBuffer buffer, int[]? places) : RowPass
{
    private readonly long _count = places?.Length ?? buffer.Count;
    private long _row = -1;

    public override ReadOnlySpan<float> Record => buffer[places is null ? _row : places[_row]];

    public override bool MoveNext()
    {
        if (_row + 1 >= _count)
            return false;
        _row++;
        return true;
    }

    public override void Dispose()
    {
    }
}

/// <summary>A walk over a data view, or over some of its rows.</summary>
/// <param name="reader">Reads the view.</param>
/// <param name="width">The Singles of a record.</param>
/// <param name="isWanted">Whether a row is wanted, by its number among those that are read.</param>
/// <param name="expected">How many rows are wanted: as many as there were the first time.</param>
internal sealed class StreamedPass(RowReader reader, int width, Func<long, bool> isWanted, long expected) : RowPass
{
    private readonly float[] _record = new float[width];
    private long _read, _given;

    public override ReadOnlySpan<float> Record => _record;

    public override bool MoveNext()
    {
        while (reader.Read(_record, out _))
        {
            if (!isWanted(_read++))
                continue;
            if (++_given > expected)
                throw Differs("more");
            return true;
        }
        return _given == expected ? false : throw Differs($"{_given}");
    }

    public override void Dispose() => reader.Dispose();

    private InvalidOperationException Differs(string found) => new(
        $"The data view gave {expected} rows when it was first read and {found} when it was read again. Rows that do not fit " +
            $"Options.{nameof(AutoencoderEstimator.Options.MemoryBudget)} are read from the view in every epoch, "
        + "which must give the same ones each time: raise the budget, or save the data to a file first.");
}

/// <summary>A walk over rows in which some features count as missing.</summary>
internal sealed class HidingPass(RowPass pass, int width, int[] hidden) : RowPass
{
    private readonly float[] _record = new float[width];

    public override ReadOnlySpan<float> Record => _record;

    /// <summary>A record without these features.</summary>
    public static float[] Hidden(float[] record, int[] hidden)
    {
        foreach (int feature in hidden)
            record[feature] = float.NaN;
        return record;
    }

    public override bool MoveNext()
    {
        if (!pass.MoveNext())
            return false;
        pass.Record.CopyTo(_record);
        Hidden(_record, hidden);
        return true;
    }

    public override void Dispose() => pass.Dispose();
}
