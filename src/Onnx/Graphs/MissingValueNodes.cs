using MLNetAutoencoder.Onnx.Graphs;

namespace MLNetAutoencoder.Onnx;

/// <summary>The nodes of a scorer graph that only missing values need, and the graph without them.</summary>
/// <remarks>
/// The file keeps them: every runtime must treat missing values alike. They take about a fifth of a row's time, though, so that a batch in which nothing is missing runs without.
/// Each of them is a Where(missing, replacement, value), which is value where nothing is missing.
/// </remarks>
internal static class MissingValueNodes
{
    /// <summary>The node that puts the training mean in the place of a missing feature.</summary>
    public const string OrMean = "missing/or_mean";

    /// <summary>The node that makes the feature error of a missing feature NaN.</summary>
    public const string NaNWhereMissing = "score/nan_where_missing";

    /// <summary>Whether the graph has such nodes.</summary>
    public static bool AreIn(ModelProto model) => model.Graph.Node.Any(Is);

    /// <summary>The same graph for rows in which no value is missing.</summary>
    public static ModelProto Remove(ModelProto model)
    {
        var result = model.Clone();
        var graph = result.Graph;
        foreach (var node in graph.Node.Where(Is).ToArray())
        {
            string value = node.Input[2], name = node.Output[0];
            graph.Node.Remove(node);

            // An output of the graph keeps its name, and so does an input.
            if (graph.Output.Any(output => output.Name == name))
                Rename(graph, value, name);
            else
                Rename(graph, name, value);
        }
        return OnnxFile.Cut(result, [.. graph.Input.Select(input => input.Name)], [.. graph.Output.Select(output => output.Name)]);
    }

    private static bool Is(NodeProto node) => node.Name is OrMean or NaNWhereMissing;

    private static void Rename(GraphProto graph, string from, string to)
    {
        foreach (var node in graph.Node)
        {
            OnnxFile.Replace(node.Input, from, to);
            OnnxFile.Replace(node.Output, from, to);
        }
    }
}
