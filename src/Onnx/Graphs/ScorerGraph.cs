namespace MLNetAutoencoder.Onnx;

/// <summary>A part of a network that writes its nodes into a graph.</summary>
/// <param name="graph">The graph that the nodes go to.</param>
/// <param name="input">The name of the value that the part takes, [batch, n].</param>
/// <returns>The name of the value that it makes, [batch, m].</returns>
public delegate string GraphPart(OnnxGraphBuilder graph, string input);

/// <summary>Puts an encoder and a decoder together into the scorer graph, from which everything a fitted model offers is had.</summary>
/// <remarks>
/// <para>With x the raw row, the scaled row is s = (x - offset) / scale, the code z = encoder(s), the scaled reconstruction
/// ŝ = decoder(z), and in raw units x̂ = ŝ * scale + offset. Feature j's error is its term of the loss, e_j = (s_j - ŝ_j)²; the
/// score is the mean of the e_j, and the row is an anomaly unless score ≤ threshold.</para>
/// <para>A missing value, that is NaN or an infinity, enters the network as the training mean of its feature, so that every
/// runtime computes the same with it. With the policy <c>nan</c> its feature error is NaN, and so is the row's score; such a row
/// counts as an anomaly. With <c>mean</c> the row is scored as if the mean had been observed.</para>
/// </remarks>
public static class ScorerGraph
{
    /// <summary>Builds the scorer graph.</summary>
    /// <param name="encoder">Writes the encoder: scaled features [batch, d] to code [batch, k].</param>
    /// <param name="decoder">Writes the decoder: code [batch, k] to scaled reconstruction [batch, d].</param>
    /// <param name="metadata">What the graph says of itself; sizes, scaling, missing-value policy and threshold are taken from it.</param>
    /// <param name="withProbability">Whether the graph has the output <see cref="GraphNames.Probability"/>, for which the metadata need the quantiles of the training scores.</param>
    /// <returns>The bytes of an ONNX file.</returns>
    public static byte[] Build(GraphPart encoder, GraphPart decoder, AutoencoderMetadata metadata, bool withProbability = false)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(metadata);
        int d = metadata.FeatureCount;
        var graph = new OnnxGraphBuilder($"{metadata.Variant} autoencoder");

        string features = graph.Input(GraphNames.Features, d, "Raw features. NaN and infinities count as missing.");
        string missing = graph.Node("Or", "missing/is_missing",
            [graph.Node("IsNaN", "missing/is_nan", [features]), graph.Node("IsInf", "missing/is_infinite", [features])]);
        string present = graph.Node("Where", MissingValueNodes.OrMean,
            [missing, graph.Initializer("missing/mean", [.. metadata.FeatureMeans], d), features]);
        var scaling = new GraphScaling(graph, metadata);
        string scaled = scaling.Scale(present);

        string code = graph.Rename(encoder(graph, scaled), GraphNames.Code);
        string scaledReconstruction = decoder(graph, code);
        string reconstruction = graph.Rename(scaling.Unscale(scaledReconstruction), GraphNames.Reconstruction);

        string difference = graph.Node("Sub", "score/difference", [scaled, scaling.IsIdentity ? reconstruction : scaledReconstruction]);
        string errors = graph.Node("Mul", "score/squared_difference", [difference, difference]);
        if (metadata.MissingValues != MissingValuePolicy.Mean)
            errors = graph.Node("Where", MissingValueNodes.NaNWhereMissing, [missing, graph.Initializer("score/nan", [float.NaN], 1), errors]);
        errors = graph.Rename(errors, GraphNames.FeatureErrors);
        string score = graph.Rename(
            graph.Node("ReduceMean", "score/mean", [errors], OnnxAttribute.Int64s("axes", 1), OnnxAttribute.Int64("keepdims", 1)),
            GraphNames.Score);
        string normal = graph.Node("LessOrEqual", "threshold/is_normal", [score, graph.Initializer(ThresholdName, [metadata.Threshold], 1)]);
        string anomaly = graph.Rename(graph.Node("Not", "threshold/is_not_normal", [normal]), GraphNames.IsAnomaly);

        graph.Output(score, OnnxElementType.Single, 1, "Anomaly score: mean of the feature errors; higher is more anomalous.");
        graph.Output(anomaly, OnnxElementType.Boolean, 1, "Whether the row counts as an anomaly: not (score <= threshold).");
        if (withProbability)
            graph.Output(graph.Rename(ProbabilityGraph.Emit(graph, score, metadata), GraphNames.Probability), OnnxElementType.Single, 1, "Share of training rows that score lower; not the frequency of anomalies.");
        graph.Output(errors, OnnxElementType.Single, d, "Squared error of each feature, in scaled units.");
        graph.Output(reconstruction, OnnxElementType.Single, d, "Reconstruction of the row, in raw units.");
        graph.Output(code, OnnxElementType.Single, metadata.CodeSize, "Code of the row.");
        return graph.Build(metadata.ToDictionary(), $"Scorer of a {metadata.Variant} autoencoder: {d} features, a code of {metadata.CodeSize} units.");
    }

    /// <summary>The name of the initializer that holds the threshold.</summary>
    internal const string ThresholdName = "threshold/value";

    /// <summary>Scaling of the inputs and back, left out of the graph where there is none.</summary>
    private sealed class GraphScaling(OnnxGraphBuilder graph, AutoencoderMetadata metadata)
    {
        private string? _offset;
        private string? _scale;

        public bool IsIdentity { get; } = metadata.ScalingOffsets.All(offset => offset == 0) && metadata.ScalingScales.All(scale => scale == 1);

        public string Scale(string value)
        {
            if (IsIdentity)
                return value;
            _offset = graph.Initializer("scaling/offset", [.. metadata.ScalingOffsets], metadata.FeatureCount);
            _scale = graph.Initializer("scaling/scale", [.. metadata.ScalingScales], metadata.FeatureCount);
            return graph.Node("Div", "scaling/scaled", [graph.Node("Sub", "scaling/centred", [value, _offset]), _scale]);
        }

        public string Unscale(string value) =>
            IsIdentity ? value : graph.Node("Add", "scaling/raw", [graph.Node("Mul", "scaling/raw_spread", [value, _scale!]), _offset!]);
    }
}
