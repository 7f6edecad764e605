using Google.Protobuf;

namespace MLNetAutoencoder.Onnx;

/// <summary>A named attribute of an ONNX node: a number, a list of whole numbers or a text.</summary>
internal readonly struct OnnxAttribute
{
    private readonly AttributeProto _attribute;

    private OnnxAttribute(AttributeProto attribute) => _attribute = attribute;

    /// <summary>A floating-point attribute.</summary>
    /// <param name="name">The attribute's name in the operator's definition.</param>
    /// <param name="value">Its value.</param>
    public static OnnxAttribute Single(string name, float value) =>
        new(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value });

    /// <summary>A whole-number attribute.</summary>
    /// <param name="name">The attribute's name in the operator's definition.</param>
    /// <param name="value">Its value.</param>
    public static OnnxAttribute Int64(string name, long value) =>
        new(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value });

    /// <summary>An attribute that is a list of whole numbers.</summary>
    /// <param name="name">The attribute's name in the operator's definition.</param>
    /// <param name="values">Its values.</param>
    public static OnnxAttribute Int64s(string name, params long[] values) =>
        new(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } });

    /// <summary>A text attribute.</summary>
    /// <param name="name">The attribute's name in the operator's definition.</param>
    /// <param name="value">Its value.</param>
    public static OnnxAttribute String(string name, string value) =>
        new(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) });

    internal AttributeProto ToProto() => _attribute
        ?? throw new InvalidOperationException("An ONNX attribute has no name and value: make it with Single, Int64, Int64s or String.");
}
