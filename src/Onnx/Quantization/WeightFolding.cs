using System.Runtime.InteropServices;

namespace MLNetAutoencoder.Onnx;

/// <summary>Widens small weights to Single in memory, the nodes of <see cref="WidenedWeights"/> being gone then.</summary>
/// <remarks>
/// ONNX Runtime does the same in every session for itself; done here, the sessions of a model share one copy
/// (<see cref="SharedWeights"/>). The values are the same, bit for bit.
/// </remarks>
internal static class WeightFolding
{
    /// <summary>The graph with its weights widened: the graph itself where there are none to widen.</summary>
    public static ModelProto Fold(ModelProto model)
    {
        var small = model.Graph.Initializer.Where(IsSmall).Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        if (!model.Graph.Node.Any(node => IsCast(node) && small.Contains(node.Input[0])))
            return model;
        var result = model.Clone();
        var graph = result.Graph;
        var initializers = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var cast in graph.Node.Where(node => IsCast(node) && small.Contains(node.Input[0])).ToArray())
        {
            NodeProto[] users = [.. graph.Node.Where(node => node.Input.Contains(cast.Output[0]))];
            var weight = initializers[cast.Input[0]];
            float[] values = Widen(weight);
            string name = cast.Output[0];
            if (users is [{ OpType: "Mul" } scaling] && scaling.Input[0] == name
                && initializers.TryGetValue(scaling.Input[1], out var scale) && IsScale(scale, weight))
            {
                Scale(values, weight.Dims, scale.ToSingles(), scale.Dims);
                name = scaling.Output[0];
                graph.Node.Remove(scaling);
            }
            graph.Node.Remove(cast);
            graph.Initializer.Add(TensorProtoExtensions.Singles(name, values, [.. weight.Dims]));
        }
        var taken = graph.Node.SelectMany(node => node.Input).ToHashSet(StringComparer.Ordinal);
        foreach (var tensor in graph.Initializer.Where(tensor => !taken.Contains(tensor.Name)).ToArray())
            graph.Initializer.Remove(tensor);
        return result;
    }

    /// <summary>Whether it is a weight in a small type, with as many values as its shape has.</summary>
    private static bool IsSmall(TensorProto tensor)
    {
        int size = tensor.DataType switch { TensorTypes.Half => 2, TensorTypes.Int8 => 1, _ => 0 };
        return size > 0 && tensor.RawData.Length == size * Count(tensor);
    }

    /// <summary>Whether it has one number for each place along one of the weight's axes, or a single one.</summary>
    private static bool IsScale(TensorProto scale, TensorProto weight) =>
        scale.DataType == TensorTypes.Single && scale.Dims.Count == weight.Dims.Count
        && scale.Dims.Zip(weight.Dims).All(pair => pair.First == 1 || pair.First == pair.Second)
        && scale.Dims.Count(length => length != 1) <= 1 && scale.ToSingles().Length == Count(scale);

    private static long Count(TensorProto tensor) => tensor.Dims.Aggregate(1L, (product, length) => product * length);

    private static bool IsCast(NodeProto node) => node.OpType == "Cast"
        && node.Attribute.Any(attribute => attribute.Name == "to" && attribute.I == TensorTypes.Single);

    private static float[] Widen(TensorProto tensor) => tensor.DataType == TensorTypes.Int8
        ? Array.ConvertAll(MemoryMarshal.Cast<byte, sbyte>(tensor.RawData.Span).ToArray(), value => (float)value)
        : Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(tensor.RawData.Span).ToArray(), value => (float)value);

    private static void Scale(float[] values, IList<long> shape, float[] scales, IList<long> scaleShape)
    {
        // How many values beside each other have one scale: those along the axes after the scales' own.
        long inner = 1;
        for (int axis = shape.Count - 1; axis >= 0 && scaleShape[axis] == 1; axis--)
            inner *= shape[axis];
        for (int i = 0; i < values.Length; i++)
            values[i] *= scales[i / inner % scales.Length];
    }
}
