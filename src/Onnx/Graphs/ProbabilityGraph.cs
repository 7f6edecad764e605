using MLNetAutoencoder.Onnx.Graphs;

namespace MLNetAutoencoder.Onnx;

/// <summary>The share of training rows that score lower, as a part of the graph.</summary>
/// <remarks>
/// With q₀ ≤ ... ≤ q₁₀₀₀ the stored quantiles: up to t = q₉₉₀ the empirical distribution function, linearly between quantiles; above it
/// 1 − 0.01 exp(−(s − t) / β), the exponential tail whose mean excess β is that of the training scores above t. It never falls when the score rises,
/// and is NaN where the score is.
/// </remarks>
internal static class ProbabilityGraph
{
    private const int TailPlace = 990;
    private const float TailShare = 0.01f;
    private const string Quantiles = "probability/quantiles", LowerQuantiles = "probability/lower_quantiles", UpperQuantiles = "probability/upper_quantiles";
    private const string TailStart = "probability/tail_start", MeanExcess = "probability/mean_excess";

    public static string Emit(OnnxGraphBuilder graph, string score, AutoencoderMetadata metadata)
    {
        var scores = OfScores(metadata);
        int count = scores[Quantiles].Length, last = count - 1;
        string Constant(string name, float value) => graph.Initializer($"probability/{name}", [value], 1);

        // How many quantiles are not above the score tells between which two it lies.
        string reached = graph.Node("Cast", "probability/reached",
            [graph.Node("LessOrEqual", "probability/is_reached", [graph.Initializer(Quantiles, scores[Quantiles], 1, count), score])],
            OnnxAttribute.Int64("to", (long)OnnxElementType.Single));
        float[] ones = new float[count];
        Array.Fill(ones, 1f);
        string counted = graph.Node("MatMul", "probability/count", [reached, graph.Initializer("probability/ones", ones, ones.Length, 1)]);
        string zero = graph.Initializer("probability/zero", [0f]), one = graph.Initializer("probability/one", [1f]);
        string below = graph.Node("Clip", "probability/below", [graph.Node("Sub", "probability/count_less_one", [counted, one]), zero, graph.Initializer("probability/last", [last - 1f])]);
        string place = graph.Node("Cast", "probability/place", [below], OnnxAttribute.Int64("to", (long)OnnxElementType.Int64));
        string low = graph.Node("Gather", "probability/low", [graph.Initializer(LowerQuantiles, scores[LowerQuantiles], last), place]);
        string high = graph.Node("Gather", "probability/high", [graph.Initializer(UpperQuantiles, scores[UpperQuantiles], last), place]);
        string part = graph.Node("Clip", "probability/part",
            [graph.Node("Div", "probability/part_unclipped", [graph.Node("Sub", "probability/above_low", [score, low]), graph.Node("Sub", "probability/step", [high, low])]), zero, one]);
        string body = graph.Node("Div", "probability/body", [graph.Node("Add", "probability/steps", [below, part]), Constant("step_count", last)]);

        string tailStart = graph.Initializer(TailStart, scores[TailStart], 1);
        string decay = graph.Node("Exp", "probability/decay",
            [graph.Node("Neg", "probability/excess", [graph.Node("Div", "probability/relative", [graph.Node("Sub", "probability/above_start", [score, tailStart]), graph.Initializer(MeanExcess, scores[MeanExcess], 1)])])]);
        string tail = graph.Node("Sub", "probability/tail", [one, graph.Node("Mul", "probability/remainder", [decay, Constant("tail_share", TailShare)])]);

        string known = graph.Node("Where", "probability/body_or_tail", [graph.Node("GreaterOrEqual", "probability/in_tail", [score, tailStart]), tail, body]);
        return graph.Node("Where", "probability/nan_where_no_score", [graph.Node("IsNaN", "probability/no_score", [score]), Constant("nan", float.NaN), known]);
    }

    /// <summary>Gives a graph with a probability the constants that belong to other scores.</summary>
    /// <exception cref="ArgumentException">The metadata have no quantiles.</exception>
    public static void Update(GraphProto graph, AutoencoderMetadata metadata)
    {
        foreach (var (name, values) in OfScores(metadata))
            OnnxFile.SetValues(graph.Initializer.First(tensor => tensor.Name == name), values);
    }

    /// <summary>The constants that depend on the scores.</summary>
    private static Dictionary<string, float[]> OfScores(AutoencoderMetadata metadata)
    {
        float[] quantiles = [.. metadata.ScoreQuantiles];
        if (quantiles.Length != AutoencoderMetadata.QuantileCount)
            throw new ArgumentException($"The metadata have {quantiles.Length} quantiles of the training scores; the probability needs {AutoencoderMetadata.QuantileCount}.", nameof(metadata));
        float start = quantiles[TailPlace];
        double excess = quantiles.Skip(TailPlace + 1).Average(quantile => (double)quantile - start);
        return new Dictionary<string, float[]>(StringComparer.Ordinal)
        {
            [Quantiles] = quantiles,
            [LowerQuantiles] = quantiles[..^1],
            [UpperQuantiles] = quantiles[1..],
            [TailStart] = [start],
            [MeanExcess] = [Math.Max((float)excess, float.Epsilon)],
        };
    }
}
