using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace MLNetAutoencoder.Onnx;

/// <summary>Builds an ONNX graph (opset 17, IR version 8) node by node from plain arrays.</summary>
/// <remarks>
/// A value in the graph is known by its name. Names are paths that a person reads in a graph viewer, such as
/// <c>encoder/dense1/weight</c>. Every input and output has a symbolic first axis, <c>batch</c>. A name that is taken, or that nothing
/// has, is an <see cref="ArgumentException"/>.
/// </remarks>
internal sealed class OnnxGraphBuilder
{
    /// <summary>The operator set that the graphs are written in.</summary>
    public const int Opset = 17;

    /// <summary>The version of ONNX's intermediate representation that belongs to <see cref="Opset"/>.</summary>
    public const int IrVersion = 8;

    /// <summary>Stands among a node's inputs in the place of an optional one that is left out.</summary>
    public const string NoInput = "";

    /// <summary>The name of the symbolic first axis of every input and output.</summary>
    public const string BatchAxis = "batch";

    /// <summary>The name of the first axis of values between nodes that have a row for each sample of each row of the batch.</summary>
    internal const string SampleAxis = "samples_of_batch";

    private readonly GraphProto _graph;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<NetworkLayer> _layers = [];
    private string _prefix = "", _scope = "";
    private string _firstAxis = BatchAxis;

    /// <summary>Starts an empty graph.</summary>
    public OnnxGraphBuilder(string name) => _graph = new GraphProto { Name = name };

    /// <summary>Goes on with a graph, which is changed.</summary>
    internal OnnxGraphBuilder(GraphProto graph)
    {
        _graph = graph;
        _names.UnionWith(graph.Input.Select(value => value.Name).Concat(graph.Initializer.Select(tensor => tensor.Name))
            .Concat(graph.Node.SelectMany(node => node.Output.Append(node.Name))));
    }

    /// <summary>The part of the network that is being written, one of <see cref="NetworkLayer"/>'s.</summary>
    internal string Part { get; set; } = NetworkLayer.Encoder;

    /// <summary>What <see cref="Layer"/> was told.</summary>
    internal IReadOnlyList<NetworkLayer> Layers => _layers;

    /// <summary>Lists a function of the network whose nodes are written; not where a part is written a second time.</summary>
    /// <param name="function">As in <see cref="NetworkLayer"/>.</param>
    /// <param name="tensors">Its parameters, and the initializers that they are.</param>
    /// <param name="arguments">Its other arguments.</param>
    internal void Layer(string function, (string Parameter, string Initializer)[] tensors,
        params (string Name, JsonNode Value)[] arguments)
    {
        if (_prefix.Length == 0 && _scope.Length == 0)
            _layers.Add(new NetworkLayer(Part, function, tensors.ToDictionary(tensor => tensor.Parameter, tensor => tensor.Initializer),
                new JsonObject(arguments.Select(argument => KeyValuePair.Create(argument.Name, (JsonNode?)argument.Value)))));
    }

    /// <summary>Adds a graph input of shape [batch, <paramref name="size"/>].</summary>
    public string Input(string name, int size, string description)
    {
        Claim(name);
        _graph.Input.Add(Value(name, TensorTypes.Single, size, description));
        return name;
    }

    /// <summary>Declares a value as a graph output of shape [batch, <paramref name="size"/>].</summary>
    public void Output(string name, int type, int size, string description)
    {
        if (!_graph.Node.Any(node => node.Output.Contains(name)))
            throw new ArgumentException($"The graph '{_graph.Name}' has no node that makes '{name}', so it cannot be an output.",
                nameof(name));
        _graph.Output.Add(Value(name, type, size, description));
    }

    /// <summary>Adds an array as an initializer, in row-major order.</summary>
    public string Initializer(string name, ReadOnlySpan<float> values, params long[] shape)
    {
        long count = shape.Aggregate(1L, (product, length) => product * length);
        if (count != values.Length)
            throw new ArgumentException(
                $"The initializer '{name}' has {values.Length} values; its shape [{string.Join(", ", shape)}] holds {count}.",
                nameof(shape));
        return Initializer(name, TensorTypes.Single, MemoryMarshal.AsBytes(values), shape);
    }

    /// <summary>Adds values of another type, of which the bytes are given.</summary>
    public string Initializer(string name, int type, ReadOnlySpan<byte> bytes, params long[] shape)
    {
        name = _scope + name;
        if (_prefix.Length > 0 && _graph.Initializer.Any(tensor => tensor.Name == name))
            return name;
        Claim(name);
        _graph.Initializer.Add(TensorProtoExtensions.Of(name, type, bytes, shape));
        return name;
    }

    /// <summary>Adds a list of whole numbers as an initializer, such as a shape or axes.</summary>
    public string Int64s(string name, params long[] values) =>
        Initializer(name, TensorTypes.Int64, MemoryMarshal.AsBytes<long>(values), values.Length);

    /// <summary>Adds a list of texts as an initializer.</summary>
    public string Texts(string name, params string[] values)
    {
        Claim(name);
        _graph.Initializer.Add(new TensorProto { Name = name, DataType = TensorTypes.String, Dims = { values.Length },
            StringData = { values.Select(ByteString.CopyFromUtf8) } });
        return name;
    }

    /// <summary>
    /// Writes a part a second time: its nodes' names get a prefix, its initializers are those that stand in the graph
    /// already.
    /// </summary>
    public string Again(string prefix, Func<string> emit, string firstAxis = BatchAxis)
    {
        var before = (_prefix, _firstAxis);
        (_prefix, _firstAxis) = (prefix + _prefix, firstAxis);
        try
        {
            return emit();
        }
        finally
        {
            (_prefix, _firstAxis) = before;
        }
    }

    /// <summary>
    /// Writes a network beside the one that the graph is of: the names of its nodes and initializers get a prefix, and its layers are not
    /// listed.
    /// </summary>
    /// <param name="scope">What the names start with, such as <c>member2/</c>.</param>
    /// <param name="emit">Writes the network.</param>
    /// <returns>What <paramref name="emit"/> returns.</returns>
    public string Under(string scope, Func<string> emit)
    {
        string before = _scope;
        _scope = scope + _scope;
        try
        {
            return emit();
        }
        finally
        {
            _scope = before;
        }
    }

    /// <summary>Adds a node with one output, which has its name. <see cref="NoInput"/> leaves an optional input out.</summary>
    public string Node(string operation, string name, IReadOnlyList<string> inputs, params AttributeProto[] attributes) =>
        Node(operation, name, inputs, [name], attributes)[0];

    /// <summary>Adds a node with several outputs.</summary>
    public string[] Node(string operation, string name, IReadOnlyList<string> inputs, string[] outputs, params AttributeProto[] attributes)
    {
        name = _scope + _prefix + name;
        outputs = Array.ConvertAll(outputs, output => _scope + _prefix + output);
        foreach (string input in inputs)
        {
            if (input != NoInput && !_names.Contains(input))
                throw new ArgumentException(
                    $"The node '{name}' ({operation}) takes '{input}', which the graph '{_graph.Name}' does not have yet.", nameof(inputs));
        }
        Array.ForEach(outputs, Claim);
        _graph.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = name,
            Input = { inputs },
            Output = { outputs },
            Attribute = { attributes },
        });
        return outputs;
    }

    /// <summary>Adds a reduction over one axis, which stays with the length 1.</summary>
    public string Reduce(string operation, string name, string value, long axis = 1) =>
        Node(operation, name, [value], OnnxAttribute.Int64s("axes", axis), OnnxAttribute.Int64("keepdims", 1));

    /// <summary>A name that nothing has: the wanted one, with a number after it where that is taken.</summary>
    public string Free(string name)
    {
        string free = name;
        for (int number = 2; _names.Contains(free); number++)
            free = $"{name}{number}";
        return free;
    }

    /// <summary>Goes through the nodes: <paramref name="rewrite"/> may change each, and add others before it.</summary>
    public void Rewrite(Action<NodeProto> rewrite)
    {
        NodeProto[] nodes = [.. _graph.Node];
        _graph.Node.Clear();
        foreach (var node in nodes)
        {
            rewrite(node);
            _graph.Node.Add(node);
        }
    }

    /// <summary>Multiplies a value by a number; by 1 it stays what it is.</summary>
    internal string Times(string name, string value, string factorName, float factor) =>
        factor == 1 ? value : Node("Mul", name, [value, Initializer(factorName, [factor])]);

    /// <summary>
    /// Tells the shape of a value between nodes, [batch, ...], where ONNX's shape inference cannot find it in every
    /// opset.
    /// </summary>
    public string Declare(string name, int type, params long[] lengths) => Declare(name, type, _firstAxis, lengths);

    /// <summary>The same for a value whose first axis has a name of its own.</summary>
    internal string Declare(string name, int type, string firstAxis, params long[] lengths)
    {
        _graph.ValueInfo.Add(Value(name, type, firstAxis, lengths, ""));
        return name;
    }

    /// <summary>
    /// Gives the output of a node another name, everywhere: this is how the last node of a part gets the name that the
    /// contract asks for.
    /// </summary>
    public string Rename(string name, string newName)
    {
        var maker = _graph.Node.FirstOrDefault(node => node.Output.Contains(name))
            ?? throw new ArgumentException($"The graph '{_graph.Name}' has no node that makes '{name}'.", nameof(name));
        Claim(newName);
        maker.Output[maker.Output.IndexOf(name)] = newName;
        foreach (var node in _graph.Node)
            OnnxFile.Replace(node.Input, name, newName);
        _names.Remove(name);
        return newName;
    }

    /// <summary>Ends the graph. The file's content refers to the weights' memory; it is no copy.</summary>
    internal ModelProto ToProto(IReadOnlyDictionary<string, string> metadata, string description)
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "MLNetAutoencoder",
            ProducerVersion = AutoencoderMetadata.CurrentLibraryVersion,
            DocString = description,
            Graph = _graph.Clone(),
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = Opset } },
        };
        OnnxFile.SetMetadata(model, metadata);
        return model;
    }

    private void Claim(string name)
    {
        if (!_names.Add(name))
            throw new ArgumentException($"The graph '{_graph.Name}' has two values with the name '{name}'.", nameof(name));
    }

    private static ValueInfoProto Value(string name, int type, int size, string description) =>
        Value(name, type, BatchAxis, [size], description);

    internal static ValueInfoProto Value(string name, int type, string firstAxis, long[] lengths, string description)
    {
        var shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = firstAxis } } };
        shape.Dim.AddRange(lengths.Select(length => new TensorShapeProto.Types.Dimension { DimValue = length }));
        return new ValueInfoProto { Name = name, DocString = description,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } } };
    }
}
