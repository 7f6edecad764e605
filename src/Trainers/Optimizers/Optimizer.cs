using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// How the gradients of a step change the weights. The learning rate is an option of its own
/// (<see cref="TrainingOptions.LearningRate"/>).
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AdamOptimizer), "adam")]
[JsonDerivedType(typeof(AdamWOptimizer), "adamw")]
[JsonDerivedType(typeof(SgdOptimizer), "sgd")]
[JsonDerivedType(typeof(RmsPropOptimizer), "rmsprop")]
public abstract record Optimizer
{
    // A Single holds hardly less but 0, which would divide 0 by 0 where a weight has no gradient.
    private protected const double LeastEpsilon = 1e-38;

    private protected Optimizer()
    {
    }

    /// <summary>Checks the values.</summary>
    internal abstract void Validate();

    /// <summary>Makes libtorch's optimizer for some parameters. The learning rate is set before each step.</summary>
    internal abstract OptimizerHelper Start(IReadOnlyList<Parameter> parameters);

    private protected static string Option(string name) => $"{nameof(AutoencoderEstimator.Options.Optimizer)}.{name}";
}

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1): w ← w − α m̂ / (√v̂ + ε), with m̂ and v̂ the running means of gradient and
/// squared gradient, corrected for their start at 0.
/// </summary>
/// <param name="Beta1">How slowly the mean of the gradients moves. The default value is 0.9.</param>
/// <param name="Beta2">How slowly the mean of their squares moves. The default value is 0.999.</param>
/// <param name="Epsilon">What keeps the division from growing without bound. The default value is 1e-8.</param>
public sealed record AdamOptimizer(double Beta1 = AdamOptimizer.DefaultBeta1, double Beta2 = AdamOptimizer.DefaultBeta2,
    double Epsilon = AdamOptimizer.DefaultEpsilon) : Optimizer
{
    /// <summary>The default value of <see cref="Beta1"/>.</summary>
    public const double DefaultBeta1 = 0.9;

    /// <summary>The default value of <see cref="Beta2"/>.</summary>
    public const double DefaultBeta2 = 0.999;

    /// <summary>The default value of <see cref="Epsilon"/>.</summary>
    public const double DefaultEpsilon = 1e-8;

    internal override void Validate()
    {
        Require.Share(Beta1, Option(nameof(Beta1)));
        Require.Share(Beta2, Option(nameof(Beta2)));
        Require.Between(Epsilon, LeastEpsilon, 1, Option(nameof(Epsilon)));
    }

    internal override OptimizerHelper Start(IReadOnlyList<Parameter> parameters) =>
        FusedAdam.IsFor(parameters)
            ? new FusedAdam(parameters, Beta1, Beta2, Epsilon)
            : optim.Adam(parameters, beta1: Beta1, beta2: Beta2, eps: Epsilon);
}

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019): before each step of Adam, w ← w − α λ w.</summary>
/// <param name="WeightDecay">λ. The default value is 0.01.</param>
/// <param name="Beta1">How slowly the mean of the gradients moves. The default value is 0.9.</param>
/// <param name="Beta2">How slowly the mean of their squares moves. The default value is 0.999.</param>
/// <param name="Epsilon">What keeps the division from growing without bound. The default value is 1e-8.</param>
public sealed record AdamWOptimizer(double WeightDecay = AdamWOptimizer.DefaultWeightDecay, double Beta1 = AdamOptimizer.DefaultBeta1,
    double Beta2 = AdamOptimizer.DefaultBeta2, double Epsilon = AdamOptimizer.DefaultEpsilon)
    : Optimizer
{
    /// <summary>The default value of <see cref="WeightDecay"/>.</summary>
    public const double DefaultWeightDecay = 0.01;

    internal override void Validate()
    {
        Require.NotNegative(WeightDecay, Option(nameof(WeightDecay)));
        Require.Share(Beta1, Option(nameof(Beta1)));
        Require.Share(Beta2, Option(nameof(Beta2)));
        Require.Between(Epsilon, LeastEpsilon, 1, Option(nameof(Epsilon)));
    }

    internal override OptimizerHelper Start(IReadOnlyList<Parameter> parameters) =>
        optim.AdamW(parameters, beta1: Beta1, beta2: Beta2, eps: Epsilon, weight_decay: WeightDecay);
}

/// <summary>
/// Stochastic gradient descent with momentum (Polyak 1964, in the form of Sutskever et al. 2013 that PyTorch has): b ←
/// μ b + g, w ← w − α b.
/// </summary>
/// <param name="Momentum">μ. The default value is 0.9.</param>
public sealed record SgdOptimizer(double Momentum = SgdOptimizer.DefaultMomentum) : Optimizer
{
    /// <summary>The default value of <see cref="Momentum"/>.</summary>
    public const double DefaultMomentum = 0.9;

    internal override void Validate() => Require.Share(Momentum, Option(nameof(Momentum)));

    internal override OptimizerHelper Start(IReadOnlyList<Parameter> parameters) =>
        optim.SGD(parameters, TrainingOptions.DefaultLearningRate, Momentum);
}

/// <summary>RMSProp (Tieleman and Hinton 2012, lecture 6.5): v ← ρ v + (1 − ρ) g², w ← w − α g / (√v + ε).</summary>
/// <param name="Decay">ρ. The default value is 0.99.</param>
/// <param name="Epsilon">What keeps the division from growing without bound. The default value is 1e-8.</param>
public sealed record RmsPropOptimizer(double Decay = RmsPropOptimizer.DefaultDecay, double Epsilon = AdamOptimizer.DefaultEpsilon)
    : Optimizer
{
    /// <summary>The default value of <see cref="Decay"/>.</summary>
    public const double DefaultDecay = 0.99;

    internal override void Validate()
    {
        Require.Share(Decay, Option(nameof(Decay)));
        Require.Between(Epsilon, LeastEpsilon, 1, Option(nameof(Epsilon)));
    }

    internal override OptimizerHelper Start(IReadOnlyList<Parameter> parameters) => optim.RMSProp(parameters, alpha: Decay, eps: Epsilon);
}
