using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MLNetAutoencoder.Onnx;

/// <summary>Native memory at an address that is a multiple of <see cref="Alignment"/>.</summary>
/// <remarks>
/// ONNX Runtime's kernels sum in an order that depends on the alignment of their operands. A managed array lies
/// somewhere else each time, so that the last digit of a score would change from run to run; here the same rows always
/// give the same bits.
/// </remarks>
internal sealed unsafe class AlignedBuffer : SafeHandle
{
    /// <summary>A cache line, and the widest vector register.</summary>
    private const nuint Alignment = 64;

    public AlignedBuffer(int byteLength)
        : base(0, ownsHandle: true)
    {
        ByteLength = byteLength;
        SetHandle((nint)NativeMemory.AlignedAlloc((nuint)byteLength, Alignment));
        NativeMemory.Clear((void*)handle, (nuint)byteLength);
    }

    public override bool IsInvalid => handle == 0;

    public nint Address => handle;

    public int ByteLength { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> AsSpan<T>(int start, int length) where T : unmanaged
    {
        if (IsClosed || (start | length) < 0 || ((long)start + length) * sizeof(T) > ByteLength)
            Refuse(start, length);
        return new Span<T>((T*)handle + start, length);
    }

    // Apart, so that the way that every row takes is small enough to be inlined.
    [DoesNotReturn]
    private void Refuse(int start, int length)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        throw new ArgumentOutOfRangeException(nameof(start), start,
            $"Elements {start} to {(long)start + length} are outside of a buffer of {ByteLength} bytes.");
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
