using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

[TestClass]
public sealed class LayerWeightTests
{
    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void The_weights_of_a_model_are_those_of_its_layers_and_nothing_of_scaling_normalization_and_score(string variant)
    {
        var (graph, layers) = Graph(variant);
        string[] weights = [.. graph.Node.Where(node => node.OpType is "Gemm" or "Conv" or "ConvTranspose").Select(node => node.Input[1])
            .Distinct()];
        CollectionAssert.AreEqual(weights, Names(LayerWeight.Find(graph, layers)));
        CollectionAssert.AreEqual(weights, Names(LayerWeight.Find(graph, [])), "files of before name no layers");
        CollectionAssert.AreEquivalent(weights, layers.Where(layer => layer.Function is "linear" or "conv2d" or "conv_transpose2d")
            .Select(layer => layer.Tensors["weight"]).ToArray());
    }

    [TestMethod]
    public void A_unit_is_a_row_of_a_transposed_matrix_and_a_channel_of_a_filter()
    {
        var dense = Find("dense")[0];
        Assert.IsTrue(dense.IsTransposed);
        Assert.AreEqual((0, 10), (dense.Axis, dense.Units));
        Assert.AreEqual((0, 1, 9), (dense.UnitOf(11), dense.UnitOf(12), dense.UnitOf(119)), "twelve inputs to a unit");
        Assert.IsTrue(dense.IsPlainProduct);

        var transposed = Find("contractive convolutional").Single(weight => weight.Users[0].OpType == "ConvTranspose");
        Assert.AreEqual(1, transposed.Axis);
        int area = (int)(transposed.Tensor.Dims[2] * transposed.Tensor.Dims[3]);
        Assert.AreEqual((0, 1 % transposed.Units, 0),
            (transposed.UnitOf(area - 1), transposed.UnitOf(area), transposed.UnitOf(area * transposed.Units)));
        Assert.IsFalse(transposed.IsPlainProduct);

        var twice = Find("variational dense");
        Assert.IsTrue(twice.Any(weight => weight.Users.Length == 2), "a decoder that stands in the graph twice has its weights once");
        Assert.IsTrue(twice.All(weight => weight.IsPlainProduct));
    }

    [TestMethod]
    public void A_weight_that_something_else_takes_too_or_that_is_no_layers_stays_as_it_is()
    {
        var (graph, layers) = Graph("dense");
        string[] weights = [.. graph.Node.Where(node => node.OpType == "Gemm").Select(node => node.Input[1])];
        var (shared, other) = (weights[0], weights[^1]);
        graph.Node.Add(new NodeProto { OpType = "Abs", Name = "other", Input = { shared }, Output = { "other" } });
        CollectionAssert.DoesNotContain(Names(LayerWeight.Find(graph, layers)), shared);
        CollectionAssert.DoesNotContain(
            Names(LayerWeight.Find(graph, [.. layers.Where(layer => !layer.Tensors.Values.Contains(other))])), other);
    }

    private static string[] Names(LayerWeight[] weights) => Array.ConvertAll(weights, weight => weight.Tensor.Name);

    private static LayerWeight[] Find(string variant)
    {
        var (graph, layers) = Graph(variant);
        return LayerWeight.Find(graph, layers);
    }

    private static (GraphProto Graph, IReadOnlyList<NetworkLayer> Layers) Graph(string variant)
    {
        var model = OnnxFile.Parse(EveryVariant.Fitted(variant).ToOnnx(OnnxGraph.Scorer), variant);
        return (model.Graph, AutoencoderMetadata.Read(OnnxFile.GetMetadata(model), variant).Layers);
    }
}
