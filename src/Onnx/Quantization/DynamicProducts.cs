using System.Runtime.InteropServices;

namespace MLNetAutoencoder.Onnx;

/// <summary>Writes dense layers that calculate in integers, with a scale for each row that is found in the row itself.</summary>
/// <remarks>
/// <para>With m = max |x| over a row, x / m lies between −1 and 1, so that one scale serves every row: q = round(127 x
/// / m) + 128, or q = round(255 x / m) where x is never negative. The product of q with the weight's levels is taken in
/// 32-bit integers, then scaled back by m and the unit's scale.</para>
/// <para>ONNX's own DynamicQuantizeLinear takes one scale for a whole batch: a row's score would depend on the rows
/// that come with it, and one outlier, of all things, would blur all others.</para>
/// </remarks>
internal sealed class DynamicProducts(GraphProto graph, GraphRewriter rewriter, long opset)
{
    /// <summary>Keeps a row of zeros from a division by zero.</summary>
    private const float LeastMagnitude = 1e-30f;

    private readonly Dictionary<string, (string Dequantized, string Magnitude)> _inputs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _weights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _constants = new(StringComparer.Ordinal);

    /// <summary>The layer as a product of integers.</summary>
    public void Write(NodeProto node, LayerWeight weight)
    {
        var (input, magnitude) = Input(node.Input[0]);
        string product = rewriter.Node("MatMul", $"{node.Name}/product", [input, Weight(weight)]);
        if (node.Input.Count < 3)
        {
            rewriter.Replacement(node, "Mul", product, magnitude);
            return;
        }
        rewriter.Replacement(node, "Add", rewriter.Node("Mul", $"{node.Name}/rescaled", [product, magnitude]), node.Input[2]);
    }

    private (string Dequantized, string Magnitude) Input(string value)
    {
        if (_inputs.TryGetValue(value, out var input))
            return input;
        bool isPositive = graph.Node.FirstOrDefault(node => node.Output.Contains(value)) is { OpType: "Relu" or "Sigmoid" };
        string largest = Largest($"{value}/largest", value);
        if (!isPositive)
            largest = rewriter.Node("Max", $"{value}/largest_magnitude",
                [largest, Largest($"{value}/largest_negative", rewriter.Node("Neg", $"{value}/negative", [value]))]);
        string magnitude = rewriter.Node("Max", $"{value}/magnitude",
            [largest, Constant("quantization/least_magnitude", name => rewriter.Singles(name, [LeastMagnitude], 1))]);
        string relative = rewriter.Node("Div", $"{value}/relative", [value, magnitude]);
        string kind = isPositive ? "positive" : "signed";
        string scale = Constant($"quantization/{kind}_scale", name => rewriter.Singles(name, [isPositive ? 1f / 255 : 1f / 127]));
        string zero = Constant($"quantization/{kind}_zero", name =>
            rewriter.Initializer(name, OnnxElementType.Byte, [isPositive ? (byte)0 : (byte)128]));
        string quantized = rewriter.Node("QuantizeLinear", $"{value}/quantized", [relative, scale, zero]);
        return _inputs[value] = (rewriter.Node("DequantizeLinear", $"{value}/dequantized", [quantized, scale, zero]), magnitude);
    }

    private string Largest(string name, string value) => opset >= 18
        ? rewriter.Node("ReduceMax", name, [value,
            Constant("quantization/last_axis", axes =>
            rewriter.Initializer(axes, OnnxElementType.Int64, [255, 255, 255, 255, 255, 255, 255, 255], 1))])
        : rewriter.Node("ReduceMax", name, [value], OnnxAttribute.Int64s("axes", -1));

    private string Weight(LayerWeight weight)
    {
        string name = weight.Tensor.Name;
        if (_weights.TryGetValue(name, out string? dequantized))
            return dequantized;

        // ONNX Runtime takes the product with a scale for each row apart as MatMul alone, whose matrix is [inputs, outputs].
        var levels = Int8Levels.Of(weight, Int8Levels.Multiplied);
        int units = weight.Units, inputs = weight.Values.Length / units;
        sbyte[] matrix = levels.Values;
        if (weight.IsTransposed)
        {
            matrix = new sbyte[levels.Values.Length];
            for (int i = 0; i < inputs; i++)
                for (int unit = 0; unit < units; unit++)
                    matrix[i * units + unit] = levels.Values[unit * inputs + i];
        }
        GraphRewriter.Store(weight.Tensor, OnnxElementType.SByte, MemoryMarshal.AsBytes(matrix.AsSpan()), inputs, units);
        return _weights[name] = rewriter.Node("DequantizeLinear", $"{name}/dequantized",
            [name, rewriter.Singles($"{name}/scale", levels.Scales, units)], OnnxAttribute.Int64("axis", 1));
    }

    private string Constant(string name, Func<string, string> make) =>
        _constants.TryGetValue(name, out string? constant) ? constant : _constants[name] = make(name);
}
