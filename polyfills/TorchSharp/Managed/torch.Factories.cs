using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

// Making tensors. Names of dimensions, which TorchSharp's factories take last, are refused: nothing here uses them.
public static unsafe partial class torch
{
    public static Tensor empty(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        empty([size], dtype, device, requires_grad, names);
    public static Tensor empty(
        int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        empty([dim0, dim1, dim2], dtype, device, requires_grad, names);
    internal static Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        NoNames(names);
        fixed (long* s = size)
            return Result(ts_empty(s, size.Length, new(dtype ?? ScalarType.Float32, device, requires_grad)));

        [DllImport(Lib)]
        static extern nint ts_empty(long* s, int n, Options options);
    }

    public static Tensor zeros(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        zeros([size], dtype, device, requires_grad, names);
    public static Tensor zeros(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        zeros([rows, columns], dtype, device, requires_grad, names);
    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        zeros(size.AsSpan(), dtype, device, requires_grad, names);
    public static Tensor zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        NoNames(names);
        fixed (long* s = size)
            return Result(ts_zeros(s, size.Length, new(dtype ?? ScalarType.Float32, device, requires_grad)));

        [DllImport(Lib)]
        static extern nint ts_zeros(long* s, int n, Options options);
    }

    public static Tensor ones(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        ones([size], dtype, device, requires_grad, names);
    public static Tensor ones(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        ones([rows, columns], dtype, device, requires_grad, names);
    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        ones(size.AsSpan(), dtype, device, requires_grad, names);
    public static Tensor ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        NoNames(names);
        fixed (long* s = size)
            return Result(ts_ones(s, size.Length, new(dtype ?? ScalarType.Float32, device, requires_grad)));

        [DllImport(Lib)]
        static extern nint ts_ones(long* s, int n, Options options);
    }

    public static Tensor full(
        long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        full(size.AsSpan(), value, dtype, device, requires_grad, names);
    public static Tensor full(
        ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        NoNames(names);
        fixed (long* s = size)
            return Result(ts_full(s, size.Length, value, new(dtype ?? Default(value), device, requires_grad)));

        [DllImport(Lib)]
        static extern nint ts_full(long* s, int n, Number value, Options options);
    }

    public static Tensor rand(
        int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        rand([size], dtype, device, requires_grad, generator, names);
    public static Tensor rand(
        int rows, int columns,
        ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        rand([rows, columns], dtype, device, requires_grad, generator, names);
    public static Tensor rand(
        long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        rand(size.AsSpan(), dtype, device, requires_grad, generator, names);
    public static Tensor rand(
        ReadOnlySpan<long> size,
        ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
    {
        NoNames(names);
        fixed (long* s = size)
            return Result(ts_rand(s, size.Length, generator?.Handle ?? 0, new(dtype ?? ScalarType.Float32, device, requires_grad)), generator);

        [DllImport(Lib)]
        static extern nint ts_rand(long* s, int n, nint generator, Options options);
    }

    public static Tensor randn(
        int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randn([size], dtype, device, requires_grad, generator, names);
    public static Tensor randn(
        int rows, int columns,
        ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randn([rows, columns], dtype, device, requires_grad, generator, names);
    public static Tensor randn(
        long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randn(size.AsSpan(), dtype, device, requires_grad, generator, names);
    public static Tensor randn(
        ReadOnlySpan<long> size,
        ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
    {
        NoNames(names);
        fixed (long* s = size)
            return Result(ts_randn(s, size.Length, generator?.Handle ?? 0, new(dtype ?? ScalarType.Float32, device, requires_grad)), generator);

        [DllImport(Lib)]
        static extern nint ts_randn(long* s, int n, nint generator, Options options);
    }

    /// <summary>Whole numbers from <paramref name="low"/> up to, not including, <paramref name="high"/>.</summary>
    public static Tensor randint(
        int low, int high, int[] size,
        ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
    {
        NoNames(names);
        fixed (long* s = Array.ConvertAll(size, length => (long)length))
            return Result(ts_randint(low, high, s, size.Length, generator?.Handle ?? 0, new(dtype ?? ScalarType.Int64, device, requires_grad)), generator);

        [DllImport(Lib)]
        static extern nint ts_randint(long low, long high, long* s, int n, nint generator, Options options);
    }

    /// <summary>The whole numbers below <paramref name="n"/>, in random order.</summary>
    public static Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null)
    {
        return Result(ts_randperm(n, generator?.Handle ?? 0, new(dtype ?? ScalarType.Int64, device, requires_grad)), generator);

        [DllImport(Lib)]
        static extern nint ts_randperm(long n, nint generator, Options options);
    }

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(0, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(start, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        return Result(ts_arange(start, stop, step, new(dtype ?? Default(start, stop, step), device, requires_grad)));

        [DllImport(Lib)]
        static extern nint ts_arange(Number start, Number stop, Number step, Options options);
    }

    public static Tensor eye(
        long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        NoNames(names);
        return Result(ts_eye(rows, columns < 0 ? rows : columns, new(dtype ?? ScalarType.Float32, device, requires_grad)));

        [DllImport(Lib)]
        static extern nint ts_eye(long rows, long columns, Options options);
    }

    // ---- like another tensor

    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        NoNames(names);
        return Result(ts_zeros_like(input.Handle, new(dtype ?? input.dtype, device ?? input.device, requires_grad)), input);

        [DllImport(Lib)]
        static extern nint ts_zeros_like(nint a, Options options);
    }

    public static Tensor full_like(
        Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        full(input.shape, value, dtype ?? input.dtype, device ?? input.device, requires_grad, names);

    public static Tensor ones_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        NoNames(names);
        return Result(ts_ones_like(input.Handle, new(dtype ?? input.dtype, device ?? input.device, requires_grad)), input);

        [DllImport(Lib)]
        static extern nint ts_ones_like(nint a, Options options);
    }

    // ---- from managed memory, copied

    public static Tensor tensor(float scalar, Device? device = null, bool requires_grad = false) =>
        Copy(&scalar, 1, ScalarType.Float32, [], null, device, requires_grad, null);

    public static Tensor tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        tensor(rawArray, [rawArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(
        float[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        fixed (float* data = rawArray)
            return Copy(data, rawArray.LongLength, ScalarType.Float32, dimensions, dtype, device, requires_grad, names);
    }

    public static Tensor tensor(float[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        fixed (float* data = rawArray)
            return Copy(data, rawArray.LongLength, ScalarType.Float32, [rawArray.GetLength(0), rawArray.GetLength(1)], dtype, device, requires_grad, names);
    }

    public static Tensor tensor(double scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copy(&scalar, 1, ScalarType.Float64, [], dtype, device, requires_grad, null);

    public static Tensor tensor(int scalar, Device? device = null, bool requires_grad = false) =>
        Copy(&scalar, 1, ScalarType.Int32, [], null, device, requires_grad, null);

    public static Tensor tensor(long scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copy(&scalar, 1, ScalarType.Int64, [], dtype, device, requires_grad, null);

    public static Tensor tensor(long[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        fixed (long* data = dataArray)
            return Copy(data, dataArray.LongLength, ScalarType.Int64, [dataArray.LongLength], dtype, device, requires_grad, names);
    }

    // ---- from managed memory, shared

    /// <summary>A tensor over the array itself, which stays where it is until the last tensor over it is freed; another type copies.</summary>
    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    public static Tensor from_array(
        Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        NoNames(names);
        long[] shape = new long[rawArray.Rank];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = rawArray.GetLongLength(i);
        return Alias(rawArray, 0, shape, dtype, device, requires_grad);
    }

    /// <summary>A tensor over <paramref name="count"/> elements of the array itself, from <paramref name="offset"/> on; another type copies.</summary>
    public static Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        if (offset < 0 || offset >= rawArray.LongLength)
            throw new ArgumentException($"invalid value for 'offset': {offset}");
        if (count < 0)
            count = rawArray.LongLength - offset;
        if (count > rawArray.LongLength - offset)
            throw new IndexOutOfRangeException($"element count is too large: {count}");
        return Alias(rawArray, offset, [count], dtype, null, requires_grad);
    }

    private static Tensor Copy(
        void* data, long length, ScalarType type, ReadOnlySpan<long> dimensions, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
    {
        NoNames(names);
        long count = 1;
        foreach (long dimension in dimensions)
            count *= dimension;
        if (count > length)
            throw new ArgumentException($"mismatched total size creating a tensor from an array: {count} vs. {length}");
        fixed (long* s = dimensions)
            return Result(ts_copy_of(data, s, dimensions.Length, (int)type, new(dtype ?? type, device, requiresGrad)));

        [DllImport(Lib)]
        static extern nint ts_copy_of(void* data, long* s, int n, int from, Options options);
    }

    private static Tensor Alias(Array array, long offset, ReadOnlySpan<long> shape, ScalarType? dtype, Device? device, bool requiresGrad)
    {
        Type element = array.GetType().GetElementType()!;
        ScalarType type = Enum.GetValues<ScalarType>().Cast<ScalarType?>().FirstOrDefault(candidate => ManagedType(candidate!.Value) == element)
            ?? throw new NotSupportedException($"The type {element.FullName} is not supported.");
        device = InitializeDevice(device);
        GCHandle pin = GCHandle.Alloc(array, GCHandleType.Pinned);
        Tensor tensor;
        fixed (long* s = shape)
        {
            byte* data = (byte*)pin.AddrOfPinnedObject() + (offset * SizeOf(type));
            nint handle = ts_alias_of(data, s, shape.Length, (int)type, &Release, GCHandle.ToIntPtr(pin));
            if (handle == 0)
                pin.Free();
            tensor = Result(handle);
        }

        if ((dtype ?? type) != type || device.type != DeviceType.CPU)
            tensor = tensor.To(dtype, device, false, disposeAfter: true, false);
        return requiresGrad ? tensor.requires_grad_() : tensor;

        [DllImport(Lib)]
        static extern nint ts_alias_of(void* data, long* s, int n, int dtype, delegate* unmanaged<nint, void> release, nint context);
    }

    /// <summary>libtorch has freed the last tensor over an array.</summary>
    [UnmanagedCallersOnly]
    private static void Release(nint pin) => GCHandle.FromIntPtr(pin).Free();

    private static ScalarType Default(params ReadOnlySpan<Scalar> values)
    {
        foreach (Scalar value in values)
            if (value.Number.Kind == Number.Real)
                return ScalarType.Float32;
        return ScalarType.Int64;
    }

    private static void NoNames(string[]? names)
    {
        if (names is { Length: > 0 })
            throw new NotSupportedException("This TorchSharp has no named dimensions.");
    }
}
