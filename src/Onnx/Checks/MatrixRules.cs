namespace MLNetAutoencoder.Onnx;

/// <summary>What operators make that multiply matrices or bring an axis together.</summary>
internal static class MatrixRules
{
    public static GraphValue[] Gemm(NodeInference node)
    {
        var (a, b) = (node[0], node[1]);
        node.Require(a, TensorTypes.IsFloat, "floating-point numbers");
        node.Require(a.Rank == 2 && b.Rank == 2 && a.Type == b.Type, $"multiplies {a} by {b}; expected two matrices of one type");
        var (rows, inner) = node.Integer("transA", 0) != 0 ? (a.Shape[1], a.Shape[0]) : (a.Shape[0], a.Shape[1]);
        var (otherInner, columns) = node.Integer("transB", 0) != 0 ? (b.Shape[1], b.Shape[0]) : (b.Shape[0], b.Shape[1]);
        node.Require(inner == otherInner && !inner.OfBatch && !columns.OfBatch, $"multiplies {a} by {b}, which do not fit");
        Axis[] shape = [rows, columns];
        if (node.Has(2))
            node.Require(node[2].Type == a.Type && node[2].Rank <= 2 && node.Broadcast(node[2].Shape, shape).AsSpan().SequenceEqual(shape),
                $"adds {node[2]} to a product of the shape [{rows}, {columns}]");
        node.Operations = rows.Length * columns.Length * inner.Length;
        return [new(a.Type, shape)];
    }

    public static GraphValue[] MatMul(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsFloat, "floating-point numbers");
        node.Require(node[0].Type == node[1].Type, $"multiplies {node[0]} by {node[1]}, which are of different types");
        return [new(node[0].Type, Product(node))];
    }

    public static GraphValue[] MatMulInteger(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsByte, "bytes");
        node.Require(node[1], TensorTypes.IsByte, "bytes");
        var product = Product(node);
        QuantizationRules.RequireZeroPoint(node, 2, of: 0, channels: 1);
        QuantizationRules.RequireZeroPoint(node, 3, of: 1, channels: node[1].Shape[^1].Length);
        return [new(TensorTypes.Int32, product)];
    }

    public static GraphValue[] Softmax(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsFloat, "floating-point numbers");
        int axis = node.OwnPlace(node.Integer("axis", node.Opset < 13 ? 1 : -1), node[0]);

        // Before opset 13 everything from the axis on was brought together.
        node.Require(node.Opset >= 13 || !Array.Exists(node[0].Shape[axis..], other => other.OfBatch),
            $"works over axes of {node[0]} that mix the rows of a batch");
        return ElementRules.Same(node);
    }

    public static GraphValue[] LayerNormalization(NodeInference node)
    {
        var x = node[0];
        node.Require(x, TensorTypes.IsFloat, "floating-point numbers");
        node.Require(node.Integer("stash_type", TensorTypes.Single) == TensorTypes.Single, "computes in another type than Single");
        var normalized = x.Shape[node.OwnPlace(node.Integer("axis", -1), x)..];
        node.Require(!Array.Exists(normalized, axis => axis.OfBatch), $"works over axes of {x} that mix the rows of a batch");
        for (int i = 1; i < node.InputCount; i++)
            node.Require(!node.Has(i) || (node[i].Type == x.Type && node[i].HasShape(normalized)), $"scales or shifts {x} by {node[i]}");
        return ElementRules.Same(node);
    }

    public static GraphValue[] Reduce(NodeInference node, int axesAreInputSince)
    {
        node.Require(node[0], TensorTypes.IsNumber, "numbers");
        bool areInput = node.Opset >= axesAreInputSince;
        node.Require(areInput ? !node.HasAttribute("axes") : node.InputCount == 1, $"names its axes as opset {node.Opset} does not");
        long[] axes = (areInput ? node.StoredIntegers(1) : node.Integers("axes")) ?? [];
        node.Require(axes.Length > 0, "names no axes; in a batch, rows would be mixed");
        bool keep = node.Integer("keepdims", 1) != 0;
        var reduced = axes.Select(axis => node.OwnPlace(axis, node[0])).ToHashSet();
        node.Require(reduced.Count == axes.Length, "names an axis twice");
        return [new(node[0].Type,
            [.. node[0].Shape.Select((axis, i) => (Axis: reduced.Contains(i) ? new Axis(1) : axis, IsKept: keep || !reduced.Contains(i)))
            .Where(pair => pair.IsKept).Select(pair => pair.Axis)])];
    }

    public static GraphValue[] ArgMax(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsNumber, "numbers");
        int axis = node.OwnPlace(node.Integer("axis", 0), node[0]);
        bool keep = node.Integer("keepdims", 1) != 0;
        var shape = node[0].Shape;
        return [new(TensorTypes.Int64, keep ? [.. shape[..axis], new Axis(1), .. shape[(axis + 1)..]]
            : [.. shape[..axis], .. shape[(axis + 1)..]])];
    }

    public static GraphValue[] TopK(NodeInference node)
    {
        var x = node[0];
        node.Require(x, TensorTypes.IsNumber, "numbers");
        int axis = node.OwnPlace(node.Integer("axis", -1), x);
        node.Require(node[1].Type == TensorTypes.Int64 && node.StoredIntegers(1) is [var count] && count >= 1
            && count <= x.Shape[axis].Length,
            $"asks for the most of {x} by {node[1]}; expected a number from 1 to {x.Shape[axis]} that is stored in the file");
        Axis[] shape = [.. x.Shape];
        shape[axis] = new Axis(node.StoredIntegers(1)![0]);
        return [new(x.Type, shape), new(TensorTypes.Int64, shape)];
    }

    /// <summary>The shape of a product of matrices, or of stacks of matrices.</summary>
    private static Axis[] Product(NodeInference node)
    {
        var (a, b) = (node[0], node[1]);
        node.Require(a.Rank >= 2 && b.Rank >= 2, $"multiplies {a} by {b}; expected matrices");
        var (inner, columns) = (a.Shape[^1], b.Shape[^1]);
        node.Require(inner == b.Shape[^2] && !inner.OfBatch && !columns.OfBatch, $"multiplies {a} by {b}, which do not fit");
        Axis[] shape = [.. node.Broadcast(a.Shape[..^2], b.Shape[..^2]), a.Shape[^2], columns];
        node.Operations = GraphValue.Product(shape) * inner.Length;
        return shape;
    }
}
