namespace MLNetAutoencoder.Onnx;

/// <summary>
/// The outputs of a scorer that are there only where they are asked for: the probability, and the features with the
/// largest errors.
/// </summary>
/// <remarks>
/// What they add to a graph has the same form in every opset (<see cref="OpsetForms"/>), so that it goes with a graph
/// in any.
/// </remarks>
internal static class OptionalOutputs
{
    private static readonly string[] s_topFeatures = [GraphNames.TopFeatureIndices, GraphNames.TopFeatureErrors];

    // The order in which a scorer that is built with all of them has its outputs.
    private static readonly string[] s_order =
    [
        GraphNames.Score, GraphNames.IsAnomaly, GraphNames.Probability, GraphNames.PValue, GraphNames.FeatureErrors,
            GraphNames.TopFeatureIndices,
            GraphNames.TopFeatureErrors, GraphNames.Reconstruction, GraphNames.Code, GraphNames.CodeLogVariance,
    ];

    /// <summary>The scorer with the optional outputs that are wanted and no others.</summary>
    /// <param name="scorer">A scorer; it stays as it is.</param>
    /// <param name="metadata">What it says of itself.</param>
    /// <param name="scores">Whether it is to have the probability and the p-value; null for as it is.</param>
    /// <param name="topFeatures">How many features with the largest errors it is to name; 0 for none.</param>
    /// <exception cref="InvalidOperationException">The probability is wanted, and the metadata have no quantiles of the
    /// training scores.</exception>
    public static ModelProto Set(ModelProto scorer, AutoencoderMetadata metadata, OptionalScores scores, int topFeatures)
    {
        string[] outputs = [.. scorer.Graph.Output.Select(output => output.Name)];
        (string Output, bool? Wanted, Func<OnnxGraphBuilder, string, AutoencoderMetadata, string> Emit, string Description)[] optional =
        [
            (GraphNames.Probability, scores.Probability, ProbabilityGraph.Emit,
                "Share of training rows that score lower; not the frequency of anomalies."),
            (GraphNames.PValue, scores.PValue, PValueGraph.Emit, "How often a normal row scores as high."),
        ];
        if (topFeatures == 0 && !outputs.Any(s_topFeatures.Contains)
            && optional.All(one => (one.Wanted ?? outputs.Contains(one.Output)) == outputs.Contains(one.Output)))
            return scorer;
        var result = OnnxFile.Cut(scorer, [.. scorer.Graph.Input.Select(input => input.Name)], [.. outputs.Where(output =>
            !s_topFeatures.Contains(output) && !optional.Any(one => one.Output == output && one.Wanted == false))]);
        var graph = new OnnxGraphBuilder(result.Graph);
        foreach (var (output, wanted, emit, description) in optional)
        {
            if (wanted == true && !outputs.Contains(output))
                graph.Output(graph.Rename(emit(graph, GraphNames.Score, metadata), output), TensorTypes.Single, 1, description);
        }
        if (topFeatures > 0)
            AddTopFeatures(graph, GraphNames.FeatureErrors, topFeatures);
        var ordered = result.Graph.Output.OrderBy(output => Array.IndexOf(s_order, output.Name)).ToArray();
        result.Graph.Output.Clear();
        result.Graph.Output.AddRange(ordered);
        return result;
    }

    /// <summary>Adds the outputs <see cref="GraphNames.TopFeatureIndices"/> and <see cref="GraphNames.TopFeatureErrors"/>.</summary>
    private static void AddTopFeatures(OnnxGraphBuilder graph, string errors, int count)
    {
        // Where TopK puts NaN is left open: an infinity stands for it, and the largest number for an infinity. Of equal
        // ones TopK takes the first, as ONNX has it.
        const string path = "top_features";
        string finite = graph.Node("Min", $"{path}/at_most_largest", [errors, graph.Initializer($"{path}/largest", [float.MaxValue], 1)]);
        string keys = graph.Node("Where", $"{path}/keys",
            [graph.Node("IsNaN", $"{path}/is_missing", [errors]),
            graph.Initializer($"{path}/infinity", [float.PositiveInfinity], 1), finite]);
        string places = graph.Node("TopK", $"{path}/top", [keys, graph.Int64s($"{path}/count", count)],
            [$"{path}/top_keys", $"{path}/top_places"],
            OnnxAttribute.Int64("axis", 1), OnnxAttribute.Int64("largest", 1), OnnxAttribute.Int64("sorted", 1))[1];
        places = graph.Rename(places, GraphNames.TopFeatureIndices);
        string top = graph.Rename(graph.Node("GatherElements", $"{path}/errors", [errors, places], OnnxAttribute.Int64("axis", 1)),
            GraphNames.TopFeatureErrors);
        graph.Output(places, TensorTypes.Int64, count,
            "Places of the features with the largest errors, counted from 0, the largest first; a missing value comes before all others.");
        graph.Output(top, TensorTypes.Single, count, "Errors of these features, in scaled units; NaN for a missing value.");
    }
}

/// <summary>What of the optional scores a scorer is to have; null for as it is.</summary>
/// <param name="Probability">The share of training rows that score lower.</param>
/// <param name="PValue">How often a normal row scores as high.</param>
internal readonly record struct OptionalScores(bool? Probability, bool? PValue);
