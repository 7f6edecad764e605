using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Model.OnnxConverter;

/// <summary>Writes a graph as an ONNX file, field by field. Field numbers are those of onnx.proto.</summary>
internal static class OnnxWriter
{
    private const int TextElement = 8, Opset = 12, MachineLearningOpset = 2, IrVersion = 6;

    // ModelProto: ir_version = 1, producer_name = 2, producer_version = 3, domain = 4, graph = 7, opset_import = 8.
    internal static byte[] Write(OnnxContext context) => new Message()
        .Add(1, IrVersion)
        .Add(2, "ML.NET")
        .Add(3, "0")
        .Add(4, "machinelearning.dotnet")
        .Add(7, Graph(context))
        .Add(8, new Message().Add(1, OnnxNode.MachineLearning).Add(2, MachineLearningOpset))
        .Add(8, new Message().Add(2, Opset))
        .ToArray();

    // GraphProto: node = 1, name = 2, initializer = 5, input = 11, output = 12, value_info = 13.
    private static Message Graph(OnnxContext context)
    {
        var graph = new Message();
        context.Nodes.ForEach(node => graph.Add(1, Node(node)));
        graph.Add(2, "model");
        context.Texts.ForEach(text => graph.Add(5, Tensor(text.Name, text.Text)));
        context.Inputs.ForEach(value => graph.Add(11, Value(value)));
        context.Outputs.ForEach(value => graph.Add(12, Value(value)));
        context.Intermediates.ForEach(value => graph.Add(13, Value(value)));
        return graph;
    }

    // NodeProto: input = 1, output = 2, name = 3, op_type = 4, attribute = 5, domain = 7.
    private static Message Node(OnnxNode node)
    {
        var message = new Message();
        Array.ForEach(node.Inputs, input => message.Add(1, input));
        message.Add(2, node.Output).Add(3, node.Name).Add(4, node.Operation);
        node.Attributes.ForEach(attribute => message.Add(5, Attribute(attribute.Name, attribute.Value)));
        return node.Domain.Length > 0 ? message.Add(7, node.Domain) : message;
    }

    // AttributeProto: name = 1, f = 2, i = 3, s = 4, floats = 7, ints = 8, strings = 9, type = 20 (FLOAT 1, INT 2, STRING 3, FLOATS 6, INTS 7, STRINGS 8).
    private static Message Attribute(string name, object value)
    {
        Message message = new Message().Add(1, name);
        switch (value)
        {
            case float number:
                return message.Add(2, number).Add(20, 1);
            case long number:
                return message.Add(3, number).Add(20, 2);
            case string text:
                return message.Add(4, text).Add(20, 3);
            case float[] numbers:
                Array.ForEach(numbers, number => message.Add(7, number));
                return message.Add(20, 6);
            case long[] numbers:
                Array.ForEach(numbers, number => message.Add(8, number));
                return message.Add(20, 7);
            case string[] texts:
                Array.ForEach(texts, text => message.Add(9, text));
                return message.Add(20, 8);
            default:
                throw new NotSupportedException($"An attribute of type {value.GetType()} is not part of this polyfill.");
        }
    }

    // TensorProto: dims = 1, data_type = 2, string_data = 6, name = 8.
    private static Message Tensor(string name, string text) => new Message().Add(1, 1).Add(1, 1).Add(2, TextElement).Add(6, text).Add(8, name);

    // ValueInfoProto: name = 1, type = 2; TypeProto: tensor_type = 1; Tensor: elem_type = 1, shape = 2; TensorShapeProto: dim = 1; Dimension: dim_value = 1, dim_param = 2.
    private static Message Value(OnnxValue value)
    {
        var shape = new Message();
        for (int axis = 0; axis < value.Dimensions.Length; axis++)
            shape.Add(1, axis == 1 && value.IsVariable ? new Message().Add(2, "None") : new Message().Add(1, value.Dimensions[axis]));
        return new Message().Add(1, value.Name).Add(2, new Message().Add(1, new Message().Add(1, value.Element).Add(2, shape)));
    }

    /// <summary>A message in the protobuf wire format.</summary>
    private sealed class Message
    {
        private readonly List<byte> _bytes = [];

        internal byte[] ToArray() => [.. _bytes];

        internal Message Add(int number, long value)
        {
            Varint((uint)number << 3);
            Varint((ulong)value);
            return this;
        }

        internal Message Add(int number, float value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(float)];
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            Varint(((uint)number << 3) | 5);
            _bytes.AddRange(bytes);
            return this;
        }

        internal Message Add(int number, string text) => Add(number, Encoding.UTF8.GetBytes(text));

        internal Message Add(int number, Message message) => Add(number, message._bytes.ToArray());

        private Message Add(int number, byte[] bytes)
        {
            Varint(((uint)number << 3) | 2);
            Varint((ulong)bytes.Length);
            _bytes.AddRange(bytes);
            return this;
        }

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                _bytes.Add((byte)(value | 0x80));
            _bytes.Add((byte)value);
        }
    }
}
