namespace MLNetAutoencoder.Onnx;

/// <summary>The scores of a variational autoencoder that take samples of the code, as a part of the graph.</summary>
/// <remarks>
/// With mean μ and variance σ² of a row's code and L standard-normal draws ε, the samples are z = μ + σ ε. Their
/// negative log-likelihood is, for a Gaussian decoder of variance v, Σ ½((s − r)² / v + ln 2πv) over the features, for
/// a Bernoulli decoder the cross-entropy, each feature by its weight. The negative evidence lower bound adds ½ Σ (μ² +
/// σ² − ln σ² − 1) over the code (Kingma and Welling 2014, appendix B). The draws are a constant of the graph, so that
/// a row's score depends on nothing but the row.
/// </remarks>
internal sealed class LikelihoodGraph(OnnxGraphBuilder graph, AutoencoderMetadata metadata, AutoencoderParts parts,
    FeatureErrorGraph errorGraph)
{
    private readonly int _d = metadata.FeatureCount, _k = metadata.CodeSize, _samples = metadata.ScoreSamples;
    private readonly RowCopies _copies = new(graph, "samples", metadata.ScoreSamples);

    private bool IsOne => _samples == 1;

    public string Score(string scaled, string mean, string code, string logVariance, string? condition)
    {
        if (_samples < 1 || parts.Draws.Count != _samples * _k)
            throw new ArgumentException($"The score takes {_samples} samples of {_k} units; there are {parts.Draws.Count} draws.",
                nameof(logVariance));

        string deviation = Node("Exp", "deviation", Node("Mul", "half_log_variance", logVariance, Constant("one_half", 0.5f)));
        string spread = Node("Mul", "spread", _copies.Rows("deviation_rows", deviation, _k),
            graph.Initializer("samples/draws", [.. parts.Draws], IsOne ? [1, _k] : [1, _samples, _k]));
        string codes = _copies.Flat("codes", Node("Add", "code_samples", _copies.Rows("code_rows", code, _k), spread), _k);
        string? conditions = _copies.Repeated("condition", condition, metadata.ConditionSize);
        string reconstructions = _copies.Split(
            "reconstructions", _copies.Run(() => parts.Decoder(graph, codes, conditions)), _d);

        string errors = errorGraph.Errors(_copies.Rows("row", scaled, _d), reconstructions, "samples/score");
        string terms = metadata.Loss == LossKind.BinaryCrossEntropy ? errors
            : Node("Add", "terms", Times("relative_errors", errors, "half_inverse_variance", 0.5f / metadata.LikelihoodVariance),
                Constant("half_log_two_pi_variance", (float)(0.5 * Math.Log(2 * Math.PI * metadata.LikelihoodVariance))));

        // The mean over samples and features, times the number of features, is the mean over samples of the sum over features.
        terms = errorGraph.Weighted(terms, "samples/weighted");
        if (!IsOne)
            terms = graph.Node("Flatten", "samples/terms_of_row", [terms], OnnxAttribute.Int64("axis", 1));
        string likelihood = graph.Reduce("ReduceMean", "samples/mean_term", terms);
        likelihood = Times("negative_log_likelihood", likelihood, "feature_count", _d);
        return metadata.ScoreKind switch
        {
            ScoreKind.ReconstructionProbability => likelihood,
            ScoreKind.NegativeElbo => Node("Add", "negative_elbo", likelihood, Divergence(mean, logVariance)),
            _ => throw new ArgumentException($"The metadata name the score '{metadata.ScoreKind}', which this library does not know.",
                nameof(logVariance)),
        };
    }

    private string Divergence(string mean, string logVariance)
    {
        string moments = Node("Add", "second_moment", Node("Mul", "squared_mean", mean, mean), Node("Exp", "variance", logVariance));
        string terms = Node("Sub", "divergence_terms", Node("Sub", "less_log_variance", moments, logVariance), Constant("one", 1));
        string average = graph.Reduce("ReduceMean", "samples/mean_divergence", terms);
        return Times("divergence", average, "half_code_size", _k / 2f);
    }

    private string Node(string operation, string name, params string[] inputs) => graph.Node(operation, $"samples/{name}", inputs);

    private string Times(string name, string value, string factorName, float factor) =>
        graph.Times($"samples/{name}", value, $"samples/{factorName}", factor);

    private string Constant(string name, float value) => graph.Initializer($"samples/{name}", [value]);
}
