using static MLNetAutoencoder.Onnx.AttributeProto.Types;
using static MLNetAutoencoder.Onnx.CheckedNode;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// What the operators of <see cref="OperatorList"/> make, and what they may not do: what ONNX Runtime would run although
/// it does harm. Whether shapes and types fit is ONNX Runtime's to say.
/// </summary>
/// <remarks>
/// Rows stay apart as long as they lie along the first axis and nothing works along it. Beside a value made of rows,
/// others may be made of rows with as many axes, or constants with no more: then they stretch (NumPy's broadcasting)
/// along axes that are a row's own.
/// </remarks>
internal static class OperatorRules
{
    /// <summary>The most that a kernel, its dilation, and the border on one side of an image may be.</summary>
    public const int MostBorder = 1024;

    /// <summary>The most that an axis of an image grows by at once.</summary>
    private const int MostGrowth = 64;

    /// <summary>What attributes may be, whatever the operator: no loop, division or border of a length that nobody means.</summary>
    private static readonly Dictionary<string, (long Least, long Most)> s_attributes = new(StringComparer.Ordinal)
    {
        ["kernel_shape"] = (1, MostBorder), ["dilations"] = (1, MostBorder), ["pads"] = (0, MostBorder), ["group"] = (1, 1 << 20),
        ["strides"] = (1, MostGrowth), ["output_padding"] = (0, MostGrowth), ["output_shape"] = (1, 1024),
        ["blocksize"] = (1, MostGrowth), ["num_groups"] = (1, 1 << 20), ["num_outputs"] = (1, 1024), ["split"] = (0, 1 << 24),
        ["keepdims"] = (0, 1), ["allowzero"] = (0, 0), ["block_size"] = (0, 0), ["output_dtype"] = (0, 0), ["training_mode"] = (0, 0),
    };

    /// <summary>An attribute of a node that is out of its bounds, and these; null where there is none.</summary>
    public static (AttributeProto Attribute, long Least, long Most)? OutOfBounds(NodeProto node)
    {
        foreach (var attribute in node.Attribute)
        {
            IEnumerable<long> values = attribute.Type == AttributeType.Ints ? attribute.Ints : [attribute.I];
            if (s_attributes.TryGetValue(attribute.Name, out var bounds)
                && values.Any(value => value < bounds.Least || value > bounds.Most))
                return (attribute, bounds.Least, bounds.Most);
        }
        return null;
    }

    public static GraphValue Same(CheckedNode node)
    {
        for (int i = 1; i < node.InputCount; i++)
            node.Require(!node.Has(i) || !node[i].OfRows, $"takes an input {i + 1} that is made of rows, {Mixes}");
        return new(node[0].Type, node[0].Rank, node.OfRows);
    }

    public static GraphValue Stretched(CheckedNode node)
    {
        int?[] ranks = [.. Enumerable.Range(0, node.InputCount).Select(i => node[i].Rank)];
        int? rank = ranks.Contains(null) ? null : ranks.Max();
        for (int i = 0; rank is not null && i < ranks.Length; i++)
            node.Require(!node[i].OfRows || ranks[i] == rank, $"stretches a value of {ranks[i]} axes to {rank}, {Mixes}");
        return new(node[0].Type, rank, node.OfRows);
    }

    public static GraphValue Along(CheckedNode node, long otherwise)
    {
        node.RequireOwn(node[0], node.Integer("axis", otherwise));
        return Same(node);
    }

    public static GraphValue Reduce(CheckedNode node, long[]? axes)
    {
        node.RequireOwn(node[0], axes is { Length: > 0 } ? axes : [0]);
        int? rank = node.Integer("keepdims", 1) == 1 ? node[0].Rank : axes is { Length: > 0 } ? node[0].Rank - axes.Length : 0;
        return new(node[0].Type, rank, node.OfRows);
    }

    /// <summary>A whole number divided by 0, and the least one by -1, end the process.</summary>
    public static CheckedNode NoWholeNumbers(CheckedNode node) => TensorTypes.IsFloat(node[0].Type) ? node
        : throw node.Refuse(
            $"divides {TensorTypes.NameOf(node[0].Type)}. Whole numbers are not divided, since by 0 that ends the process");

    public static GraphValue Cast(CheckedNode node)
    {
        long to = node.Integer("to", 0);
        node.Require(to is > 0 and <= TensorTypes.BFloat16 and not TensorTypes.String && node[0].Type != TensorTypes.String,
            $"casts {TensorTypes.NameOf(node[0].Type)} to the type {to}");
        return Same(node) with { Type = (int)to };
    }

    public static GraphValue Dropout(CheckedNode node)
    {
        node.Require(!node.Has(2), "drops values by chance, as in training. Export it in evaluation mode");
        return Same(node);
    }

    public static GraphValue Gemm(CheckedNode node)
    {
        node.Require(!node.OfRows || node.Integer("transA", 0) == 0, $"turns its first matrix, {Mixes}");
        return Same(node) with { Rank = 2 };
    }

    public static GraphValue MatMul(CheckedNode node)
    {
        var (a, b) = (node[0], node[1]);
        if (a.Rank is not { } left || b.Rank is not { } right)
            return new(a.Type, null, node.OfRows);
        node.Require((!a.OfRows || left >= right) && (!b.OfRows || right >= Math.Max(left, 3)),
            $"multiplies values of {left} and {right} axes, {Mixes}");
        return new(a.Type, Math.Max(0, Math.Max(left, right) - (left == 1 ? 1 : 0) - (right == 1 ? 1 : 0)), node.OfRows);
    }

    public static GraphValue Concat(CheckedNode node)
    {
        for (int i = 0; i < node.InputCount; i++)
            node.RequireOwn(node[i], node.Integer("axis", 0));
        return new(node[0].Type, node[0].Rank, node.OfRows);
    }

    public static GraphValue ConstantOfShape(CheckedNode node)
    {
        long[] lengths = node.WithLengths(0).StoredIntegers(0);
        return new(node.Attribute("value", AttributeType.Tensor)?.T?.DataType ?? TensorTypes.Single, lengths.Length, OfRows: false);
    }

    public static GraphValue Expand(CheckedNode node)
    {
        long[] lengths = node.WithLengths(1).StoredIntegers(1);
        node.Require(!node.OfRows || lengths.Length < node[0].Rank || (lengths.Length == node[0].Rank && lengths is [1, ..]),
            $"stretches a batch to [{string.Join(", ", lengths)}], {Mixes}");
        return Same(node) with { Rank = node[0].Rank is { } rank ? Math.Max(rank, lengths.Length) : null };
    }

    public static GraphValue Gather(CheckedNode node)
    {
        var (data, places) = (node[0], node[1]);
        long axis = node.Integer("axis", 0);
        node.RequireOwn(data, axis);
        node.Require(!places.OfRows || (axis == 0 && !data.OfRows), $"picks by rows along an axis of theirs, {Mixes}");
        return new(data.Type, data.Rank + places.Rank - 1, node.OfRows);
    }

    public static GraphValue GatherElements(CheckedNode node)
    {
        node.RequireOwn(node[0] with { OfRows = node.OfRows }, node.Integer("axis", 0));
        return new(node[0].Type, node[0].Rank, node.OfRows);
    }

    public static GraphValue Pad(CheckedNode node)
    {
        long[] pads = node.StoredIntegers(1);
        int count = pads.Length / 2;
        long[] axes = node.OptionalIntegers(3) ?? [.. Enumerable.Range(0, count).Select(i => (long)i)];
        node.Require(axes.Length == count && Array.TrueForAll(pads, border => border is >= -1024 and <= 1024),
            $"has the borders [{string.Join(", ", pads.Take(16))}] of {axes.Length} axes; expected two up to 1024 for each");
        node.RequireOwn(node[0], [.. axes.Where((_, i) => pads[i] != 0 || pads[count + i] != 0)]);
        return Same(node);
    }

    public static GraphValue Reshape(CheckedNode node)
    {
        if (node[1].Stored is null)
            return Same(node) with { Rank = null };
        long[] lengths = node.StoredIntegers(1);
        node.Require(!node.OfRows || lengths is [0 or -1, ..], $"gives a batch the shape [{string.Join(", ", lengths)}], {Mixes}");
        return Same(node) with { Rank = lengths.Length };
    }

    public static GraphValue Resize(CheckedNode node)
    {
        bool isPart = node.Attribute("coordinate_transformation_mode", AttributeType.String)?.S.ToStringUtf8() == "tf_crop_and_resize";
        node.Require(!isPart, "resizes a part of an image");
        float[] scales = !node.Has(2) ? [] : node[2] is { Type: TensorTypes.Single, Stored: { } stored } ? stored.ToSingles()
            : throw node.Refuse("computes its scales; expected numbers that are stored in the file");
        long[] sizes = scales.Length > 0 ? [] : node.WithLengths(3).StoredIntegers(3);
        node.Require(Array.TrueForAll(scales, scale => scale is > 0 and <= MostGrowth),
            $"has the scales [{string.Join(", ", scales.Take(8))}]; expected numbers up to {MostGrowth}");
        long[] axes = node.Integers("axes") ?? [.. Enumerable.Range(0, scales.Length + sizes.Length).Select(i => (long)i)];
        node.RequireOwn(node[0], [.. axes.Where((_, i) => scales.ElementAtOrDefault(i) != 1)]);
        return Same(node);
    }

    public static GraphValue Slice(CheckedNode node)
    {
        long[] starts = node.StoredIntegers(1);
        node.RequireOwn(node[0], node.OptionalIntegers(3) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)]);
        node.Require(Array.TrueForAll(node.OptionalIntegers(4) ?? [], step => step is -1 or (>= 1 and <= int.MaxValue)), "has such steps");
        return Same(node);
    }

    public static GraphValue Squeeze(CheckedNode node)
    {
        long[]? axes = node.Axes(areInputSince: 13);
        node.RequireOwn(node[0], axes ?? [0]);
        return Same(node) with { Rank = node[0].Rank - axes?.Length };
    }

    public static GraphValue Tile(CheckedNode node)
    {
        node.RequireOwn(node[0], node.WithLengths(1).StoredIntegers(1) is [1, ..] ? [] : [0]);
        return Same(node);
    }

    public static GraphValue Transpose(CheckedNode node)
    {
        node.Require(!node.OfRows || node.Integers("perm") is [0, ..], $"moves the first axis, {Mixes}");
        return Same(node);
    }

    public static GraphValue Unsqueeze(CheckedNode node)
    {
        long[] axes = node.Axes(areInputSince: 13) ?? [];
        var made = Same(node) with { Rank = node[0].Rank + axes.Length };
        node.RequireOwn(made, axes);
        return made;
    }
}
