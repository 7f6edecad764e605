using Google.Protobuf;

namespace MLNetAutoencoder.Onnx;

/// <summary>What is done to an ONNX file as a whole: parse it, read and write its metadata, cut it, rename its border.</summary>
internal static class OnnxFile
{
    /// <summary>Parses an ONNX file.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <param name="onlyKnown">Whether what this library does not know of the format is left out, so that it goes nowhere unseen.</param>
    /// <exception cref="InvalidDataException">The bytes are not an ONNX model with a graph.</exception>
    public static ModelProto Parse(ReadOnlyMemory<byte> bytes, string source, bool onlyKnown = false)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.WithDiscardUnknownFields(onlyKnown).ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"{source} is not an ONNX model: {e.Message}", e);
        }
        if (model.Graph is null || model.Graph.Node.Count == 0 || model.Graph.Output.Count == 0)
            throw new InvalidDataException($"{source} is not an ONNX model: it holds no graph with nodes and outputs.");
        return model;
    }

    public static Dictionary<string, string> GetMetadata(ModelProto model)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in model.MetadataProps)
            metadata[entry.Key] = entry.Value;
        return metadata;
    }

    public static void SetMetadata(ModelProto model, IReadOnlyDictionary<string, string> metadata)
    {
        model.MetadataProps.Clear();
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    /// <summary>
    /// The graph that computes just <paramref name="outputs"/> from <paramref name="inputs"/>, with the nodes and
    /// weights that this takes and no others.
    /// </summary>
    /// <param name="model">The model to cut; it stays as it is.</param>
    /// <param name="inputs">Names of graph inputs, or of graph outputs that become inputs: the graph is cut there.</param>
    /// <param name="outputs">Names of graph outputs, in the order wanted.</param>
    /// <exception cref="ArgumentException">A name is not in the graph, or an output needs an input that is not named.</exception>
    public static ModelProto Cut(ModelProto model, IReadOnlyCollection<string> inputs, IReadOnlyCollection<string> outputs)
    {
        if (!inputs.Contains(GraphNames.Features))
            model = WindowLevelGraph.WithoutLevel(model);
        var graph = model.Graph;
        var border = graph.Input.Concat(graph.Output).ToDictionary(value => value.Name, StringComparer.Ordinal);
        foreach (string name in inputs.Concat(outputs))
        {
            if (!border.ContainsKey(name))
                throw new ArgumentException(
                    $"The graph '{graph.Name}' has no input or output '{name}'; it has {string.Join(", ", border.Keys)}.", nameof(outputs));
        }

        var makers = Makers(graph);
        var initializers = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var keptNodes = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var keptValues = new HashSet<string>(inputs, StringComparer.Ordinal);
        var wanted = new Stack<string>(outputs.Where(output => !keptValues.Contains(output)));
        while (wanted.TryPop(out string? value))
        {
            if (value.Length == 0 || !keptValues.Add(value) || initializers.ContainsKey(value))
                continue;
            if (!makers.TryGetValue(value, out var maker))
                throw new ArgumentException(
                    $"The outputs {string.Join(", ", outputs)} of the graph '{graph.Name}' need the input '{value}', which is not among " +
                    $"{string.Join(", ", inputs)}.", nameof(inputs));
            if (keptNodes.Add(maker))
            {
                foreach (string input in maker.Input)
                    wanted.Push(input);
            }
        }

        var cut = model.Clone();
        cut.Graph = new GraphProto
        {
            Name = graph.Name,
            DocString = graph.DocString,
            Node = { graph.Node.Where(keptNodes.Contains).Select(node => node.Clone()) },
            Initializer = { graph.Initializer.Where(tensor => keptValues.Contains(tensor.Name)).Select(tensor => tensor.Clone()) },
            Input = { inputs.Select(name => border[name].Clone()) },
            Output = { outputs.Select(name => border[name].Clone()) },
            ValueInfo = { graph.ValueInfo.Where(value => keptValues.Contains(value.Name)).Select(value => value.Clone()) },
        };
        return cut;
    }

    /// <summary>Fixes the symbolic first axis of a graph of this library, for runtimes that take no symbolic one.</summary>
    /// <param name="model">The model, which is changed.</param>
    /// <param name="batch">The length of the axis.</param>
    /// <param name="samples">How many samples of each row the graph takes.</param>
    public static void FixBatch(ModelProto model, int batch, int samples)
    {
        foreach (var axis in FirstAxes(model))
        {
            if (axis.DimParam == OnnxGraphBuilder.BatchAxis)
                axis.DimValue = batch;
            else if (axis.DimParam == OnnxGraphBuilder.SampleAxis)
                axis.DimValue = (long)batch * samples;
        }
    }

    /// <summary>Makes a first axis that <see cref="FixBatch"/> has fixed symbolic again; says whether there was one.</summary>
    /// <param name="model">The model, which is changed.</param>
    public static bool FreeBatch(ModelProto model)
    {
        if (model.Graph.Input.Concat(model.Graph.Output).Select(FirstAxis)
            .FirstOrDefault() is not { ValueCase: TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue, DimValue: var batch })
            return false;
        foreach (var axis in FirstAxes(model).Where(axis => axis.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue))
            axis.DimParam = axis.DimValue == batch ? OnnxGraphBuilder.BatchAxis : OnnxGraphBuilder.SampleAxis;
        return true;
    }

    /// <summary>The same model with other names for its inputs and outputs.</summary>
    public static ModelProto RenameBorder(ModelProto model, Func<string, string> rename)
    {
        var renamed = model.Clone();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var value in renamed.Graph.Input.Concat(renamed.Graph.Output))
        {
            names[value.Name] = rename(value.Name);
            value.Name = names[value.Name];
        }
        foreach (var node in renamed.Graph.Node)
        {
            Replace(node.Input, names);
            Replace(node.Output, names);
        }
        return renamed;
    }

    /// <summary>The length of the second axis of an input or output of shape [batch, n], or 0 where it has another shape.</summary>
    public static int WidthOf(ValueInfoProto value)
    {
        var dimensions = value.Type?.TensorType?.Shape?.Dim;
        return dimensions is [_, { ValueCase: TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue } width]
            && width.DimValue is > 0 and <= int.MaxValue
            ? (int)width.DimValue
            : 0;
    }

    /// <summary>The nodes by the values that they make, in a graph that makes each once.</summary>
    public static Dictionary<string, NodeProto> Makers(GraphProto graph) =>
        graph.Node.SelectMany(node => node.Output, (node, output) => (node, output)).Where(pair => pair.output.Length > 0)
            .ToDictionary(pair => pair.output, pair => pair.node, StringComparer.Ordinal);

    /// <summary>Puts one name in the place of another.</summary>
    public static void Replace(IList<string> values, string from, string to) =>
        Replace(values, new Dictionary<string, string>(StringComparer.Ordinal) { [from] = to });

    /// <summary>Puts other names in the place of some, all at once.</summary>
    public static void Replace(IList<string> values, IReadOnlyDictionary<string, string> names)
    {
        for (int i = 0; i < values.Count; i++)
        {
            if (names.TryGetValue(values[i], out string? name))
                values[i] = name;
        }
    }

    private static IEnumerable<TensorShapeProto.Types.Dimension> FirstAxes(ModelProto model) =>
        model.Graph.Input.Concat(model.Graph.Output).Concat(model.Graph.ValueInfo)
            .Select(FirstAxis).OfType<TensorShapeProto.Types.Dimension>();

    private static TensorShapeProto.Types.Dimension? FirstAxis(ValueInfoProto value) => value.Type?.TensorType?.Shape?.Dim.FirstOrDefault();
}
