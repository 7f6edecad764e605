using System.Runtime.InteropServices;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Writes weights in a small type, with the nodes that widen them to Single; these depend on nothing but the weight, so
/// that a runtime calculates them once, when it opens the file.
/// </summary>
/// <remarks>
/// DequantizeLinear says the same in one node, but ONNX Runtime keeps it for the sake of its integer kernels and runs
/// it with every batch, which took 60 % of the speed row by row.
/// </remarks>
internal sealed class WidenedWeights(OnnxGraphBuilder graph)
{
    private readonly Dictionary<string, string> _widened = new(StringComparer.Ordinal);

    /// <summary>The layer, with its weight stored in 16 bits; as it is where a value is too large for them.</summary>
    public void AsFloat16(NodeProto node, LayerWeight weight)
    {
        node.Input[1] = Once(weight, () =>
        {
            Half[] halves = Array.ConvertAll(weight.Values, value => (Half)value);
            if (!halves.All(Half.IsFinite))
                return weight.Tensor.Name;
            weight.Tensor.Store(TensorTypes.Half, MemoryMarshal.AsBytes(halves.AsSpan()));
            return Cast(weight);
        });
    }

    /// <summary>The layer, with its weight stored in 8 bits.</summary>
    public void AsInt8(NodeProto node, LayerWeight weight)
    {
        node.Input[1] = Once(weight, () =>
        {
            var levels = Int8Levels.Of(weight, Int8Levels.Widened);
            weight.Tensor.Store(TensorTypes.Int8, levels.Bytes);
            long[] shape = [.. weight.Tensor.Dims.Select((_, axis) => axis == weight.Axis ? (long)weight.Units : 1)];
            return graph.Node("Mul", graph.Free($"{weight.Tensor.Name}/scaled"),
                [Cast(weight), graph.Initializer(graph.Free($"{weight.Tensor.Name}/scale"), levels.Scales, shape)]);
        });
    }

    private string Once(LayerWeight weight, Func<string> store) =>
        _widened.TryGetValue(weight.Tensor.Name, out string? widened) ? widened : _widened[weight.Tensor.Name] = store();

    private string Cast(LayerWeight weight) => graph.Node("Cast", graph.Free($"{weight.Tensor.Name}/single"), [weight.Tensor.Name],
        OnnxAttribute.Int64("to", TensorTypes.Single));
}
