using System.Globalization;
using Google.Protobuf;
using MLNetAutoencoder.Onnx;
using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Tests;

/// <summary>Graphs of one node, of every operator that is known and of the forms that it may take.</summary>
/// <remarks>
/// They are written in short: inputs are a type (f Single, u Byte, s SByte, i Int32, l Int64, b Boolean, t String), and
/// lengths of axes, of which b is the batch; those after an equals sign are stored in the file, numbers after a second
/// one are what they hold. A dash is an input that is left out.
/// </remarks>
internal static class OneNode
{
    public const string Image = "f:b,4,5,7";

    /// <summary>Operator, version of its set, inputs, attributes.</summary>
    public static readonly (string Operation, int Opset, string Inputs, string Attributes)[] All =
    [
        ("Relu", 12, "f:b,3", ""),
        ("LeakyRelu", 17, "f:b,3", "alpha=0.1"),
        ("Selu", 21, "f:b,3", "alpha=1.5 gamma=1.0"),
        ("HardSwish", 14, "f:b,3", ""),
        ("Gelu", 20, "f:b,3", "approximate='none'"),
        ("Mish", 18, "f:b,3", ""),
        ("Abs", 13, "l:b,3", ""),
        ("Identity", 16, "t:b,2", ""),
        ("Cast", 13, "f:b,3", "to=7"),
        ("Cast", 19, "f:b,3", "to=10"),
        ("Clip", 13, "f:b,3|=f:|=f:1", ""),
        ("Clip", 12, "f:b,3|-|=f:", ""),
        ("IsNaN", 13, "f:b,3", ""),
        ("IsInf", 10, "f:b,3", "detect_negative=0"),
        ("Not", 17, "b:b,3", ""),
        ("Add", 14, "f:b,1|=f:4", ""),
        ("Sub", 13, "f:b,2,3|f:b,1,1", ""),
        ("Mul", 13, "=f:1,5,3|f:b,1,3", ""),
        ("Div", 13, "f:b,3|f:b,1", ""),
        ("Pow", 13, "f:b,3|=f:", ""),
        ("PRelu", 16, "f:b,3|=f:3", ""),
        ("Max", 13, "f:b,3|=f:|f:b,1", ""),
        ("Mean", 13, "f:b,3|=f:3", ""),
        ("LessOrEqual", 16, "=f:1,9|f:b,1", ""),
        ("Equal", 13, "l:b,3|=l:", ""),
        ("Or", 7, "b:b,3|b:b,1", ""),
        ("Where", 16, "b:b,1|=f:1|f:b,3", ""),
        ("Gemm", 13, "f:b,3|=f:5,3|=f:5", "transB=1"),
        ("Gemm", 13, "f:3,b|=f:3,2|=f:1,2", "transA=1 beta=0.5"),
        ("MatMul", 13, "f:b,3|=f:3,2", ""),
        ("MatMul", 13, "f:b,2,3|=f:3,4", ""),
        ("MatMul", 13, "f:b,2,3|f:b,3,4", ""),
        ("MatMulInteger", 10, "u:b,3|=s:3,2|=u:|=s:2", ""),
        ("Softmax", 12, "f:b,3", ""),
        ("Softmax", 13, "f:b,2,3", "axis=1"),
        ("LogSoftmax", 13, "f:b,3", "axis=-1"),
        ("LayerNormalization", 17, "f:b,2,3|=f:3|=f:3", ""),
        ("LayerNormalization", 17, "f:b,2,3|=f:2,3", "axis=1 epsilon=0.001"),
        ("ReduceMean", 17, "f:b,2,3", "axes=[1,-1] keepdims=0"),
        ("ReduceMean", 13, "f:b,3", "axes=[1]"),
        ("ReduceMean", 18, "f:b,3|=l:1=1", "keepdims=1"),
        ("ReduceL2", 18, "f:b,2,3|=l:1=-1", "keepdims=0"),
        ("ReduceSum", 12, "f:b,3", "axes=[1]"),
        ("ReduceSum", 13, "f:b,2,3|=l:2=1,2", ""),
        ("ReduceMax", 21, "f:b,3|=l:1=1", ""),
        ("ArgMax", 13, "f:b,3", "axis=1 keepdims=1"),
        ("ArgMin", 13, "f:b,2,3", "axis=-1 keepdims=0 select_last_index=1"),
        ("TopK", 11, "f:b,5|=l:1=2", ""),
        ("TopK", 13, "f:b,5,2|=l:1=5", "axis=1 largest=0 sorted=1"),
        ("Concat", 13, "f:b,3|=f:b,2", "axis=1"),
        ("Concat", 13, "f:b,3|f:b,2|f:b,1", "axis=-1"),
        ("Expand", 13, "f:b,1,3|=l:3=1,4,1", ""),
        ("Flatten", 13, "f:b,2,3", ""),
        ("Flatten", 13, "f:b,2,3", "axis=3"),
        ("Flatten", 13, "f:b,2,3", "axis=-1"),
        ("Gather", 13, "=t:4|l:b,1", ""),
        ("Gather", 13, "f:b,4|=l:2=0,3", "axis=1"),
        ("GatherElements", 13, "f:b,4|l:b,2", "axis=1"),
        ("Reshape", 14, "f:b,6|=l:3=-1,2,3", ""),
        ("Reshape", 13, "f:b,2,3|=l:2=-1,3", ""),
        ("Reshape", 13, "f:b,2,3|=l:2=0,-1", ""),
        ("Reshape", 14, "f:b,2,3|=l:4=0,3,1,2", "allowzero=0"),
        ("Reshape", 13, "=f:2,6|=l:2=3,4", ""),
        ("Slice", 13, "f:b,4,6|=l:2=0,1|=l:2=3,-1|=l:2=1,2", ""),
        ("Slice", 11, "f:b,6|=i:1=-4|=i:1=1000|=i:1=-1|=i:1=1", ""),
        ("Squeeze", 11, "f:b,1,3", "axes=[1]"),
        ("Squeeze", 13, "f:b,1,3,1|=l:2=1,-1", ""),
        ("Unsqueeze", 12, "f:b,3", "axes=[1,-1]"),
        ("Unsqueeze", 13, "f:b,3|=l:1=0", ""),
        ("Transpose", 13, "f:b,2,3", "perm=[0,2,1]"),
        ("Transpose", 13, "f:b,3", ""),
        ("Conv", 11, Image + "|=f:6,4,3,3|=f:6", "kernel_shape=[3,3] pads=[1,1,1,1]"),
        ("Conv", 11, Image + "|=f:6,2,3,2", "strides=[2,3] dilations=[2,1] pads=[0,1,3,2] group=2"),
        ("Conv", 11, "f:b,4,9|=f:2,4,3", "strides=[2]"),
        ("ConvInteger", 10, "u:b,4,5,7|=s:6,4,3,3|=u:|=s:", "pads=[1,0,1,0]"),
        ("ConvTranspose", 11, Image + "|=f:4,3,3,3|=f:3", "strides=[2,2] pads=[1,1,1,1] output_padding=[1,0]"),
        ("ConvTranspose", 11, Image + "|=f:4,3,2,2", "strides=[3,1] dilations=[2,1] group=2"),
        ("MaxPool", 12, Image, "kernel_shape=[2,2] strides=[2,2] ceil_mode=1"),
        ("MaxPool", 12, Image, "kernel_shape=[3,3] strides=[2,2] ceil_mode=1 pads=[1,1,2,2]"),
        ("MaxPool", 12, Image, "kernel_shape=[2,3] strides=[3,4] dilations=[2,1]"),
        ("MaxPool", 12, Image, "kernel_shape=[1,1] strides=[3,3] ceil_mode=1"),
        ("AveragePool", 11, Image, "kernel_shape=[2,2] strides=[2,2] ceil_mode=1 count_include_pad=1 pads=[1,0,0,1]"),
        ("GlobalAveragePool", 1, Image, ""),
        ("Resize", 13, Image + "|=f:0|=f:4=1,1,2,3", "mode='nearest' coordinate_transformation_mode='asymmetric' nearest_mode='floor'"),
        ("Resize", 13, Image + "|-|=f:4=1,1,0.5,1.7", "mode='linear'"),
        ("Resize", 18, Image + "|-|=f:2=2,2", "axes=[2,3] mode='nearest'"),
        ("Resize", 19, Image + "|-|-|=l:2=9,4", "axes=[2,3]"),
        ("QuantizeLinear", 13, "f:b,3|=f:|=s:", ""),
        ("QuantizeLinear", 19, "f:b,3|=f:3|=u:3", "axis=1"),
        ("DequantizeLinear", 13, "=s:4,3|=f:4|=s:4", "axis=0"),
        ("DequantizeLinear", 21, "u:b,3|=f:|=u:", ""),
        ("DynamicQuantizeLinear", 11, "f:b,3", ""),
        ("ml.FeatureVectorizer", 1, "f:b,2|f:b,3", "inputdimensions=[2,3]"),
        ("ml.Imputer", 1, "f:b,3", "imputed_value_floats=[1.0,2.0,3.0] replaced_value_float=0.0"),
        ("ml.Scaler", 1, "f:b,3", "offset=[0.0] scale=[2.0]"),
        ("ml.LabelEncoder", 2, "t:b,1", "keys_strings=['a','b'] values_int64s=[0,1] default_int64=-1"),
        ("ml.OneHotEncoder", 1, "l:b,1", "cats_int64s=[0,1,2] zeros=1"),
    ];

    /// <summary>The same as <see cref="All"/>, for <see cref="DynamicDataAttribute"/>.</summary>
    public static IEnumerable<object[]> Data => All.Select(
        node => new object[] { node.Operation, node.Opset, node.Inputs, node.Attributes });

    public static (string Domain, NodeProto Node, GraphValue?[] Inputs) Made(string operation, string inputs, string attributes)
    {
        string domain = operation.StartsWith("ml.", StringComparison.Ordinal) ? GraphLimits.MlDomain : "";
        GraphValue?[] values = [.. inputs.Split('|').Select(Value)];
        var node = new NodeProto { Name = "node", OpType = operation.Split('.')[^1], Domain = domain };
        for (int i = 0; i < values.Length; i++)
        {
            node.Input.Add(values[i] is null ? "" : $"x{i}");
            if (values[i]?.Stored is { } stored)
                stored.Name = $"x{i}";
        }
        node.Output.Add(Enumerable.Range(0, node.OpType switch { "DynamicQuantizeLinear" => 3, "TopK" => 2, _ => 1 }).Select(i => $"y{i}"));
        node.Attribute.Add(attributes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Attribute));
        return (domain, node, values);
    }

    private static GraphValue? Value(string text)
    {
        if (text == "-")
            return null;
        bool isStored = text[0] == '=';
        string[] parts = text.TrimStart('=').Split(':')[1].Split('='), lengths = parts[0].Split(',', StringSplitOptions.RemoveEmptyEntries);
        int type = text.TrimStart('=')[0] switch
        {
            'f' => TensorTypes.Single, 'u' => TensorTypes.UInt8, 's' => TensorTypes.Int8, 'i' => TensorTypes.Int32, 'l' =>
                TensorTypes.Int64, 'b' => TensorTypes.Boolean, _ => TensorTypes.String,
        };
        Axis[] shape = [.. lengths.Select(length =>
            length == "b" ? Axis.Batch : new Axis(int.Parse(length, CultureInfo.InvariantCulture)))];
        if (!isStored || shape.Any(axis => axis.OfBatch))
            return new GraphValue(type, shape);
        var tensor = new TensorProto { DataType = type, Dims = { shape.Select(axis => axis.Length) } };
        int count = (int)shape.Aggregate(1L, (product, axis) => product * axis.Length);
        string[] numbers = parts.Length > 1 ? parts[1].Split(',') : [.. Enumerable.Repeat("1", count)];
        if (type == TensorTypes.String)
            tensor.StringData.Add(Enumerable.Range(0, count).Select(i => ByteString.CopyFromUtf8($"text {i}")));
        else if (type == TensorTypes.Single)
            tensor.FloatData.Add(numbers.Take(count).Select(number => float.Parse(number, CultureInfo.InvariantCulture)));
        else if (type == TensorTypes.Int64)
            tensor.Int64Data.Add(numbers.Take(count).Select(number => long.Parse(number, CultureInfo.InvariantCulture)));
        else
            tensor.Int32Data.Add(numbers.Take(count).Select(number => int.Parse(number, CultureInfo.InvariantCulture)));
        TensorCheck.Check(tensor, "The tensor");
        return new GraphValue(type, shape, tensor);
    }

    private static AttributeProto Attribute(string text)
    {
        string[] parts = text.Split('=');
        var attribute = new AttributeProto { Name = parts[0] };
        string[] items = parts[1].Trim('[', ']').Split(',');
        bool isList = parts[1][0] == '[';
        if (items[0][0] == '\'')
        {
            attribute.Type = isList ? AttributeType.Strings : AttributeType.String;
            var texts = items.Select(item => ByteString.CopyFromUtf8(item.Trim('\'')));
            if (isList)
                attribute.Strings.Add(texts);
            else
                attribute.S = texts.Single();
        }
        else if (items[0].Contains('.', StringComparison.Ordinal))
        {
            attribute.Type = isList ? AttributeType.Floats : AttributeType.Float;
            float[] numbers = Array.ConvertAll(items, item => float.Parse(item, CultureInfo.InvariantCulture));
            if (isList)
                attribute.Floats.Add(numbers);
            else
                attribute.F = numbers[0];
        }
        else
        {
            attribute.Type = isList ? AttributeType.Ints : AttributeType.Int;
            long[] numbers = Array.ConvertAll(items, item => long.Parse(item, CultureInfo.InvariantCulture));
            if (isList)
                attribute.Ints.Add(numbers);
            else
                attribute.I = numbers[0];
        }
        return attribute;
    }

    public static ModelProto Model(string domain, int opset, NodeProto node, GraphValue?[] values, GraphValue[] outputs)
    {
        var graph = new GraphProto { Name = "one node", Node = { node } };
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] is { Stored: { } stored })
                graph.Initializer.Add(stored);
            else if (values[i] is { } value)
                graph.Input.Add(Info($"x{i}", value.Type, value.Shape));
        }
        graph.Output.Add(outputs.Select((output, i) => Info(node.Output[i], output.Type, null)));
        return new ModelProto { IrVersion = opset > 19 ? 10 : 8, Graph = graph,
            OpsetImport = { domain.Length == 0 ? [Opset("", Math.Max(opset, 7))] : new[] { Opset("", 17), Opset(domain, opset) } } };

        static OperatorSetIdProto Opset(string domain, int version) => new() { Domain = domain, Version = version };
        static ValueInfoProto Info(string name, int type, Axis[]? shape) => new()
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor
                {
                    ElemType = type,
                    Shape = shape is null ? null : new TensorShapeProto
                    {
                        Dim = { shape.Select(axis =>
                            axis.OfBatch ? new TensorShapeProto.Types.Dimension { DimParam = "batch" }
                            : new TensorShapeProto.Types.Dimension { DimValue = axis.Length }) },
                    },
                },
            },
        };
    }
}
