namespace MLNetAutoencoder.Onnx;

/// <summary>The distance to the nearest kept rows as a part of the graph, shared out over the features.</summary>
/// <remarks>
/// With wᵢ the kept rows and uᵢ their scales, the score of a scaled row s is the mean of |s − wᵢ| over its k nearest, divided by the mean
/// of their uᵢ. Which are nearest is found by |w|² − 2 s·w, a product of matrices; the k + 3 least of these are then compared by their
/// differences themselves, since the product loses all digits of small distances. Feature j's part is (sⱼ − m̄ⱼ)² / Σ
/// (s − m̄)², with m̄ the
/// mean of the rows that were compared. A missing feature has no difference, and the distances over the others are brought up by
/// √(d / observed features). Where the nearest are found among codes, those stand for s and w in the distance.
/// </remarks>
internal sealed class NeighborGraph(OnnxGraphBuilder graph, AutoencoderMetadata metadata, NeighborMemory memory)
{
    // So that a row equal to its neighbors has parts too, of a score of 0.
    private const float LeastDifference = 1e-12f;

    /// <summary>The score's parts, [batch, d]; their mean is the score.</summary>
    /// <param name="scaled">Scaled features, [batch, d].</param>
    /// <param name="observed">1 for a feature that is there and 0 for a missing one, [batch, d].</param>
    /// <param name="code">The code, [batch, code].</param>
    public string Errors(string scaled, string observed, string code)
    {
        int d = metadata.FeatureCount, n = memory.Scales.Length, k = memory.Count, candidates = Math.Min(n, k + NeighborMemory.Reserve);
        string path = memory.Name;
        string Node(string operation, string name, params string[] inputs) => graph.Node(operation, $"{path}/{name}", inputs);
        string Reduced(string operation, string name, string value, int axis, int keep = 1) => graph.Node(operation, $"{path}/{name}",
            [value, graph.Int64s($"{path}/{name}_axes", axis)], OnnxAttribute.Int64("keepdims", keep));
        string Mean(string name, string value, int axis, int keep = 1) => graph.Node("ReduceMean", $"{path}/{name}", [value],
            OnnxAttribute.Int64s("axes", axis), OnnxAttribute.Int64("keepdims", keep));
        string[] Nearest(string name, string value, int count) => graph.Node("TopK", $"{path}/{name}",
            [value, graph.Int64s($"{path}/{name}_count", count)], [$"{path}/{name}_values", $"{path}/{name}_places"],
            OnnxAttribute.Int64("axis", 1), OnnxAttribute.Int64("largest", 0), OnnxAttribute.Int64("sorted", 1));
        string Rows(string name, string value, int width) => graph.Node("Reshape", $"{path}/{name}",
            [value, graph.Int64s($"{path}/{name}_shape", 0, 1, width)]);

        bool isCode = memory.Codes is not null;
        float[] keys = memory.Codes ?? memory.Rows;
        int width = keys.Length / n;
        float[] squares = new float[n];
        for (int i = 0; i < n; i++)
        {
            foreach (float value in keys.AsSpan(i * width, width))
                squares[i] += value * value;
        }
        scaled = memory.Ranks?.Emit(graph, scaled, $"{path}/ranks") ?? scaled;
        string rows = graph.Initializer($"{path}/rows", memory.Rows, n, d);
        string searched = isCode ? graph.Initializer($"{path}/codes", keys, n, width) : rows;
        string query = isCode ? code : scaled;
        string relative = graph.Node("Gemm", $"{path}/relative_distances", [query, searched,
            graph.Initializer($"{path}/squares", squares, n)], OnnxAttribute.Single("alpha", -2), OnnxAttribute.Int64("transB", 1));
        string found = Nearest("found", relative, candidates)[1];
        string ofFeatures = Node("Mul", "differences",
            Node("Sub", "raw_differences", Node("Gather", "near", rows, found), Rows("row", scaled, d)), Rows("observed", observed, d));
        string difference = !isCode ? ofFeatures
            : Node("Sub", "code_differences", Node("Gather", "near_codes", searched, found), Rows("code", code, width));
        string squared = graph.Declare(Reduced("ReduceSum", "squared_distances", Node("Mul", "squared_differences", difference, difference),
            axis: 2, keep: 0), TensorTypes.Single, candidates);
        string[] nearest = Nearest("nearest", squared, k);
        string distance = Mean("distance", Node("Sqrt", "distances", nearest[0]), axis: 1);
        string places = graph.Node("GatherElements", $"{path}/places", [found, nearest[1]], OnnxAttribute.Int64("axis", 1));
        string scale = Mean("scale", Node("Gather", "scales", graph.Initializer($"{path}/row_scales", memory.Scales, n), places), axis: 1);
        string score = Node("Div", isCode ? "score" : "scaled_distance", distance, scale);
        if (!isCode)
            score = Node("Div", "score", score, Node("Sqrt", "root_of_share", Mean("observed_share", observed, axis: 1)));

        string offset = graph.Declare(Mean("offset", ofFeatures, axis: 1, keep: 0), TensorTypes.Single, d);
        string parts = Node("Add", "parts", Node("Mul", "squared_offset", offset, offset),
            graph.Initializer($"{path}/least_difference", [LeastDifference]));
        return Node("Mul", "feature_errors", Node("Div", "shares", parts, Mean("mean_part", parts, axis: 1)), score);
    }
}
