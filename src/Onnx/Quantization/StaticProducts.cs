using System.Runtime.InteropServices;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Writes dense layers that calculate in integers, with scales for their inputs that were found in calibration rows, in
/// the form of QuantizeLinear and DequantizeLinear around the layer.
/// </summary>
/// <remarks>
/// With the range [a, b] of an input, zero included, its scale is s = (b − a) / 255, its zero point z = round(−a / s),
/// and q = round(x / s) + z within 0 and 255 (Jacob et al. 2018, equation 1). Values out of the range become its ends.
/// The bias is stored as round(bias / (s t)) in 32 bits, t the unit's scale (Jacob et al. 2018, section 2.4): ONNX
/// Runtime takes no other into its integer kernel.
/// </remarks>
internal sealed class StaticProducts(OnnxGraphBuilder graph, IReadOnlyDictionary<string, ValueRange> ranges)
{
    /// <summary>A product of scales smaller than that has hardly any digits left.</summary>
    private const float LeastScale = 1.17549435E-38f;

    /// <summary>A bias must leave the sum of the products room in 32 bits.</summary>
    private const float LargestBias = 1 << 30;

    private readonly Dictionary<(string Value, ValueRange Range), string> _inputs = [];
    private readonly Dictionary<string, (string Weight, string? Bias)> _weights = new(StringComparer.Ordinal);

    /// <summary>The layer between its quantized input and its quantized weight.</summary>
    public void Write(NodeProto node, LayerWeight weight)
    {
        var range = ranges[weight.Tensor.Name];
        node.Input[0] = Input(node.Input[0], range);
        (node.Input[1], string? bias) = Weight(weight, range.Scale);
        if (bias is not null)
            node.Input[2] = bias;
    }

    private string Input(string value, ValueRange range)
    {
        if (_inputs.TryGetValue((value, range), out string? dequantized))
            return dequantized;
        string scale = graph.Initializer(graph.Free($"{value}/scale"), [range.Scale]),
            zero = graph.Initializer(graph.Free($"{value}/zero"), TensorTypes.UInt8, [range.ZeroPoint]);
        string quantized = graph.Node("QuantizeLinear", graph.Free($"{value}/quantized"), [value, scale, zero]);
        return _inputs[(value, range)] = graph.Node("DequantizeLinear", graph.Free($"{value}/dequantized"), [quantized, scale, zero]);
    }

    private (string Weight, string? Bias) Weight(LayerWeight weight, float inputScale)
    {
        string name = weight.Tensor.Name;
        if (_weights.TryGetValue(name, out var stored))
            return stored;
        float[]? biases = weight.Bias is null ? null : weight.Bias.ToSingles();
        var levels = Int8Levels.Of(weight, Int8Levels.Multiplied, unit =>
            Math.Max(LeastScale, biases is null ? 0 : Math.Abs(biases[unit]) / LargestBias) / inputScale);
        weight.Tensor.Store(TensorTypes.Int8, levels.Bytes);

        // Zero points of zero may be left out, but ONNX Runtime looks for them.
        string zero = graph.Initializer(graph.Free($"{name}/zero"), TensorTypes.Int8, new byte[weight.Units], weight.Units);
        string dequantized = graph.Node("DequantizeLinear", graph.Free($"{name}/dequantized"),
            [name, graph.Initializer(graph.Free($"{name}/scale"), levels.Scales, weight.Units), zero],
            OnnxAttribute.Int64("axis", weight.Axis));
        string? bias = biases is null ? null : Bias(weight.Bias!, biases, Array.ConvertAll(levels.Scales, scale => scale * inputScale));
        return _weights[name] = (dequantized, bias);
    }

    private string Bias(TensorProto tensor, float[] biases, float[] scales)
    {
        int[] levels = [.. biases.Select((bias, unit) => (int)Math.Round((double)bias / scales[unit]))];
        tensor.Store(TensorTypes.Int32, MemoryMarshal.AsBytes(levels.AsSpan()));
        return graph.Node("DequantizeLinear", graph.Free($"{tensor.Name}/dequantized"),
            [tensor.Name, graph.Initializer(graph.Free($"{tensor.Name}/scale"), scales, scales.Length)], OnnxAttribute.Int64("axis", 0));
    }
}
