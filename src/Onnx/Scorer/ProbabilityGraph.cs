namespace MLNetAutoencoder.Onnx;

/// <summary>The share of training rows that score lower, as a part of the graph.</summary>
/// <remarks>
/// With q₀ ≤ ... ≤ q₁₀₀₀ the stored quantiles: up to t = q₉₉₀ the empirical distribution function, linearly between quantiles; above it
/// 1 − 0.01 exp(−(s − t) / β), the exponential tail whose mean excess β is that of the training scores above t. It
/// never falls when the score rises, and is NaN where the score is.
/// </remarks>
internal static class ProbabilityGraph
{
    private const int TailPlace = 990;
    private const float TailShare = 0.01f;

    /// <summary>The least that is divided by: a normal number, since some runtimes take subnormal ones for 0.</summary>
    private const float LeastDivisor = 1e-30f;

    public static string Emit(OnnxGraphBuilder graph, string score, AutoencoderMetadata metadata)
    {
        float[] quantiles = [.. metadata.ScoreQuantiles];
        if (quantiles.Length != AutoencoderMetadata.QuantileCount)
            throw new InvalidOperationException(
                $"The metadata have {quantiles.Length} quantiles of the training scores; the probability needs " +
                $"{AutoencoderMetadata.QuantileCount}.");
        int last = quantiles.Length - 1;
        float[] steps = [.. quantiles.Zip(quantiles.Skip(1), (low, high) => Math.Max(high - low, LeastDivisor))];
        string Constant(string name, float value) => graph.Initializer($"probability/{name}", [value], 1);

        // How many quantiles are not above the score tells between which two it lies.
        string isReached = graph.Node("LessOrEqual", "probability/is_reached",
            [graph.Initializer("probability/quantiles", quantiles, 1, quantiles.Length), score]);
        string reached = graph.Node("Cast", "probability/reached", [graph.Declare(isReached, TensorTypes.Boolean, quantiles.Length)],
            OnnxAttribute.Int64("to", TensorTypes.Single));
        float[] ones = new float[quantiles.Length];
        Array.Fill(ones, 1f);
        string count = graph.Node("MatMul", "probability/count", [reached, graph.Initializer("probability/ones", ones, ones.Length, 1)]);
        string zero = graph.Initializer("probability/zero", [0f]), one = graph.Initializer("probability/one", [1f]);
        string below = graph.Node("Clip", "probability/below",
            [graph.Node("Sub", "probability/count_less_one", [count, one]), zero, graph.Initializer("probability/last", [last - 1f])]);
        string place = graph.Node("Cast", "probability/place", [below], OnnxAttribute.Int64("to", TensorTypes.Int64));
        string low = graph.Node("Gather", "probability/low",
            [graph.Initializer("probability/lower_quantiles", quantiles.AsSpan(0, last), last), place]);
        string step = graph.Node("Gather", "probability/step", [graph.Initializer("probability/steps_between", steps, last), place]);
        string part = graph.Node("Clip", "probability/part",
            [graph.Node("Div", "probability/part_unclipped",
                [graph.Node("Sub", "probability/above_low", [score, low]), step]),
                zero, one]);
        string body = graph.Node("Div", "probability/body",
            [graph.Node("Add", "probability/steps", [below, part]), Constant("step_count", last)]);

        float start = quantiles[TailPlace];
        double excess = quantiles.Skip(TailPlace + 1).Average(quantile => (double)quantile - start);
        string tailStart = Constant("tail_start", start);
        string decay = graph.Node("Exp", "probability/decay",
            [graph.Node("Neg", "probability/excess",
                [graph.Node("Div", "probability/relative",
                [graph.Node("Sub", "probability/above_start", [score, tailStart]),
                Constant("mean_excess", Math.Max((float)excess, LeastDivisor))])])]);
        string tail = graph.Node("Sub", "probability/tail",
            [one, graph.Node("Mul", "probability/remainder", [decay, Constant("tail_share", TailShare)])]);

        string isInTail = graph.Declare(graph.Node("GreaterOrEqual", "probability/in_tail", [score, tailStart]),
            TensorTypes.Boolean, 1);
        string known = graph.Node("Where", "probability/body_or_tail", [isInTail, tail, body]);
        return graph.Node("Where", "probability/nan_where_no_score",
            [graph.Node("IsNaN", "probability/no_score", [score]), Constant("nan", float.NaN), known]);
    }
}
