namespace MLNetAutoencoder.Onnx;

/// <summary>An encoder or a decoder that another library wrote as an ONNX file, such as <c>torch.onnx.export</c>.</summary>
/// <remarks>
/// <para>Input and output are of Single, [batch, n] or images [batch, c, h, w], with a first axis of any length. Of the
/// file only the nodes and weights that lead from the input to the output are taken. They may have the operators that any
/// file is run with, of the opsets 12 to 21: what depends on chance or on the other rows of the batch is refused, and so
/// are control flow, functions, and weights in files of their own.</para>
/// </remarks>
public sealed class ImportedGraph
{
    /// <summary>More values of a row are no row of features any more, but a file that lies about its shapes.</summary>
    private const int MostWidth = 1 << 24;

    private readonly string _source;
    private readonly ModelProto _model;
    private readonly long[]? _inputAxes;
    private readonly long[]? _outputAxes;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="input">The name of the value that the rows go to: an input, or any value at which the graph is to
    /// be cut. Null for the only input that the output needs.</param>
    /// <param name="output">The name of the value that is wanted. Null for the only output.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, has no such input or output, or something in
    /// it cannot be taken over; the message names it.</exception>
    public ImportedGraph(string path, string? input = null, string? output = null)
        : this(Require.File(path, "an ONNX file", "ONNX file"), $"The file '{path}'", input, output)
    {
    }

    /// <summary>Reads the content of a file.</summary>
    /// <param name="bytes">The content of an ONNX file.</param>
    /// <param name="source">Where the bytes came from, for messages, such as <c>The file 'encoder.onnx'</c>.</param>
    /// <param name="input">The name of the value that the rows go to: an input, or any value at which the graph is to
    /// be cut. Null for the only input that the output needs.</param>
    /// <param name="output">The name of the value that is wanted. Null for the only output.</param>
    /// <exception cref="InvalidDataException">The bytes are no ONNX model, have no such input or output, or something
    /// in them cannot be taken over; the message names it.</exception>
    public ImportedGraph(byte[] bytes, string source, string? input = null, string? output = null)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentException.ThrowIfNullOrEmpty(source);
        _source = source;
        var model = OnnxFile.Parse(bytes, source, onlyKnown: true);
        GraphCheck.Structure(model, source);
        var graph = model.Graph;
        Opset = OpsetOf(model);
        Output = output ?? (graph.Output is [var only] ? only.Name
            : throw Refused(
                $"has {graph.Output.Count} outputs ({Names(graph.Output.Select(value => value.Name))}). Say which one is wanted"));
        var (nodes, initializers, inputs) = Trace(graph, input);
        Input = inputs is [var one] ? one : throw Refused(inputs.Count == 0
            ? $"has the output '{Output}', which does not depend on {(input is null ? "any input" : $"'{input}'")}"
            : $"needs {inputs.Count} inputs for the output '{Output}' ({Names(inputs)}). An encoder takes the features and a decoder the " +
                "code, and nothing besides: say at which value to cut, or export it with one input");
        Name(nodes);

        var described = graph.Input.Concat(graph.Output).Concat(graph.ValueInfo).GroupBy(value => value.Name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        _inputAxes = AxesOf(described.GetValueOrDefault(Input), isInput: true);
        _outputAxes = AxesOf(described.GetValueOrDefault(Output), isInput: false);
        _model = new ModelProto
        {
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = Opset } },
            Graph = new GraphProto
            {
                Name = graph.Name, Node = { nodes }, Initializer = { initializers.Values.Select(tensor => tensor.Clone()) },
            },
        };
        GraphCheck.CheckNodes(
            _model.Graph, [(Input, new GraphValue(TensorTypes.Single, _inputAxes?.Length + 1, OfRows: true))], Opset, source);
    }

    /// <summary>The name of the value in the file that the rows go to.</summary>
    public string Input { get; }

    /// <summary>The name of the value in the file that is taken.</summary>
    public string Output { get; }

    /// <summary>How many values of a row it takes, as the file declares it; 0 where the file does not tell.</summary>
    public int InputWidth => WidthOf(_inputAxes);

    /// <summary>How many values of a row it gives, as the file declares it; 0 where the file does not tell.</summary>
    public int OutputWidth => WidthOf(_outputAxes);

    internal int Opset { get; }

    /// <summary>Where it came from and what of it is taken, for messages.</summary>
    public override string ToString() => $"{_source} ('{Input}' to '{Output}')";

    /// <summary>Whether all operators have a known form in an opset.</summary>
    internal bool CanBeIn(int opset)
    {
        try
        {
            Convert(opset);
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Puts nodes and weights into a graph, in the place of a node that stands for them.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="opset">The graph's opset.</param>
    /// <param name="place">The node; its name is what the names of nodes, values and weights will start with.</param>
    /// <param name="width">The number of values that a row has at the output.</param>
    /// <exception cref="InvalidDataException">An operator cannot be brought to the opset.</exception>
    internal void Replace(GraphProto graph, int opset, NodeProto place, int width)
    {
        GraphProto own;
        try
        {
            own = Convert(opset).Graph;
        }
        catch (NotSupportedException e)
        {
            throw new InvalidDataException(
                $"{_source} is of opset {Opset} and cannot be brought to opset {opset}, in which the other half is: {e.Message} Export " +
                "both with the same opset.", e);
        }
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [Input] = place.Input[0], [Output] = place.Output[0] };
        string prefix = place.Name;
        var nodes = new List<NodeProto>();

        // Rows of n values become images, and images rows again, outside of what came from the file.
        NodeProto Reshape(string name, string input, string output, params long[] lengths)
        {
            graph.Initializer.Add(TensorProtoExtensions.Int64s($"{name}/shape", [-1, .. lengths]));
            return new NodeProto { OpType = "Reshape", Name = name, Input = { input, $"{name}/shape" }, Output = { output } };
        }
        if (_inputAxes is { Length: > 1 } axes)
        {
            names[Input] = $"rows/{prefix}_input";
            nodes.Add(Reshape(names[Input], place.Input[0], names[Input], axes));
        }
        bool reshapes = _outputAxes is not { Length: 1 };
        if (reshapes)
            names[Output] = $"rows/{prefix}_tensor";

        foreach (var tensor in own.Initializer)
        {
            tensor.Name = names[tensor.Name] = $"{prefix}/{tensor.Name}";
            tensor.DocString = "";
        }
        foreach (var node in own.Node)
        {
            node.Name = $"{prefix}/{node.Name}";
            node.DocString = "";
            Rename(node.Input);
            Rename(node.Output);
        }
        nodes.AddRange(own.Node);
        if (reshapes)
            nodes.Add(Reshape($"rows/{prefix}_output", names[Output], place.Output[0], width));

        NodeProto[] all = [.. graph.Node.TakeWhile(node => node != place), .. nodes,
            .. graph.Node.SkipWhile(node => node != place).Skip(1)];
        graph.Node.Clear();
        graph.Node.Add(all);
        graph.Initializer.Add(own.Initializer);

        void Rename(IList<string> values)
        {
            for (int i = 0; i < values.Count; i++)
            {
                if (values[i].Length > 0)
                    values[i] = names.TryGetValue(values[i], out string? name) ? name : names[values[i]] = $"{prefix}/{values[i]}";
            }
        }
    }

    /// <summary>A copy of the nodes and weights in an opset.</summary>
    /// <exception cref="NotSupportedException">A node has an operator whose forms are not known.</exception>
    private ModelProto Convert(int opset) => opset == Opset ? _model.Clone() : OpsetForms.Convert(_model, opset);

    private int OpsetOf(ModelProto model)
    {
        long opset = model.OpsetImport.FirstOrDefault(set => set.Domain is "" or "ai.onnx")?.Version ?? 0;
        return opset is >= OpsetForms.Least and <= OpsetForms.Most ? (int)opset
            : throw Refused(
                FormattableString.Invariant(
                    $"is of opset {opset} of ONNX's operators; expected {OpsetForms.Least} to {OpsetForms.Most}. ") +
                $"Export it with opset {OnnxGraphBuilder.Opset}");
    }

    /// <summary>
    /// The nodes, in the file's order, and the constants that the output takes, and the inputs that it needs; where one
    /// is named, nothing before it.
    /// </summary>
    private (List<NodeProto> Nodes, Dictionary<string, TensorProto> Initializers, List<string> Inputs) Trace(
        GraphProto graph, string? input)
    {
        var makers = new Dictionary<string, NodeProto>(StringComparer.Ordinal);
        var constants = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        foreach (var tensor in graph.Initializer)
        {
            if (!constants.TryAdd(tensor.Name, tensor))
                throw Refused($"has two initializers '{tensor.Name}'");
        }
        foreach (var node in graph.Node)
        {
            if (Constant(node) is { } constant && !constants.TryAdd(constant.Name, constant))
                throw Refused($"makes '{constant.Name}' twice");
            foreach (string output in node.Output.Where(output => output.Length > 0))
            {
                if (!makers.TryAdd(output, node))
                    throw Refused($"makes '{output}' twice");
            }
        }
        var given = graph.Input.Select(value => value.Name).Where(name => !constants.ContainsKey(name)).ToHashSet(StringComparer.Ordinal);
        if (input is not null && !given.Contains(input) && !makers.ContainsKey(input))
            throw Refused($"has no input or value '{input}'; its inputs are {Names(given)}");
        if (!makers.ContainsKey(Output))
            throw Refused($"has no node that makes '{Output}'; its outputs are {Names(graph.Output.Select(value => value.Name))}");

        var kept = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var initializers = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        var inputs = new List<string>();
        var wanted = new Stack<string>([Output]);
        while (wanted.TryPop(out string? value))
        {
            if (value.Length == 0 || !seen.Add(value))
                continue;
            if (value == input)
                inputs.Add(value);
            else if (constants.TryGetValue(value, out var tensor))
                initializers.Add(value, tensor);
            else if (given.Contains(value))
                inputs.Add(value);
            else if (!makers.TryGetValue(value, out var maker))
                throw Refused($"has a node that takes '{value}', which nothing makes");
            else if (kept.Add(maker))
            {
                foreach (string taken in maker.Input)
                    wanted.Push(taken);
            }
        }

        List<NodeProto> nodes = [.. graph.Node.Where(kept.Contains).Select(node => node.Clone())];
        foreach (var node in nodes.Where(node => node.Domain == "ai.onnx"))
            node.Domain = "";
        return (nodes, initializers, inputs);
    }

    /// <summary>What a node makes, where that is written in the node.</summary>
    private static TensorProto? Constant(NodeProto node)
    {
        if (node.OpType != "Constant" || node.Output.Count != 1 || node.Attribute is not [var value])
            return null;
        string name = node.Output[0];
        var tensor = value.Name switch
        {
            "value" => value.T?.Clone(),
            "value_float" => TensorProtoExtensions.Singles(name, [value.F]),
            "value_floats" => TensorProtoExtensions.Singles(name, [.. value.Floats], value.Floats.Count),
            "value_int" => TensorProtoExtensions.Int64(name, value.I),
            "value_ints" => TensorProtoExtensions.Int64s(name, [.. value.Ints]),
            _ => null,
        };
        if (tensor is not null)
            tensor.Name = name;
        return tensor;
    }

    /// <summary>Gives nodes without a name, or with that of another, the name of what they make.</summary>
    private static void Name(List<NodeProto> nodes)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            if (node.Name.Length == 0 || !taken.Add(node.Name))
                node.Name = node.Output.First(output => output.Length > 0);
        }
    }

    /// <summary>
    /// The lengths of the axes after the first, 0 for one that is not fixed; null where the file does not tell the
    /// number of axes.
    /// </summary>
    private long[]? AxesOf(ValueInfoProto? value, bool isInput)
    {
        if (value?.Type is not { } type)
            return null;
        if (type.TensorType is not { } tensor)
            throw Refused($"has '{value.Name}', which is no tensor");
        if (tensor.ElemType != TensorTypes.Single)
            throw Refused(
                $"has '{value.Name}' with elements of ONNX's type " +
                $"{tensor.ElemType}{tensor.ElemType switch { 10 => " (float16)", 11 => " (double)", _ => "" }}; expected 1, float");
        if (tensor.Shape is not { } shape)
            return null;
        var lengths = shape.Dim.Select(axis => axis.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue
            ? FormattableString.Invariant($"{axis.DimValue}") : axis.DimParam.Length > 0 ? axis.DimParam : "?");
        string text = $"[{string.Join(", ", lengths)}]";
        if (shape.Dim.Count < 2)
            throw Refused($"has '{value.Name}' of the shape {text}; expected [batch, n], or [batch, c, h, w] for images");
        if (isInput && shape.Dim[0].ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue)
            throw Refused(
                $"has '{value.Name}' of the shape {text}, whose first axis is fixed. Export it with a batch of any size (in PyTorch: " +
                $"dynamic_axes={{'{value.Name}': {{0: 'batch'}}}})");
        long[] axes = [.. shape.Dim.Skip(1).Select(axis => axis.DimValue)];
        if (axes.Any(axis => axis < 0) || (isInput && axes.Length > 1 && axes.Contains(0)))
            throw Refused($"has '{value.Name}' of the shape {text}; expected fixed lengths of all axes but the first");
        if (axes.Aggregate(1.0, (product, length) => product * length) > MostWidth)
            throw Refused($"has '{value.Name}' of the shape {text}; expected at most {MostWidth} values for each row");
        return axes;
    }

    private static int WidthOf(long[]? axes) => (int)(axes?.Aggregate(1L, (product, length) => product * length) ?? 0);

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'").DefaultIfEmpty("none"));

    private InvalidDataException Refused(string what) => new($"{_source} {what}.");
}
