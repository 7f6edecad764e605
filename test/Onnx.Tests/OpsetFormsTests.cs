using Microsoft.ML;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Our graphs in other opsets than 17: ONNX Runtime knows all of their forms.</summary>
[TestClass]
public sealed class OpsetFormsTests
{
    private static ModelProto Graph(string operation, IReadOnlyList<string> inputs, params AttributeProto[] attributes)
    {
        var graph = new OnnxGraphBuilder("test");
        graph.Input("x", 2, "");
        graph.Output(graph.Node(operation, "node", inputs, attributes), TensorTypes.Single, 2, "");
        return OnnxFile.Parse(graph.Build(new Dictionary<string, string>()), "The graph");
    }

    [TestMethod]
    [DataRow(12, 7)]
    [DataRow(13, 7)]
    [DataRow(14, 7)]
    [DataRow(15, 8)]
    [DataRow(16, 8)]
    [DataRow(17, 8)]
    [DataRow(18, 8)]
    [DataRow(19, 9)]
    [DataRow(20, 9)]
    [DataRow(21, 10)]
    public void Each_opset_comes_with_its_IR_version(int opset, int irVersion)
    {
        var converted = OpsetForms.Convert(Graph("Neg", ["x"]), opset);
        Assert.AreEqual((irVersion, opset), (converted.IrVersion, converted.OpsetImport.Single().Version));
        Assert.AreEqual(opset, OpsetForms.Of(converted));
    }

    [TestMethod]
    public void Axes_are_an_input_from_opset_18_on_and_an_attribute_before()
    {
        var model = Graph("ReduceMean", ["x"], OnnxAttribute.Int64s("axes", 1), OnnxAttribute.Int64("keepdims", 1));
        Assert.AreEqual(model, OpsetForms.Convert(model, 17));
        var later = OpsetForms.Convert(model, 18);
        var node = later.Graph.Node.Single();
        Assert.AreEqual("x,node/axes", string.Join(',', node.Input));
        Assert.AreEqual("keepdims", node.Attribute.Single().Name);
        Assert.AreEqual("node/axes", later.Graph.Initializer.Single().Name);
        var back = OpsetForms.Convert(later, 17).Graph;
        Assert.AreEqual("x", string.Join(',', back.Node.Single().Input));
        Assert.AreEqual(1, back.Node.Single().Attribute.Single(attribute => attribute.Name == "axes").Ints.Single());
        Assert.IsEmpty(back.Initializer);
    }

    [TestMethod]
    public void What_is_not_known_is_refused_by_name()
    {
        Fails.With<ArgumentOutOfRangeException>("The opset is 11; expected 12 to 21", () => OpsetForms.Convert(Graph("Neg", ["x"]), 11));
        Fails.With<ArgumentOutOfRangeException>("The opset is 22; expected 12 to 21", () => OpsetForms.Convert(Graph("Neg", ["x"]), 22));
        Fails.With<NotSupportedException>("The node 'node' has the operator Celu", () => OpsetForms.Convert(Graph("Celu", ["x"]), 17));
        Fails.With<NotSupportedException>("not over the last axis",
            () => OpsetForms.Convert(Graph("Softmax", ["x"], OnnxAttribute.Int64("axis", 1)), 12));
        var other = Graph("Neg", ["x"]);
        other.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 2 });
        Fails.With<NotSupportedException>("'ai.onnx.ml' 2", () => OpsetForms.Convert(other, 17));
        other = Graph("Neg", ["x"]);
        other.Graph.Node[0].Domain = "com.microsoft";
        Fails.With<NotSupportedException>("com.microsoft.Neg", () => OpsetForms.Convert(other, 17));
    }
}
