using System.Runtime.InteropServices;
using Google.Protobuf;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// The numbers of a tensor. The format has two forms for them, bytes (little-endian, as the machines that ONNX Runtime
/// runs on) and a field for each type: both are read, bytes are written.
/// </summary>
internal static class TensorProtoExtensions
{
    /// <summary>The values of a tensor of Single.</summary>
    public static float[] ToSingles(this TensorProto tensor) =>
        tensor.FloatData.Count > 0 ? [.. tensor.FloatData] : MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();

    /// <summary>The values of a tensor of Int64 or Int32.</summary>
    public static long[] ToInt64s(this TensorProto tensor)
    {
        if (tensor.DataType == TensorTypes.Int64)
            return tensor.Int64Data.Count > 0 ? [.. tensor.Int64Data] : MemoryMarshal.Cast<byte, long>(tensor.RawData.Span).ToArray();
        int[] values = tensor.Int32Data.Count > 0 ? [.. tensor.Int32Data] : MemoryMarshal.Cast<byte, int>(tensor.RawData.Span).ToArray();
        return Array.ConvertAll(values, value => (long)value);
    }

    /// <summary>Gives a tensor of Single other values, as many as it has.</summary>
    public static void SetSingles(this TensorProto tensor, ReadOnlySpan<float> values) => tensor.SetBytes(MemoryMarshal.AsBytes(values));

    /// <summary>Stores a tensor's values in another type.</summary>
    public static void Store(this TensorProto tensor, int type, ReadOnlySpan<byte> bytes)
    {
        tensor.DataType = type;
        tensor.SetBytes(bytes);
    }

    /// <summary>Brings the numbers of a tensor that has been checked into the form of bytes.</summary>
    public static void ToBytes(this TensorProto tensor)
    {
        int bytes = tensor.DataType == TensorTypes.String ? 0 : TensorTypes.BitsOf(tensor.DataType) / 8;
        if (tensor.FloatData.Count > 0)
            tensor.SetBytes(MemoryMarshal.AsBytes<float>([.. tensor.FloatData]));
        else if (tensor.DoubleData.Count > 0)
            tensor.SetBytes(MemoryMarshal.AsBytes<double>([.. tensor.DoubleData]));
        else if (tensor.Int64Data.Count > 0)
            tensor.SetBytes(MemoryMarshal.AsBytes<long>([.. tensor.Int64Data]));
        else if (tensor.Int32Data.Count > 0 && bytes == sizeof(int))
            tensor.SetBytes(MemoryMarshal.AsBytes<int>([.. tensor.Int32Data]));
        else if (tensor.Int32Data.Count > 0 && bytes == sizeof(short))
            tensor.SetBytes(MemoryMarshal.AsBytes<short>([.. tensor.Int32Data.Select(value => (short)value)]));
        else if (tensor.Int32Data.Count > 0 && bytes == sizeof(byte))
            tensor.SetBytes([.. tensor.Int32Data.Select(value => (byte)value)]);
    }

    /// <summary>A constant of Single.</summary>
    public static TensorProto Singles(string name, ReadOnlySpan<float> values, params long[] shape) =>
        Of(name, TensorTypes.Single, MemoryMarshal.AsBytes(values), shape);

    /// <summary>A list of whole numbers as a constant.</summary>
    public static TensorProto Int64s(string name, params long[] values) =>
        Of(name, TensorTypes.Int64, MemoryMarshal.AsBytes<long>(values), values.Length);

    /// <summary>A whole number as a constant.</summary>
    public static TensorProto Int64(string name, long value) => Of(name, TensorTypes.Int64, MemoryMarshal.AsBytes<long>([value]));

    /// <summary>A constant.</summary>
    public static TensorProto Of(string name, int type, ReadOnlySpan<byte> bytes, params long[] shape) =>
        new() { Name = name, DataType = (int)type, Dims = { shape }, RawData = ByteString.CopyFrom(bytes) };

    private static void SetBytes(this TensorProto tensor, ReadOnlySpan<byte> bytes)
    {
        tensor.RawData = ByteString.CopyFrom(bytes);
        tensor.FloatData.Clear();
        tensor.DoubleData.Clear();
        tensor.Int64Data.Clear();
        tensor.Int32Data.Clear();
    }
}
