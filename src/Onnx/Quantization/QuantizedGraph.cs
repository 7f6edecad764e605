namespace MLNetAutoencoder.Onnx;

/// <summary>Writes a graph again with smaller weights.</summary>
internal static class QuantizedGraph
{
    // DequantizeLinear with a scale for each unit came with opset 13.
    private const long LeastOpset = 13;

    /// <summary>The graph in a form.</summary>
    /// <param name="model">The graph; it stays as it is.</param>
    /// <param name="layers">The network's layers; empty for all that look like one.</param>
    /// <param name="form">The form.</param>
    /// <param name="ranges">The range of what each layer takes, by its weight; for <see cref="OnnxQuantization.StaticInt8"/> only.</param>
    /// <exception cref="InvalidOperationException">The graph's opset has not what the form needs.</exception>
    public static ModelProto Write(ModelProto model, IReadOnlyList<NetworkLayer> layers, OnnxQuantization form,
        IReadOnlyDictionary<string, ValueRange>? ranges = null)
    {
        long opset = model.OpsetImport.FirstOrDefault(import => import.Domain.Length == 0)?.Version ?? OnnxGraphBuilder.Opset;
        if (form == OnnxQuantization.StaticInt8 && opset < LeastOpset)
            throw new InvalidOperationException(
                $"The graph is of opset {opset}; {form} needs {LeastOpset} or later, which brought a scale for each unit. Use " +
                $"{OnnxQuantization.Int8Weights}, or export with a later opset.");

        var result = model.Clone();
        var weights = LayerWeight.Find(result.Graph, layers).SelectMany(weight => weight.Users.Select(node => (node, weight)))
            .ToDictionary(pair => pair.node, pair => pair.weight, (IEqualityComparer<NodeProto>)ReferenceEqualityComparer.Instance);
        var graph = new OnnxGraphBuilder(result.Graph);
        var widened = new WidenedWeights(graph);
        var products = ranges is null ? null : new StaticProducts(graph, ranges);
        graph.Rewrite(node =>
        {
            if (!weights.TryGetValue(node, out var weight))
                return;
            if (form == OnnxQuantization.Float16)
                widened.AsFloat16(node, weight);
            else if (form == OnnxQuantization.StaticInt8 && weight.IsPlainProduct)
                products!.Write(node, weight);
            else
                // In integers a convolution was slower than in floating point, and a transposed one has no kernel for them.
                widened.AsInt8(node, weight);
        });
        return result;
    }
}
