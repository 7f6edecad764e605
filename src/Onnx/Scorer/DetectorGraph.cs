namespace MLNetAutoencoder.Onnx;

/// <summary>The feature errors of an anomaly detector as a part of the graph: a weighted sum of those of its parts.</summary>
internal sealed class DetectorGraph(
    OnnxGraphBuilder graph, AutoencoderMetadata metadata, FeatureErrorGraph errorGraph, DetectorParts parts)
{
    private readonly int _d = metadata.FeatureCount;

    /// <summary>The feature errors, [batch, d].</summary>
    /// <param name="scaled">Scaled features, [batch, d].</param>
    /// <param name="observed">1 for a feature that is there and 0 for a missing one, [batch, d].</param>
    /// <param name="code">The code, [batch, code].</param>
    /// <param name="reconstruction">What the first network makes of the whole row, scaled, [batch, d].</param>
    public string Errors(string scaled, string observed, string code, string reconstruction)
    {
        List<string> terms = [.. parts.Members.Select((member, i) => OfMember(member, i + 1, scaled, observed))];
        if (parts.CountedErrors < _d)
            terms = [Largest(Sum("detector/networks", terms))];
        foreach (var memory in parts.Neighbors)
            terms.Add(graph.Times($"detector/{memory.Name}",
                new NeighborGraph(graph, metadata, memory).Errors(scaled, observed, code), $"detector/{memory.Name}_weight",
                memory.Weight));
        if (parts.Residual is { } residual)
            terms.Add(OfResidual(residual, scaled, observed, code, reconstruction));
        return Sum("detector/feature_errors", terms);
    }

    private string OfMember(DetectorMember member, int number, string scaled, string observed)
    {
        if (member.Features is { } features)
            observed = graph.Node("Mul", $"detector/member{number}_observed",
                [observed, graph.Initializer($"detector/member{number}_features", features, 1, _d)]);
        string Errors() => new HiddenFeatureGraph(graph, metadata, errorGraph).Errors(scaled, observed, null, member.Masks, member.Network,
            allowsNone: member.Features is not null);
        return graph.Times($"detector/member{number}", number == 1 ? Errors() : graph.Under($"member{number}/", Errors),
            $"detector/member{number}_weight", parts.MemberWeight);
    }

    /// <summary>The largest of the errors, times d / their number, and 0 for the others.</summary>
    private string Largest(string errors)
    {
        string Node(string operation, string name, params string[] inputs) => graph.Node(operation, $"detector/{name}", inputs);
        string largest = graph.Node("TopK", "detector/largest", [errors, graph.Int64s("detector/counted", parts.CountedErrors)],
            ["detector/largest_values", "detector/largest_places"], OnnxAttribute.Int64("axis", 1))[0];
        string least = graph.Node("ReduceMin", "detector/least", [largest], OnnxAttribute.Int64s("axes", 1),
            OnnxAttribute.Int64("keepdims", 1));
        return graph.Times("detector/counted_errors", Node("Where", "largest_errors", Node("Less", "is_small", errors, least),
            graph.Initializer("detector/none", [0f]), errors), "detector/features_per_counted", (float)_d / parts.CountedErrors);
    }

    /// <summary>
    /// √(zᵀ Σ⁻¹ z / its size), with z residual and code less their means (Mahalanobis 1936); feature j's share goes by its residual, rⱼ²
    /// (Σ⁻¹)ⱼⱼ.
    /// </summary>
    private string OfResidual(ResidualDistance distance, string scaled, string observed, string code, string reconstruction)
    {
        const float leastPart = 1e-12f;
        int size = distance.Means.Length;
        string Node(string operation, string name, params string[] inputs) => graph.Node(operation, $"residual/{name}", inputs);
        string Constant(string name, float[] values, params long[] shape) => graph.Initializer($"residual/{name}", values, shape);
        string residual = Node("Mul", "residual", Node("Sub", "raw_residual", scaled, reconstruction), observed);
        string joined = graph.Node("Concat", "residual/joined", [residual, code], OnnxAttribute.Int64("axis", 1));
        string centered = Node("Sub", "centered", joined, Constant("means", distance.Means, size));
        string whitened = Node("MatMul", "whitened", centered, Constant("precision", distance.Precision, size, size));
        string squared = graph.Node("ReduceMean", "residual/squared", [Node("Mul", "terms", centered, whitened)],
            OnnxAttribute.Int64s("axes", 1), OnnxAttribute.Int64("keepdims", 1));
        string score = Node("Sqrt", "distance", Node("Max", "squared_or_none", squared, Constant("none", [0f])));
        float[] diagonal = [.. Enumerable.Range(0, _d).Select(j => distance.Precision[j * size + j])];
        string features = Node("Add", "parts", Node("Mul", "raw_parts", Node("Mul", "squares", residual, residual),
            Constant("diagonal", diagonal, _d)), Constant("least_part", [leastPart]));
        string mean = graph.Node("ReduceMean", "residual/mean_part", [features], OnnxAttribute.Int64s("axes", 1),
            OnnxAttribute.Int64("keepdims", 1));
        return graph.Times("detector/residual", Node("Mul", "feature_errors", Node("Div", "shares", features, mean), score),
            "detector/residual_weight", distance.Weight);
    }

    private string Sum(string name, List<string> terms) => terms.Count == 1 ? terms[0] : graph.Node("Sum", name, terms);
}
