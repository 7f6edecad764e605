namespace MLNetAutoencoder.Onnx;

/// <summary>Scaling of the inputs and back, left out of the graph where there is none.</summary>
internal sealed class ScalingGraph(OnnxGraphBuilder graph, AutoencoderMetadata metadata)
{
    /// <summary>The names of the initializers of a scaling.</summary>
    internal const string OffsetName = "scaling/offset", ScaleName = "scaling/scale";

    private string? _offset;
    private string? _scale;

    public bool IsIdentity { get; } = metadata.ScalingOffsets.All(offset => offset == 0) && metadata.ScalingScales.All(scale => scale == 1);

    public string Scale(string value)
    {
        if (IsIdentity)
            return value;
        _offset = graph.Initializer(OffsetName, [.. metadata.ScalingOffsets], metadata.FeatureCount);
        _scale = graph.Initializer(ScaleName, [.. metadata.ScalingScales], metadata.FeatureCount);
        return graph.Node("Div", "scaling/scaled", [graph.Node("Sub", "scaling/centred", [value, _offset]), _scale]);
    }

    public string Unscale(string value) =>
        IsIdentity ? value : graph.Node("Add", "scaling/raw", [graph.Node("Mul", "scaling/raw_spread", [value, _scale!]), _offset!]);
}
