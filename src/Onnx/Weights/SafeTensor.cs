using System.Runtime.InteropServices;

namespace MLNetAutoencoder.Onnx;

/// <summary>A named array of a <see cref="SafeTensors"/> file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">The type of its elements in the format's words, one of <see cref="Types"/>.</param>
/// <param name="Shape">Its shape; empty for a single number.</param>
/// <param name="Data">Its elements in row-major order, little-endian.</param>
internal sealed record SafeTensor(string Name, string DType, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>The types that are read and written, and how many bytes an element takes.</summary>
    public static readonly IReadOnlyDictionary<string, int> Types = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["F32"] = sizeof(float), ["F16"] = sizeof(ushort), ["BF16"] = sizeof(ushort), ["F64"] = sizeof(double),
        ["I64"] = sizeof(long), ["U8"] = sizeof(byte),
    };

    /// <summary>An array of type F32.</summary>
    public SafeTensor(string name, IReadOnlyList<long> shape, ReadOnlySpan<float> values)
        : this(name, "F32", shape, MemoryMarshal.AsBytes(values).ToArray())
    {
    }

    /// <summary>The elements as Single, converted anew each time; what is set is of type F32.</summary>
    public ReadOnlyMemory<float> Values
    {
        get => DType switch
        {
            "F32" => As<float>(),
            "F16" => Array.ConvertAll(As<Half>(), value => (float)value),
            // The upper half of a Single.
            "BF16" => Array.ConvertAll(As<ushort>(), value => BitConverter.UInt32BitsToSingle((uint)value << 16)),
            "F64" => Array.ConvertAll(As<double>(), value => (float)value),
            "I64" => Array.ConvertAll(As<long>(), value => (float)value),
            _ => Array.ConvertAll(Data.ToArray(), value => (float)value),
        };
        init => (DType, Data) = ("F32", MemoryMarshal.AsBytes(value.Span).ToArray());
    }

    private T[] As<T>() where T : struct => MemoryMarshal.Cast<byte, T>(Data.Span).ToArray();
}
