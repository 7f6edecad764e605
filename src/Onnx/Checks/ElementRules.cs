namespace MLNetAutoencoder.Onnx;

/// <summary>What operators make that work element by element.</summary>
internal static class ElementRules
{
    public static GraphValue[] Same(NodeInference node) => [new(node[0].Type, node[0].Shape)];

    public static GraphValue[] Float(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsFloat, "floating-point numbers");
        return Same(node);
    }

    public static GraphValue[] Number(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsNumber, "numbers");
        return Same(node);
    }

    public static GraphValue[] Cast(NodeInference node)
    {
        long to = node.Integer("to", 0);
        node.Require(to is > 0 and <= int.MaxValue && TensorTypes.IsOurs((int)to),
            $"casts to the type {to}, which this library's graphs do not have");
        return [new((int)to, node[0].Shape)];
    }

    public static GraphValue[] Clip(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsNumber, "numbers");
        for (int i = 1; i < node.InputCount; i++)
            node.Require(!node.Has(i) || (node[i].Type == node[0].Type && node[i].Rank <= 1 && node[i].Elements == 1 && !node[i].OfBatch),
                $"has a bound that is no single {TensorTypes.NameOf(node[0].Type)}");
        return Same(node);
    }

    public static GraphValue[] FloatTest(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsFloat, "floating-point numbers");
        return [new(TensorTypes.Boolean, node[0].Shape)];
    }

    public static GraphValue[] Not(NodeInference node)
    {
        node.Require(node[0], type => type == TensorTypes.Boolean, "truth values");
        return Same(node);
    }

    public static GraphValue[] Arithmetic(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsNumber, "numbers");
        return [new(node[0].Type, BroadcastAll(node, node[0].Type))];
    }

    public static GraphValue[] FloatArithmetic(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsFloat, "floating-point numbers");
        return Arithmetic(node);
    }

    public static GraphValue[] Comparison(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsNumber, "numbers");
        return [new(TensorTypes.Boolean, BroadcastAll(node, node[0].Type))];
    }

    public static GraphValue[] Logic(NodeInference node)
    {
        node.Require(node[0], type => type == TensorTypes.Boolean, "truth values");
        return [new(TensorTypes.Boolean, BroadcastAll(node, TensorTypes.Boolean))];
    }

    public static GraphValue[] Where(NodeInference node)
    {
        node.Require(node[0], type => type == TensorTypes.Boolean, "truth values");
        node.Require(node[1].Type == node[2].Type, $"chooses between {node[1]} and {node[2]}, which are of different types");
        return [new(node[1].Type, node.Broadcast(node.Broadcast(node[0].Shape, node[1].Shape), node[2].Shape))];
    }

    private static Axis[] BroadcastAll(NodeInference node, int type)
    {
        var shape = node[0].Shape;
        for (int i = 1; i < node.InputCount; i++)
        {
            node.Require(node[i].Type == type, $"takes {node[0]} and {node[i]}, which are of different types");
            shape = node.Broadcast(shape, node[i].Shape);
        }
        return shape;
    }
}
