using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Graphs that this library does not write, in every form: what comes of importing, and of other opsets.</summary>
[TestClass]
public sealed class QuantizedGraphTests
{
    private const int Inputs = 24, Hidden = 16, Outputs = 6, Rows = 64;

    private static readonly float[] s_rows = Normal(1, Rows * Inputs);

    public static IEnumerable<object[]> FormsAndOpsets =>
        from form in Enum.GetValues<OnnxQuantization>() from opset in new[] { 13, 17, 18, 21 } select new object[] { form, opset };

    [TestMethod]
    [DynamicData(nameof(FormsAndOpsets))]
    public void Products_of_every_kind_stay_close_in_every_opset(OnnxQuantization form, int opset)
    {
        var model = Foreign(opset);
        var quantized = QuantizedGraph.Write(model, [], form, form == OnnxQuantization.StaticInt8 ? Ranges(model) : null);
        Assert.IsTrue(quantized.Graph.Initializer.Where(tensor => tensor.Name.EndsWith("weight", StringComparison.Ordinal))
            .All(tensor => tensor.DataType != TensorTypes.Single));

        float[] before = Run(model), after = Run(quantized);
        double spread = Math.Sqrt(before.Average(value => (double)value * value));
        double error = Math.Sqrt(before.Zip(after, (a, b) => ((double)a - b) * (a - b)).Average());

        // A weight of n levels is rounded by up to a half of 1/n of the unit's largest one, an input by half of 1/255
        // of its range; three layers add up. Float16 has 11 digits.
        Assert.IsTrue(error <= (form == OnnxQuantization.Float16 ? 1e-3 : 0.03) * spread, $"{error / spread}");
        Assert.IsTrue(error > 0, "something has been rounded");
    }

    [TestMethod]
    public void An_opset_without_a_scale_for_each_unit_is_refused()
    {
        var model = Foreign(12);
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => QuantizedGraph.Write(model, [], OnnxQuantization.StaticInt8, Ranges(Foreign(13))));
        StringAssert.Contains(error.Message, "opset 12");
        StringAssert.Contains(error.Message, "needs 13");
        Assert.AreEqual(Rows * Outputs, Run(QuantizedGraph.Write(model, [], OnnxQuantization.Int8Weights)).Length,
            "whereas wide weights need nothing of it");
    }

    [TestMethod]
    public void The_weight_of_a_layer_that_is_more_than_a_product_is_widened()
    {
        var model = Foreign(17);
        model.Graph.Node.Single(node => node.OpType == "Gemm").Attribute.Add(
            new AttributeProto { Name = "alpha", Type = AttributeProto.Types.AttributeType.Float, F = 0.5f });
        var quantized = QuantizedGraph.Write(model, [], OnnxQuantization.StaticInt8, Ranges(model));
        Assert.AreEqual(1, quantized.Graph.Node.Count(node => node.OpType == "Cast"));
        Assert.AreEqual(2, quantized.Graph.Node.Count(node => node.OpType == "QuantizeLinear"));
    }

    [TestMethod]
    public void A_value_beyond_sixteen_bits_leaves_its_weight_in_thirty_two()
    {
        var model = Foreign(17);
        var first = model.Graph.Initializer.Single(tensor => tensor.Name == "first/weight");
        float[] values = first.ToSingles();
        values[3] = 70000;
        first.RawData = Bytes(values);
        var quantized = QuantizedGraph.Write(model, [], OnnxQuantization.Float16).Graph.Initializer.ToDictionary(
            tensor => tensor.Name, tensor => tensor.DataType);
        Assert.AreEqual(TensorTypes.Single, quantized["first/weight"]);
        Assert.AreEqual(TensorTypes.Half, quantized["second/weight"]);
    }

    [TestMethod]
    public void Integer_weights_leave_room_for_two_products_in_sixteen_bits()
    {
        // What processors without VNNI add up in 16 bits: two products of an input's byte, 255 at most, and a weight's.
        var model = Foreign(17);
        var weights = QuantizedGraph.Write(model, [], OnnxQuantization.StaticInt8, Ranges(model)).Graph.Initializer.Where(
            tensor => tensor.Name.EndsWith("weight", StringComparison.Ordinal)).ToArray();
        Assert.AreEqual(3, weights.Length);
        int largest = weights.Max(tensor => tensor.RawData.Max(value => Math.Abs((sbyte)value)));
        Assert.AreEqual(64, largest);
        Assert.IsTrue(2 * 255 * largest <= short.MaxValue);
    }

    [TestMethod]
    public void A_range_holds_zero_at_a_whole_number_of_steps_from_both_ends()
    {
        Assert.AreEqual(new ValueRange(-2.345678f, 7.654321f),
            default(ValueRange).With([7.654321f, float.NaN]).With([-2.345678f, float.PositiveInfinity, 0.5f]));
        Assert.AreEqual(new ValueRange(0, 9), default(ValueRange).With([3, 9]));
        foreach (var range in new[] { new ValueRange(-1, 3), new ValueRange(0, 5), new ValueRange(-7, 0), new ValueRange(0, 0),
            new ValueRange(-1e-44f, 1e-44f), new ValueRange(-3e38f, 3e38f) })
        {
            Assert.IsTrue(range.Scale > 0 && float.IsFinite(range.Scale), $"{range}");
            Assert.AreEqual(Math.Clamp(-range.Least / (double)range.Scale, 0, 255), range.ZeroPoint, 0.5, $"{range}");
        }
    }

    [TestMethod]
    public void A_unit_that_has_died_keeps_its_bias()
    {
        var model = Foreign(17);
        var (weight, bias) = (model.Graph.Initializer.Single(tensor => tensor.Name == "second/weight"),
            model.Graph.Initializer.Single(tensor => tensor.Name == "second/bias"));
        float[] weights = weight.ToSingles(), biases = bias.ToSingles();
        for (int i = 0; i < Hidden; i++)
        {
            weights[i * Hidden] = 0;
            weights[i * Hidden + 1] = 1e-20f;
        }
        biases[0] = 3;
        biases[1] = -1234;
        (weight.RawData, bias.RawData) = (Bytes(weights), Bytes(biases));
        foreach (var form in Enum.GetValues<OnnxQuantization>())
        {
            var quantized = QuantizedGraph.Write(model, [], form, Ranges(model));
            quantized.Graph.Output[0].Name = "second";
            float[] second = Run(quantized, "second");
            for (int row = 0; row < Rows; row++)
            {
                Assert.AreEqual(3, second[row * Hidden], 1e-4, $"{form}");
                Assert.AreEqual(-1234, second[row * Hidden + 1], 1e-3, $"{form}: a bias of that size has no more digits");
            }
        }
    }

    /// <summary>
    /// Three products as other exporters write them: MatMul and Add, a Gemm whose matrix is not transposed, and a
    /// MatMul without bias.
    /// </summary>
    private static ModelProto Foreign(int opset)
    {
        var graph = new GraphProto { Name = "foreign" };
        void Weight(string name, int seed, params long[] shape) => graph.Initializer.Add(new TensorProto
        {
            Name = name, DataType = TensorTypes.Single, Dims = { shape },
                RawData = Bytes(Normal(seed, (int)shape.Aggregate(1L, (a, b) => a * b))),
        });
        void Node(string operation, string name, params string[] inputs) =>
            graph.Node.Add(new NodeProto { OpType = operation, Name = name, Input = { inputs }, Output = { name } });
        Weight("first/weight", 2, Inputs, Hidden);
        Weight("first/bias", 3, Hidden);
        Weight("second/weight", 4, Hidden, Hidden);
        Weight("second/bias", 5, Hidden);
        Weight("third/weight", 6, Hidden, Outputs);
        Node("MatMul", "first/product", "x", "first/weight");
        Node("Add", "first", "first/product", "first/bias");
        Node("Tanh", "first/activation", "first");
        Node("Gemm", "second", "first/activation", "second/weight", "second/bias");
        Node("Relu", "second/activation", "second");
        Node("MatMul", "y", "second/activation", "third/weight");
        graph.Input.Add(Value("x", Inputs));
        graph.Output.Add(Value("y", Outputs));
        return new ModelProto { IrVersion = opset >= 21 ? 10 : 8, Graph = graph,
            OpsetImport = { new OperatorSetIdProto { Version = opset } } };
    }

    private static ValueInfoProto Value(string name, int width) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = TensorTypes.Single,
                Shape = new TensorShapeProto { Dim =
                    { new TensorShapeProto.Types.Dimension { DimParam = "batch" },
                    new TensorShapeProto.Types.Dimension { DimValue = width } } },
            },
        },
    };

    private static Dictionary<string, ValueRange> Ranges(ModelProto model)
    {
        using var ranges = new ActivationRanges(model, [], [("x", Inputs)], Rows);
        for (int row = 0; row < Rows; row++)
            s_rows.AsSpan(row * Inputs, Inputs).CopyTo(ranges.InputRow(0, row));
        ranges.Add(Rows);
        return ranges.Find();
    }

    private static float[] Run(ModelProto model, string output = "y")
    {
        using var session = new InferenceSession(model.ToByteArray());
        using var tensor = OrtValue.CreateTensorValueFromMemory(s_rows, [Rows, Inputs]);
        using var options = new RunOptions();
        using var results = session.Run(options, ["x"], [tensor], [output]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static float[] Normal(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)LabeledDigits.Normal(random))];
    }

    private static ByteString Bytes(float[] values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return ByteString.CopyFrom(bytes);
    }
}
