namespace MLNetAutoencoder.Onnx;

/// <summary>What operators make that work on images, [batch, channels, height, width], or on the same with one or three places.</summary>
internal static class ImageRules
{
    private static readonly string[] s_modes = ["nearest", "linear", "cubic"];
    private static readonly string[] s_nearest = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];
    private static readonly string[] s_coordinates =
        ["asymmetric", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners"];

    public static GraphValue[] Conv(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsFloat, "floating-point numbers");
        node.Require(node[0].Type == node[1].Type, $"takes {node[0]} and {node[1]}, which are of different types");
        RequireBias(node, node[1].Rank > 0 ? node[1].Shape[0] : default);
        return [new(node[0].Type, Convolved(node))];
    }

    public static GraphValue[] ConvInteger(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsByte, "bytes");
        node.Require(node[1], TensorTypes.IsByte, "bytes");
        QuantizationRules.RequireZeroPoint(node, 2, of: 0, channels: 1);
        QuantizationRules.RequireZeroPoint(node, 3, of: 1, channels: node[1].Rank > 0 ? node[1].Shape[0].Length : 1);
        return [new(TensorTypes.Int32, Convolved(node))];
    }

    public static GraphValue[] ConvTranspose(NodeInference node)
    {
        var (x, w) = (node[0], node[1]);
        node.Require(x, TensorTypes.IsFloat, "floating-point numbers");
        node.Require(x.Type == w.Type, $"takes {x} and {w}, which are of different types");
        var window = Window.Of(node, w);
        long group = Group(node);
        node.Require(x.Shape[1].Length == w.Shape[0].Length && x.Shape[1].Length % group == 0,
            $"takes {x} and filters {w} in {group} groups, which do not fit");
        long filters = w.Shape[1].Length * group;
        node.Require(filters <= GraphLimits.MostElements, $"has {filters} filters");
        RequireBias(node, new Axis(filters));
        long[] padding = node.Integers("output_padding") ?? [.. window.Kernel.Select(_ => 0L)];
        node.Require(padding.Length == window.Kernel.Length, $"has {padding.Length} output paddings; expected {window.Kernel.Length}");
        Axis[] shape = [x.Shape[0], new Axis(filters), .. x.Shape[2..]];
        for (int i = 0; i < padding.Length; i++)
        {
            node.Require(padding[i] >= 0 && padding[i] < Math.Max(window.Strides[i], window.Dilations[i]),
                $"has the output padding {padding[i]} with the stride {window.Strides[i]}");
            long length = window.Strides[i] * (shape[i + 2].Length - 1) + padding[i]
                + window.Extent(i) - window.Before[i] - window.After[i];
            node.Require(length is >= 1 and <= GraphLimits.MostElements, $"makes an axis of length {length}");
            shape[i + 2] = new Axis(length);
        }
        node.Operations = Math.Min(x.Elements, GraphLimits.MostElements)
            * Math.Min(w.Shape[1].Length * window.Size, GraphLimits.MostElements);

        // ONNX Runtime lays the products out before it adds them up.
        node.Require(GraphValue.Product(x.Shape.AsSpan(2)) * Math.Min(w.Shape[1].Length * window.Size, GraphLimits.MostElements)
            <= GraphLimits.MostElementsOfRow, "needs more memory for a row than is allowed");
        return [new(x.Type, shape)];
    }

    public static GraphValue[] Pool(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsFloat, "floating-point numbers");
        node.Require(node.Integer("storage_order", 0) == 0, "stores its result by columns");
        var window = Window.Of(node, filters: null);
        for (int i = 0; i < window.Kernel.Length; i++)
            node.Require(window.Before[i] < window.Kernel[i] && window.After[i] < window.Kernel[i],
                $"has a border of {window.Before[i]} and {window.After[i]} with windows of {window.Kernel[i]}");
        var shape = Slid(node, [.. node[0].Shape], window, node.Integer("ceil_mode", 0) != 0);
        node.Operations = GraphValue.Product(shape) * window.Size;
        return [new(node[0].Type, shape)];
    }

    public static GraphValue[] GlobalPool(NodeInference node)
    {
        RequireImages(node, node[0]);
        node.Require(node[0], TensorTypes.IsFloat, "floating-point numbers");
        return [new(node[0].Type, [.. node[0].Shape[..2], .. node[0].Shape[2..].Select(_ => new Axis(1))])];
    }

    public static GraphValue[] Resize(NodeInference node)
    {
        var x = node[0];
        RequireImages(node, x);
        node.Require(x, TensorTypes.IsFloat, "floating-point numbers");
        string mode = node.Text("mode", "nearest"), coordinates = node.Text("coordinate_transformation_mode", "half_pixel"),
            nearest = node.Text("nearest_mode", "round_prefer_floor");
        node.Require(s_modes.Contains(mode) && s_coordinates.Contains(coordinates) && s_nearest.Contains(nearest),
            $"resizes by '{GraphCheck.Shown(mode)}', '{GraphCheck.Shown(coordinates)}' and '{GraphCheck.Shown(nearest)}'");
        node.Require(node.Text("keep_aspect_ratio_policy", "stretch") == "stretch" && node.Integer("antialias", 0) == 0,
            "keeps proportions or smooths");
        if (node.Has(1))
            node.Require(TensorTypes.IsFloat(node[1].Type) && node[1].Rank == 1 && node[1].Elements <= 2 * GraphLimits.MostRank,
                $"has the region {node[1]}");
        float[]? scales = node.StoredSingles(2) is { Length: > 0 } given ? given : null;
        long[]? sizes = node.StoredIntegers(3) is { Length: > 0 } wanted ? wanted : null;
        long[] axes = node.Integers("axes") ?? [.. Enumerable.Range(0, x.Rank).Select(i => (long)i)];
        node.Require(scales is null != sizes is null && (scales?.Length ?? sizes!.Length) == axes.Length && axes.Length <= x.Rank,
            $"has {scales?.Length ?? 0} scales and {sizes?.Length ?? 0} sizes for {axes.Length} axes");
        Axis[] shape = [.. x.Shape];
        var seen = new HashSet<int>();
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = node.Place(axes[i], x.Rank);
            node.Require(seen.Add(axis), "names an axis twice");
            if (axis < 2)
            {
                node.Require(scales is not null ? scales[i] == 1 : !shape[axis].OfBatch && sizes![i] == shape[axis].Length,
                    $"resizes the axis {axis} of {x}, which is not one of its images'");
                continue;
            }
            double length = scales is not null ? Math.Floor(scales[i] * shape[axis].Length) : sizes![i];
            node.Require(length is >= 1 and <= GraphLimits.MostElements && !shape[axis].OfBatch, $"makes an axis of length {length}");
            shape[axis] = new Axis((long)length);
        }
        node.Operations = GraphValue.Product(shape) * 16;
        return [new(x.Type, shape)];
    }

    private static Axis[] Convolved(NodeInference node)
    {
        var (x, w) = (node[0], node[1]);
        var window = Window.Of(node, w);
        long group = Group(node), filters = w.Shape[0].Length;
        node.Require(w.Shape[1].Length * group == x.Shape[1].Length && filters % group == 0,
            $"takes {x} and filters {w} in {group} groups, which do not fit");
        var shape = Slid(node, [x.Shape[0], new Axis(filters), .. x.Shape[2..]], window, roundUp: false);
        node.Operations = GraphValue.Product(shape) * Math.Min(w.Shape[1].Length * window.Size, GraphLimits.MostElements);
        return shape;
    }

    /// <summary>The shape that a window leaves that slides over images.</summary>
    private static Axis[] Slid(NodeInference node, Axis[] shape, Window window, bool roundUp)
    {
        for (int i = 0; i < window.Kernel.Length; i++)
        {
            long length = shape[i + 2].Length, room = length + window.Before[i] + window.After[i] - window.Extent(i),
                stride = window.Strides[i];
            node.Require(room >= 0, $"has a window of {window.Extent(i)} over an axis of {length}");
            long places = (roundUp ? (room + stride - 1) / stride : room / stride) + 1;
            // A window that starts in the border at the end sees nothing.
            if (roundUp && (places - 1) * stride >= length + window.Before[i])
                places--;
            node.Require(places is >= 1 and <= GraphLimits.MostElements, $"makes an axis of length {places}");
            shape[i + 2] = new Axis(places);
        }
        return shape;
    }

    private static long Group(NodeInference node)
    {
        long group = node.Integer("group", 1);
        node.Require(group is >= 1 and <= GraphLimits.MostElements, $"has {group} groups");
        return group;
    }

    private static void RequireBias(NodeInference node, Axis filters) =>
        node.Require(!node.Has(2) || (node[2].Type == node[0].Type && node[2].HasShape(filters)),
            $"adds {(node.Has(2) ? node[2] : null)} to {filters} filters");

    private static void RequireImages(NodeInference node, GraphValue x) =>
        node.Require(x.Rank is >= 3 and <= 5 && !Array.Exists(x.Shape[1..], axis => axis.OfBatch),
            $"takes {x}; expected images, [batch, channels, height, width]");

    /// <summary>What slides over the images.</summary>
    private sealed record Window(long[] Kernel, long[] Strides, long[] Dilations, long[] Before, long[] After)
    {
        private const long Most = 1 << 16;

        /// <summary>The number of places that it looks at.</summary>
        public long Size => Kernel.Aggregate(1L, (product, length) => Math.Min(product * length, GraphLimits.MostElements));

        public static Window Of(NodeInference node, GraphValue? filters)
        {
            RequireImages(node, node[0]);
            int places = node[0].Rank - 2;
            if (filters is not null)
                node.Require(filters.Rank == node[0].Rank && !filters.OfBatch, $"has the filters {filters} for {node[0]}");
            long[]? kernel = node.Integers("kernel_shape")
                ?? (filters is null ? null : [.. filters.Shape[2..].Select(axis => axis.Length)]);
            node.Require(kernel is not null && (filters is null || filters.Shape[2..].Select(axis => axis.Length).SequenceEqual(kernel)),
                $"has windows [{string.Join(", ", kernel ?? [])}] and filters {filters}");
            node.Require(node.Text("auto_pad", "NOTSET") is "NOTSET", "chooses its border itself");
            long[] ones = [.. Enumerable.Repeat(1L, places)];
            long[] strides = node.Integers("strides") ?? ones, dilations = node.Integers("dilations") ?? ones,
                pads = node.Integers("pads") ?? new long[2 * places];
            node.Require(kernel!.Length == places && strides.Length == places && dilations.Length == places && pads.Length == 2 * places,
                $"has {kernel.Length} kernel lengths, {strides.Length} strides, {dilations.Length} dilations and {pads.Length} pads for " +
                $"{node[0]}");
            bool inRange = Array.TrueForAll([.. kernel, .. strides, .. dilations], value => value is >= 1 and <= Most)
                && Array.TrueForAll(pads, value => value is >= 0 and <= Most);
            node.Require(
                inRange, $"has kernel [{string.Join(", ", kernel)}], strides [{string.Join(", ", strides)}], dilations " +
                $"[{string.Join(", ", dilations)}] and pads [{string.Join(", ", pads)}]");
            return new Window(kernel, strides, dilations, pads[..places], pads[places..]);
        }

        /// <summary>How far it reaches along an axis.</summary>
        public long Extent(int axis) => (Kernel[axis] - 1) * Dilations[axis] + 1;
    }
}
