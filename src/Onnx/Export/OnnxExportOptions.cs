namespace MLNetAutoencoder.Onnx;

/// <summary>In what form a model is exported.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>The default value of <see cref="Opset"/>.</summary>
    public const int DefaultOpset = OnnxGraphBuilder.Opset;

    /// <summary>
    /// The version of ONNX's operator set, from 12 to 21; the version of the intermediate representation follows from
    /// it (12 to 14: 7, 15 to 18: 8, 19 and 20: 9, 21: 10). The default value is 17.
    /// </summary>
    public int Opset { get; init; } = DefaultOpset;

    /// <summary>
    /// Whether the scorer has the output <see cref="GraphNames.Probability"/>. The default value is null: as the model
    /// has it. Every fitted model can be given it.
    /// </summary>
    public bool? Probability { get; init; }

    /// <summary>
    /// Whether the scorer has the output <see cref="GraphNames.PValue"/>. The default value is null: as the model has it. Every fitted
    /// model can be given it.
    /// </summary>
    public bool? PValue { get; init; }

    /// <summary>
    /// How many features with the largest errors the scorer names for each row, in the outputs
    /// <see cref="GraphNames.TopFeatureIndices"/> and <see cref="GraphNames.TopFeatureErrors"/>: the largest error
    /// first, a missing value before all others, of equal ones the first feature first. From 0 to the number of
    /// features. The default value is 0: the scorer does not have these outputs.
    /// </summary>
    public int TopFeatures { get; init; }

    /// <summary>
    /// The number of rows that the graphs take at a time, for runtimes that want it fixed, such as OpenCV's. The
    /// default value is null: any number, the axis is symbolic.
    /// </summary>
    public int? BatchSize { get; init; }

    /// <summary>
    /// Whether the graphs have the nodes that treat missing values. The default value is true. Without them a row with
    /// a missing value gives what the runtime makes of it, and this library refuses such a row when it reads the file
    /// again (its metadata say <c>error</c>): for runtimes that lack operators such as IsNaN, among them OpenCV's, and
    /// rows that are known to be whole.
    /// </summary>
    public bool MissingValueNodes { get; init; } = true;

    /// <summary>Checks the options for one of a model's graphs.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">An option asks for an output that this graph cannot have.</exception>
    internal void Validate(AutoencoderMetadata metadata, OnnxGraph graph)
    {
        Require.InRange(Opset is >= OpsetForms.Least and <= OpsetForms.Most, Opset, $"{nameof(OnnxExportOptions)}.{nameof(Opset)}",
            $"{OpsetForms.Least} to {OpsetForms.Most}");
        Require.InRange(TopFeatures >= 0 && TopFeatures <= metadata.FeatureCount, TopFeatures,
            $"{nameof(OnnxExportOptions)}.{nameof(TopFeatures)}", $"0 to {metadata.FeatureCount}, the number of features");
        Require.AtLeast(BatchSize, 1, $"{nameof(OnnxExportOptions)}.{nameof(BatchSize)}");
        if (graph == OnnxGraph.Scorer)
            return;
        if (Probability is not null)
            throw NoSuchOutput(nameof(Probability), Probability.Value, "null", graph);
        if (PValue is not null)
            throw NoSuchOutput(nameof(PValue), PValue.Value, "null", graph);
        if (TopFeatures != 0)
            throw NoSuchOutput(nameof(TopFeatures), TopFeatures, "0", graph);
    }

    private static ArgumentException NoSuchOutput(string option, object value, string expected, OnnxGraph graph) =>
        new($"The option {nameof(OnnxExportOptions)}.{option} is {value}; only a scorer has that output. For the " +
            $"{graph.ToString().ToLowerInvariant()}, {expected} is expected.", option);
}
