namespace MLNetAutoencoder.Onnx;

/// <summary>What those of ONNX-ML's operators make that ML.NET writes for the columns before an autoencoder.</summary>
internal static class ColumnRules
{
    public static GraphValue[] FeatureVectorizer(NodeInference node)
    {
        long[] widths = node.Integers("inputdimensions") ?? [];
        node.Require(widths.Length == node.InputCount, $"has {widths.Length} widths for {node.InputCount} inputs");
        long width = 0;
        for (int i = 0; i < widths.Length; i++)
        {
            var x = node[i];
            node.Require(x, TensorTypes.IsNumber, "numbers");
            node.Require(x.Rank == 2 && x.Shape[0] == node[0].Shape[0] && x.Shape[1] == new Axis(widths[i]),
                $"joins {x} as {widths[i]} columns");
            width += widths[i];
        }
        return [new(TensorTypes.Single, [node[0].Shape[0], new Axis(width)])];
    }

    public static GraphValue[] Imputer(NodeInference node)
    {
        bool isFloat = node[0].Type == TensorTypes.Single;
        node.Require(node[0], type => type is TensorTypes.Single or TensorTypes.Int64, "Singles or Int64s");
        node.Require(node.HasAttribute(isFloat ? "imputed_value_floats" : "imputed_value_int64s")
            && !node.HasAttribute(isFloat ? "imputed_value_int64s" : "imputed_value_floats"), $"has values of another type than {node[0]}");
        RequireCount(node, isFloat ? "imputed_value_floats" : "imputed_value_int64s");
        return ElementRules.Same(node);
    }

    public static GraphValue[] Scaler(NodeInference node)
    {
        node.Require(node[0], TensorTypes.IsNumber, "numbers");
        RequireCount(node, "offset");
        RequireCount(node, "scale");
        return [new(TensorTypes.Single, node[0].Shape)];
    }

    public static GraphValue[] LabelEncoder(NodeInference node)
    {
        (string Suffix, int Type)[] kinds = [("floats", TensorTypes.Single), ("int64s", TensorTypes.Int64),
            ("strings", TensorTypes.String)];
        var keys = kinds.Where(kind => node.HasAttribute("keys_" + kind.Suffix)).ToArray();
        var values = kinds.Where(kind => node.HasAttribute("values_" + kind.Suffix)).ToArray();
        node.Require(keys.Length == 1 && values.Length == 1
            && node.Count("keys_" + keys[0].Suffix) == node.Count("values_" + values[0].Suffix), "has not one value for each of its keys");
        node.Require(node[0], type => type == keys[0].Type, TensorTypes.NameOf(keys[0].Type));
        return [new(values[0].Type, node[0].Shape)];
    }

    public static GraphValue[] OneHotEncoder(NodeInference node)
    {
        bool isText = node.HasAttribute("cats_strings");
        node.Require(isText != node.HasAttribute("cats_int64s"), "has not one list of categories");
        node.Require(node[0], type => isText ? type == TensorTypes.String : TensorTypes.IsNumber(type), isText ? "texts" : "numbers");
        int count = node.Count(isText ? "cats_strings" : "cats_int64s");
        node.Require(count > 0, "has no categories");
        return [new(TensorTypes.Single, [.. node[0].Shape, new Axis(count)])];
    }

    /// <summary>One number, or one for each column.</summary>
    private static void RequireCount(NodeInference node, string attribute)
    {
        int count = node.Count(attribute);
        node.Require(node[0].Rank >= 1 && !node[0].Shape[^1].OfBatch && (count == 1 || count == node[0].Shape[^1].Length),
            $"has {count} numbers '{attribute}' for {node[0]}");
    }
}
