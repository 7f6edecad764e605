namespace MLNetAutoencoder.Onnx;

/// <summary>What operators make that turn numbers into bytes and back.</summary>
internal static class QuantizationRules
{
    public static GraphValue[] Quantize(NodeInference node)
    {
        var x = node[0];
        node.Require(x, TensorTypes.IsFloat, "floating-point numbers");
        node.Require(node[1].Type == x.Type, $"scales {x} by {node[1]}, which are of different types");
        int type = node.Has(2) ? node[2].Type : TensorTypes.UInt8;
        node.Require(TensorTypes.IsByte(type), $"makes {TensorTypes.NameOf(type)}; expected bytes");
        RequireScale(node, x);
        return [new(type, x.Shape)];
    }

    public static GraphValue[] Dequantize(NodeInference node)
    {
        var x = node[0];
        node.Require(x, type => TensorTypes.IsByte(type) || type == TensorTypes.Int32, "bytes or Int32");
        node.Require(node[1], TensorTypes.IsFloat, "a floating-point scale");
        node.Require(!node.Has(2) || node[2].Type == x.Type, $"has a zero point of another type than {x}");
        RequireScale(node, x);
        return [new(node[1].Type, x.Shape)];
    }

    public static GraphValue[] QuantizeDynamically(NodeInference node)
    {
        node.Require(node[0], type => type == TensorTypes.Single, "Singles");
        return [new(TensorTypes.UInt8, node[0].Shape), new(TensorTypes.Single, []), new(TensorTypes.UInt8, [])];
    }

    /// <summary>A zero point is of the type of what it belongs to, and one number, or one for each channel.</summary>
    public static void RequireZeroPoint(NodeInference node, int input, int of, long channels)
    {
        if (node.Has(input))
            node.Require(node[input].Type == node[of].Type && node[input].Rank <= 1 && !node[input].OfBatch
                && (node[input].Elements == 1 || node[input].Elements == channels), $"has for {node[of]} the zero point {node[input]}");
    }

    /// <summary>Scale and zero point are one number, or one for each place of the axis.</summary>
    private static void RequireScale(NodeInference node, GraphValue x)
    {
        var scale = node[1];
        bool isOne = scale.Rank <= 1 && scale.Elements == 1 && !scale.OfBatch;
        if (!isOne)
            node.Require(scale.Rank == 1 && scale.Shape[0] == x.Shape[node.OwnPlace(node.Integer("axis", 1), x)],
                $"has for {x} the scale {scale}");
        node.Require(!node.Has(2) || node[2].HasShape(scale.Shape), $"has the scale {scale} and a zero point of another shape");
    }
}
