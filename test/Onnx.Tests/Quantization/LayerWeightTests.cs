using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

[TestClass]
public sealed class LayerWeightTests
{
    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void The_weights_of_a_model_are_those_of_its_layers_and_nothing_of_scaling_normalization_and_score(string variant)
    {
        var graph = Graph(variant);
        string[] layers = [.. graph.Node.Where(node => node.OpType is "Gemm" or "Conv" or "ConvTranspose").Select(node => node.Input[1])
            .Distinct()];
        string[] found = [.. LayerWeight.Find(graph).Select(weight => weight.Tensor.Name)];
        CollectionAssert.AreEqual(layers, found);
        Assert.IsTrue(found.All(name => name.EndsWith("/weight", StringComparison.Ordinal)), string.Join(", ", found));
    }

    [TestMethod]
    public void A_unit_is_a_row_of_a_transposed_matrix_and_a_channel_of_a_filter()
    {
        var dense = LayerWeight.Find(Graph("dense"))[0];
        Assert.IsTrue(dense.IsTransposed);
        Assert.AreEqual((0, 10), (dense.Axis, dense.Units));
        Assert.AreEqual((0, 1, 9), (dense.UnitOf(11), dense.UnitOf(12), dense.UnitOf(119)), "twelve inputs to a unit");
        Assert.IsTrue(dense.IsPlainProduct);

        var transposed = LayerWeight.Find(Graph("contractive convolutional")).Single(weight => weight.Users[0].OpType == "ConvTranspose");
        Assert.AreEqual(1, transposed.Axis);
        int area = (int)(transposed.Tensor.Dims[2] * transposed.Tensor.Dims[3]);
        Assert.AreEqual((0, 1 % transposed.Units, 0),
            (transposed.UnitOf(area - 1), transposed.UnitOf(area), transposed.UnitOf(area * transposed.Units)));
        Assert.IsFalse(transposed.IsPlainProduct);
    }

    [TestMethod]
    public void A_decoder_that_stands_in_the_graph_twice_has_its_weights_once()
    {
        var weights = LayerWeight.Find(Graph("variational dense"));
        Assert.IsTrue(weights.Any(weight => weight.Users.Length == 2));
        Assert.IsTrue(weights.All(weight => weight.IsPlainProduct));
    }

    [TestMethod]
    public void A_weight_that_something_else_takes_too_stays_as_it_is()
    {
        var graph = Graph("dense");
        string shared = graph.Node.First(node => node.OpType == "Gemm").Input[1];
        graph.Node.Add(new NodeProto { OpType = "Abs", Name = "other", Input = { shared }, Output = { "other" } });
        Assert.IsFalse(LayerWeight.Find(graph).Any(weight => weight.Tensor.Name == shared));
    }

    private static GraphProto Graph(string variant)
    {
        using var folder = new TestFolder();
        EveryVariant.Fitted(variant).ExportOnnx(null, null, folder["s.onnx"]);
        return OnnxFile.Parse(File.ReadAllBytes(folder["s.onnx"]), variant).Graph;
    }
}
