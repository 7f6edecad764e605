namespace MLNetAutoencoder.Onnx;

/// <summary>The terms of the reconstruction loss, and their mean, as a part of the graph: what <see cref="LossKind"/> says.</summary>
internal sealed class FeatureErrorGraph(OnnxGraphBuilder graph, AutoencoderMetadata metadata)
{
    /// <summary>The least that a logarithm in the cross-entropy is, as in PyTorch.</summary>
    private const float LeastLogarithm = -100;

    private const float LeastNorm = 1e-8f;

    private readonly Dictionary<string, string> _ofRows = new(StringComparer.Ordinal);

    /// <summary>The feature errors of scaled rows and their reconstructions, [..., d].</summary>
    public string Errors(string row, string reconstruction, string path)
    {
        string Constant(string name, float value) => graph.Initializer($"{path}/{name}", [value]);
        string Node(string operation, string name, params string[] inputs) => graph.Node(operation, $"{path}/{name}", inputs);
        switch (metadata.Loss)
        {
            case LossKind.MeanSquared:
                string difference = Node("Sub", "difference", row, reconstruction);
                return Node("Mul", "squared_difference", difference, difference);
            case LossKind.MeanAbsolute:
                return Node("Abs", "absolute_difference", Node("Sub", "difference", row, reconstruction));
            case LossKind.Huber:
                // With a = |s - r| and m = min(a, 1), both branches are m (a - m / 2).
                string absolute = Node("Abs", "absolute_difference", Node("Sub", "difference", row, reconstruction));
                string least = Node("Min", "at_most_delta", absolute, Constant("delta", 1));
                return Node("Mul", "huber", least,
                    Node("Sub", "less_half", absolute, Node("Mul", "half", least, Constant("one_half", 0.5f))));
            case LossKind.BinaryCrossEntropy:
                string one = Constant("one", 1), floor = Constant("least_logarithm", LeastLogarithm);
                string Logarithm(string name, string value) => Node("Max", name, Node("Log", $"{name}_unclipped", value), floor);
                // The formula falls without end outside [0, 1]: it is that of the nearest number there, and the distance to it.
                string share = OfRow($"{row}/share", () =>
                    Node("Min", "share", Node("Max", "at_least_0", row, Constant("zero", 0)), one));
                string outside = OfRow($"{row}/outside", () => Node("Abs", "outside", Node("Sub", "feature_less_share", row, share)));
                string yes = Node("Mul", "yes", share, Logarithm("log_yes", reconstruction));
                string no = Node("Mul", "no", OfRow($"{row}/rest", () => Node("Sub", "one_less_share", one, share)),
                    Logarithm("log_no", Node("Sub", "one_less_reconstruction", one, reconstruction)));
                return Node("Sub", "cross_entropy", outside, Node("Add", "log_likelihood", yes, no));
            case LossKind.Cosine:
                string OverRow(string operation, string name, string value) =>
                    graph.Reduce(operation, $"{path}/{name}", value, axis: -1);
                string Unit(string name, string value)
                {
                    // By its largest value first, so that no square is more than a Single holds.
                    string largest = Node("Max", $"{name}_bound",
                        OverRow("ReduceMax", $"{name}_largest", Node("Abs", $"{name}_magnitudes", value)),
                        Constant($"{name}_least_norm", LeastNorm));
                    string bounded = Node("Div", $"{name}_bounded", value, largest);
                    return Node("Div", $"{name}_unit", bounded,
                        Node("Max", $"{name}_norm", OverRow("ReduceL2", $"{name}_length", bounded), Constant($"{name}_one", 1)));
                }
                string angle = Node("Sub", "unit_difference", OfRow(row, () => Unit("row", row)), Unit("reconstruction", reconstruction));
                return graph.Times($"{path}/cosine", Node("Mul", "squared_unit_difference", angle, angle), $"{path}/half_feature_count",
                    metadata.FeatureCount / 2f);
            default:
                throw new ArgumentException($"The metadata name the loss '{metadata.Loss}', which this library does not know.",
                    nameof(row));
        }
    }

    /// <summary>The mean of the feature errors by the feature weights, [batch, d] to [batch, 1].</summary>
    public string WeightedMean(string errors) =>
        graph.Reduce("ReduceMean", "score/mean", Weighted(errors, "score/weighted"));

    /// <summary>
    /// The feature errors times the feature weights, these brought to a mean of 1; the errors themselves where all
    /// weigh the same.
    /// </summary>
    public string Weighted(string errors, string name)
    {
        if (metadata.FeatureWeights.Distinct().Count() <= 1)
            return errors;
        double mean = metadata.FeatureWeights.Average(weight => (double)weight);
        return graph.Node(
            "Mul", name, [errors, graph.Initializer(
            $"{name}/weights", [.. metadata.FeatureWeights.Select(weight => (float)(weight / mean))], metadata.FeatureCount)]);
    }

    /// <summary>What is made of the row alone, once however many reconstructions it is compared with.</summary>
    private string OfRow(string what, Func<string> emit) => _ofRows.TryGetValue(what, out string? value) ? value : _ofRows[what] = emit();
}
