using System.Text;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms.Onnx;

/// <summary>
/// What an ONNX file says about itself that a session does not tell: declared types of inputs and outputs, and the slot names that
/// ML.NET's own export leaves in it. Field numbers are those of onnx.proto.
/// </summary>
internal sealed class OnnxGraphInfo
{
    private const string SlotNamesPrefix = "mlnet.", SlotNamesSuffix = ".SlotNames";
    private readonly Dictionary<string, DataViewType> _types = [];
    private readonly Dictionary<string, ReadOnlyMemory<char>[]> _slotNames = [];

    internal OnnxGraphInfo(byte[] file)
    {
        foreach (Field model in Field.Of(file))
        {
            foreach (Field graph in model.Number == 7 ? Field.Of(model.Bytes) : [])
            {
                if (graph.Number is 11 or 12)
                    AddValue(graph.Bytes);
                else if (graph.Number == 1)
                    AddSlotNames(graph.Bytes);
                else if (graph.Number == 5)
                    RequireKnownType(graph.Bytes);
            }
        }
    }

    /// <summary>A vector for a tensor, of unknown size where an axis beyond the first is unknown; a scalar for one of rank 0.</summary>
    internal DataViewType TypeOf(string name) => _types.GetValueOrDefault(name)
        ?? throw new NotSupportedException($"Unsupported ONNX variable type of '{name}'");

    /// <summary>Names of the slots of a column; null if the file has none.</summary>
    internal ReadOnlyMemory<char>[] SlotNamesOf(string column) => _slotNames.GetValueOrDefault(column);

    // TensorProto: data_type = 2. The types of all initializers are looked up, whether anything asks for them or not.
    private static void RequireKnownType(ReadOnlyMemory<byte> initializer)
    {
        if (Field.Of(initializer).Any(field => field is { Number: 2, Value: 10 }))
            throw new InvalidOperationException("Unsupported ONNX scalar type: Float16");
    }

    // ValueInfoProto: name = 1, type = 2; TypeProto: tensor_type = 1; Tensor: elem_type = 1, shape = 2; TensorShapeProto: dim = 1.
    private void AddValue(ReadOnlyMemory<byte> value)
    {
        string name = "";
        ReadOnlyMemory<byte> tensor = default;
        foreach (Field field in Field.Of(value))
        {
            if (field.Number == 1)
                name = field.Text;
            else if (field.Number == 2)
                tensor = Field.Of(field.Bytes).FirstOrDefault(type => type.Number == 1).Bytes;
        }

        var dimensions = new List<int>();
        ulong element = 0;
        foreach (Field field in Field.Of(tensor))
        {
            if (field.Number == 1)
                element = field.Value;
            else if (field.Number == 2)
                dimensions.AddRange(Field.Of(field.Bytes).Where(dimension => dimension.Number == 1).Select(dimension => SizeOf(dimension.Bytes)));
        }

        PrimitiveDataViewType item = ItemType(element);
        if (item is null)
            return;
        // The first axis counts rows, and there is one.
        if (dimensions.Count > 0 && dimensions[0] == 0)
            dimensions[0] = 1;
        _types[name] = dimensions.Count == 0 ? item
            : dimensions.Contains(0) ? new VectorDataViewType(item, 0)
            : new VectorDataViewType(item, dimensions.ToArray());
    }

    // Dimension: dim_value = 1; a dim_param, or nothing, is an unknown size.
    private static int SizeOf(ReadOnlyMemory<byte> dimension)
    {
        long size = (long)Field.Of(dimension).FirstOrDefault(field => field.Number == 1).Value;
        Refuse.Unless(size <= int.MaxValue, "dim", $"Dimension {size} in ONNX tensor cannot exceed the maximum of 32-bit signed integer.");
        return (int)Math.Max(0, size);
    }

    // NodeProto: name = 3, attribute = 5; AttributeProto: name = 1, strings = 9.
    private void AddSlotNames(ReadOnlyMemory<byte> node)
    {
        string name = "";
        ReadOnlyMemory<char>[] names = null;
        foreach (Field field in Field.Of(node))
        {
            if (field.Number == 3)
                name = field.Text;
            else if (field.Number == 5 && Field.Of(field.Bytes).Any(attribute => attribute.Number == 1 && attribute.Text == "keys_strings"))
                names = [.. Field.Of(field.Bytes).Where(attribute => attribute.Number == 9).Select(attribute => attribute.Text.AsMemory())];
        }

        if (names is not null && name.StartsWith(SlotNamesPrefix, StringComparison.Ordinal) && name.EndsWith(SlotNamesSuffix, StringComparison.Ordinal))
            _slotNames[name[SlotNamesPrefix.Length..^SlotNamesSuffix.Length]] = names;
    }

    // TensorProto.DataType
    private static PrimitiveDataViewType ItemType(ulong element) => element switch
    {
        1 => NumberDataViewType.Single,
        2 => NumberDataViewType.Byte,
        3 => NumberDataViewType.SByte,
        4 => NumberDataViewType.UInt16,
        5 => NumberDataViewType.Int16,
        6 => NumberDataViewType.Int32,
        7 => NumberDataViewType.Int64,
        8 => TextDataViewType.Instance,
        9 => BooleanDataViewType.Instance,
        11 => NumberDataViewType.Double,
        12 => NumberDataViewType.UInt32,
        13 => NumberDataViewType.UInt64,
        _ => null,
    };

    /// <summary>One field of a message in the protobuf wire format.</summary>
    private readonly record struct Field(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)
    {
        internal string Text => Encoding.UTF8.GetString(Bytes.Span);

        internal static IEnumerable<Field> Of(ReadOnlyMemory<byte> message)
        {
            for (int at = 0; at < message.Length;)
            {
                ulong key = Varint(message.Span, ref at);
                int number = (int)(key >> 3);
                int kind = (int)(key & 7);
                if (kind == 0)
                {
                    yield return new Field(number, Varint(message.Span, ref at), default);
                    continue;
                }

                // 64 bits, counted bytes, or 32 bits; groups are gone since proto2.
                int length = kind == 1 ? 8 : kind == 2 ? (int)Varint(message.Span, ref at) : kind == 5 ? 4 : -1;
                Refuse.FormatUnless(length >= 0 && length <= message.Length - at, "Corrupt ONNX file");
                yield return new Field(number, 0, message.Slice(at, length));
                at += length;
            }
        }

        private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                Refuse.FormatUnless(at < bytes.Length && shift < 64, "Corrupt ONNX file");
                byte next = bytes[at++];
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                    return value;
            }
        }
    }
}
