namespace MLNetAutoencoder.Onnx;

/// <summary>The level of a window, each channel's mean over the observed steps, taken off the features and added to the
/// reconstruction.</summary>
/// <remarks>
/// The encoder needs the features, so that a decoder that stands alone knows no level: it is cut off without, and gives windows around 0.
/// </remarks>
internal sealed class WindowLevelGraph(OnnxGraphBuilder graph, WindowDescription windows)
{
    /// <summary>The name of the reconstruction around 0.</summary>
    public const string Relative = "level/relative";

    private const string Added = "level/reconstruction", CountName = "missing/level_count";

    private readonly int _channels = windows.Channels.Count, _width = windows.Width;
    private string? _level;

    /// <summary>The features less their levels.</summary>
    /// <param name="features">Raw features, 0 in the place of a missing one, [batch, d].</param>
    /// <param name="isMissing">Whether each is missing, [batch, d].</param>
    public string Remove(string features, string isMissing)
    {
        string observed = Node("Cast", "observed", [Node("Not", "is_observed", [isMissing])],
            OnnxAttribute.Int64("to", TensorTypes.Single));
        string one = Constant("one", 1), width = Constant("width", _width);
        string found = Node("Max", "found", [Sum("observed", Split("observed_windows", observed)), one]);

        // As the other nodes for missing values, it is the last input where nothing is missing.
        string count = graph.Node("Where", CountName, [Node("Less", "is_incomplete", [found, width]), found, width]);
        string values = Split("windows", features);
        _level = Node("Div", "level", [Sum("values", values), count]);
        return Join("features", Node("Sub", "leveled", [values, _level]));
    }

    /// <summary><see cref="Relative"/> with the levels that were taken off.</summary>
    public string Add() => Join("reconstruction", Node("Add", "raw_windows", [Split("relative_windows", Relative), _level!]));

    /// <summary>The graph for which a level is 0, for parts that are cut off without their features; itself where it has none.</summary>
    public static ModelProto WithoutLevel(ModelProto model)
    {
        if (model.Graph.Node.FirstOrDefault(node => node.Name == Added) is not { Output: [var output] })
            return model;
        var result = model.Clone();
        var nodes = result.Graph.Node;
        nodes.Remove(nodes.First(node => node.Name == Added));
        foreach (var node in nodes)
        {
            OnnxFile.Replace(node.Input, Relative, output);
            OnnxFile.Replace(node.Output, Relative, output);
        }
        return result;
    }

    private string Node(string operation, string name, string[] inputs, params AttributeProto[] attributes) =>
        graph.Node(operation, $"level/{name}", inputs, attributes);

    private string Constant(string name, float value) => graph.Initializer($"level/{name}", [value], 1, 1, 1);

    private string Split(string name, string value) =>
        Node("Reshape", name, [value, graph.Int64s($"level/{name}_shape", 0, _channels, _width)]);

    private string Join(string name, string value) =>
        Node("Reshape", name, [value, graph.Int64s($"level/{name}_shape", 0, _channels * _width)]);

    private string Sum(string name, string value) => Node("ReduceSum", $"{name}_sum",
        [value, graph.Int64s($"level/{name}_axes", 2)], OnnxAttribute.Int64("keepdims", 1));
}
