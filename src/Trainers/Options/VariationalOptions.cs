using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// Makes the code a distribution: the encoder gives mean and variance of each unit, training samples from them, and the
/// divergence from a standard normal is penalized (Kingma and Welling 2014).
/// </summary>
/// <remarks>
/// The likelihood follows the loss: <see cref="ReconstructionLoss.MeanSquared"/> makes it Gaussian with the variance
/// given here, <see cref="ReconstructionLoss.BinaryCrossEntropy"/> Bernoulli.
/// </remarks>
public sealed record VariationalOptions
{
    /// <summary>The default value of <see cref="Variance"/>.</summary>
    public const double DefaultVariance = 0.1;

    /// <summary>The default value of <see cref="Beta"/>.</summary>
    public const double DefaultBeta = 1;

    /// <summary>The default value of <see cref="ScoreSamples"/>.</summary>
    public const int DefaultScoreSamples = 10;

    // Below it the likelihood of an error of 1 is beyond what a Single holds.
    private const double LeastVariance = 1e-30;

    /// <summary>
    /// The variance of the Gaussian likelihood, in squared scaled units; where it is learned, what it starts from. The
    /// default value is 0.1. A smaller one weighs reconstruction more. A learned one that starts far below the error it
    /// is to become moves slowly: the first gradients are so large that Adam takes small steps long afterwards.
    /// </summary>
    public double Variance { get; init; } = DefaultVariance;

    /// <summary>
    /// Whether the variance of the Gaussian likelihood is learned, one for all features (Rybkin, Daniilidis and Levine
    /// 2021). The default value is false.
    /// </summary>
    public bool LearnVariance { get; init; }

    /// <summary>The weight of the divergence (Higgins et al. 2017). The default value is 1.</summary>
    public double Beta { get; init; } = DefaultBeta;

    /// <summary>
    /// Over how many epochs the weight of the divergence rises from 0 to <see cref="Beta"/> in a straight line (Bowman
    /// et al. 2016). The default value is 0: at once.
    /// </summary>
    public int WarmUpEpochs { get; init; }

    /// <summary>
    /// The divergence of each unit, mean over the batch and in nats, below which it costs nothing further (Kingma et
    /// al. 2016, λ). The default value is 0.
    /// </summary>
    public double FreeBits { get; init; }

    /// <summary>What the anomaly score is. The default value is <see cref="VariationalScore.ReconstructionError"/>.</summary>
    public VariationalScore Score { get; init; } = VariationalScore.ReconstructionError;

    /// <summary>
    /// How many samples of the code a score takes that takes any. The draws are made once, from the seed, and stored in
    /// the graph. The default value is 10.
    /// </summary>
    public int ScoreSamples { get; init; } = DefaultScoreSamples;

    internal void Validate(string path)
    {
        Require.Between(Variance, LeastVariance, float.MaxValue, $"{path}.{nameof(Variance)}");
        Require.NotNegative(Beta, $"{path}.{nameof(Beta)}");
        Require.AtLeast(WarmUpEpochs, 0, $"{path}.{nameof(WarmUpEpochs)}");
        Require.NotNegative(FreeBits, $"{path}.{nameof(FreeBits)}");
        Require.Defined(Score, $"{path}.{nameof(Score)}");
        Require.AtLeast(ScoreSamples, 1, $"{path}.{nameof(ScoreSamples)}");
    }
}

/// <summary>What the anomaly score of a variational autoencoder is.</summary>
public enum VariationalScore
{
    /// <summary>The mean of the feature errors, with the mean of the code decoded.</summary>
    ReconstructionError,

    /// <summary>The negative evidence lower bound with β = 1, in nats (Kingma and Welling 2014).</summary>
    NegativeElbo,

    /// <summary>
    /// The reconstruction probability with its sign turned: the samples' mean negative log-likelihood, in nats (An and
    /// Cho 2015).
    /// </summary>
    ReconstructionProbability,
}
