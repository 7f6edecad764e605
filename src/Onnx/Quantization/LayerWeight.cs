namespace MLNetAutoencoder.Onnx;

/// <summary>A weight of encoder or decoder, and the nodes that take it: more than one where a part stands in the graph twice.</summary>
/// <remarks>
/// The file's list of layers names the weights. Files of before have no list: there a weight is told by its operator and
/// shape, since scaling, score and normalization have no Gemm and no convolution, and what they have of MatMul takes a
/// mean or a sum and has one column. A weight that something else takes too is left as it is.
/// </remarks>
internal sealed class LayerWeight
{
    private LayerWeight(GraphProto graph, TensorProto tensor, NodeProto[] users)
    {
        (Tensor, Users, Values) = (tensor, users, tensor.ToSingles());
        IsTransposed = Attribute("transB") == 1;
        Axis = Operation == "Conv" || (Operation == "Gemm" && IsTransposed) ? 0 : 1;
        Bias = FindBias(graph);
    }

    public TensorProto Tensor { get; }

    public NodeProto[] Users { get; }

    public float[] Values { get; }

    /// <summary>The axis along which the units, or channels, of the layer's output lie.</summary>
    public int Axis { get; }

    public int Units => (int)Tensor.Dims[Axis];

    /// <summary>Whether a matrix is [outputs, inputs].</summary>
    public bool IsTransposed { get; }

    /// <summary>The bias, one value for each unit, where it is a constant that nothing else takes.</summary>
    public TensorProto? Bias { get; }

    /// <summary>
    /// Whether the layer is x W + b and nothing else, with a bias known beforehand or none: what can be calculated in
    /// integers.
    /// </summary>
    public bool IsPlainProduct => Operation == "MatMul"
        || (Operation == "Gemm" && Attribute("transA") == 0 && IsOne("alpha") && IsOne("beta")
            && (Bias is not null || Users.All(node => node.Input.Count == 2)));

    private string Operation => Users[0].OpType;

    /// <summary>The place of a value along <see cref="Axis"/>.</summary>
    public int UnitOf(int place)
    {
        int inner = 1;
        for (int axis = Axis + 1; axis < Tensor.Dims.Count; axis++)
            inner *= (int)Tensor.Dims[axis];
        return place / inner % Units;
    }

    /// <summary>The weights of a graph's layers, in the order of their first use.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="layers">The network's layers; empty for all that look like one.</param>
    public static LayerWeight[] Find(GraphProto graph, IReadOnlyList<NetworkLayer> layers)
    {
        var named = layers.SelectMany(layer => layer.Tensors.Values).ToHashSet(StringComparer.Ordinal);
        var initializers = graph.Initializer.Where(tensor => named.Count == 0 || named.Contains(tensor.Name))
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var uses = graph.Node.SelectMany(node => node.Input.Select((name, place) => (name, place, node)))
            .ToLookup(use => use.name, StringComparer.Ordinal);
        return
        [
            .. graph.Node.Where(node => IsLayer(node, initializers)).Select(node => node.Input[1]).Distinct()
                .Where(name => uses[name].All(use => use.place == 1 && IsAlike(use.node, uses[name].First().node)))
                .Select(name => new LayerWeight(graph, initializers[name], [.. uses[name].Select(use => use.node)]))
                .Where(weight => weight.Values.All(float.IsFinite)),
        ];
    }

    private static bool IsLayer(NodeProto node, Dictionary<string, TensorProto> initializers) =>
        node.Domain.Length == 0 && node.Input.Count >= 2 && initializers.TryGetValue(node.Input[1], out var tensor)
        && tensor.DataType == TensorTypes.Single && node.OpType switch
        {
            "Gemm" => tensor.Dims.Count == 2,
            "MatMul" => tensor.Dims is [_, > 1],
            "Conv" or "ConvTranspose" => tensor.Dims.Count >= 3,
            _ => false,
        };

    // A weight that is transposed in one place and not in another has no one axis of units.
    private static bool IsAlike(NodeProto one, NodeProto other) =>
        one.OpType == other.OpType && one.Domain == other.Domain && one.Attribute.Equals(other.Attribute)
        && one.Input.Count == other.Input.Count && one.Input.Skip(2).SequenceEqual(other.Input.Skip(2));

    private TensorProto? FindBias(GraphProto graph)
    {
        if (Users[0].Input.Count < 3 || graph.Initializer.FirstOrDefault(tensor => tensor.Name == Users[0].Input[2]) is not { } bias)
            return null;
        bool isShared = graph.Node.Any(node => node.Input.Contains(bias.Name) && !Users.Contains(node));
        return !isShared && bias.DataType == TensorTypes.Single && bias.Dims is [var length] && length == Units
            && bias.ToSingles().All(float.IsFinite) ? bias : null;
    }

    private long Attribute(string name) => Users[0].Attribute.FirstOrDefault(attribute => attribute.Name == name)?.I ?? 0;

    private bool IsOne(string name) => Users[0].Attribute.FirstOrDefault(attribute => attribute.Name == name) is not { } attribute
        || attribute.F == 1;
}
