namespace MLNetAutoencoder.Onnx;

/// <summary>The feature errors of an anomaly detector as a part of the graph: a weighted sum of those of its parts.</summary>
internal sealed class DetectorGraph(
    OnnxGraphBuilder graph, AutoencoderMetadata metadata, FeatureErrorGraph errorGraph, DetectorParts parts)
{
    /// <summary>The feature errors, [batch, d].</summary>
    /// <param name="scaled">Scaled features, [batch, d].</param>
    /// <param name="observed">1 for a feature that is there and 0 for a missing one, [batch, d].</param>
    public string Errors(string scaled, string observed)
    {
        List<string> terms = [];
        for (int i = 0; i < parts.Members.Count; i++)
        {
            var (network, masks) = parts.Members[i];
            string Hidden() => new HiddenFeatureGraph(graph, metadata, errorGraph).Errors(scaled, observed, null, masks, network);
            terms.Add(graph.Times($"detector/member{i + 1}", i == 0 ? Hidden() : graph.Under($"member{i + 1}/", Hidden),
                $"detector/member{i + 1}_weight", parts.MemberWeight));
        }
        if (parts.Neighbors is { } memory)
            terms.Add(graph.Times("detector/neighbors", new NeighborGraph(graph, metadata.FeatureCount).Errors(scaled, observed, memory),
                "detector/neighbors_weight", parts.NeighborWeight));
        return terms.Count == 1 ? terms[0] : graph.Node("Sum", "detector/feature_errors", terms);
    }
}
