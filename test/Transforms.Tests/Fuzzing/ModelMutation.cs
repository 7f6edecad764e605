using System.Globalization;
using Google.Protobuf;
using MLNetAutoencoder.Onnx;
using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Changes to an ONNX file that remains one: what somebody writes who knows the format and means harm.</summary>
internal sealed class ModelMutation(ModelProto model, Random random)
{
    private static readonly long[] s_numbers = [0, 1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 64, 1000, 65_536, 1 << 24, int.MaxValue, uint.MaxValue,
        long.MaxValue, long.MaxValue / 2, -1, -2, -3, -1000, int.MinValue, long.MinValue, 1L << 40, 1L << 62];
    private static readonly float[] s_singles = [0, 1, -1, 0.5f, 1e-30f, 1e30f, float.MaxValue, float.Epsilon, float.NaN,
        float.PositiveInfinity, float.NegativeInfinity, 2, 3, 1000, 65_536];
    private static readonly string[] s_foreignOperators =
        ["If", "Loop", "Scan", "RandomNormal", "RandomNormalLike", "ConstantOfShape", "Range", "Tile", "Pad", "NonZero", "Einsum", "Mod",
        "BitShift", "LSTM", "Dropout", "SequenceAt", "Constant", "Size", "Compress", "Unique", ""];
    private static readonly string[] s_attributes =
        ["axis", "axes", "pads", "strides", "kernel_shape", "dilations", "group", "output_padding", "output_shape", "auto_pad", "ceil_mode",
        "keepdims", "to", "alpha", "beta", "transA", "transB", "perm", "allowzero", "mode", "coordinate_transformation_mode",
        "nearest_mode", "cubic_coeff_a", "storage_order", "body", "value", "epsilon", "largest", "detect_negative"];
    private static readonly string[] s_texts = ["", "0", "-1", "1", "2147483647", "99999999999999999999", "NaN", "Infinity", "-Infinity",
        "1e999", ",", ",,", "1,2,3", "[]", "[null]", "[1]", "{}", "{\"a\":null}", "null", "[\"\"]", "{\"score\":\"\"}",
        "{\"code\":\"x\",\"score\":\"x\"}", "2.0", "9.9", "1.x", "0.1", "mean", "nan", "error", "scorer", "decoder", "Single",
        "é\u0000\u0007", new('a', 100_000)];

    private GraphProto Graph => model.Graph;

    /// <summary>The changed file.</summary>
    public static byte[] Apply(byte[] file, Random random)
    {
        var model = ModelProto.Parser.ParseFrom(file);
        var mutation = new ModelMutation(model, random);
        for (int i = 1 + random.Next(3) * random.Next(2); i > 0; i--)
            mutation.Mutate();
        return model.ToByteArray();
    }

    private void Mutate()
    {
        switch (random.Next(17))
        {
            case 0:
                Dimensions();
                break;
            case 1:
                if (Any(Graph.Initializer) is { } retyped)
                    retyped.DataType = random.Next(-1, 30);
                break;
            case 2:
                Operator();
                break;
            case 3:
            case 4:
                Attribute();
                break;
            case 5:
                Wires();
                break;
            case 6:
                NodeOrder();
                break;
            case 7:
            case 8:
                Content();
                break;
            case 9:
                InitializerList();
                break;
            case 10:
                Border();
                break;
            case 11:
            case 12:
                Metadata();
                break;
            case 13:
                Versions();
                break;
            case 14:
                Foreign();
                break;
            default:
                InsertNode();
                break;
        }
    }

    private void Dimensions()
    {
        if (Any(Graph.Initializer) is not { } tensor)
            return;
        switch (random.Next(5))
        {
            case 0 when tensor.Dims.Count > 0:
                tensor.Dims[random.Next(tensor.Dims.Count)] = Number();
                break;
            case 1:
                tensor.Dims.Insert(random.Next(tensor.Dims.Count + 1), random.Next(2) == 0 ? 1 : Number());
                break;
            case 2 when tensor.Dims.Count > 0:
                tensor.Dims.RemoveAt(random.Next(tensor.Dims.Count));
                break;
            case 3:
                // As many elements as before, in another shape.
                long[] turned = [.. tensor.Dims.Reverse()];
                tensor.Dims.Clear();
                tensor.Dims.Add(turned);
                break;
            case 4 when tensor.Dims.Count > 0 && tensor.DataType == (int)OnnxElementType.Single:
                // Another length, and the bytes for it.
                int axis = random.Next(tensor.Dims.Count);
                tensor.Dims[axis] = random.Next(1, 40);
                long count = tensor.Dims.Aggregate(1L, (product, length) => product * length);
                if (count is >= 0 and < 1_000_000)
                    tensor.RawData = ByteString.CopyFrom(new byte[count * sizeof(float)]);
                break;
        }
    }

    private void Operator()
    {
        if (Any(Graph.Node) is not { } node)
            return;
        node.OpType = random.Next(3) == 0 ? s_foreignOperators[random.Next(s_foreignOperators.Length)] : Known();
        if (random.Next(2) == 0)
            node.Attribute.Clear();
        if (random.Next(8) == 0)
            node.Domain = random.Next(2) == 0 ? "ai.onnx.ml" : "com.microsoft";
    }

    private void Attribute()
    {
        var node = random.Next(4) == 0 ? Any(Graph.Node) : Any([.. Graph.Node.Where(candidate => candidate.Attribute.Count > 0)]);
        if (node is null)
            return;
        if (node.Attribute.Count == 0 || random.Next(5) == 0)
        {
            node.Attribute.Add(MadeAttribute());
            return;
        }
        var attribute = node.Attribute[random.Next(node.Attribute.Count)];
        switch (random.Next(7))
        {
            case 0:
                node.Attribute.Remove(attribute);
                break;
            case 1:
                node.Attribute.Add(attribute.Clone());
                break;
            case 2:
                attribute.Type = (AttributeType)random.Next(20);
                break;
            case 3:
                attribute.Name = s_attributes[random.Next(s_attributes.Length)];
                break;
            default:
                attribute.I = attribute.Type == AttributeType.Int ? Number() : attribute.I;
                attribute.F = attribute.Type == AttributeType.Float ? s_singles[random.Next(s_singles.Length)] : attribute.F;
                if (attribute.Type == AttributeType.String)
                    attribute.S = ByteString.CopyFromUtf8(Text());
                if (attribute.Type == AttributeType.Ints && attribute.Ints.Count > 0 && random.Next(4) > 0)
                    attribute.Ints[random.Next(attribute.Ints.Count)] = Number();
                else if (attribute.Type == AttributeType.Ints)
                    attribute.Ints.Add(Number());
                break;
        }
    }

    private void Wires()
    {
        if (Any(Graph.Node) is not { } node)
            return;
        switch (random.Next(6))
        {
            case 0 when node.Input.Count > 0:
            case 1 when node.Input.Count > 0:
                node.Input[random.Next(node.Input.Count)] = random.Next(6) == 0 ? "" : Value();
                break;
            case 2 when node.Input.Count > 0:
                node.Input.RemoveAt(random.Next(node.Input.Count));
                break;
            case 3:
                node.Input.Add(Value());
                break;
            case 4:
                node.Output.Add(random.Next(2) == 0 ? Value() : $"more/{random.Next(1000)}");
                break;
            case 5 when node.Output.Count > 0:
                node.Output[0] = random.Next(2) == 0 ? Value() : new string('x', random.Next(1, 10_000));
                break;
        }
    }

    private void NodeOrder()
    {
        if (Graph.Node.Count < 2)
            return;
        int first = random.Next(Graph.Node.Count), second = random.Next(Graph.Node.Count);
        switch (random.Next(5))
        {
            case 0:
                Graph.Node.RemoveAt(first);
                break;
            case 1:
                (Graph.Node[first], Graph.Node[second]) = (Graph.Node[second].Clone(), Graph.Node[first].Clone());
                break;
            case 2:
                Graph.Node.Add(Graph.Node[first].Clone());
                break;
            case 3:
                Graph.Node[first].Name = random.Next(2) == 0 ? $"missing/{random.Next(100)}" : Graph.Node[second].Name;
                break;
            default:
                for (int i = 0; i < 1 << random.Next(15); i++)
                    Graph.Node.Add(new NodeProto { OpType = "Relu", Name = $"long/{i}", Input = { i == 0 ? Value() : $"long/{i - 1}" },
                        Output = { $"long/{i}" } });
                break;
        }
    }

    private void Content()
    {
        // Small ones steer: shapes, scales, bounds, thresholds.
        var tensor = random.Next(3) == 0 ? Any(Graph.Initializer)
            : Any([.. Graph.Initializer.Where(candidate => candidate.RawData.Length <= 64)]);
        if (tensor is null)
            return;
        byte[] raw = tensor.RawData.ToByteArray();
        switch (random.Next(6))
        {
            case 0:
                random.NextBytes(raw);
                break;
            case 1 when raw.Length > 0:
                raw = ByteMutation.Apply(raw, random);
                break;
            case 2 when tensor.DataType == (int)OnnxElementType.Single:
                tensor.FloatData.Add(Enumerable.Range(0, raw.Length / sizeof(float) + random.Next(2))
                    .Select(_ => s_singles[random.Next(s_singles.Length)]));
                raw = random.Next(4) == 0 ? raw : [];
                break;
            case 3:
                tensor.StringData.Add(ByteString.CopyFromUtf8(Text()));
                break;
            default:
                if (tensor.DataType == (int)OnnxElementType.Int64 && raw.Length >= sizeof(long))
                    BitConverter.TryWriteBytes(raw.AsSpan(random.Next(raw.Length / sizeof(long)) * sizeof(long)), Number());
                else if (raw.Length >= sizeof(float))
                    BitConverter.TryWriteBytes(raw.AsSpan(random.Next(raw.Length / sizeof(float)) * sizeof(float)),
                        s_singles[random.Next(s_singles.Length)]);
                break;
        }
        tensor.RawData = ByteString.CopyFrom(raw);
    }

    private void InitializerList()
    {
        if (Any(Graph.Initializer) is not { } tensor)
            return;
        switch (random.Next(6))
        {
            case 0:
                Graph.Initializer.Remove(tensor);
                break;
            case 1:
                Graph.Initializer.Add(tensor.Clone());
                break;
            case 2:
                tensor.Name = random.Next(2) == 0 ? Value() : "";
                break;
            case 3:
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "/etc/passwd" });
                tensor.DataLocation = (TensorProto.Types.DataLocation)random.Next(3);
                break;
            case 4:
                tensor.RawData = ByteString.Empty;
                break;
            default:
                if (Any(Graph.Initializer) is { } other)
                    (tensor.Name, other.Name) = (other.Name, tensor.Name);
                break;
        }
    }

    private void Border()
    {
        var list = random.Next(2) == 0 ? Graph.Input : Graph.Output;
        if (Any(list) is not { } value)
            return;
        var axes = value.Type?.TensorType?.Shape?.Dim;
        switch (random.Next(9))
        {
            case 0 when value.Type?.TensorType is { } tensor:
                tensor.ElemType = random.Next(-1, 30);
                break;
            case 1 when axes is { Count: > 0 }:
                axes[random.Next(axes.Count)].DimValue = Number();
                break;
            case 2 when axes is { Count: > 0 }:
                axes[random.Next(axes.Count)].DimParam = Text();
                break;
            case 3 when axes is { Count: > 0 }:
                axes.RemoveAt(random.Next(axes.Count));
                break;
            case 4:
                value.Name = random.Next(2) == 0 ? Value() : Text();
                break;
            case 5:
                list.Remove(value);
                break;
            case 6:
                (random.Next(2) == 0 ? Graph.Input : Graph.Output).Add(value.Clone());
                break;
            case 7:
                value.Type = random.Next(2) == 0 ? null : new TypeProto { SequenceType = new TypeProto.Types.Other() };
                break;
            default:
                Graph.Output.Add(new ValueInfoProto { Name = Value(), Type = value.Type?.Clone() });
                break;
        }
    }

    private void Metadata()
    {
        if (Any(model.MetadataProps) is not { } entry)
            return;
        string[] parts = entry.Value.Split(',');
        switch (random.Next(7))
        {
            case 0:
            case 1:
                entry.Value = Text();
                break;
            case 2:
                model.MetadataProps.Remove(entry);
                break;
            case 3:
                model.MetadataProps.Add(new StringStringEntryProto { Key = entry.Key, Value = Text() });
                break;
            case 4:
                entry.Value = string.Join(',', parts.SkipLast(1));
                break;
            case 5:
                parts[random.Next(parts.Length)] = random.Next(2) == 0 ? Number().ToString(CultureInfo.InvariantCulture)
                    : s_singles[random.Next(s_singles.Length)].ToString("R", CultureInfo.InvariantCulture);
                entry.Value = string.Join(',', parts);
                break;
            default:
                entry.Key = random.Next(2) == 0 ? AutoencoderMetadata.Prefix + Text() : Any(model.MetadataProps)!.Key;
                break;
        }
    }

    private void Versions()
    {
        switch (random.Next(5))
        {
            case 0:
                model.IrVersion = random.Next(2) == 0 ? random.Next(0, 15) : Number();
                break;
            case 1:
            case 2:
                if (Any(model.OpsetImport) is { } opset)
                    opset.Version = random.Next(3) > 0 ? random.Next(5, 30) : Number();
                break;
            case 3:
                model.OpsetImport.Add(new OperatorSetIdProto { Domain = random.Next(2) == 0 ? "ai.onnx.ml" : "com.microsoft",
                    Version = random.Next(1, 5) });
                break;
            default:
                model.OpsetImport.Clear();
                break;
        }
    }

    private void Foreign()
    {
        switch (random.Next(5))
        {
            case 0:
                model.Functions.Add(new FunctionProto { Name = "f", Node = { Graph.Node.Take(1).Select(node => node.Clone()) } });
                break;
            case 1:
                Graph.SparseInitializer.Add(new SparseTensorProto { Values = Any(Graph.Initializer)?.Clone(),
                    Indices = random.Next(2) == 0 ? null : new TensorProto(), Dims = { Number() } });
                break;
            case 2:
                Any(Graph.Node)?.Attribute.Add(new AttributeProto { Name = "body", Type = AttributeType.Graph,
                    G = Nested(random.Next(1, 20)) });
                break;
            case 3:
                Graph.ValueInfo.Add(new ValueInfoProto { Name = Value(),
                    Type = Graph.Output.Count > 0 ? Graph.Output[0].Type?.Clone() : null });
                break;
            default:
                Graph.Name = Text();
                break;
        }
    }

    /// <summary>A node of a known operator between a value and one of those that take it.</summary>
    private void InsertNode()
    {
        if (Any([.. Graph.Node.Where(candidate => candidate.Input.Count > 0)]) is not { } consumer)
            return;
        int place = random.Next(consumer.Input.Count);
        string operation = Known(), name = $"inserted/{random.Next(100_000)}";
        var node = new NodeProto { OpType = operation, Name = name, Input = { consumer.Input[place] }, Output = { name } };
        for (int i = random.Next(3); i > 0; i--)
            node.Input.Add(Value());
        for (int i = random.Next(4) == 0 ? 1 : 0; i > 0; i--)
            node.Attribute.Add(MadeAttribute());
        if (operation.StartsWith("Reduce", StringComparison.Ordinal))
            node.Attribute.Add(new AttributeProto { Name = "axes", Type = AttributeType.Ints, Ints = { 1 } });
        if (operation == "Cast")
            node.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeType.Int, I = random.Next(1, 17) });
        if (operation is "ArgMax" or "ArgMin" or "Concat" or "Gather")
            node.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeType.Int, I = random.Next(2) });
        consumer.Input[place] = name;
        Graph.Node.Insert(Graph.Node.IndexOf(consumer), node);
    }

    private AttributeProto MadeAttribute()
    {
        var attribute = new AttributeProto { Name = s_attributes[random.Next(s_attributes.Length)],
            Type = (AttributeType)random.Next(1, 9) };
        switch (attribute.Type)
        {
            case AttributeType.Float:
                attribute.F = s_singles[random.Next(s_singles.Length)];
                break;
            case AttributeType.Int:
                attribute.I = Number();
                break;
            case AttributeType.String:
                attribute.S = ByteString.CopyFromUtf8(Text());
                break;
            case AttributeType.Tensor:
                attribute.T = Any(Graph.Initializer)?.Clone();
                break;
            case AttributeType.Ints:
                attribute.Ints.Add(Enumerable.Range(0, random.Next(6)).Select(_ => Number()));
                break;
        }
        return attribute;
    }

    private static GraphProto Nested(int depth) => new()
    {
        Name = "nested",
        Node = { new NodeProto { OpType = "Identity",
            Attribute = { depth > 0 ? [new AttributeProto { Name = "body", Type = AttributeType.Graph, G = Nested(depth - 1) }]
            : Array.Empty<AttributeProto>() } } },
    };

    private string Known() => Any([.. OperatorList.Names])!.Split('.')[^1];

    /// <summary>The name of a value of the graph.</summary>
    private string Value() =>
        Any([.. Graph.Input.Select(value => value.Name), .. Graph.Initializer.Select(tensor => tensor.Name),
        .. Graph.Node.SelectMany(node => node.Output)]) ?? "";

    private long Number() => random.Next(3) == 0 ? random.Next(-4, 40) : s_numbers[random.Next(s_numbers.Length)];

    private string Text() => s_texts[random.Next(s_texts.Length)];

    private T? Any<T>(IReadOnlyList<T> list) where T : class => list.Count == 0 ? null : list[random.Next(list.Count)];
}
