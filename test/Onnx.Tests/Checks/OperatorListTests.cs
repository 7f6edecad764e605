using System.Globalization;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;
using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>
/// Graphs of one node. Each operator of the list passes in the forms that exporters write, and makes what its rule says
/// when ONNX Runtime runs it; what would do harm is refused.
/// </summary>
/// <remarks>
/// They are written in short: inputs are a type (f Single, u Byte, s SByte, i Int32, l Int64, b Boolean, t String) and
/// lengths of axes, of which n is the batch; those after an equals sign are stored in the file, numbers after a second
/// one are what they hold. A dash is an input that is left out.
/// </remarks>
[TestClass]
public sealed class OperatorListTests
{
    private const string Image = "f:n,4,5,7";

    private static readonly (string Operations, int Opset, string Inputs, string Attributes)[] s_allowed =
    [
        ("Abs Ceil Cos Elu Erf Exp Floor HardSigmoid Identity LeakyRelu Log Neg Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus"
            + " Softsign Sqrt Tanh ThresholdedRelu Celu Dropout", 13, "f:n,3", ""),
        ("HardSwish", 14, "f:n,3", ""),
        ("Mish", 18, "f:n,3", ""),
        ("Gelu", 20, "f:n,3", "approximate='none'"),
        ("IsInf IsNaN", 13, "f:n,3", ""),
        ("Not", 17, "b:n,3", ""),
        ("Cast", 13, "f:n,3", "to=7"),
        ("Clip", 13, "f:n,3|=f:|=f:1", ""),
        ("Identity", 16, "t:n,2", ""),
        ("Add Sub Mul Div Pow Max Min Mean Sum PRelu", 14, "f:n,3|=f:3", ""),
        ("Add Equal Less", 14, "f:n,2,3|f:n,1,1", ""),
        ("Max", 13, "f:n,3|=f:|f:n,1", ""),
        ("Add Mul Sub", 14, "=l:2|=l:", ""),
        ("Greater GreaterOrEqual LessOrEqual Less Equal", 16, "=f:1,9|f:n,1", ""),
        ("And Or Xor", 12, "b:n,3|b:n,1", ""),
        ("Where", 16, "b:n,1|=f:1|f:n,3", ""),
        ("Gemm", 13, "f:n,3|=f:5,3|=f:5", "transB=1"),
        ("MatMul", 13, "f:n,3|=f:3,2", ""),
        ("MatMul", 13, "f:n,2,3|f:n,3,4", ""),
        ("MatMul", 13, "=f:4,2|f:n,2,3", ""),
        ("MatMul", 13, "f:n,2,3|=f:3", ""),
        ("Softmax LogSoftmax", 12, "f:n,3", ""),
        ("Softmax", 13, "f:n,2,3", "axis=1"),
        ("LayerNormalization", 17, "f:n,2,3|=f:2,3", "axis=1 epsilon=0.001"),
        ("GroupNormalization", 18, "f:n,4,5|=f:2|=f:2", "num_groups=2"),
        ("BatchNormalization", 15, Image + "|=f:4|=f:4|=f:4|=f:4", "training_mode=0"),
        ("InstanceNormalization", 15, Image + "|=f:4|=f:4", ""),
        ("ReduceMean ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMin ReduceProd ReduceSumSquare", 13, "f:n,2,3",
            "axes=[1,-1] keepdims=0"),
        ("ReduceMean ReduceMax", 18, "f:n,3|=l:1=1", "keepdims=1"),
        ("ReduceSum", 13, "f:n,2,3|=l:2=1,2", ""),
        ("ReduceProd", 13, "=l:3", "keepdims=0"),
        ("ArgMax ArgMin", 13, "f:n,2,3", "axis=-1 keepdims=0"),
        ("TopK", 13, "f:n,5,2|=l:1=5", "axis=1 largest=0"),
        ("Conv", 12, Image + "|=f:6,2,3,2|=f:6", "strides=[2,3] dilations=[2,1] pads=[0,1,3,2] group=2"),
        ("Conv", 12, "f:n,4,1,7|=f:6,4,1,3|=f:6", "kernel_shape=[1,3] pads=[0,1024,0,0] dilations=[1,512]"),
        ("ConvTranspose", 12, Image + "|=f:4,3,3,3|=f:3", "strides=[2,2] pads=[1,1,1,1] output_padding=[1,0]"),
        ("MaxPool AveragePool", 12, Image, "kernel_shape=[2,2] strides=[2,2] ceil_mode=1"),
        ("GlobalAveragePool GlobalMaxPool", 13, Image, ""),
        ("DepthToSpace", 13, Image, "blocksize=2"),
        ("SpaceToDepth", 13, "f:n,1,4,6", "blocksize=2"),
        ("Resize", 13, Image + "|=f:0|=f:4=1,1,2,3", "mode='nearest' coordinate_transformation_mode='asymmetric' nearest_mode='floor'"),
        ("Resize", 18, Image + "|-|=f:2=2,2", "axes=[2,3] mode='linear'"),
        ("Resize", 19, Image + "|-|-|=l:2=9,4", "axes=[2,3]"),
        ("Concat", 13, "f:n,3|f:n,2|f:n,1", "axis=-1"),
        ("Concat", 13, "=l:1|=l:2", "axis=0"),
        ("ConstantOfShape", 13, "=l:2=2,3", ""),
        ("Expand", 13, "f:n,1,3|=l:3=1,4,1", ""),
        ("Flatten", 13, "f:n,2,3", "axis=-1"),
        ("Gather", 13, "=t:4|l:n,1", ""),
        ("Gather", 13, "f:n,4|=l:2=0,3", "axis=1"),
        ("Gather", 13, "=l:3|=l:=1", ""),
        ("GatherElements", 13, "f:n,4|l:n,2", "axis=1"),
        ("Pad", 13, "f:n,4|=l:4=0,1,0,2", "mode='constant'"),
        ("Reshape", 14, "f:n,2,3|=l:4=0,3,1,2", "allowzero=0"),
        ("Reshape", 13, "f:n,6|=l:2=-1,2", ""),
        ("Reshape", 13, "=f:2,6|=l:2=3,4", ""),
        ("Shape", 13, "f:n,3", ""),
        ("Slice", 13, "f:n,4,6|=l:2=0,1|=l:2=3,-1|=l:2=1,2", ""),
        ("Slice", 12, "f:n,6|=i:1=-1|=i:1=-1000|=i:1=-1|=i:1=-1", ""),
        ("Split", 13, "f:n,6|=l:1=6", "axis=1"),
        ("Squeeze", 13, "f:n,1,3,1|=l:2=1,-1", ""),
        ("Squeeze", 12, "f:n,1,3", "axes=[1]"),
        ("Tile", 13, "f:n,2|=l:2=1,3", ""),
        ("Transpose", 13, "f:n,2,3", "perm=[0,2,1]"),
        ("Transpose", 13, "=f:2,3", ""),
        ("Unsqueeze", 13, "f:n,3|=l:1=1", ""),
        ("Unsqueeze", 12, "f:n,3", "axes=[1,-1]"),
        ("QuantizeLinear", 13, "f:n,3|=f:|=u:", ""),
        ("DequantizeLinear", 13, "=s:4,3|=f:4|=s:4", "axis=0"),
    ];

    public static IEnumerable<object[]> Allowed =>
        from form in s_allowed from operation in form.Operations.Split(' ')
        select new object[] { operation, form.Opset, form.Inputs, form.Attributes };

    [TestMethod]
    [DynamicData(nameof(Allowed))]
    public void An_operator_of_the_list_makes_what_its_rule_says(string operation, int opset, string inputs, string attributes)
    {
        var model = Model(operation, opset, inputs, attributes);
        var values = Check(model, opset);
        foreach (int rows in new[] { 1, 3 })
        {
            using var session = new InferenceSession(model.ToByteArray());
            var feeds = model.Graph.Input.ToDictionary(input => input.Name, input => Feed(input.Type.TensorType, rows));
            using var run = new RunOptions();
            using var results = session.Run(run, feeds, [.. session.OutputMetadata.Keys]);
            foreach (var (name, result) in session.OutputMetadata.Keys.Zip(results))
            {
                var made = result.GetTensorTypeAndShape();
                Assert.AreEqual($"{values[name].Type} {values[name].Rank}", $"{(int)made.ElementDataType} {made.Shape.Length}", name);
                Assert.IsTrue(!values[name].OfRows || made.Shape[0] % rows == 0, $"{name} of {rows} rows: {string.Join(", ", made.Shape)}");
            }
            foreach (var feed in feeds.Values)
                feed.Dispose();
        }
    }

    [TestMethod]
    public void Every_operator_of_the_list_is_tried() =>
        CollectionAssert.AreEquivalent(OperatorList.Names.ToArray(),
            s_allowed.SelectMany(form => form.Operations.Split(' ')).Distinct().ToArray());

    [TestMethod]
    public void The_documentation_names_every_operator_and_no_other()
    {
        var lines = File.ReadLines(Repository.PathOf("docs", "importing.md"))
            .SkipWhile(line => line != "The operators that are run:").Skip(2).TakeWhile(line => line.Length > 0);
        CollectionAssert.AreEqual(OperatorList.Names.Order(StringComparer.Ordinal).ToArray(),
            string.Join(' ', lines).TrimEnd('.').Split(", "));
    }

    [TestMethod]
    [DataRow("Einsum", 17, "f:n,3|=f:3", "", "'node' (Einsum), which is not among the operators that are run in opset 17")]
    [DataRow("Mish", 17, "f:n,3", "", "which is not among the operators that are run in opset 17")]
    [DataRow("RandomUniformLike", 17, "f:n,3", "", "whose result is drawn at random")]
    [DataRow("DynamicQuantizeLinear", 17, "f:n,3", "", "which is not among the operators")]
    [DataRow("Mod", 17, "=l:2|=l:2", "", "which is not among the operators")]
    [DataRow("Div", 17, "=l:1|=l:1", "", "divides Int64. Whole numbers are not divided")]
    [DataRow("ReduceMean", 17, "=i:2,2", "axes=[1]", "divides Int32")]
    [DataRow("Relu", 17, "-", "", "lacks its input 1")]
    [DataRow("Cast", 17, "t:n,3", "to=1", "casts String to the type 1")]
    [DataRow("Cast", 17, "f:n,3", "to=16", "as BFloat16")]
    [DataRow("Dropout", 17, "f:n,3|-|=b:", "", "drops values by chance")]
    [DataRow("BatchNormalization", 17, Image + "|=f:4|=f:4|=f:4|=f:4", "training_mode=1", "expected 0. Export it in evaluation mode")]
    [DataRow("ReduceMean", 17, "f:n,3", "axes=[0]", "works along the first axis")]
    [DataRow("ReduceMean", 17, "f:n,3", "axes=[1,-2]", "works along the first axis")]
    [DataRow("ReduceMax", 17, "f:n,3", "", "works along the first axis")]
    [DataRow("ReduceSum", 17, "f:n,3|l:n,1", "", "computes its input 2; expected a list of whole numbers that is stored")]
    [DataRow("ReduceSum", 17, "f:n,3|=l:1=1", "keepdims=2", "with 'keepdims' of 2; expected 0 to 1")]
    [DataRow("Softmax", 17, "f:n,3", "axis=0", "works along the first axis")]
    [DataRow("ArgMax", 17, "f:n,3", "", "works along the first axis")]
    [DataRow("LayerNormalization", 17, "f:n,3|=f:3", "axis=-2", "works along the first axis")]
    [DataRow("TopK", 17, "f:n,3|=l:1=1", "axis=0", "works along the first axis")]
    [DataRow("TopK", 17, "f:n,3|=l:1=0", "axis=1", "has the lengths [0]")]
    [DataRow("Concat", 17, "f:n,3|f:n,3", "axis=0", "works along the first axis")]
    [DataRow("Split", 17, "f:n,3|=l:1=3", "", "works along the first axis")]
    [DataRow("Slice", 17, "f:n,6|=l:1=0|=l:1=1", "", "works along the first axis")]
    [DataRow("Slice", 17, "f:n,6|=l:1=0|=l:1=1|=l:1=1|=l:1=0", "", "has such steps")]
    [DataRow("Gather", 17, "f:n,3|=l:1=0", "", "works along the first axis")]
    [DataRow("Gather", 17, "f:n,3|l:n,1", "axis=1", "picks by rows")]
    [DataRow("Gather", 17, "=f:4,3|l:n,1", "axis=1", "picks by rows")]
    [DataRow("GatherElements", 17, "f:n,4|l:n,2", "", "works along the first axis")]
    [DataRow("Flatten", 17, "f:n,3", "axis=0", "works along the first axis")]
    [DataRow("Reshape", 17, "f:n,6|=l:2=1,-1", "", "gives a batch the shape [1, -1], so that a row would depend on those beside it")]
    [DataRow("Reshape", 17, "f:n,6|l:n,2", "", "takes an input 2 that is made of rows")]
    [DataRow("Transpose", 17, "f:n,3", "", "moves the first axis")]
    [DataRow("Squeeze", 17, "f:n,1", "", "works along the first axis")]
    [DataRow("Unsqueeze", 17, "f:n,3|=l:1=0", "", "works along the first axis")]
    [DataRow("Unsqueeze", 17, "f:n,3|=l:1=-3", "", "works along the first axis")]
    [DataRow("Gemm", 17, "f:n,3|=f:3,3", "transA=1", "turns its first matrix")]
    [DataRow("Gemm", 17, "=f:3,3|f:n,3", "", "takes an input 2 that is made of rows")]
    [DataRow("MatMul", 17, "f:n,3|f:n,3", "", "multiplies values of 2 and 2 axes")]
    [DataRow("MatMul", 17, "f:n,3|=f:2,3,3", "", "multiplies values of 2 and 3 axes")]
    [DataRow("Add", 17, "f:n,3|f:n,1,3", "", "stretches a value of 2 axes to 3")]
    [DataRow("Conv", 17, "=f:1,4,5,5|f:n,4,3,3", "", "takes an input 2 that is made of rows")]
    [DataRow("Conv", 17, Image + "|=f:6,4,3,3", "strides=[0,1]", "with 'strides' of 0, 1; expected 1 to 64")]
    [DataRow("Conv", 17, Image + "|=f:6,4,3,3", "pads=[1,1,1,-1]", "with 'pads'")]
    [DataRow("Conv", 17, Image + "|=f:6,4,3,3", "group=0", "with 'group' of 0")]
    [DataRow("Conv", 17, Image + "|=f:6,4,3,3", "dilations=[1,0]", "with 'dilations' of 1, 0; expected 1 to 1024")]
    [DataRow("Conv", 17, Image + "|=f:6,4,3,3", "dilations=[1,1025] pads=[0,2050,0,0]", "with 'dilations' of 1, 1025")]
    [DataRow("ConvTranspose", 17, Image + "|=f:4,3,3,3", "strides=[65537,1]", "with 'strides'")]
    [DataRow("DepthToSpace", 17, Image, "blocksize=0", "with 'blocksize' of 0")]
    [DataRow("Resize", 17, Image + "|-|=f:4=1,1,1000,1000", "", "has the scales [1, 1, 1000, 1000]; expected numbers up to 64")]
    [DataRow("Resize", 17, Image + "|-|=f:4=2,1,1,1", "", "works along the first axis")]
    [DataRow("Resize", 17, Image + "|-|f:n,4", "", "computes its scales")]
    [DataRow("Resize", 19, Image + "|-|-|=l:2=1048576,1048576", "axes=[2,3]", "has the lengths [1048576, 1048576]")]
    [DataRow("Resize", 17, Image + "|-|=f:4=1,1,2,2", "coordinate_transformation_mode='tf_crop_and_resize'", "a part of an image")]
    [DataRow("Expand", 17, "f:n,1|=l:2=1,2000000000", "", "has the lengths [1, 2000000000]")]
    [DataRow("Expand", 17, "f:n,1|=l:3=2,1,2", "", "stretches a batch to [2, 1, 2]")]
    [DataRow("Expand", 17, "f:n,1|l:n,2", "", "computes its input 2")]
    [DataRow("ConstantOfShape", 17, "=l:2=1048576,1048576", "", "at most 16777216 elements")]
    [DataRow("Tile", 17, "f:n,3|=l:2=2,1", "", "works along the first axis")]
    [DataRow("Tile", 17, "f:n,3|=l:2=1,20000000", "", "has the lengths")]
    [DataRow("Pad", 17, "f:n,3|=l:4=0,0,1,0", "", "works along the first axis")]
    [DataRow("Pad", 17, "f:n,3|=l:4=0,0,0,2000", "", "has the borders [0, 0, 0, 2000] of 2 axes")]
    public void What_would_do_harm_is_refused(string operation, int opset, string inputs, string attributes, string message)
    {
        var error = Assert.ThrowsExactly<InvalidDataException>(() => Check(Model(operation, opset, inputs, attributes), opset));
        StringAssert.StartsWith(error.Message, "The file 'x.onnx' ");
        StringAssert.Contains(error.Message, message);
    }

    private static Dictionary<string, GraphValue> Check(ModelProto model, int opset)
    {
        const string source = "The file 'x.onnx'";
        GraphCheck.Structure(model, source);
        return GraphCheck.CheckNodes(model.Graph, [.. model.Graph.Input.Select(input => (input.Name,
            new GraphValue(input.Type.TensorType.ElemType, input.Type.TensorType.Shape.Dim.Count, OfRows: true)))], opset, source);
    }

    private static ModelProto Model(string operation, int opset, string inputs, string attributes)
    {
        var node = new NodeProto { Name = "node", OpType = operation,
            Output = { operation == "TopK" ? ["y0", "y1"] : new[] { "y0" } },
            Attribute = { attributes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Attribute) } };
        var graph = new GraphProto { Name = "one node", Node = { node } };
        foreach (string input in inputs.Split('|'))
        {
            string name = input == "-" ? "" : $"x{node.Input.Count}";
            node.Input.Add(name);
            if (name.Length > 0)
                AddInput(graph, name, input);
        }
        graph.Output.Add(node.Output.Select(output => new ValueInfoProto { Name = output }));
        var set = new OperatorSetIdProto { Version = opset };
        return new ModelProto { IrVersion = opset > 19 ? 10 : 8, Graph = graph, OpsetImport = { set } };
    }

    private static void AddInput(GraphProto graph, string name, string text)
    {
        string[] parts = text.TrimStart('=').Split(':')[1].Split('='), lengths = parts[0].Split(',', StringSplitOptions.RemoveEmptyEntries);
        int type = text.TrimStart('=')[0] switch
        {
            'f' => TensorTypes.Single, 'u' => TensorTypes.UInt8, 's' => TensorTypes.Int8, 'i' => TensorTypes.Int32,
            'l' => TensorTypes.Int64, 'b' => TensorTypes.Boolean, _ => TensorTypes.String,
        };
        if (text[0] != '=')
        {
            var shape = new TensorShapeProto { Dim = { lengths.Select(length => length == "n"
                ? new TensorShapeProto.Types.Dimension { DimParam = "batch" }
                : new TensorShapeProto.Types.Dimension { DimValue = long.Parse(length, CultureInfo.InvariantCulture) }) } };
            graph.Input.Add(new ValueInfoProto { Name = name,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape } } });
            return;
        }
        long[] stored = Array.ConvertAll(lengths, length => long.Parse(length, CultureInfo.InvariantCulture));
        int count = (int)stored.Aggregate(1L, (product, length) => product * length);
        string[] numbers = parts.Length > 1 ? parts[1].Split(',') : [.. Enumerable.Repeat("1", count)];
        var tensor = new TensorProto { Name = name, DataType = type, Dims = { stored } };
        if (type == TensorTypes.String)
            tensor.StringData.Add(numbers.Take(count).Select(ByteString.CopyFromUtf8));
        else if (type == TensorTypes.Single)
            tensor.FloatData.Add(numbers.Take(count).Select(number => float.Parse(number, CultureInfo.InvariantCulture)));
        else if (type == TensorTypes.Int64)
            tensor.Int64Data.Add(numbers.Take(count).Select(number => long.Parse(number, CultureInfo.InvariantCulture)));
        else
            tensor.Int32Data.Add(numbers.Take(count).Select(number => int.Parse(number, CultureInfo.InvariantCulture)));
        graph.Initializer.Add(tensor);
    }

    private static AttributeProto Attribute(string text)
    {
        string[] parts = text.Split('=');
        string value = parts[1];
        if (value[0] == '[')
            return OnnxAttribute.Int64s(parts[0], [.. value.Trim('[', ']').Split(',')
                .Select(item => long.Parse(item, CultureInfo.InvariantCulture))]);
        if (value[0] == '\'')
            return OnnxAttribute.String(parts[0], value.Trim('\''));
        return value.Contains('.', StringComparison.Ordinal)
            ? new AttributeProto { Name = parts[0], Type = AttributeType.Float, F = float.Parse(value, CultureInfo.InvariantCulture) }
            : OnnxAttribute.Int64(parts[0], long.Parse(value, CultureInfo.InvariantCulture));
    }

    private static OrtValue Feed(TypeProto.Types.Tensor input, int rows)
    {
        long[] shape = [.. input.Shape.Dim.Select(axis => axis.DimParam.Length > 0 ? rows : axis.DimValue)];
        int count = (int)shape.Aggregate(1L, (product, length) => product * length);
        return input.ElemType switch
        {
            TensorTypes.Single => Of(Enumerable.Range(0, count).Select(i => i * 0.25f + 0.5f)),
            TensorTypes.Int64 => Of(Enumerable.Range(0, count).Select(i => (long)(i % 2))),
            TensorTypes.Boolean => Of(Enumerable.Range(0, count).Select(i => i % 2 == 0)),
            _ => OrtValue.CreateFromStringTensor(new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<string>(
                Enumerable.Repeat("a", count).ToArray(), [.. shape.Select(length => (int)length)])),
        };

        OrtValue Of<T>(IEnumerable<T> values) where T : unmanaged => OrtValue.CreateTensorValueFromMemory(values.ToArray(), shape);
    }
}
