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
internal sealed class StaticProducts(GraphRewriter rewriter, IReadOnlyDictionary<string, ValueRange> ranges)
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
        rewriter.Keep(node);
    }

    private string Input(string value, ValueRange range)
    {
        if (_inputs.TryGetValue((value, range), out string? dequantized))
            return dequantized;
        string scale = rewriter.Singles($"{value}/scale", [range.Scale]),
            zero = rewriter.Initializer($"{value}/zero", OnnxElementType.Byte, [range.ZeroPoint]);
        string quantized = rewriter.Node("QuantizeLinear", $"{value}/quantized", [value, scale, zero]);
        return _inputs[(value, range)] = rewriter.Node("DequantizeLinear", $"{value}/dequantized", [quantized, scale, zero]);
    }

    private (string Weight, string? Bias) Weight(LayerWeight weight, float inputScale)
    {
        string name = weight.Tensor.Name;
        if (_weights.TryGetValue(name, out var stored))
            return stored;
        float[]? biases = weight.Bias is null ? null : weight.Bias.ToSingles();
        var levels = Int8Levels.Of(weight, Int8Levels.Multiplied, unit =>
            Math.Max(LeastScale, biases is null ? 0 : Math.Abs(biases[unit]) / LargestBias) / inputScale);
        GraphRewriter.Store(weight.Tensor, OnnxElementType.SByte, levels.Bytes, [.. weight.Tensor.Dims]);

        // Zero points of zero may be left out, but ONNX Runtime looks for them.
        string zero = rewriter.Initializer($"{name}/zero", OnnxElementType.SByte, new byte[weight.Units], weight.Units);
        string dequantized = rewriter.Node("DequantizeLinear", $"{name}/dequantized",
            [name, rewriter.Singles($"{name}/scale", levels.Scales, weight.Units), zero], OnnxAttribute.Int64("axis", weight.Axis));
        string? bias = biases is null ? null : Bias(weight.Bias!, biases, Array.ConvertAll(levels.Scales, scale => scale * inputScale));
        return _weights[name] = (dequantized, bias);
    }

    private string Bias(TensorProto tensor, float[] biases, float[] scales)
    {
        int[] levels = [.. biases.Select((bias, unit) => (int)Math.Round((double)bias / scales[unit]))];
        GraphRewriter.Store(tensor, OnnxElementType.Int32, MemoryMarshal.AsBytes(levels.AsSpan()), biases.Length);
        return rewriter.Node("DequantizeLinear", $"{tensor.Name}/dequantized",
            [tensor.Name, rewriter.Singles($"{tensor.Name}/scale", scales, scales.Length)], OnnxAttribute.Int64("axis", 0));
    }
}
