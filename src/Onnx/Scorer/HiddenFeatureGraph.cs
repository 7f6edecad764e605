namespace MLNetAutoencoder.Onnx;

/// <summary>The feature errors of a masked autoencoder as a part of the graph: each feature predicted while it is hidden.</summary>
/// <remarks>
/// With s the scaled row, o its observed features and r⁽ᵐ⁾ the reconstruction of s ∘ o ∘ m under mask m, feature j's error under it is
/// qₘⱼ = ℓ(sⱼ, r⁽ᵐ⁾ⱼ) / ℓ̄ₘⱼ, with ℓ̄ₘⱼ the mean of the same error on normal rows. A mask that hides n observed features gives the score
/// aₘ = √(Σⱼ qₘⱼ / n), in which feature j has the part aₘ qₘⱼ / Σⱼ qₘⱼ. The feature errors are these parts, in the mean over masks and
/// times d, so that their mean is the mean of the aₘ. A missing feature has the error 0. All masks are run at once, as rows of one batch.
/// </remarks>
internal sealed class HiddenFeatureGraph(
    OnnxGraphBuilder graph, AutoencoderMetadata metadata, FeatureErrorGraph errors, string path = "masks")
{
    private const float LargestError = 1e28f, LeastRoot = 1e-20f;

    private readonly int _d = metadata.FeatureCount;

    /// <summary>What the encoder takes of scaled rows.</summary>
    /// <param name="scaled">Scaled features, [..., d].</param>
    /// <param name="observed">1 for each that the encoder may see, and 0 for the others.</param>
    /// <param name="name">The name of the result.</param>
    /// <param name="axis">The axis of the features.</param>
    public string Input(string scaled, string observed, string name, int axis) => graph.Node("Concat", name,
        [graph.Node("Mul", $"{name}/visible", [scaled, observed]), observed], OnnxAttribute.Int64("axis", axis));

    /// <summary>The feature errors, [batch, d].</summary>
    /// <param name="scaled">Scaled features, [batch, d].</param>
    /// <param name="observed">1 for a feature that is there and 0 for a missing one, [batch, d].</param>
    /// <param name="condition">The condition, [batch, c], or null.</param>
    /// <param name="masks">The masks.</param>
    /// <param name="network">Writes encoder and decoder.</param>
    /// <param name="allowsNone">Whether a row without any observed feature has the errors 0, and not NaN.</param>
    public string Errors(string scaled, string observed, string? condition, FeatureMasks masks, GraphPart network, bool allowsNone = false)
    {
        string Node(string operation, string name, params string[] inputs) => graph.Node(operation, $"{path}/{name}", inputs);
        var copies = new RowCopies(graph, path, masks.Count);
        long[] shape = masks.Count == 1 ? [1, _d] : [1, masks.Count, _d];
        string rows = copies.Rows("row", scaled, _d);
        string observedRows = copies.Rows("observed_row", observed, _d);
        string visible = Node("Mul", "visible", observedRows,
            graph.Initializer($"{path}/masks", masks.Visible, shape));
        string inputs = copies.Flat("inputs", Input(rows, visible, $"{path}/input", masks.Count == 1 ? 1 : 2), 2 * _d);
        string? conditions = copies.Repeated("condition", condition, metadata.ConditionSize);
        string predicted = copies.Split("predicted", copies.Run(() => network(graph, inputs, conditions)), _d);

        // No square, nor a sum of some, is more than a Single holds.
        string relative = Node("Min", "relative", Node("Mul", "relative_unbounded", errors.Errors(rows, predicted, $"{path}/score"),
            graph.Initializer($"{path}/weights", masks.Weights, shape)), graph.Initializer($"{path}/largest_error", [LargestError]));
        string counted = Node("Mul", "counted", observedRows,
            graph.Initializer($"{path}/hidden", Array.ConvertAll(masks.Weights, weight => weight > 0 ? 1f : 0f), shape));
        string ofHidden = Node("Mul", "of_hidden", relative, counted);
        string count = Sum("count", counted, masks.Count);
        string root = Node("Max", "root_or_least", Node("Sqrt", "root", Node("Mul", "sum_times_count", Sum("sum", ofHidden, masks.Count),
            count)), graph.Initializer($"{path}/least_root", [LeastRoot]));
        string parts = Node("Div", "parts", ofHidden, root);
        string one = graph.Initializer($"{path}/one", [1f]);
        string used = Node("Min", "used", count, one);
        if (masks.Count > 1)
            (parts, used) = (OverMasks("parts_of_masks", parts, _d), OverMasks("used_masks", used, 1));
        if (allowsNone)
            used = Node("Max", "used_or_one", used, one);
        return Node("Mul", "feature_errors", Node("Div", "mean_parts", parts, used),
            graph.Initializer($"{path}/feature_count", [(float)_d]));

        string OverMasks(string name, string value, int width) =>
            graph.Declare(graph.Node("Reshape", $"{path}/{name}", [Node("ReduceSum", $"{name}_sum", value,
                graph.Int64s($"{path}/{name}_axes", 1)), graph.Int64s($"{path}/{name}_shape", 0, width)]), TensorTypes.Single, width);
    }

    /// <summary>The sum over the features, which stays an axis.</summary>
    private string Sum(string name, string value, int masks) => graph.Node("ReduceSum", $"{path}/{name}",
        [value, graph.Int64s($"{path}/{name}_axes", masks == 1 ? 1 : 2)], OnnxAttribute.Int64("keepdims", 1));
}
