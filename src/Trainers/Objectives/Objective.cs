using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>What a step minimizes: the reconstruction loss, for a variational code its divergence, and the penalties.</summary>
internal sealed class Objective
{
    // What is evaluated at a time; of convolutions, the batch of the training: each further size would have to be checked.
    private const int EvaluationBatch = 1024;

    // Of a batch in which nothing counts the loss is 0.
    private const double LeastCount = 1e-12;

    private readonly AutoencoderEstimator.Options _options;
    private readonly AutoencoderNetwork _network;
    private readonly TrainingSet _set;
    private readonly Tensor? _featureWeights;
    private readonly Tensor? _evaluationMasks;
    private readonly int _evaluationBatch;

    public Objective(AutoencoderEstimator.Options options, AutoencoderNetwork network, TrainingSet set)
    {
        (_options, _network, _set) = (options, network, set);
        if (options.FeatureWeights is { } weights)
        {
            double mean = weights.Average(weight => (double)weight);
            _featureWeights = tensor(
                weights.Select(weight => (float)(weight / mean)).ToArray(), dtype: ScalarType.Float32, device: network.Device);
        }
        if (options.Masking is { } masking)
        {
            float[] masks = masking.ScoreMasks(set.FeatureCount, seed: 0);
            _evaluationMasks = tensor(masks, [masks.Length / set.FeatureCount, set.FeatureCount], dtype: ScalarType.Float32,
                device: network.Device);
        }
        _evaluationBatch = network.Convolutions.Any() ? options.BatchSize : EvaluationBatch;
        Names = [.. TermNames()];
    }

    /// <summary>The names of the terms, in the order of <see cref="Terms"/>.</summary>
    public string[] Names { get; }

    /// <summary>The terms, weighted, each a tensor of one element; their sum is the loss.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="pass">How the network is run.</param>
    public List<Tensor> Terms(TrainingBatch batch, int epoch, Pass pass)
    {
        var visible = _options.Masking?.Draw(batch, pass.Generator);
        if (visible is not null)
            batch = _options.Masking!.Leveled(batch, visible);
        var input = _options.Corruption?.Apply(batch.Rows, _set, pass.Generator) ?? batch.Rows;
        var encoding = _network.Encode(input, batch.Condition, batch.Offset, pass, visible);
        var reconstruction = _network.Decode(encoding.Code, batch.Condition, pass);
        var counted = visible is null ? batch : _options.Masking!.Counted(batch, visible);
        List<Tensor> terms = [Reconstruction(counted, reconstruction)];
        if (_options.Code.Variational is { } variational)
            terms.Add(Divergence(batch, encoding, variational).Times(DivergenceWeight(variational, epoch)));
        foreach (var penalty in _options.Penalties)
            terms.Add(penalty.Compute(new PenaltyContext(_network, batch.Rows, batch.Condition, encoding, batch.Weights, pass))
                .Times(penalty.WeightAt(epoch)));
        if (_options.WeightL1 > 0)
            terms.Add(SumOverWeights(weight => weight.abs().sum()).Times(_options.WeightL1));
        if (_options.WeightL2 > 0)
            terms.Add(SumOverWeights(weight => weight.Squared().sum()).Times(_options.WeightL2));
        return terms;
    }

    /// <summary>
    /// The loss of a set with the present weights, without anything random: reconstruction and, with its full weight,
    /// divergence. Null where it is canceled on the way.
    /// </summary>
    public double? Evaluate(TrainingSet set, Pass pass, CancellationToken cancellation)
    {
        using var none = no_grad();
        double sum = 0, total = 0;
        foreach (var batch in set.InOrder(_evaluationBatch))
        {
            if (cancellation.IsCancellationRequested)
                return null;
            var visible = _evaluationMasks is null ? null : VisibleIn(batch);
            var encoding = _network.Encode(batch.Rows, batch.Condition, batch.Offset, pass.Evaluating, visible);
            var counted = visible is null ? batch : _options.Masking!.Counted(batch, visible);
            var loss = Reconstruction(counted, _network.Decode(encoding.Code, batch.Condition, pass.Evaluating));
            if (_options.Code.Variational is { } variational)
                loss = loss.Plus(Divergence(batch, encoding, variational).Times(variational.Beta));
            // What a batch's loss is the mean of.
            double share = counted.Known is { } known && _options.Code.Variational is null ? known.sum().item<float>()
                : batch.Rows.shape[0];
            sum += share == 0 ? 0 : loss.item<float>() * share;
            total += share;
        }
        return sum / total;
    }

    /// <summary>What the rows of a batch show where they are measured: one mask after another.</summary>
    private Tensor VisibleIn(TrainingBatch batch)
    {
        long[] places = [.. Enumerable.Range(0, (int)batch.Rows.shape[0]).Select(row => row % _evaluationMasks!.shape[0])];
        var visible = _evaluationMasks![tensor(places, dtype: ScalarType.Int64, device: batch.Rows.device)];
        return batch.Known is { } known ? visible * known : visible;
    }

    /// <summary>
    /// ½ (μ² + σ² − ln σ² − 1) of each row and unit: the divergence of N(μ, σ²) from N(0, 1) in nats (Kingma and
    /// Welling 2014, appendix B).
    /// </summary>
    internal static Tensor UnitDivergence(Tensor mean, Tensor logVariance) =>
        (mean.Squared().Plus(logVariance.exp()) - logVariance).Minus(1).Times(0.5);

    private IEnumerable<string> TermNames()
    {
        yield return "reconstruction";
        if (_options.Code.Variational is not null)
            yield return "divergence";
        foreach (var penalty in _options.Penalties)
            yield return penalty.Name;
        if (_options.WeightL1 > 0)
            yield return "weight_l1";
        if (_options.WeightL2 > 0)
            yield return "weight_l2";
    }

    private Tensor Reconstruction(TrainingBatch batch, Tensor reconstruction)
    {
        if (_options.Loss == ReconstructionLoss.MeanSquared && _options.Code.Variational is null && _featureWeights is null
            && batch.Weights is null && batch.Known is null)
            return nn.functional.mse_loss(reconstruction, batch.Rows);
        var errors = ReconstructionErrors.Of(_options.Loss, batch.Rows, reconstruction);
        if (_options is { Code.Variational: { } variational, Loss: ReconstructionLoss.MeanSquared })
        {
            // The negative logarithm of a Gaussian density.
            errors = _network.LikelihoodLogVariance is { } logVariance
                ? (errors * (-logVariance).exp()).Times(0.5).Plus(logVariance.Times(0.5)).Plus(0.5 * Math.Log(2 * Math.PI))
                : errors.Times(0.5 / variational.Variance).Plus(0.5 * Math.Log(2 * Math.PI * variational.Variance));
        }
        if (_featureWeights is not null)
            errors = errors * _featureWeights;
        return Mean(errors, batch, isLikelihood: _options.Code.Variational is not null);
    }

    /// <summary>
    /// The mean of feature errors over rows and features, by the rows' weights. What is missing does not count: the
    /// mean is that of the known errors, but a likelihood stays the sum over the known features (divided by the
    /// number of all), so that it stands to the divergence as in the evidence lower bound of what was observed.
    /// </summary>
    internal static Tensor Mean(Tensor errors, TrainingBatch batch, bool isLikelihood = false)
    {
        if (batch.Known is not { } known)
            return batch.Weights is null ? errors.mean() : (errors.mean([1]) * batch.Weights).mean();
        errors = errors * known;
        if (batch.Weights is { } weights)
            errors = errors * weights.unsqueeze(1);
        return isLikelihood ? errors.mean() : errors.sum() / known.sum().AtLeast(LeastCount);
    }

    /// <summary>
    /// Divided by the number of features, as the reconstruction term is: the two stand to each other as in the evidence
    /// lower bound.
    /// </summary>
    private static Tensor Divergence(TrainingBatch batch, EncodedBatch encoding, VariationalOptions variational)
    {
        var units = UnitDivergence(encoding.Mean, encoding.LogVariance!);
        if (batch.Weights is not null)
            units = units * batch.Weights.unsqueeze(1);
        var means = units.mean([0]);
        return (variational.FreeBits > 0 ? means.AtLeast(variational.FreeBits) : means).sum().Over(batch.Rows.shape[1]);
    }

    private static double DivergenceWeight(VariationalOptions variational, int epoch) =>
        variational.WarmUpEpochs == 0 ? variational.Beta : variational.Beta * Math.Min(1, (double)epoch / variational.WarmUpEpochs);

    private Tensor SumOverWeights(Func<Tensor, Tensor> term) => _network.Weights.Select(term).Aggregate((sum, other) => sum.Plus(other));
}
