namespace MLNetAutoencoder.Onnx;

/// <summary>The element types of ONNX's tensors (<c>TensorProto.DataType</c>), as far as files are looked at.</summary>
internal static class TensorTypes
{
    public const int Single = 1, UInt8 = 2, Int8 = 3, UInt16 = 4, Int16 = 5, Int32 = 6, Int64 = 7, String = 8, Boolean = 9, Half = 10,
        Double = 11, UInt32 = 12, UInt64 = 13, Complex64 = 14, Complex128 = 15, BFloat16 = 16;

    /// <summary>The types by their numbers, with the bits of an element; a text has none.</summary>
    private static readonly (string Name, int Bits)[] s_types =
    [
        ("", 0), ("Single", 32), ("Byte", 8), ("SByte", 8), ("UInt16", 16), ("Int16", 16), ("Int32", 32), ("Int64", 64), ("String", 0),
        ("Boolean", 8), ("Half", 16), ("Double", 64), ("UInt32", 32), ("UInt64", 64), ("Complex64", 64), ("Complex128", 128),
        ("BFloat16", 16), ("Float8E4M3FN", 8), ("Float8E4M3FNUZ", 8), ("Float8E5M2", 8), ("Float8E5M2FNUZ", 8), ("UInt4", 4), ("Int4", 4),
        ("Float4E2M1", 4), ("Float8E8M0", 8), ("UInt2", 2), ("Int2", 2),
    ];

    public static bool IsKnown(int type) => type > 0 && type < s_types.Length;

    public static string NameOf(int type) => IsKnown(type) ? s_types[type].Name : $"type {type}";

    /// <summary>The bits that one element takes; 0 for a text.</summary>
    public static int BitsOf(int type) => s_types[type].Bits;

    public static bool IsFloat(int type) => type is Single or Half or Double;

    /// <summary>Whether a graph that is run may have values of the type.</summary>
    public static bool IsRun(int type) => IsFloat(type) || type is UInt8 or Int8 or Int32 or Int64 or String or Boolean;
}
