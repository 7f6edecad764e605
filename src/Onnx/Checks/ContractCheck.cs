using static MLNetAutoencoder.Onnx.TensorShapeProto.Types.Dimension;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Whether a graph that has passed <see cref="GraphCheck.Check"/> keeps the contract of <see cref="GraphNames"/> and
/// agrees with its metadata, so that everything that a model is asked for later can be had of it.
/// </summary>
internal static class ContractCheck
{
    /// <exception cref="InvalidDataException">It does not; the message names input, output or node.</exception>
    public static void Check(
        ModelProto model, IReadOnlyDictionary<string, GraphValue> values, AutoencoderMetadata metadata, string source)
    {
        var graph = model.Graph;
        string[] inputs = [.. graph.Input.Select(value => value.Name)], outputs = [.. graph.Output.Select(value => value.Name)];
        bool hasFeatures = inputs.Contains(GraphNames.Features);
        List<string> expected = [hasFeatures ? GraphNames.Features : GraphNames.Code];
        if (metadata.ConditionSize > 0)
            expected.Add(GraphNames.Condition);
        if (metadata.CodeOffsetSize > 0 && hasFeatures)
            expected.Add(GraphNames.CodeOffset);
        if (!inputs.Order().SequenceEqual(expected.Order()))
            throw new InvalidDataException(
                $"{source} has the inputs {List(inputs)}; expected {List(expected)}, since its metadata say that the condition has " +
                $"{metadata.ConditionSize} values and the code offset {metadata.CodeOffsetSize}.");
        bool isClassifier = outputs.Contains(GraphNames.ClassProbabilities);
        if (outputs.Contains(isClassifier ? GraphNames.Score : GraphNames.PredictedLabel))
            throw new InvalidDataException(
                $"{source} has the outputs {List(outputs)}, which are neither an autoencoder's nor a classifier's.");
        var made = graph.Node.SelectMany(node => node.Output).ToHashSet(StringComparer.Ordinal);
        if (Array.Find(outputs, output => !made.Remove(output)) is { } lost)
            throw new InvalidDataException($"{source} has the output '{GraphCheck.Shown(lost)}', which no node makes, or twice.");
        foreach (var value in graph.Input.Concat(graph.Output))
            CheckBorder(value, values[value.Name], metadata, source);
        if (values.GetValueOrDefault(ScorerGraph.ThresholdName) is { Stored: { } stored, Type: TensorTypes.Single }
            && (stored.ToSingles() is not [var number] || !number.Equals(metadata.Threshold)))
            throw new InvalidDataException(FormattableString.Invariant(
                $"{source} has another threshold in its graph than in its metadata, {metadata.Threshold}."));
        try
        {
            // What a model is asked for later: its decoder alone, and its graph without the nodes for missing values.
            if (hasFeatures && outputs.Contains(GraphNames.Code) && outputs.Contains(GraphNames.Reconstruction))
                OnnxFile.Cut(model, [GraphNames.Code, .. inputs.Where(name => name == GraphNames.Condition)], [GraphNames.Reconstruction]);
            MissingValueGraph.Remove(model);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException(
                $"{source} has no decoder, or no graph without nodes for missing values, that can be cut off: {e.Message}", e);
        }
    }

    /// <summary>The type that an input or output is declared with, which has the shape [batch, n].</summary>
    public static GraphValue Border(ValueInfoProto value, string source)
    {
        var axes = value.Type?.TensorType?.Shape?.Dim ?? [];
        if (axes is [{ ValueCase: ValueOneofCase.DimParam, DimParam.Length: > 0 }, _]
            && OnnxFile.WidthOf(value) is > 0 and <= (int)GraphCheck.MostElements)
            return new GraphValue(value.Type!.TensorType.ElemType, Rank: 2, OfRows: true);
        string shape = string.Join(", ", axes.Take(8).Select(axis => axis.DimParam.Length > 0 ? axis.DimParam : $"{axis.DimValue}"));
        throw new InvalidDataException(
            $"{source} has the input or output '{GraphCheck.Shown(value.Name)}', which is no tensor or has the shape " +
            $"[{GraphCheck.Shown(shape)}]; expected [{OnnxGraphBuilder.BatchAxis}, n].");
    }

    private static void CheckBorder(ValueInfoProto value, GraphValue made, AutoencoderMetadata metadata, string source)
    {
        int declared = Border(value, source).Type, width = OnnxFile.WidthOf(value);
        (int expected, int type) = value.Name switch
        {
            GraphNames.Features or GraphNames.Reconstruction or GraphNames.FeatureErrors => (metadata.FeatureCount, TensorTypes.Single),
            GraphNames.Code or GraphNames.CodeLogVariance => (metadata.CodeSize, TensorTypes.Single),
            GraphNames.Score or GraphNames.Probability or GraphNames.PValue => (1, TensorTypes.Single),
            GraphNames.IsAnomaly => (1, TensorTypes.Boolean),
            GraphNames.Condition => (metadata.ConditionSize, TensorTypes.Single),
            GraphNames.CodeOffset => (metadata.CodeOffsetSize, TensorTypes.Single),
            GraphNames.ClassProbabilities => (metadata.ClassNames.Count, TensorTypes.Single),
            GraphNames.PredictedLabel => (1, TensorTypes.String),
            _ => (width, made.Type),
        };
        if (width != expected || declared != type || made.Type != type)
            throw new InvalidDataException(
                $"{source} has '{GraphCheck.Shown(value.Name)}' as {width} of {TensorTypes.NameOf(declared)}, and makes " +
                $"{TensorTypes.NameOf(made.Type)}; its metadata say {expected} of {TensorTypes.NameOf(type)}.");
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Take(20).Select(GraphCheck.Shown));
}
