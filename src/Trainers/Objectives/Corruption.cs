using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// Spoils the rows that the encoder sees while training, each epoch anew; the clean rows stay what is to be
/// reconstructed (Vincent et al. 2010).
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(GaussianCorruption), "gaussian")]
[JsonDerivedType(typeof(MaskingCorruption), "masking")]
[JsonDerivedType(typeof(SaltAndPepperCorruption), "salt_and_pepper")]
public abstract record Corruption
{
    private protected Corruption()
    {
    }

    /// <summary>Checks the values.</summary>
    internal abstract void Validate();

    /// <summary>Spoils a batch of scaled rows.</summary>
    internal abstract Tensor Apply(Tensor rows, TrainingSet set, Generator generator);

    private protected static Tensor Uniform(Tensor like, Generator generator) =>
        rand(like.shape, dtype: ScalarType.Float32, device: like.device, generator: generator);
}

/// <summary>Gaussian noise is added to every scaled feature.</summary>
/// <param name="Deviation">Its standard deviation, in scaled units.</param>
public sealed record GaussianCorruption(double Deviation) : Corruption
{
    internal override void Validate() => Require.Between(
        Deviation, 0, float.MaxValue, $"{nameof(AutoencoderEstimator.Options.Corruption)}.{nameof(Deviation)}");

    internal override Tensor Apply(Tensor rows, TrainingSet set, Generator generator) =>
        rows.Plus(randn(rows.shape, dtype: ScalarType.Float32, device: rows.device, generator: generator).Times(Deviation));
}

/// <summary>Scaled features, chosen at random, become 0.</summary>
/// <param name="Share">The share of the features that do, between 0 and 1.</param>
public sealed record MaskingCorruption(double Share) : Corruption
{
    /// <summary>The share that the factory takes where no corruption is given.</summary>
    public const double DefaultShare = 0.25;

    internal override void Validate() => Require.Between(Share, 0, 1, $"{nameof(AutoencoderEstimator.Options.Corruption)}.{nameof(Share)}");

    internal override Tensor Apply(Tensor rows, TrainingSet set, Generator generator) =>
        rows * Uniform(rows, generator).IsLess(1 - Share).to(ScalarType.Float32);
}

/// <summary>
/// Features, chosen at random, take the least or the largest value that the feature has in the training rows, each as
/// often.
/// </summary>
/// <param name="Share">The share of the features that do, between 0 and 1.</param>
public sealed record SaltAndPepperCorruption(double Share) : Corruption
{
    internal override void Validate() => Require.Between(Share, 0, 1, $"{nameof(AutoencoderEstimator.Options.Corruption)}.{nameof(Share)}");

    internal override Tensor Apply(Tensor rows, TrainingSet set, Generator generator)
    {
        var draw = Uniform(rows, generator);
        return where(draw.IsLess(Share / 2), set.Least, where(draw.IsLess(Share), set.Most, rows));
    }
}
