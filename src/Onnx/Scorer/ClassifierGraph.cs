namespace MLNetAutoencoder.Onnx;

/// <summary>Puts an encoder and a softmax layer on its code together into the graph of a classifier.</summary>
/// <remarks>
/// <para>With x the raw row, the scaled row is s = (x - offset) / scale, the code z = encoder(s), and the probability
/// of class c is exp(aᶜ) / Σₖ exp(aᵏ) with a = head(z).</para>
/// <para>A missing value enters the network as the training mean of its feature. With the policy <c>nan</c> the row's
/// probabilities are NaN and its predicted label is empty; with <c>mean</c> the row is classified as if that had been
/// observed.</para>
/// </remarks>
internal static class ClassifierGraph
{
    /// <summary>Builds the graph.</summary>
    /// <param name="encoder">Writes the encoder: scaled features [batch, d] to code [batch, k].</param>
    /// <param name="head">Writes the layer on the code: code [batch, k] to one number for each class [batch, n], before
    /// the softmax.</param>
    /// <param name="metadata">What the graph says of itself; sizes, scaling, names of the classes and missing-value
    /// policy are taken from it.</param>
    public static ModelProto Build(GraphPart encoder, GraphPart head, AutoencoderMetadata metadata)
    {
        int d = metadata.FeatureCount, k = metadata.CodeSize, n = metadata.ClassNames.Count;
        var graph = new OnnxGraphBuilder(metadata.Variant);
        var missing = new MissingValueGraph(graph, metadata);

        string present = missing.Features(
            graph.Input(GraphNames.Features, d, "Raw features. NaN and infinities count as missing."), level: null);
        string code = graph.Rename(encoder(graph, new ScalingGraph(graph, metadata).Scale(present), null), GraphNames.Code);
        graph.Part = NetworkLayer.Decoder;
        string softmax = graph.Node("Softmax", "classes/softmax", [head(graph, code, null)], OnnxAttribute.Int64("axis", -1));
        string probabilities = graph.Rename(missing.OfRow(softmax), GraphNames.ClassProbabilities);
        string label = graph.Rename(PredictedLabel(graph, probabilities, metadata), GraphNames.PredictedLabel);

        graph.Output(label, TensorTypes.String, 1, "Name of the most probable class; empty for a row without probabilities.");
        graph.Output(probabilities, TensorTypes.Single, n, $"Probabilities of the classes {string.Join(", ", metadata.ClassNames)}.");
        graph.Output(code, TensorTypes.Single, k, "Code of the row.");
        return graph.ToProto((metadata with { Graph = "classifier", Layers = graph.Layers }).ToDictionary(),
            $"{metadata.Variant}: {d} features, a code of {k} units, {n} classes.");
    }

    private static string PredictedLabel(OnnxGraphBuilder graph, string probabilities, AutoencoderMetadata metadata)
    {
        string place = graph.Node("ArgMax", "classes/place", [probabilities], OnnxAttribute.Int64("axis", 1),
            OnnxAttribute.Int64("keepdims", 1));
        string number = graph.Node("Add", "classes/number", [place, graph.Int64s("classes/one", 1)]);
        string mean = graph.Reduce("ReduceMean", "classes/mean", probabilities);
        string known = graph.Node("Where", "classes/number_or_none",
            [graph.Node("IsNaN", "classes/is_unknown", [mean]), graph.Int64s("classes/none", 0), number]);
        return graph.Node("Gather", "classes/name", [graph.Texts("classes/names", ["", .. metadata.ClassNames]), known]);
    }
}
