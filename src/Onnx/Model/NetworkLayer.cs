using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace MLNetAutoencoder.Onnx;

/// <summary>One function of a network, in PyTorch's words: the list of them tells a file's layers and where their weights are.</summary>
/// <param name="Part">The part of the network that it belongs to, one of the constants here.</param>
/// <param name="Function">Its name in <c>torch.nn.functional</c> or <c>torch</c>; <c>condition</c> stands for joining the
/// condition to the columns. Of an imported network, the ONNX operator.</param>
/// <param name="Tensors">From the function's parameters to the graph's initializers that they are.</param>
/// <param name="Arguments">Its other arguments.</param>
internal sealed record NetworkLayer(
    [property: JsonPropertyName("part"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Part,
    [property: JsonPropertyName("function")] string Function,
    [property: JsonPropertyName("tensors")] IReadOnlyDictionary<string, string> Tensors,
    [property: JsonPropertyName("arguments")] JsonObject Arguments)
{
    /// <summary>Scaled features to the code; of a variational encoder to the layer that mean and variance take.</summary>
    public const string Encoder = "encoder";

    /// <summary>What follows <see cref="Encoder"/> in a variational encoder, to the mean of the code.</summary>
    public const string CodeMean = "code_mean";

    /// <summary>What follows <see cref="Encoder"/> in a variational encoder, to the logarithm of the code's variance.</summary>
    public const string CodeLogVariance = "code_log_variance";

    /// <summary>The code offset's column to what is added to the code.</summary>
    public const string CodeOffset = "code_offset";

    /// <summary>The code to scaled reconstructions; of a classifier, to a number for each class.</summary>
    public const string Decoder = "decoder";

    /// <summary>
    /// The function that joins to the features 1 for each that is observed, and sets the others to 0: the first one of a masked encoder.
    /// </summary>
    public const string Observed = "observed";

    /// <summary>The function that brings what is beyond 5 to a logarithmic scale, z to ±(5 + ln(|z| − 4)).</summary>
    public const string Compress = "compress";

    /// <summary>The inverse of <see cref="Compress"/>, z to ±(4 + exp(|z| − 5)) where |z| is more than 5.</summary>
    public const string Expand = "expand";

    /// <summary>The function that keeps what it is given, beside passing it on.</summary>
    public const string Keep = "keep";

    /// <summary>The function that adds what was kept last, which then is forgotten.</summary>
    public const string AddKept = "add_kept";

    /// <summary>The function that keeps what it is given in the place of what was kept last, and passes that on.</summary>
    public const string SwapKept = "swap_kept";

    /// <summary>A list as JSON.</summary>
    public static string ToJson(IEnumerable<NetworkLayer> layers) =>
        JsonSerializer.Serialize(layers.ToArray(), MetadataJson.Default.NetworkLayerArray);

    /// <summary>Reads <see cref="ToJson"/> back.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static NetworkLayer[] Parse(string json) =>
        JsonSerializer.Deserialize(json, MetadataJson.Default.NetworkLayerArray) is { } layers
        && layers.All(layer => layer is { Function: not null, Tensors: not null, Arguments: not null }
            && layer.Tensors.Values.All(tensor => tensor is not null))
            ? layers : throw new JsonException("A layer has a function, tensors and arguments.");

    /// <summary>The layers of the parts whose weights a graph has, such as one that was cut out of the whole.</summary>
    public static NetworkLayer[] Of(GraphProto graph, IReadOnlyList<NetworkLayer> layers)
    {
        var present = graph.Initializer.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var missing = layers.Where(layer => !layer.Tensors.Values.All(present.Contains)).Select(layer => layer.Part).ToHashSet();
        return [.. layers.Where(layer => !missing.Contains(layer.Part))];
    }

    /// <summary>The nodes of an imported network that take constants of Single.</summary>
    /// <param name="graph">The graph that it stands in.</param>
    /// <param name="part">Its part, with which the names of its nodes and constants start.</param>
    public static IEnumerable<NetworkLayer> OfImported(GraphProto graph, string part)
    {
        var weights = graph.Initializer.Where(tensor => tensor.DataType == TensorTypes.Single && tensor.Dims.Count > 0
                && tensor.Name.StartsWith($"{part}/", StringComparison.Ordinal))
            .Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return graph.Node.Select(node => new NetworkLayer(part, node.OpType,
            node.Input.Select((name, place) => (name, place)).Where(input => weights.Contains(input.name))
                .ToDictionary(input => $"input{input.place}", input => input.name), [])).Where(layer => layer.Tensors.Count > 0);
    }

    /// <summary>Whole numbers as an argument.</summary>
    public static JsonArray List(params IEnumerable<long> values) => [.. values.Select(value => (JsonNode)value)];
}
