using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

[TestClass]
public sealed class GraphBuilderTests
{
    [TestMethod]
    public void A_built_graph_runs()
    {
        var graph = new OnnxGraphBuilder("test");
        string x = graph.Input("x", 2, "");
        string y = graph.Node("Add", "sum", [x, graph.Initializer("one", [1, 1], 2)]);
        graph.Output(graph.Rename(y, "y"), TensorTypes.Single, 2, "");
        CollectionAssert.AreEqual(new float[] { 2, 3, 4, 5 },
            OnnxPipelines.Run(graph.Build(new Dictionary<string, string>()), "x", [1, 2, 3, 4], 2)["y"]);
    }

    [TestMethod]
    public void Wrong_use_is_refused_by_name()
    {
        var graph = new OnnxGraphBuilder("test");
        string x = graph.Input("x", 2, "");
        Fails.With<ArgumentException>("two values with the name 'x'", () => graph.Input("x", 2, ""));
        Fails.With<ArgumentException>("takes 'nothing'", () => graph.Node("Add", "sum", [x, "nothing"]));
        Fails.With<ArgumentException>("has 3 values; its shape [2] holds 2", () => graph.Initializer("w", [1, 2, 3], 2));
        Fails.With<ArgumentException>("no node that makes 'x'", () => graph.Output("x", TensorTypes.Single, 2, ""));
        Fails.With<ArgumentException>("no node that makes 'z'", () => graph.Rename("z", "y"));
    }

    [TestMethod]
    public void A_cut_keeps_what_the_outputs_take_and_nothing_else()
    {
        var graph = new OnnxGraphBuilder("test");
        string x = graph.Input("x", 1, "");
        string a = graph.Node("Add", "a", [x, graph.Initializer("one", [1], 1)]);
        string b = graph.Node("Mul", "b", [a, graph.Initializer("two", [2], 1)]);
        graph.Output(a, TensorTypes.Single, 1, "");
        graph.Output(b, TensorTypes.Single, 1, "");
        var whole = OnnxFile.Parse(graph.Build(new Dictionary<string, string> { ["k"] = "v" }), "The graph");

        var front = OnnxFile.Cut(whole, ["x"], ["a"]);
        Assert.AreEqual("Add", string.Join(' ', front.Graph.Node.Select(node => node.OpType)));
        Assert.AreEqual("one", string.Join(' ', front.Graph.Initializer.Select(tensor => tensor.Name)));
        Assert.AreEqual("v", OnnxFile.GetMetadata(front)["k"]);

        var back = OnnxFile.Cut(whole, ["a"], ["b"]);
        Assert.AreEqual("Mul", string.Join(' ', back.Graph.Node.Select(node => node.OpType)));
        Assert.AreEqual("two", string.Join(' ', back.Graph.Initializer.Select(tensor => tensor.Name)));

        Fails.With<ArgumentException>("no input or output 'c'", () => OnnxFile.Cut(whole, ["x"], ["c"]));
        Fails.With<ArgumentException>("need the input 'x'", () => OnnxFile.Cut(whole, ["b"], ["a"]));
    }
}
