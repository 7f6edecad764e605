namespace MLNetAutoencoder.Onnx;

/// <summary>The element types of ONNX's tensors (<c>TensorProto.DataType</c>), as far as files are looked at.</summary>
internal static class TensorTypes
{
    public const int Single = 1, UInt8 = 2, Int8 = 3, UInt16 = 4, Int16 = 5, Int32 = 6, Int64 = 7, String = 8, Boolean = 9, Half = 10,
        Double = 11, UInt32 = 12, UInt64 = 13, BFloat16 = 16;

    private static readonly Dictionary<int, (string Name, int Bits)> s_types = new()
    {
        [Single] = ("Single", 32),
        [UInt8] = ("Byte", 8),
        [Int8] = ("SByte", 8),
        [UInt16] = ("UInt16", 16),
        [Int16] = ("Int16", 16),
        [Int32] = ("Int32", 32),
        [Int64] = ("Int64", 64),
        [String] = ("String", 0),
        [Boolean] = ("Boolean", 8),
        [Half] = ("Half", 16),
        [Double] = ("Double", 64),
        [UInt32] = ("UInt32", 32),
        [UInt64] = ("UInt64", 64),
        [14] = ("Complex64", 64),
        [15] = ("Complex128", 128),
        [BFloat16] = ("BFloat16", 16),
        [17] = ("Float8E4M3FN", 8),
        [18] = ("Float8E4M3FNUZ", 8),
        [19] = ("Float8E5M2", 8),
        [20] = ("Float8E5M2FNUZ", 8),
        [21] = ("UInt4", 4),
        [22] = ("Int4", 4),
        [23] = ("Float4E2M1", 4),
        [24] = ("Float8E8M0", 8),
        [25] = ("UInt2", 2),
        [26] = ("Int2", 2),
    };

    public static bool IsKnown(int type) => s_types.ContainsKey(type);

    public static string NameOf(int type) => s_types.TryGetValue(type, out var known) ? known.Name : $"type {type}";

    /// <summary>The bits that one element takes; 0 for a text.</summary>
    public static int BitsOf(int type) => s_types[type].Bits;

    public static bool IsFloat(int type) => type is Single or Half or Double;

    public static bool IsInteger(int type) => type is UInt8 or Int8 or Int32 or Int64;

    public static bool IsByte(int type) => type is UInt8 or Int8;

    public static bool IsNumber(int type) => IsFloat(type) || IsInteger(type);

    /// <summary>Whether this library's graphs have values of the type.</summary>
    public static bool IsOurs(int type) => IsNumber(type) || type is String or Boolean;
}
