
namespace MLNetAutoencoder.Onnx;

/// <summary>Writes a graph again with smaller weights.</summary>
internal static class QuantizedGraph
{
    // DequantizeLinear with a scale for each unit came with opset 13.
    private const long LeastOpset = 13;

    /// <summary>The graph in a form.</summary>
    /// <param name="model">The graph; it stays as it is.</param>
    /// <param name="form">The form.</param>
    /// <param name="ranges">The ranges of what the dense layers take; for <see cref="OnnxQuantization.StaticInt8"/> only.</param>
    /// <exception cref="InvalidOperationException">The graph's opset has not what the form needs.</exception>
    public static ModelProto Write(ModelProto model, OnnxQuantization form, IReadOnlyDictionary<string, ValueRange>? ranges)
    {
        long opset = model.OpsetImport.FirstOrDefault(import => import.Domain.Length == 0)?.Version ?? OnnxGraphBuilder.Opset;
        if (form is OnnxQuantization.DynamicInt8 or OnnxQuantization.StaticInt8 && opset < LeastOpset)
            throw new InvalidOperationException(
                $"The graph is of opset {opset}; {form} needs {LeastOpset} or later, which brought a scale for each unit. Use " +
                $"{OnnxQuantization.Int8Weights}, or export with a later opset.");

        var result = model.Clone();
        var graph = result.Graph;
        var weights = LayerWeight.Find(graph).SelectMany(weight => weight.Users.Select(node => (node, weight)))
            .ToDictionary(pair => pair.node, pair => pair.weight, (IEqualityComparer<NodeProto>)ReferenceEqualityComparer.Instance);
        var rewriter = new GraphRewriter(graph);
        var widened = new WidenedWeights(rewriter);
        var write = form switch
        {
            OnnxQuantization.Float16 => widened.AsFloat16,
            OnnxQuantization.Int8Weights => widened.AsInt8,
            OnnxQuantization.DynamicInt8 => Products(new DynamicProducts(graph, rewriter, opset).Write),
            OnnxQuantization.StaticInt8 => Products(
                new StaticProducts(rewriter, ranges
                ?? throw new ArgumentNullException(nameof(ranges), $"{form} needs the ranges of calibration rows.")).Write),
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, QuantizationName.Of(form)),
        };
        rewriter.Run(node =>
        {
            if (weights.TryGetValue(node, out var weight))
                write(node, weight);
            else
                rewriter.Keep(node);
        });
        return result;

        // In integers a convolution was slower than in floating point, and a transposed one has no kernel for them.
        Action<NodeProto, LayerWeight> Products(Action<NodeProto, LayerWeight> product) => (node, weight) =>
            (weight.IsPlainProduct ? product : widened.AsInt8)(node, weight);
    }
}
