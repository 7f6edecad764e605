using Google.Protobuf;
using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Onnx;

/// <summary>Makes the attributes of a node, under the names of the operator's definition.</summary>
internal static class OnnxAttribute
{
    public static AttributeProto Single(string name, float value) => new() { Name = name, Type = AttributeType.Float, F = value };

    public static AttributeProto Int64(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    public static AttributeProto Int64s(string name, params long[] values) =>
        new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    public static AttributeProto String(string name, string value) =>
        new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) };
}
