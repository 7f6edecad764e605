namespace MLNetAutoencoder.Onnx;

/// <summary>Scaling of the inputs and back, left out of the graph where there is none.</summary>
internal sealed class ScalingGraph(OnnxGraphBuilder graph, AutoencoderMetadata metadata)
{
    /// <summary>The scaling that is <c>standardize</c> with a logarithmic scale beyond some deviations.</summary>
    internal const string Compressed = "standardize-compressed";

    /// <summary>The deviations at which it begins.</summary>
    internal const float Knee = 5;

    /// <summary>The names of the initializers of a scaling.</summary>
    internal const string OffsetName = "scaling/offset", ScaleName = "scaling/scale";

    // Null for offsets of 0 and scales of 1.
    private readonly string? _offset = metadata.ScalingOffsets.All(offset => offset == 0) ? null
        : graph.Initializer(OffsetName, [.. metadata.ScalingOffsets], metadata.FeatureCount);
    private readonly string? _scale = metadata.ScalingScales.All(scale => scale == 1) ? null
        : graph.Initializer(ScaleName, [.. metadata.ScalingScales], metadata.FeatureCount);

    private readonly bool _isCompressed = metadata.Scaling == Compressed;

    public bool IsIdentity => _offset is null && _scale is null && !_isCompressed;

    public string Scale(string value)
    {
        if (_offset is not null)
            value = graph.Node("Sub", "scaling/centered", [value, _offset]);
        value = _scale is null ? value : graph.Node("Div", "scaling/scaled", [value, _scale]);
        return _isCompressed ? Bend(value, NetworkLayer.Compress, "Log", offset: 1, after: 0) : value;
    }

    public string Unscale(string value)
    {
        if (_isCompressed)
            value = Bend(value, NetworkLayer.Expand, "Exp", offset: 0, after: -1);
        if (_scale is not null)
            value = graph.Node("Mul", "scaling/raw_spread", [value, _scale]);
        return _offset is null ? value : graph.Node("Add", "scaling/raw", [value, _offset]);
    }

    /// <summary>±(min(|z|, 5) + f(max(|z| − 5, 0) + offset) + after): compressed with f = ln, and expanded with f = exp.</summary>
    private string Bend(string value, string function, string operation, float offset, float after)
    {
        graph.Layer(function, []);
        string Node(string op, string name, params string[] inputs) => graph.Node(op, $"scaling/{function}/{name}", inputs);
        string Constant(string name, float number) => graph.Initializer($"scaling/{function}/{name}", [number]);
        string size = Node("Abs", "size", value), knee = Constant("knee", Knee);
        string beyond = Node("Sub", "beyond", size, Node("Min", "near", size, knee));
        string bent = Node(operation, "bent", offset == 0 ? beyond : Node("Add", "beyond_and_offset", beyond, Constant("offset", offset)));
        string sum = Node("Add", "sum", $"scaling/{function}/near", bent);
        return Node("Mul", "signed", Node("Sign", "sign", value), after == 0 ? sum : Node("Add", "length", sum, Constant("after", after)));
    }
}
