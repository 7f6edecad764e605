namespace MLNetAutoencoder.Onnx;

/// <summary>The nodes that only missing values need, and the graph without them.</summary>
/// <remarks>
/// The file keeps them: every runtime must treat missing values alike. They take about a fifth of a row's time, though,
/// so that a batch in which nothing is missing runs without. Each is a Where(missing, replacement, value), which is
/// value where nothing is missing; that they stand under <see cref="Folder"/> tells them from others.
/// </remarks>
internal sealed class MissingValueGraph(OnnxGraphBuilder graph, AutoencoderMetadata metadata)
{
    private const string Folder = "missing/", ObservedName = "observed";

    private readonly bool _scores = metadata.MissingValues is MissingValuePolicy.Mean or MissingValuePolicy.Hidden;
    private readonly List<string> _sides = [];
    private string? _isMissing;

    /// <summary>The features, the training mean in the place of a missing one.</summary>
    /// <param name="features">The raw features.</param>
    /// <param name="level">Of windows of a time series, what takes off their level; otherwise null.</param>
    public string Features(string features, WindowLevelGraph? level)
    {
        _isMissing = IsMissing(features);
        if (level is not null)
            features = level.Remove(graph.Node("Where", Folder + "feature_or_zero",
                [_isMissing, graph.Initializer(Folder + "feature_zero", [0f], 1), features]), _isMissing);
        return graph.Node("Where", Folder + "feature_or_mean",
            [_isMissing, graph.Initializer(Folder + "mean", [.. metadata.FeatureMeans], metadata.FeatureCount), features]);
    }

    /// <summary>1 for a feature that is there and 0 for a missing one, [batch, d].</summary>
    public string Observed() => graph.Node("Cast", ObservedName, [graph.Node("Not", "observed/is_observed", [_isMissing!])],
        OnnxAttribute.Int64("to", TensorTypes.Single));

    /// <summary>Condition or code offset, zero in the place of a missing value.</summary>
    public string Side(string input)
    {
        string isMissing = IsMissing(input);
        _sides.Add(Count(input, isMissing));
        return graph.Node("Where", $"{Folder}{input}_or_zero", [isMissing, graph.Initializer($"{Folder}{input}_zero", [0f], 1), input]);
    }

    /// <summary>The feature errors, NaN for a missing feature.</summary>
    public string FeatureErrors(string errors) => _scores ? errors
        : graph.Node("Where", Folder + "error_or_nan", [_isMissing!, NaN("error"), errors]);

    /// <summary>A score that was not made of the feature errors, NaN where one of these is.</summary>
    public string Score(string score, string errors)
    {
        if (_scores)
            return score;
        string mean = graph.Reduce("ReduceMean", Folder + "mean_error", errors);
        return graph.Node("Where", Folder + "score_or_nan", [graph.Node("IsNaN", Folder + "no_score", [mean]), NaN("score"), score]);
    }

    /// <summary>The score, NaN where condition or code offset has a missing value.</summary>
    public string ScoreOfSides(string score)
    {
        if (_scores)
            return score;
        for (int i = 0; i < _sides.Count; i++)
            score = graph.Node("Where", $"{_sides[i]}_score_or_nan", [IsAny(_sides[i]), NaN($"side{i + 1}"), score]);
        return score;
    }

    /// <summary>What belongs to the row as a whole, such as the probabilities of its classes: NaN where a feature is missing.</summary>
    public string OfRow(string value) => _scores ? value
        : graph.Node("Where", Folder + "value_or_nan", [IsAny(Count(GraphNames.Features, _isMissing!)), NaN("value"), value]);

    /// <summary>Whether a node is one of those that can be taken out.</summary>
    public static bool Is(NodeProto node) => node.OpType == "Where" && node.Name.StartsWith(Folder, StringComparison.Ordinal);

    /// <summary>Whether the graph has such nodes.</summary>
    public static bool IsIn(ModelProto model) => model.Graph.Node.Any(Is);

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
        ObserveAll(graph);
        return OnnxFile.Cut(result, [.. graph.Input.Select(input => input.Name)], [.. graph.Output.Select(output => output.Name)]);
    }

    /// <summary>Says of a masked network's features that all are there: ones, in the shape of the features.</summary>
    private static void ObserveAll(GraphProto graph)
    {
        if (graph.Node.FirstOrDefault(node => node.Name == ObservedName) is not { } observed)
            return;
        string features = graph.Node.First(node => node.Name == $"{Folder}{GraphNames.Features}_is_nan").Input[0];
        graph.Initializer.Add(TensorProtoExtensions.Singles("observed/zero", [0f], 1));
        graph.Initializer.Add(TensorProtoExtensions.Singles("observed/one", [1f], 1));
        int place = graph.Node.IndexOf(observed);
        graph.Node.Insert(place, new NodeProto
        {
            OpType = "Mul", Name = "observed/nothing", Input = { features, "observed/zero" }, Output = { "observed/nothing" },
        });
        graph.Node[place + 1] = new NodeProto
        {
            OpType = "Add", Name = ObservedName, Input = { "observed/nothing", "observed/one" }, Output = { observed.Output },
        };
    }

    private string IsMissing(string input) =>
        graph.Node("Or", $"{Folder}{input}_is_missing",
            [graph.Node("IsNaN", $"{Folder}{input}_is_nan", [input]), graph.Node("IsInf", $"{Folder}{input}_is_infinite", [input])]);

    private string Count(string input, string isMissing) =>
        graph.Node("Cast", $"{Folder}{input}_count", [isMissing], OnnxAttribute.Int64("to", TensorTypes.Single));

    private string IsAny(string count)
    {
        string share = graph.Reduce("ReduceMean", $"{count}_share", count);
        return graph.Node("Greater", $"{count}_is_any", [share, graph.Initializer($"{count}_none", [0f], 1)]);
    }

    private string NaN(string of) => graph.Initializer($"{Folder}nan_{of}", [float.NaN], 1);

    private static void Rename(GraphProto graph, string from, string to)
    {
        foreach (var node in graph.Node)
        {
            OnnxFile.Replace(node.Input, from, to);
            OnnxFile.Replace(node.Output, from, to);
        }
    }
}
