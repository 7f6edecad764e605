using System.Text.Json.Nodes;

namespace MLNetAutoencoder.Onnx;

/// <summary>The layers of one of this library's graphs as PyTorch's functions, in their order.</summary>
/// <remarks>
/// Read back from the graph, since that is all that a fitted model is. An activation or a normalization may be several
/// nodes, whose names start with its own: they are one function here.
/// </remarks>
internal sealed class TorchLayers
{
    private const string Activation = "/activation", Normalization = "/normalization", WithOffset = "code/with_offset";

    private readonly GraphProto _graph;
    private readonly Dictionary<string, NodeProto> _makers;
    private readonly Dictionary<string, TensorProto> _initializers;

    public TorchLayers(GraphProto graph)
    {
        _graph = graph;
        _makers = OnnxFile.Makers(graph);
        _initializers = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The value that is added to the code; null where none is.</summary>
    public string? CodeOffset => _graph.Node.FirstOrDefault(node => node.Name == WithOffset)?.Input[1];

    /// <summary>The functions that lead to a value from the scaled features, the code or the code offset, as JSON.</summary>
    public string To(string value)
    {
        var layers = new JsonArray();
        string? at = value;
        while (at is not null && (at == value || at != GraphNames.Code) && _makers.TryGetValue(at, out var node))
            at = Before(node, layers);
        return layers.ToJsonString();
    }

    /// <summary>Whether two texts of <see cref="To"/> say the same.</summary>
    public static bool AreEqual(string one, string other)
    {
        try
        {
            return JsonNode.DeepEquals(JsonNode.Parse(one), JsonNode.Parse(other));
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }

    /// <summary>Puts what a node does before the layers, and gives the value that it takes; null where the network starts.</summary>
    private string? Before(NodeProto node, JsonArray layers)
    {
        void Add(string function, (string Parameter, string Tensor)[] tensors, params (string Name, JsonNode Value)[] arguments)
        {
            var named = new JsonObject();
            foreach (var (parameter, tensor) in tensors)
                named.Add(parameter, TorchWeights.NameOf(tensor));
            var others = new JsonObject();
            foreach (var (name, value) in arguments)
                others.Add(name, value);
            layers.Insert(0, new JsonObject { ["function"] = function, ["tensors"] = named, ["arguments"] = others });
        }

        if (CompositeOf(node, Normalization) is { } normalization)
        {
            bool Has(string name) => _initializers.ContainsKey($"{normalization}/{name}");
            if (Has("deviation"))
                Add("batch_norm", [("running_mean", $"{normalization}/mean"), ("running_var", $"{normalization}/deviation")], ("eps", 0));
            else if (Has("share"))
                Add("layer_norm", Has("scale") ? [("weight", $"{normalization}/scale"), ("bias", $"{normalization}/shift")] : [],
                    ("normalized_shape", List(_initializers[$"{normalization}/share"].Dims[0])), ("eps", 1e-5));
            else
                Add("normalize", [], ("dim", 1), ("eps", 1e-12));
            return SourceOf(normalization);
        }
        if (CompositeOf(node, Activation) is { } activation)
        {
            Add(node.OpType switch
            {
                "Relu" => "relu", "LeakyRelu" => "leaky_relu", "Elu" => "elu", "Selu" => "selu", "Tanh" => "tanh", "Sigmoid" => "sigmoid",
                    "Softplus" => "softplus", "Mul" or "Gelu" => "gelu",
                _ => throw Unknown(node),
            }, []);
            return SourceOf(activation);
        }
        if (node.Name.StartsWith("missing/", StringComparison.Ordinal))
            return null;
        switch (node.OpType)
        {
            case "Mul" or "Add" when node.Name.StartsWith("scaling/", StringComparison.Ordinal):
                return node.Input[0];
            case "Sub" or "Div" when node.Name.StartsWith("scaling/", StringComparison.Ordinal):
                return null;
            case "Add" when node.Name == WithOffset:
                return node.Input[0];
            case "Gemm":
                Add("linear", WeightAndBias(node));
                return node.Input[0];
            case "Conv":
                Add("conv2d", WeightAndBias(node), ("padding", List(Ints(node, "pads")[..2])));
                return node.Input[0];
            case "ConvTranspose":
                Add("conv_transpose2d", WeightAndBias(node), ("stride", List(Ints(node, "strides"))),
                    ("padding", List(Ints(node, "pads")[..2])), ("output_padding", List(Ints(node, "output_padding"))));
                return node.Input[0];
            case "MaxPool":
                Add("max_pool2d", [], ("kernel_size", List(Ints(node, "kernel_shape"))), ("ceil_mode", true));
                return node.Input[0];
            case "Reshape":
                // 0 keeps the length of the first axis, the batch's, which PyTorch writes as the one that is left.
                Add("reshape", [], ("shape", List([-1, .. Int64s(node.Input[1]).Skip(1)])));
                return node.Input[0];
            case "Flatten":
                Add("flatten", [], ("start_dim", 1));
                return node.Input[0];
            case "Transpose":
                Add("permute", [], ("dims", List(Ints(node, "perm"))));
                return node.Input[0];
            case "Resize":
                Add("interpolate", [], ("scale_factor",
                    List([.. _initializers[node.Input[2]].ToSingles().Skip(2).Select(scale => (long)scale)])), ("mode", "nearest"));
                return node.Input[0];
            case "Slice":
                long[] ends = Int64s(node.Input[2]), axes = Int64s(node.Input[3]);
                for (int i = ends.Length - 1; i >= 0; i--)
                    Add("narrow", [], ("dim", axes[i]), ("start", 0), ("length", ends[i]));
                return node.Input[0];
            case "Concat":
                Add("condition", []);
                return node.Input[0];
            default:
                throw Unknown(node);
        }
    }

    /// <summary>The name of the activation or normalization that a node is a part of.</summary>
    private static string? CompositeOf(NodeProto node, string kind)
    {
        int at = (node.Name + "/").IndexOf(kind + "/", StringComparison.Ordinal);
        return at < 0 ? null : node.Name[..(at + kind.Length)];
    }

    /// <summary>The value from outside that the nodes of an activation or normalization take.</summary>
    private string SourceOf(string composite)
    {
        var nodes = _graph.Node.Where(node => node.Name == composite
            || node.Name.StartsWith(composite + "/", StringComparison.Ordinal)).ToArray();
        var made = nodes.SelectMany(node => node.Output).ToHashSet(StringComparer.Ordinal);
        return nodes.SelectMany(node => node.Input)
            .First(input => input.Length > 0 && !made.Contains(input) && !_initializers.ContainsKey(input));
    }

    private static (string, string)[] WeightAndBias(NodeProto node) => [("weight", node.Input[1]), ("bias", node.Input[2])];

    private static long[] Ints(NodeProto node, string attribute) => [.. node.Attribute.First(one => one.Name == attribute).Ints];

    private long[] Int64s(string initializer) => _initializers[initializer].ToInt64s();

    private static JsonArray List(params long[] values) => [.. values.Select(value => JsonValue.Create(value))];

    private static InvalidOperationException Unknown(NodeProto node) =>
        new($"The node '{node.Name}' ({node.OpType}) is none of the layers that this library writes, so that it cannot be described to " +
        "PyTorch.");
}
