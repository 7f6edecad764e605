using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Makes the code sparse: the sum over its units of |h|, mean over the rows.</summary>
/// <param name="Weight">What the penalty is multiplied by.</param>
public sealed record L1Penalty(double Weight) : CodePenalty(Weight)
{
    /// <summary>The weight that the factory takes where none is given.</summary>
    public const double DefaultWeight = 1e-3;

    internal override string Adjective => "sparse";

    internal override string Name => "sparsity_l1";

    internal override Tensor Compute(PenaltyContext context) => context.MeanOverRows(context.Encoding.Mean.abs().sum([1]));
}

/// <summary>
/// Makes the code sparse: with ρ̂ⱼ the mean activation of unit j over the batch, Σⱼ ρ ln(ρ/ρ̂ⱼ) + (1 − ρ) ln((1 − ρ)/(1
/// − ρ̂ⱼ)), the divergence from the target rate ρ (Ng 2011, <i>Sparse autoencoder</i>, section 3). It needs a code of
/// sigmoid units.
/// </summary>
/// <param name="Weight">What the penalty is multiplied by, Ng's β.</param>
/// <param name="TargetRate">The target activation rate ρ, between 0 and 1.</param>
public sealed record KullbackLeiblerPenalty(double Weight, double TargetRate = KullbackLeiblerPenalty.DefaultTargetRate)
    : CodePenalty(Weight)
{
    /// <summary>The default value of <see cref="TargetRate"/>.</summary>
    public const double DefaultTargetRate = 0.05;

    // A unit that never or always fires in Single precision would divide by zero.
    private const double Least = 1e-6;

    internal override string Adjective => "sparse";

    internal override string Name => "sparsity_kl";

    internal override void Validate(AutoencoderEstimator.Options options)
    {
        base.Validate(options);
        Require.Between(TargetRate, 0, 1, $"{nameof(options.Penalties)}.{nameof(KullbackLeiblerPenalty)}.{nameof(TargetRate)}");
        RequireSigmoid(options);
    }

    internal override Tensor Compute(PenaltyContext context)
    {
        var code = context.Encoding.Mean;

        // The rate over the rows of the batch by their weights: these have a mean of 1 over all training rows, not over each batch.
        var mean = context.Weights is { } weights ? (code * weights.unsqueeze(1)).sum([0]) / weights.sum() : code.mean([0]);
        var rate = mean.Between(Least, 1 - Least);
        var constant = (TargetRate * Math.Log(TargetRate) + (1 - TargetRate) * Math.Log(1 - TargetRate)) * rate.shape[0];
        return rate.log().Times(-TargetRate).Plus(rate.Complement().log().Times(TargetRate - 1)).sum().Plus(constant);
    }
}

/// <summary>Pushes each unit of a sigmoid code to 0 or 1: the sum over the units of h (1 − h), mean over the rows.</summary>
/// <remarks>
/// At full weight from the start it pushes rows to the same code before they have found different ones:
/// <see cref="CodePenalty.WarmUpEpochs"/> lets them.
/// </remarks>
/// <param name="Weight">What the penalty is multiplied by.</param>
public sealed record BinaryCodePenalty(double Weight) : CodePenalty(Weight)
{
    /// <summary>The weight that the factory takes where none is given.</summary>
    public const double DefaultWeight = 0.05;

    internal override string Adjective => "binary-code";

    internal override string Name => "binary_code";

    internal override void Validate(AutoencoderEstimator.Options options)
    {
        base.Validate(options);
        RequireSigmoid(options);
    }

    internal override Tensor Compute(PenaltyContext context) =>
        context.MeanOverRows((context.Encoding.Mean * context.Encoding.Mean.Complement()).sum([1]));
}
