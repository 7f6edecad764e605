using System.Runtime.InteropServices;
using Google.Protobuf;

namespace MLNetAutoencoder.Onnx;

/// <summary>Writes a graph's nodes anew, in their order, with others in the places of some.</summary>
internal sealed class GraphRewriter
{
    private readonly GraphProto _graph;
    private readonly List<NodeProto> _nodes = [];
    private readonly HashSet<string> _names;

    /// <param name="graph">The graph, which is changed.</param>
    public GraphRewriter(GraphProto graph)
    {
        _graph = graph;
        _names = [.. graph.Initializer.Select(tensor => tensor.Name), .. graph.Input.Select(input => input.Name),
            .. graph.Node.SelectMany(node => node.Output.Append(node.Name))];
    }

    /// <summary>
    /// Goes through the nodes; <paramref name="rewrite"/> adds to the graph what takes the place of each, most often
    /// the node itself.
    /// </summary>
    public void Run(Action<NodeProto> rewrite)
    {
        foreach (var node in _graph.Node)
            rewrite(node);
        _graph.Node.Clear();
        _graph.Node.AddRange(_nodes);
    }

    public void Keep(NodeProto node) => _nodes.Add(node);

    /// <summary>Adds a node; its output has the node's name.</summary>
    public string Node(string operation, string name, string[] inputs, params OnnxAttribute[] attributes)
    {
        name = Free(name);
        _nodes.Add(new NodeProto { OpType = operation, Name = name, Input = { inputs }, Output = { name },
            Attribute = { attributes.Select(attribute => attribute.ToProto()) } });
        return name;
    }

    public string Singles(string name, ReadOnlySpan<float> values, params long[] shape) =>
        Initializer(name, OnnxElementType.Single, MemoryMarshal.AsBytes(values), shape);

    public string Initializer(string name, OnnxElementType type, ReadOnlySpan<byte> bytes, params long[] shape)
    {
        name = Free(name);
        _graph.Initializer.Add(TensorProtoExtensions.Of(name, type, bytes, shape));
        return name;
    }

    /// <summary>Stores an initializer's values in another type, under its name.</summary>
    public static void Store(TensorProto tensor, OnnxElementType type, ReadOnlySpan<byte> bytes, params long[] shape)
    {
        tensor.DataType = (int)type;
        tensor.FloatData.Clear();
        tensor.RawData = ByteString.CopyFrom(bytes);
        tensor.Dims.Clear();
        tensor.Dims.AddRange(shape);
    }

    private string Free(string name)
    {
        string free = name;
        for (int number = 2; !_names.Add(free); number++)
            free = $"{name}{number}";
        return free;
    }
}
