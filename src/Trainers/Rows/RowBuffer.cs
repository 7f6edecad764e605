using System.Runtime.InteropServices;

namespace MLNetAutoencoder;

/// <summary>Records of Singles, one after another in one stretch of native memory that grows.</summary>
/// <remarks>
/// Not a managed array: one that grows is copied, so that for a while there are two, and one of hundreds of megabytes
/// stays until the garbage collector looks at the oldest generation. Native memory of this size grows by moving its
/// pages, and those that were never written to take no room.
/// </remarks>
internal sealed unsafe class RowBuffer : SafeHandle
{
    private const long FirstSingles = 1 << 18;

    private readonly int _width;
    private long _capacity;

    /// <param name="width">The Singles of a record.</param>
    /// <param name="expectedRows">How many there will be, as far as that is known; otherwise 0.</param>
    public RowBuffer(int width, long expectedRows = 0)
        : base(0, ownsHandle: true)
    {
        _width = width;
        Resize(Math.Max(expectedRows, Math.Max(FirstSingles / width, 1)));
    }

    public override bool IsInvalid => handle == 0;

    public long Count { get; private set; }

    /// <summary>A record, to be read or written.</summary>
    public Span<float> this[long row]
    {
        get
        {
            if (IsClosed || (ulong)row >= (ulong)Count)
                Refuse(row);
            return new Span<float>((float*)handle + row * _width, _width);
        }
    }

    public void Add(ReadOnlySpan<float> record)
    {
        if (Count == _capacity)
            Resize(2 * _capacity);
        Count++;
        record.CopyTo(this[Count - 1]);
    }

    /// <summary>Puts the last record in the place of another.</summary>
    public void RemoveBySwap(long row)
    {
        this[Count - 1].CopyTo(this[row]);
        Count--;
    }

    /// <summary>Forgets the records and keeps the memory.</summary>
    public void Clear() => Count = 0;

    /// <summary>Gives back the memory that no record needs.</summary>
    public void Trim() => Resize(Math.Max(Count, 1));

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }

    private void Resize(long capacity)
    {
        SetHandle((nint)NativeMemory.Realloc((void*)handle, checked((nuint)capacity * (nuint)_width * sizeof(float))));
        _capacity = capacity;
    }

    private void Refuse(long row)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        throw new ArgumentOutOfRangeException(nameof(row), row, $"There are {Count} rows.");
    }
}
