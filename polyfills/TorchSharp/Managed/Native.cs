using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Every argument that crosses is blittable, bool being one byte on both sides.
[assembly: DisableRuntimeMarshalling]

namespace TorchSharp;

/// <summary>The way into the shim: its library, its errors, and the few types that cross by value.</summary>
/// <remarks>
/// An operator is one line: its public method, whose body ends with the DllImport of its entry point. Each passes the tensors that
/// it used to <see cref="Result"/> or <see cref="Check"/>, which keeps them from being collected while the native call still reads them.
/// </remarks>
internal static unsafe class Native
{
    public const string Lib = "LibTorchSharp";

    /// <summary>Loads the shim, or says which package brings it.</summary>
    public static void Load()
    {
        if (NativeLibrary.TryLoad(Lib, typeof(Native).Assembly, null, out _))
            return;
        throw new NotSupportedException(
            $"This application uses TorchSharp but lib{Lib}.so, or the libtorch that it needs, cannot be loaded. Reference TorchSharp-cpu "
            + "from the application, and install libtorch (on Debian: libtorch-dev).");
    }

    /// <summary>The tensor behind a new handle; for none, the error, or null where libtorch gave an undefined tensor.</summary>
    public static torch.Tensor Result(nint handle, object? a = null, object? b = null, object? c = null)
    {
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        if (handle != 0)
            return new torch.Tensor(handle);
        Throw();
        return null!;
    }

    /// <summary>Throws the error of a call that gave false.</summary>
    public static void Check(bool done, object? a = null, object? b = null, object? c = null)
    {
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        if (!done)
            Throw();
    }

    /// <summary>Throws the error of an in-place operator on <paramref name="self"/>, or returns that.</summary>
    public static torch.Tensor InPlace(bool done, torch.Tensor self, object? b = null, object? c = null)
    {
        Check(done, self, b, c);
        return self;
    }

    /// <summary>Throws the error that this thread's last call left, if any.</summary>
    public static void Throw()
    {
        byte* error = ts_take_error();
        if (error == null)
            return;
        string message = Marshal.PtrToStringUTF8((nint)error)!;
        ts_free_error(error);
        throw new ExternalException(message);

        [DllImport(Lib)]
        static extern byte* ts_take_error();
        [DllImport(Lib)]
        static extern void ts_free_error(byte* error);
    }

    public static nint[] Handles(IEnumerable<torch.Tensor>? tensors) => tensors is null ? [] : tensors.Select(tensor => tensor.Handle).ToArray();

    /// <summary>A <see cref="Scalar"/> by value.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly struct Number
    {
        public const long Integer = 1, Real = 2;
        private readonly long _kind, _bits;

        public Number(long kind, long bits) => (_kind, _bits) = (kind, bits);

        public static implicit operator Number(Scalar? scalar) => scalar?.Number ?? default;
        public static implicit operator Number(double value) => new(Real, BitConverter.DoubleToInt64Bits(value));

        // A number that may be left out.
        public static Number Maybe(double? value) => value is { } given ? given : default(Number);
        public static Number Maybe(long? value) => value is { } given ? new(Integer, given) : default;

        public long Kind => _kind;
        public long ToInt64() => _kind == Real ? checked((long)BitConverter.Int64BitsToDouble(_bits)) : _bits;
        public double ToDouble() => _kind == Real ? BitConverter.Int64BitsToDouble(_bits) : _bits;
    }

    /// <summary>What a new tensor is made of.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly struct Options
    {
        private readonly int _dtype, _deviceType, _deviceIndex, _requiresGrad;

        public Options(torch.ScalarType dtype, torch.Device? device, bool requiresGrad)
        {
            device = torch.InitializeDevice(device);
            (_dtype, _deviceType, _deviceIndex, _requiresGrad) = ((int)dtype, (int)device.type, device.index, requiresGrad ? 1 : 0);
        }
    }

    /// <summary>One axis of an indexer.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Axis
    {
        public const long Single = 0, Slice = 1, NewAxis = 2, Ellipsis = 3, Tensor = 4;
        public long Kind, Start, Stop, Step;
        public nint Handle;
    }
}
