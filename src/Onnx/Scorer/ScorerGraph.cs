namespace MLNetAutoencoder.Onnx;

/// <summary>Puts an encoder and a decoder together into the scorer graph, from which everything a fitted model offers is had.</summary>
/// <remarks>
/// <para>With x the raw row, the scaled row is s = (x - offset) / scale, the code z = encoder(s), the scaled reconstruction
/// r = decoder(z), and in raw units x̂ = r * scale + offset. Feature j's error is its term of the loss (<see cref="LossKind"/>); the
/// score is the weighted mean of these or another of <see cref="ScoreKind"/>, and the row is an anomaly unless score ≤
/// threshold. A code offset is added to z; a condition goes to encoder and decoder.</para>
/// <para>A missing value, that is NaN or an infinity, enters the network as the training mean of its feature, in
/// condition and code offset as zero, so that every runtime computes the same with it. With the policy <c>nan</c> its
/// feature error is NaN, and so is the row's score; such a row counts as an anomaly. With <c>mean</c> the row is scored
/// as if that had been observed.</para>
/// </remarks>
internal static class ScorerGraph
{
    /// <summary>The name of the initializer that holds the threshold.</summary>
    internal const string ThresholdName = "threshold/value";

    /// <summary>Builds the scorer graph, without a copy of its weights.</summary>
    /// <param name="parts">The parts of the network.</param>
    /// <param name="metadata">What the graph says of itself; sizes, scaling, loss, kind of score, missing-value policy
    /// and threshold are taken from it.</param>
    public static ModelProto Build(AutoencoderParts parts, AutoencoderMetadata metadata)
    {
        int d = metadata.FeatureCount, k = metadata.CodeSize;
        var graph = new OnnxGraphBuilder($"{metadata.Variant} autoencoder");
        var missing = new MissingValueGraph(graph, metadata);

        var level = metadata.Windows is { RemovesLevel: true } windows ? new WindowLevelGraph(graph, windows) : null;
        string present = missing.Features(
            graph.Input(GraphNames.Features, d, "Raw features. NaN and infinities count as missing."), level);
        string? condition = metadata.ConditionSize == 0 ? null
            : missing.Side(graph.Input(GraphNames.Condition, metadata.ConditionSize,
                "What encoder and decoder are told besides; for a label, one-hot."));
        string? offset = metadata.CodeOffsetSize == 0 ? null
            : missing.Side(graph.Input(GraphNames.CodeOffset, metadata.CodeOffsetSize, "What is known of the row and added to its code."));
        var scaling = new ScalingGraph(graph, metadata);
        string scaled = scaling.Scale(present);
        var errorGraph = new FeatureErrorGraph(graph, metadata);
        var hidden = parts.Masks is null && parts.Detector is null ? null : new HiddenFeatureGraph(graph, metadata, errorGraph);
        string? observed = hidden is null ? null : missing.Observed();

        if (hidden is not null)
            graph.Layer(NetworkLayer.Observed, []);
        string mean = parts.Encoder(graph, hidden is null ? scaled : hidden.Input(scaled, observed!, "encoder/input", axis: 1), condition);
        string? logVariance = null;
        if (parts.LogVariance is { } head)
        {
            graph.Part = NetworkLayer.CodeLogVariance;
            logVariance = graph.Rename(head(graph, mean, condition), GraphNames.CodeLogVariance);
            graph.Part = NetworkLayer.CodeMean;
            mean = parts.Mean?.Invoke(graph, mean, condition)
                ?? throw new ArgumentException("A variational autoencoder has a head for the variance and none for the mean.",
                nameof(parts));
        }
        string code = mean;
        graph.Part = NetworkLayer.CodeOffset;
        if (offset is not null)
            code = graph.Node("Add", "code/with_offset", [code, parts.OffsetEncoder?.Invoke(graph, offset, condition) ?? offset]);
        code = graph.Rename(code, GraphNames.Code);
        mean = offset is null ? code : mean;

        graph.Part = NetworkLayer.Decoder;
        string scaledReconstruction = parts.Decoder(graph, code, condition);
        string relative = graph.Rename(
            scaling.Unscale(scaledReconstruction), level is null ? GraphNames.Reconstruction : WindowLevelGraph.Relative);
        scaledReconstruction = scaling.IsIdentity ? relative : scaledReconstruction;
        string reconstruction = level is null ? relative : graph.Rename(level.Add(), GraphNames.Reconstruction);

        string errors = graph.Rename(missing.FeatureErrors(hidden is null ? errorGraph.Errors(scaled, scaledReconstruction, "score")
            : parts.Detector is { } detector ? new DetectorGraph(graph, metadata, errorGraph, detector)
                .Errors(scaled, observed!, code, scaledReconstruction)
            : hidden.Errors(scaled, observed!, condition, parts.Masks!, Network)), GraphNames.FeatureErrors);
        string score = logVariance is null || metadata.ScoreKind is ScoreKind.MeanFeatureError or ScoreKind.HiddenFeatureError
            or ScoreKind.Detector
            ? errorGraph.WeightedMean(errors)
            : missing.Score(new LikelihoodGraph(graph, metadata, parts, errorGraph)
                .Score(scaled, mean, code, logVariance, condition), errors);
        score = graph.Rename(missing.ScoreOfSides(score), GraphNames.Score);
        string normal = graph.Node("LessOrEqual", "threshold/is_normal",
            [score, graph.Initializer(ThresholdName, [metadata.Threshold], 1)]);
        string anomaly = graph.Rename(graph.Node("Not", "threshold/is_not_normal", [graph.Declare(normal, TensorTypes.Boolean, 1)]),
            GraphNames.IsAnomaly);

        graph.Output(score, TensorTypes.Single, 1, $"Anomaly score ({metadata.ScoreKind}); higher is more anomalous.");
        graph.Output(anomaly, TensorTypes.Boolean, 1, "Whether the row counts as an anomaly: not (score <= threshold).");
        graph.Output(errors, TensorTypes.Single, d, $"Each feature's term of the loss ({metadata.Loss}), in scaled units.");
        graph.Output(reconstruction, TensorTypes.Single, d, "Reconstruction of the row, in raw units.");
        graph.Output(code, TensorTypes.Single, k,
            logVariance is null ? "Code of the row." : "Code of the row: the mean of its distribution.");
        if (logVariance is not null)
            graph.Output(logVariance, TensorTypes.Single, k, "Logarithm of the variance of the row's code.");
        return graph.ToProto((metadata with { Layers = graph.Layers }).ToDictionary(),
            $"Scorer of a {metadata.Variant} autoencoder: {d} features, a code of {k} units.");

        string Network(OnnxGraphBuilder graph, string input, string? condition)
        {
            string last = parts.Encoder(graph, input, condition);
            return parts.Decoder(graph, parts.Mean?.Invoke(graph, last, condition) ?? last, condition);
        }
    }
}
