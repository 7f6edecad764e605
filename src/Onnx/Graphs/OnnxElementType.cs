namespace MLNetAutoencoder.Onnx;

/// <summary>Element types of the tensors in this library's graphs, with ONNX's own numbers (<c>TensorProto.DataType</c>).</summary>
internal enum OnnxElementType
{
    /// <summary>32-bit floating point, <c>FLOAT</c>.</summary>
    Single = 1,

    /// <summary>8-bit unsigned integer, <c>UINT8</c>: what a quantized layer takes.</summary>
    Byte = 2,

    /// <summary>8-bit signed integer, <c>INT8</c>: a quantized weight.</summary>
    SByte = 3,

    /// <summary>32-bit signed integer, <c>INT32</c>: the bias of a quantized layer.</summary>
    Int32 = 6,

    /// <summary>64-bit signed integer, <c>INT64</c>.</summary>
    Int64 = 7,

    /// <summary>Text, <c>STRING</c>.</summary>
    String = 8,

    /// <summary>Truth value, <c>BOOL</c>.</summary>
    Boolean = 9,

    /// <summary>16-bit floating point, <c>FLOAT16</c>: a weight of half the size.</summary>
    Half = 10,
}
