namespace MLNetAutoencoder.Onnx;

/// <summary>Scaling of the inputs and back, left out of the graph where there is none.</summary>
internal sealed class ScalingGraph(OnnxGraphBuilder graph, AutoencoderMetadata metadata)
{
    /// <summary>The names of the initializers of a scaling.</summary>
    internal const string OffsetName = "scaling/offset", ScaleName = "scaling/scale";

    // Null for offsets of 0 and scales of 1.
    private readonly string? _offset = metadata.ScalingOffsets.All(offset => offset == 0) ? null
        : graph.Initializer(OffsetName, [.. metadata.ScalingOffsets], metadata.FeatureCount);
    private readonly string? _scale = metadata.ScalingScales.All(scale => scale == 1) ? null
        : graph.Initializer(ScaleName, [.. metadata.ScalingScales], metadata.FeatureCount);

    public bool IsIdentity => _offset is null && _scale is null;

    public string Scale(string value)
    {
        if (_offset is not null)
            value = graph.Node("Sub", "scaling/centered", [value, _offset]);
        return _scale is null ? value : graph.Node("Div", "scaling/scaled", [value, _scale]);
    }

    public string Unscale(string value)
    {
        if (_scale is not null)
            value = graph.Node("Mul", "scaling/raw_spread", [value, _scale]);
        return _offset is null ? value : graph.Node("Add", "scaling/raw", [value, _offset]);
    }
}
