namespace MLNetAutoencoder.Onnx;

/// <summary>A part of a network that writes its nodes into a graph.</summary>
/// <param name="graph">The graph that the nodes go to.</param>
/// <param name="input">The name of the value that the part takes, [batch, n].</param>
/// <param name="condition">The name of the condition, [batch, c]; null where the autoencoder has none.</param>
/// <returns>The name of the value that it makes, [batch, m].</returns>
internal delegate string GraphPart(OnnxGraphBuilder graph, string input, string? condition);

/// <summary>The parts that <see cref="ScorerGraph"/> puts together.</summary>
internal sealed record AutoencoderParts
{
    /// <summary>
    /// Scaled features [batch, d] to the code [batch, k]; with <see cref="LogVariance"/>, to the layer [batch, h] that
    /// it and <see cref="Mean"/> take.
    /// </summary>
    public required GraphPart Encoder { get; init; }

    /// <summary>The last layer of a variational encoder to the mean of the code, [batch, h] to [batch, k].</summary>
    public GraphPart? Mean { get; init; }

    /// <summary>
    /// The last layer of a variational encoder to the logarithm of the code's variance, [batch, h] to [batch, k]; null
    /// for a code without variance.
    /// </summary>
    public GraphPart? LogVariance { get; init; }

    /// <summary>
    /// The input <see cref="GraphNames.CodeOffset"/> [batch, m] to what is added to the code [batch, k]; null where it
    /// is added as it is.
    /// </summary>
    public GraphPart? OffsetEncoder { get; init; }

    /// <summary>
    /// Of a masked autoencoder, whose encoder takes the scaled features, 0 where one is hidden, and beside them 1 for each that is
    /// not, [batch, 2 d]: what its score is made with; otherwise null.
    /// </summary>
    public FeatureMasks? Masks { get; init; }

    /// <summary>Of an anomaly detector, what its score is made of; otherwise null.</summary>
    public DetectorParts? Detector { get; init; }

    /// <summary>Code [batch, k] to scaled reconstruction [batch, d].</summary>
    public required GraphPart Decoder { get; init; }

    /// <summary>
    /// The standard-normal draws of the codes that the score takes, <see cref="AutoencoderMetadata.ScoreSamples"/> rows
    /// of k; empty where it takes none.
    /// </summary>
    public IReadOnlyList<float> Draws { get; init; } = [];
}
