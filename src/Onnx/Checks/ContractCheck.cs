
namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Whether a graph that has passed <see cref="GraphCheck.OfOurs"/> keeps the contract of <see cref="GraphNames"/> and
/// agrees with its metadata, so that everything that a model is asked for later can be had of it.
/// </summary>
internal static class ContractCheck
{
    /// <param name="graph">The graph.</param>
    /// <param name="values">What is known of its values.</param>
    /// <param name="metadata">What it says of itself.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <exception cref="InvalidDataException">It does not; the message names input, output or node.</exception>
    public static void Check(GraphProto graph, IReadOnlyDictionary<string, GraphValue> values, AutoencoderMetadata metadata, string source)
    {
        var inputs = graph.Input.Select(value => value.Name).ToHashSet(StringComparer.Ordinal);
        var outputs = graph.Output.Select(value => value.Name).ToHashSet(StringComparer.Ordinal);
        string[] known = inputs.Contains(GraphNames.Features) ? [GraphNames.Features, GraphNames.Condition, GraphNames.CodeOffset]
            : [GraphNames.Code, GraphNames.Condition];
        if (!inputs.Contains(known[0]) || !inputs.IsSubsetOf(known))
            throw new InvalidDataException(
                $"{source} has the inputs {List(inputs)}; expected {GraphNames.Features} with {GraphNames.Condition} and " +
                $"{GraphNames.CodeOffset} where the model has them, or {GraphNames.Code} with {GraphNames.Condition}.");
        if (outputs.Contains(GraphNames.ClassProbabilities) ? outputs.Contains(GraphNames.Score)
            : outputs.Contains(GraphNames.PredictedLabel))
            throw new InvalidDataException(
                $"{source} has the outputs {List(outputs)}, which are neither an autoencoder's nor a classifier's.");

        int d = metadata.FeatureCount, k = metadata.CodeSize;
        foreach (var value in graph.Input.Concat(graph.Output))
        {
            (int? width, int type) = value.Name switch
            {
                GraphNames.Features or GraphNames.Reconstruction or GraphNames.FeatureErrors => (d, TensorTypes.Single),
                GraphNames.Code or GraphNames.CodeLogVariance => (k, TensorTypes.Single),
                GraphNames.Score or GraphNames.Probability => (1, TensorTypes.Single),
                GraphNames.IsAnomaly => (1, TensorTypes.Boolean),
                GraphNames.Condition => (metadata.ConditionSize, TensorTypes.Single),
                GraphNames.CodeOffset => (metadata.CodeOffsetSize, TensorTypes.Single),
                GraphNames.ClassProbabilities => (metadata.ClassNames.Count, TensorTypes.Single),
                GraphNames.PredictedLabel => (1, TensorTypes.String),
                _ => ((int?)null, 0),
            };
            var found = values[value.Name];
            if (width is { } expected && found.Shape[1].Length != expected)
                throw new InvalidDataException($"{source} has '{value.Name}' of width {found.Shape[1]}; its metadata say {expected}.");
            if (width is not null && found.Type != type)
                throw new InvalidDataException($"{source} has '{value.Name}' as {found}; expected {TensorTypes.NameOf(type)}.");
        }
        if (metadata.ConditionSize > 0 && !inputs.Contains(GraphNames.Condition) || metadata.CodeOffsetSize > 0
            && inputs.Contains(GraphNames.Features) && !inputs.Contains(GraphNames.CodeOffset))
            throw new InvalidDataException(
                $"{source} has the inputs {List(inputs)}; its metadata say that the condition has {metadata.ConditionSize} values and " +
                $"the code offset {metadata.CodeOffsetSize}.");
        if (values.TryGetValue(ScorerGraph.ThresholdName, out var threshold)
            && threshold is { Stored: { } stored, Type: TensorTypes.Single }
            && (TensorCheck.Singles(stored) is not [var number] || !number.Equals(metadata.Threshold)))
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{source} has another threshold in its graph than in its metadata, {metadata.Threshold}."));
        }

        if (inputs.Contains(GraphNames.Features) && outputs.Contains(GraphNames.Code) && outputs.Contains(GraphNames.Reconstruction))
            CheckDecoder(graph, inputs, source);
        CheckMissingValues(graph, values, outputs, source);
    }

    /// <summary>
    /// The decoder is had of a scorer by cutting it at the code: the reconstruction must need no more than code and
    /// condition.
    /// </summary>
    private static void CheckDecoder(GraphProto graph, HashSet<string> inputs, string source)
    {
        var makers = Makers(graph);
        var seen = new HashSet<string>(StringComparer.Ordinal) { GraphNames.Code };
        var wanted = new Stack<string>([GraphNames.Reconstruction]);
        while (wanted.TryPop(out string? value))
        {
            if (!seen.Add(value))
                continue;
            if (inputs.Contains(value) && value != GraphNames.Condition)
                throw new InvalidDataException(
                    $"{source} has a reconstruction that is not made of the code alone: it takes '{value}' besides.");
            if (makers.TryGetValue(value, out var maker))
            {
                foreach (string input in maker.Input.Where(input => input.Length > 0))
                    wanted.Push(input);
            }
        }
    }

    /// <summary>
    /// The nodes that only missing values need can be taken out (<see cref="MissingValueGraph.Remove"/>): each gives
    /// its value through, and none of the graph's outputs is another's value or an input.
    /// </summary>
    private static void CheckMissingValues(GraphProto graph, IReadOnlyDictionary<string, GraphValue> values, HashSet<string> outputs,
        string source)
    {
        var makers = Makers(graph);
        var roots = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in graph.Node.Where(MissingValueGraph.Is))
        {
            // Of what an imported graph makes, less is known.
            bool passes = !values.TryGetValue(node.Input[2], out var given) || !values.TryGetValue(node.Output[0], out var made)
                || (given.Type == made.Type && given.HasShape(made.Shape));
            if (passes && outputs.Contains(node.Output[0]))
            {
                string root = node.Input[2];
                while (makers.TryGetValue(root, out var maker) && MissingValueGraph.Is(maker))
                    root = maker.Input[2];
                passes = makers.ContainsKey(root) && !outputs.Contains(root) && roots.Add(root);
            }
            if (!passes)
                throw new InvalidDataException(
                    $"{source} has the node '{GraphCheck.Shown(node.Name)}' among those for missing values; it does not give its third " +
                    "input through where nothing is missing.");
        }
    }

    private static Dictionary<string, NodeProto> Makers(GraphProto graph) =>
        graph.Node.SelectMany(node => node.Output, (node, output) => (node, output))
            .ToDictionary(pair => pair.output, pair => pair.node, StringComparer.Ordinal);

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Take(20).Select(GraphCheck.Shown));
}
