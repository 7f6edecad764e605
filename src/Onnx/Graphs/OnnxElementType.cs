namespace MLNetAutoencoder.Onnx;

/// <summary>Element types of the tensors in this library's graphs, with ONNX's own numbers (<c>TensorProto.DataType</c>).</summary>
public enum OnnxElementType
{
    /// <summary>32-bit floating point, <c>FLOAT</c>.</summary>
    Single = 1,

    /// <summary>64-bit signed integer, <c>INT64</c>.</summary>
    Int64 = 7,

    /// <summary>Text, <c>STRING</c>.</summary>
    String = 8,

    /// <summary>Truth value, <c>BOOL</c>.</summary>
    Boolean = 9,
}
