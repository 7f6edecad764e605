namespace MLNetAutoencoder.Onnx;

/// <summary>What operators make that move elements and compute nothing.</summary>
internal static class ShapeRules
{
    public static GraphValue[] Concat(NodeInference node)
    {
        var first = node[0];
        int axis = node.OwnPlace(node.Integer("axis", 0), first);
        long length = 0;
        for (int i = 0; i < node.InputCount; i++)
        {
            var other = node[i];
            node.Require(other.Type == first.Type && other.Rank == first.Rank
                && Enumerable.Range(0, first.Rank).All(j => j == axis ? !other.Shape[j].OfBatch : other.Shape[j] == first.Shape[j]),
                $"joins {first} and {other}, which do not fit");
            length += other.Shape[axis].Length;
        }
        Axis[] shape = [.. first.Shape];
        shape[axis] = new Axis(length);
        return [new(first.Type, shape)];
    }

    public static GraphValue[] Expand(NodeInference node)
    {
        long[] shape = node.StoredIntegers(1)!;
        node.Require(node[1].Type == TensorTypes.Int64 && Array.TrueForAll(shape, length => length is >= 1 and <= GraphLimits.MostElements),
            $"stretches to [{string.Join(", ", shape)}]");
        return [new(node[0].Type, node.Broadcast(node[0].Shape, Array.ConvertAll(shape, length => new Axis(length))))];
    }

    public static GraphValue[] Flatten(NodeInference node)
    {
        var shape = node[0].Shape;
        long axis = node.Integer("axis", 1);
        int place = axis == node[0].Rank ? node[0].Rank : node.Place(axis, node[0].Rank);
        return [new(node[0].Type, [Join(shape[..place]), Join(shape[place..])])];
    }

    public static GraphValue[] Gather(NodeInference node)
    {
        RequireIndices(node);
        var shape = node[0].Shape;
        int axis = node.OwnPlace(node.Integer("axis", 0), node[0]);
        return [new(node[0].Type, [.. shape[..axis], .. node[1].Shape, .. shape[(axis + 1)..]])];
    }

    public static GraphValue[] GatherElements(NodeInference node)
    {
        RequireIndices(node);
        var (shape, indices) = (node[0].Shape, node[1].Shape);
        int axis = node.OwnPlace(node.Integer("axis", 0), node[0]);
        node.Require(shape.Length == indices.Length
            && Enumerable.Range(0, shape.Length).All(i => i == axis ? !indices[i].OfBatch : indices[i] == shape[i]),
            $"picks out of {node[0]} by {node[1]}, which do not fit");
        return [new(node[0].Type, indices)];
    }

    public static GraphValue[] Reshape(NodeInference node)
    {
        var x = node[0];
        node.Require(node[1].Type == TensorTypes.Int64, $"has a shape that is {node[1]}; expected Int64");
        long[] wanted = node.StoredIntegers(1)!;
        node.Require(node.Integer("allowzero", 0) == 0, "allows axes of length 0");
        node.Require(wanted.Length <= GraphLimits.MostRank, $"makes {wanted.Length} axes");
        var shape = new Axis[wanted.Length];
        int open = -1;
        bool carriesBatch = false;
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == -1)
            {
                node.Require(open < 0, "leaves two axes open");
                open = i;
                shape[i] = new Axis(1);
                continue;
            }
            if (wanted[i] == 0)
                node.Require(i < x.Rank, $"keeps the axis {i} of {x}");
            else
                node.Require(wanted[i] is > 0 and <= GraphLimits.MostElements, $"makes an axis of length {wanted[i]}");
            shape[i] = wanted[i] == 0 ? x.Shape[i] : new Axis(wanted[i]);
            carriesBatch |= shape[i].OfBatch;
        }
        long product = GraphValue.Product(shape);
        bool fits = open >= 0 ? product > 0 && x.Elements % product == 0 && x.Elements > 0
            : product == x.Elements && carriesBatch == x.OfBatch;
        node.Require(fits, $"gives {x} the shape [{string.Join(", ", wanted)}], which does not fit");
        if (open >= 0)
            shape[open] = new Axis(x.Elements / product, x.OfBatch && !carriesBatch);
        return [new(x.Type, shape)];
    }

    public static GraphValue[] Slice(NodeInference node)
    {
        long[] starts = node.StoredIntegers(1)!, ends = node.StoredIntegers(2)!;
        long[] axes = node.StoredIntegers(3) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        long[] steps = node.StoredIntegers(4) ?? [.. starts.Select(_ => 1L)];
        node.Require(starts.Length == ends.Length && starts.Length == axes.Length && starts.Length == steps.Length,
            $"has {starts.Length} starts, {ends.Length} ends, {axes.Length} axes and {steps.Length} steps");
        for (int i = 2; i < node.InputCount; i++)
            node.Require(!node.Has(i) || node[i].Type == node[1].Type, $"takes {node[1]} and {node[i]}, which are of different types");
        Axis[] shape = [.. node[0].Shape];
        var seen = new HashSet<int>();
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = node.OwnPlace(axes[i], node[0]);
            node.Require(seen.Add(axis), "names an axis twice");
            node.Require(steps[i] is 1, $"takes every {steps[i]}th element");
            long length = shape[axis].Length, start = Bound(starts[i], length), end = Bound(ends[i], length);
            node.Require(end > start, $"leaves nothing of the axis {axis} of {node[0]}");
            shape[axis] = new Axis(end - start);
        }
        return [new(node[0].Type, shape)];

        static long Bound(long place, long length) => Math.Clamp(place < 0 ? Math.Max(place, -length) + length : place, 0, length);
    }

    public static GraphValue[] Squeeze(NodeInference node)
    {
        var shape = node[0].Shape;
        var removed = Axes(node).Select(axis => node.OwnPlace(axis, node[0])).ToHashSet();
        node.Require(removed.Count > 0 && removed.All(i => shape[i].IsOne), $"takes axes away from {node[0]} that are not of length 1");
        return [new(node[0].Type, [.. shape.Where((_, i) => !removed.Contains(i))])];
    }

    public static GraphValue[] Transpose(NodeInference node)
    {
        var shape = node[0].Shape;
        long[] order = node.Integers("perm") ?? [.. Enumerable.Range(0, shape.Length).Reverse().Select(i => (long)i)];
        node.Require(order.Order().SequenceEqual(Enumerable.Range(0, shape.Length).Select(i => (long)i)),
            $"orders the axes of {node[0]} by [{string.Join(", ", order)}]");
        return [new(node[0].Type, Array.ConvertAll(order, i => shape[i]))];
    }

    public static GraphValue[] Unsqueeze(NodeInference node)
    {
        long[] axes = Axes(node);
        int rank = node[0].Rank + axes.Length;
        var added = axes.Select(axis => node.Place(axis, rank)).ToHashSet();
        node.Require(added.Count == axes.Length, "names an axis twice");
        var rest = new Queue<Axis>(node[0].Shape);
        return [new(node[0].Type, [.. Enumerable.Range(0, rank).Select(i => added.Contains(i) ? new Axis(1) : rest.Dequeue())])];
    }

    private static long[] Axes(NodeInference node)
    {
        bool areInput = node.Opset >= 13;
        node.Require(areInput ? !node.HasAttribute("axes") : node.InputCount == 1, $"names its axes as opset {node.Opset} does not");
        long[]? axes = areInput ? node.StoredIntegers(1) : node.Integers("axes");
        node.Require(axes is { Length: > 0 and <= GraphLimits.MostRank }, "names no axes");
        return axes!;
    }

    private static void RequireIndices(NodeInference node) =>
        node.Require(node[1], type => type is TensorTypes.Int32 or TensorTypes.Int64, "whole numbers");

    private static Axis Join(Axis[] axes) => new(GraphValue.Product(axes), Array.Exists(axes, axis => axis.OfBatch));
}
