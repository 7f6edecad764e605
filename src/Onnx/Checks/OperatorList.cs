using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Onnx;

/// <summary>What is known of an operator.</summary>
/// <param name="Rule">Tells what a node makes of its inputs, and refuses what it may not do.</param>
/// <param name="Since">The opset that it came with, where that is after <see cref="OpsetForms.Least"/>.</param>
/// <param name="IsStable">Whether a node means the same in every opset from there to <see cref="OpsetForms.Most"/>.</param>
internal sealed record OperatorEntry(Func<CheckedNode, GraphValue> Rule, int Since, bool IsStable);

/// <summary>
/// The operators that are run from files, and there are no others: no control flow, nothing random, nothing that makes
/// more elements than numbers in the file say, nothing that mixes the rows of a batch.
/// </summary>
/// <remarks>
/// <para>This is the one list of operators: <see cref="OpsetForms"/> asks it what can be brought to another opset. Its
/// rules hold what ONNX Runtime would run although it does harm; whether shapes and types fit is ONNX Runtime's to say.</para>
/// <para>Rows stay apart as long as they lie along the first axis and nothing works along it. Beside a value made of rows,
/// others may be made of rows with as many axes, or constants with no more: then they stretch (NumPy's broadcasting)
/// along axes that are a row's own.</para>
/// </remarks>
internal static class OperatorList
{
    private const string Mixes = CheckedNode.Mixes;

    /// <summary>The most that an axis of an image grows by at once.</summary>
    private const int MostGrowth = 64;

    /// <summary>What attributes may be, whatever the operator: no loop, division or border of a length that nobody means.</summary>
    private static readonly Dictionary<string, (long Least, long Most)> s_attributes = new(StringComparer.Ordinal)
    {
        ["kernel_shape"] = (1, 1024), ["dilations"] = (1, 1024), ["pads"] = (0, 1024), ["group"] = (1, 1 << 20),
        ["strides"] = (1, MostGrowth), ["output_padding"] = (0, MostGrowth), ["output_shape"] = (1, 1024),
        ["blocksize"] = (1, MostGrowth), ["num_groups"] = (1, 1 << 20), ["num_outputs"] = (1, 1024), ["split"] = (0, 1 << 24),
        ["keepdims"] = (0, 1), ["allowzero"] = (0, 0), ["block_size"] = (0, 0), ["output_dtype"] = (0, 0), ["training_mode"] = (0, 0),
    };

    private static readonly Dictionary<string, OperatorEntry> s_entries = Create();

    /// <summary>The names of the operators.</summary>
    public static IEnumerable<string> Names => s_entries.Keys;

    /// <summary>An operator of ONNX's own, or null where it is not on the list.</summary>
    public static OperatorEntry? Find(string operation) => s_entries.GetValueOrDefault(operation);

    /// <summary>An attribute of a node that is out of its bounds, and these; null where there is none.</summary>
    public static (AttributeProto Attribute, long Least, long Most)? OutOfBounds(NodeProto node)
    {
        foreach (var attribute in node.Attribute)
        {
            IEnumerable<long> values = attribute.Type == AttributeType.Ints ? attribute.Ints : [attribute.I];
            if (s_attributes.TryGetValue(attribute.Name, out var bounds) && values.Any(value => value < bounds.Least || value > bounds.Most))
                return (attribute, bounds.Least, bounds.Most);
        }
        return null;
    }

    private static Dictionary<string, OperatorEntry> Create()
    {
        var entries = new Dictionary<string, OperatorEntry>(StringComparer.Ordinal);
        void Add(string operations, Func<CheckedNode, GraphValue> rule, int since = OpsetForms.Least, bool isStable = true)
        {
            foreach (string operation in operations.Split(' '))
                entries.Add(operation, new OperatorEntry(rule, since, isStable));
        }
        void AddChanging(string operations, Func<CheckedNode, GraphValue> rule, int since = OpsetForms.Least) =>
            Add(operations, rule, since, isStable: false);

        Add("Abs BatchNormalization Ceil Clip Conv ConvTranspose Cos DepthToSpace Elu Erf Exp Floor GlobalAveragePool GlobalMaxPool"
            + " HardSigmoid Identity InstanceNormalization LeakyRelu Log MaxPool Neg Not Reciprocal Relu Round Selu Sigmoid Sign Sin"
            + " Softplus Softsign SpaceToDepth Sqrt Tanh ThresholdedRelu", Same);
        Add("HardSwish", Same, since: 14);
        Add("Mish", Same, since: 18);
        Add("Gelu", Same, since: 20);
        AddChanging("AveragePool Celu", Same);
        AddChanging("GroupNormalization", Same, since: 18);
        Add("Add Max Mean Min Mul Pow PRelu Sub Sum", Stretched);
        Add("And Equal Greater GreaterOrEqual Less LessOrEqual Or Xor", node => Stretched(node) with { Type = TensorTypes.Boolean });
        Add("IsInf IsNaN", node => Same(node) with { Type = TensorTypes.Boolean });
        Add("Where", node => Stretched(node) with { Type = node[1].Type });
        Add("Div", node => Stretched(NoWholeNumbers(node)));
        Add("Cast", Cast);
        Add("Dropout", Dropout);
        AddChanging("QuantizeLinear", node => Same(node) with { Type = node.Has(2) ? node[2].Type : TensorTypes.UInt8 });
        AddChanging("DequantizeLinear", node => Same(node) with { Type = node[1].Type });

        Add("Gemm", Gemm);
        Add("MatMul", MatMul);
        AddChanging("LogSoftmax Softmax", node => Along(node, -1));
        Add("LayerNormalization", node => Along(node, -1), since: 17);
        AddChanging("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMin ReduceProd ReduceSumSquare",
            node => Reduce(node, node.Axes(areInputSince: 18)));
        AddChanging("ReduceMean", node => Reduce(NoWholeNumbers(node), node.Axes(areInputSince: 18)));
        AddChanging("ReduceSum", node => Reduce(node, node.Axes(areInputSince: 13)));
        Add("ArgMax ArgMin", node => Reduce(node, [node.Integer("axis", 0)]) with { Type = TensorTypes.Int64 });
        Add("TopK", node => Along(node.WithLengths(1), -1));

        Add("Concat", Concat);
        Add("ConstantOfShape", ConstantOfShape);
        Add("Expand", Expand);
        Add("Flatten", node => Along(node, 1) with { Rank = 2 });
        Add("Gather", Gather);
        Add("GatherElements", GatherElements);
        AddChanging("Pad", Pad);
        Add("Reshape", Reshape);
        AddChanging("Resize", Resize);
        AddChanging("Shape", _ => new(TensorTypes.Int64, 1, OfRows: false));
        Add("Slice", Slice);
        AddChanging("Split", node => Along(node, 0));
        AddChanging("Squeeze", Squeeze);
        Add("Tile", Tile);
        Add("Transpose", Transpose);
        AddChanging("Unsqueeze", Unsqueeze);
        return entries;
    }

    private static GraphValue Same(CheckedNode node)
    {
        for (int i = 1; i < node.InputCount; i++)
            node.Require(!node.Has(i) || !node[i].OfRows, $"takes an input {i + 1} that is made of rows, {Mixes}");
        return new(node[0].Type, node[0].Rank, node.OfRows);
    }

    private static GraphValue Stretched(CheckedNode node)
    {
        int?[] ranks = [.. Enumerable.Range(0, node.InputCount).Select(i => node[i].Rank)];
        int? rank = ranks.Contains(null) ? null : ranks.Max();
        for (int i = 0; rank is not null && i < ranks.Length; i++)
            node.Require(!node[i].OfRows || ranks[i] == rank, $"stretches a value of {ranks[i]} axes to {rank}, {Mixes}");
        return new(node[0].Type, rank, node.OfRows);
    }

    private static GraphValue Along(CheckedNode node, long otherwise)
    {
        node.RequireOwn(node[0], node.Integer("axis", otherwise));
        return Same(node);
    }

    private static GraphValue Reduce(CheckedNode node, long[]? axes)
    {
        node.RequireOwn(node[0], axes is { Length: > 0 } ? axes : [0]);
        int? rank = node.Integer("keepdims", 1) == 1 ? node[0].Rank : axes is { Length: > 0 } ? node[0].Rank - axes.Length : 0;
        return new(node[0].Type, rank, node.OfRows);
    }

    /// <summary>A whole number divided by 0, and the least one by -1, end the process.</summary>
    private static CheckedNode NoWholeNumbers(CheckedNode node) => TensorTypes.IsFloat(node[0].Type) ? node
        : throw node.Refuse(
            $"divides {TensorTypes.NameOf(node[0].Type)}. Whole numbers are not divided, since by 0 that ends the process");

    private static GraphValue Cast(CheckedNode node)
    {
        long to = node.Integer("to", 0);
        node.Require(to is > 0 and <= TensorTypes.BFloat16 and not TensorTypes.String && node[0].Type != TensorTypes.String,
            $"casts {TensorTypes.NameOf(node[0].Type)} to the type {to}");
        return Same(node) with { Type = (int)to };
    }

    private static GraphValue Dropout(CheckedNode node)
    {
        node.Require(!node.Has(2), "is as it is while training, when a row's result depends on chance. Export it in evaluation mode");
        return Same(node);
    }

    private static GraphValue Gemm(CheckedNode node)
    {
        node.Require(!node.OfRows || node.Integer("transA", 0) == 0, $"turns its first matrix, {Mixes}");
        return Same(node) with { Rank = 2 };
    }

    private static GraphValue MatMul(CheckedNode node)
    {
        var (a, b) = (node[0], node[1]);
        if (a.Rank is not { } left || b.Rank is not { } right)
            return new(a.Type, null, node.OfRows);
        node.Require((!a.OfRows || left >= right) && (!b.OfRows || right >= Math.Max(left, 3)),
            $"multiplies values of {left} and {right} axes, {Mixes}");
        return new(a.Type, Math.Max(0, Math.Max(left, right) - (left == 1 ? 1 : 0) - (right == 1 ? 1 : 0)), node.OfRows);
    }

    private static GraphValue Concat(CheckedNode node)
    {
        for (int i = 0; i < node.InputCount; i++)
            node.RequireOwn(node[i], node.Integer("axis", 0));
        return new(node[0].Type, node[0].Rank, node.OfRows);
    }

    private static GraphValue ConstantOfShape(CheckedNode node)
    {
        long[] lengths = node.WithLengths(0).StoredIntegers(0);
        return new(node.Attribute("value", AttributeType.Tensor)?.T?.DataType ?? TensorTypes.Single, lengths.Length, OfRows: false);
    }

    private static GraphValue Expand(CheckedNode node)
    {
        long[] lengths = node.WithLengths(1).StoredIntegers(1);
        node.Require(!node.OfRows || lengths.Length < node[0].Rank || (lengths.Length == node[0].Rank && lengths is [1, ..]),
            $"stretches a batch to [{string.Join(", ", lengths)}], {Mixes}");
        return Same(node) with { Rank = node[0].Rank is { } rank ? Math.Max(rank, lengths.Length) : null };
    }

    private static GraphValue Gather(CheckedNode node)
    {
        var (data, places) = (node[0], node[1]);
        long axis = node.Integer("axis", 0);
        node.RequireOwn(data, axis);
        node.Require(!places.OfRows || (axis == 0 && !data.OfRows), $"picks by rows along an axis of theirs, {Mixes}");
        return new(data.Type, data.Rank + places.Rank - 1, node.OfRows);
    }

    private static GraphValue GatherElements(CheckedNode node)
    {
        node.RequireOwn(node[0] with { OfRows = node.OfRows }, node.Integer("axis", 0));
        return new(node[0].Type, node[0].Rank, node.OfRows);
    }

    private static GraphValue Pad(CheckedNode node)
    {
        long[] pads = node.StoredIntegers(1);
        int count = pads.Length / 2;
        long[] axes = node.OptionalIntegers(3) ?? [.. Enumerable.Range(0, count).Select(i => (long)i)];
        node.Require(axes.Length == count && Array.TrueForAll(pads, border => border is >= -1024 and <= 1024),
            $"has the borders [{string.Join(", ", pads.Take(16))}] of {axes.Length} axes; expected two up to 1024 for each");
        node.RequireOwn(node[0], [.. axes.Where((_, i) => pads[i] != 0 || pads[count + i] != 0)]);
        return Same(node);
    }

    private static GraphValue Reshape(CheckedNode node)
    {
        if (node[1].Stored is null)
            return Same(node) with { Rank = null };
        long[] lengths = node.StoredIntegers(1);
        node.Require(!node.OfRows || lengths is [0 or -1, ..], $"gives a batch the shape [{string.Join(", ", lengths)}], {Mixes}");
        return Same(node) with { Rank = lengths.Length };
    }

    private static GraphValue Resize(CheckedNode node)
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

    private static GraphValue Slice(CheckedNode node)
    {
        long[] starts = node.StoredIntegers(1);
        node.RequireOwn(node[0], node.OptionalIntegers(3) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)]);
        node.Require(Array.TrueForAll(node.OptionalIntegers(4) ?? [], step => step is -1 or (>= 1 and <= int.MaxValue)), "has such steps");
        return Same(node);
    }

    private static GraphValue Squeeze(CheckedNode node)
    {
        long[]? axes = node.Axes(areInputSince: 13);
        node.RequireOwn(node[0], axes ?? [0]);
        return Same(node) with { Rank = node[0].Rank - axes?.Length };
    }

    private static GraphValue Tile(CheckedNode node)
    {
        node.RequireOwn(node[0], node.WithLengths(1).StoredIntegers(1) is [1, ..] ? [] : [0]);
        return Same(node);
    }

    private static GraphValue Transpose(CheckedNode node)
    {
        node.Require(!node.OfRows || node.Integers("perm") is [0, ..], $"moves the first axis, {Mixes}");
        return Same(node);
    }

    private static GraphValue Unsqueeze(CheckedNode node)
    {
        long[] axes = node.Axes(areInputSince: 13) ?? [];
        var made = Same(node) with { Rank = node[0].Rank + axes.Length };
        node.RequireOwn(made, axes);
        return made;
    }
}
