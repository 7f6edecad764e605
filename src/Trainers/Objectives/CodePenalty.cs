using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A term that is added to the loss for what the code is like.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(L1Penalty), "l1")]
[JsonDerivedType(typeof(KullbackLeiblerPenalty), "kullback_leibler")]
[JsonDerivedType(typeof(BinaryCodePenalty), "binary_code")]
[JsonDerivedType(typeof(ContractivePenalty), "contractive")]
public abstract record CodePenalty
{
    private protected CodePenalty(double weight) => Weight = weight;

    /// <summary>What the penalty is multiplied by.</summary>
    public double Weight { get; init; }

    /// <summary>
    /// Over how many epochs the weight rises from 0, by as much in each. The default value is 0: it is the same from
    /// the first epoch on.
    /// </summary>
    public int WarmUpEpochs { get; init; }

    /// <summary>The word for the autoencoder that it makes, such as <c>sparse</c>.</summary>
    internal abstract string Adjective { get; }

    /// <summary>The term's name among the losses.</summary>
    internal abstract string Name { get; }

    /// <summary>Checks the values by themselves and against the rest.</summary>
    internal virtual void Validate(AutoencoderEstimator.Options options)
    {
        Require.Between(Weight, 0, float.MaxValue, $"{nameof(options.Penalties)}.{GetType().Name}.{nameof(Weight)}");
        Require.AtLeast(WarmUpEpochs, 0, $"{nameof(options.Penalties)}.{GetType().Name}.{nameof(WarmUpEpochs)}");
    }

    /// <summary>The weight in an epoch, counted from 0.</summary>
    internal double WeightAt(int epoch) => WarmUpEpochs == 0 ? Weight : Weight * Math.Min(1, (double)epoch / WarmUpEpochs);

    /// <summary>The penalty before it is weighted, as a tensor of one element.</summary>
    internal abstract Tensor Compute(PenaltyContext context);

    private protected void RequireSigmoid(AutoencoderEstimator.Options options)
    {
        Require.Not(options.Code.Variational is not null, $"{nameof(options.Penalties)}.{GetType().Name}", "set",
            $"{nameof(options.Code)}.{nameof(options.Code.Variational)}", "set", "it needs code units between 0 and 1");
        Require.Not(options.Code.Activation != Activation.Sigmoid, $"{nameof(options.Penalties)}.{GetType().Name}", "set",
            $"{nameof(options.Code)}.{nameof(options.Code.Activation)}", options.Code.Activation,
            "it needs code units between 0 and 1; use Sigmoid");
        Require.Not(options.Code.Normalization != CodeNormalization.None, $"{nameof(options.Penalties)}.{GetType().Name}", "set",
            $"{nameof(options.Code)}.{nameof(options.Code.Normalization)}", options.Code.Normalization,
            "it needs code units between 0 and 1");
    }
}

/// <summary>What a penalty sees of a step.</summary>
/// <param name="Network">The network.</param>
/// <param name="Rows">The clean scaled rows, [batch, d].</param>
/// <param name="Condition">Their conditions, [batch, c], or null.</param>
/// <param name="Encoding">What the encoder made of them, or of their corrupted copies.</param>
/// <param name="Weights">The rows' weights, [batch], with a mean of 1 over the training rows; or null.</param>
/// <param name="Pass">How the network is run.</param>
internal readonly record struct PenaltyContext(AutoencoderNetwork Network, Tensor Rows, Tensor? Condition, EncodedBatch Encoding,
    Tensor? Weights, Pass Pass)
{
    /// <summary>The mean over the rows, by their weights: [batch] to one element.</summary>
    public Tensor MeanOverRows(Tensor values) => (Weights is null ? values : values * Weights).mean();
}
