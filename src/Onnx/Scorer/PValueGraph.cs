namespace MLNetAutoencoder.Onnx;

/// <summary>The p-value of a score as a part of the graph: what <see cref="PValues"/> computes.</summary>
internal static class PValueGraph
{
    private const string Path = "p_value";

    public static string Emit(OnnxGraphBuilder graph, string score, AutoencoderMetadata metadata)
    {
        var values = PValues.Of(metadata, "p-value");
        string Node(string operation, string name, params string[] inputs) => graph.Node(operation, $"{Path}/{name}", inputs);
        string Constant(string name, double value) => graph.Initializer($"{Path}/{name}", [(float)value], 1);

        string isAbove = graph.Declare(Node("GreaterOrEqual", "is_above",
            graph.Initializer($"{Path}/scores", [.. values.Knots], 1, values.Knots.Count), score), TensorTypes.Boolean, values.Knots.Count);
        string above = graph.Node("Cast", $"{Path}/above", [isAbove], OnnxAttribute.Int64("to", TensorTypes.Single));
        string count = Node("MatMul", "count", above, graph.Initializer($"{Path}/counts",
            [.. values.Weights.Select(weight => (float)weight)], values.Weights.Count, 1));
        string body = Node("Div", "body", Node("Add", "count_and_one", count, Constant("one", 1)),
            Constant("score_count_and_one", values.Count + 1.0));

        string relative = Node("Div", "relative", Node("Sub", "above_start", score, Constant("start", values.Start)),
            Constant("scale", values.Scale));
        string survival = values.Shape == 0 ? Node("Exp", "survival", Node("Neg", "exponent", relative))
            : Node("Pow", "survival", Node("Add", "base", Node("Mul", "shaped", relative, Constant("shape", values.Shape)),
                Constant("pareto_one", 1)), Constant("power", -1 / values.Shape));
        string tail = Node("Mul", "tail", survival, Constant("tail_factor", 1 / (values.SurvivalOfLargest * (values.Count + 1.0))));

        string isInTail = graph.Declare(Node("Greater", "in_tail", score, Constant("largest", values.Largest)), TensorTypes.Boolean, 1);
        return Node("Where", "nan_where_no_score", Node("IsNaN", "no_score", score), Constant("nan", float.NaN),
            Node("Where", "body_or_tail", isInTail, tail, body));
    }
}
