using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The layers around the code. Each kind of network has its own options.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DenseNetworkOptions), "dense")]
[JsonDerivedType(typeof(ConvolutionalNetworkOptions), "convolutional")]
[JsonDerivedType(typeof(TemporalConvolutionNetworkOptions), "temporal_convolution")]
[JsonDerivedType(typeof(LayersNetworkOptions), "layers")]
public abstract record NetworkOptions
{
    private protected NetworkOptions()
    {
    }

    /// <summary>The activation of the hidden layers. The default value is <see cref="Activation.ReLU"/>.</summary>
    public Activation Activation { get; init; } = Activation.ReLU;

    /// <summary>The activation of the last layer. The default value is <see cref="Activation.Linear"/>, which fits any scaling.</summary>
    public Activation OutputActivation { get; init; } = Activation.Linear;

    /// <summary>
    /// How the hidden layers' sums are normalized before the activation. The default value is
    /// <see cref="Normalization.None"/>.
    /// </summary>
    public Normalization Normalization { get; init; } = Normalization.None;

    /// <summary>The kind of network, as the metadata name it.</summary>
    internal abstract string Kind { get; }

    /// <summary>Whether the network leaves units out at random while it is trained.</summary>
    internal virtual bool HasDropout => false;

    /// <summary>Checks the options by themselves and against the rest.</summary>
    internal virtual void Validate(AutoencoderEstimator.Options options)
    {
        const string path = nameof(AutoencoderEstimator.Options.Network);
        Require.Defined(Activation, $"{path}.{nameof(Activation)}");
        Require.Defined(OutputActivation, $"{path}.{nameof(OutputActivation)}");
        Require.Defined(Normalization, $"{path}.{nameof(Normalization)}");
        Require.Not(OutputActivation is not (Activation.Linear or Activation.LeakyReLU)
            && options.Scaling is not (InputScaling.MinMax or InputScaling.None), $"{path}.{nameof(OutputActivation)}", OutputActivation,
            nameof(options.Scaling), options.Scaling,
            $"it does not reach all standardized values; use Scaling {InputScaling.MinMax} or {InputScaling.None}, or OutputActivation " +
                $"{Activation.Linear}");
    }

    /// <summary>Checks the options against the width of the features, which only the data tell.</summary>
    internal virtual void ValidateFor(int featureCount, string column)
    {
    }

    /// <summary>Makes the encoder's layers before the code, untrained.</summary>
    /// <param name="featureCount">The width of the features.</param>
    /// <param name="conditionSize">The width of the condition; 0 where there is none.</param>
    /// <param name="generator">Where the initial weights are drawn from.</param>
    /// <param name="width">The width of what it gives.</param>
    private protected abstract NetworkPart CreateTrunk(int featureCount, int conditionSize, Generator generator, out int width);

    /// <summary>Makes the decoder, untrained.</summary>
    /// <param name="trunk">The encoder's layers before the code.</param>
    /// <param name="code">The code.</param>
    /// <param name="featureCount">The width of the features.</param>
    /// <param name="conditionSize">The width of the condition; 0 where there is none.</param>
    /// <param name="generator">Where the initial weights are drawn from.</param>
    private protected abstract NetworkPart CreateDecoder(
        NetworkPart trunk, CodeLayer code, int featureCount, int conditionSize, Generator generator);

    /// <summary>Makes the untrained network; the encoder of a masked one takes what is visible of the features beside these.</summary>
    internal AutoencoderNetwork Create(
        int featureCount, int conditionSize, int offsetSize, CodeOptions code, bool isMasked, Generator generator)
    {
        var trunk = CreateTrunk(isMasked ? 2 * featureCount : featureCount, conditionSize, generator, out int width);
        var codeLayer = new CodeLayer("encoder/code", width, code, code.Activation, code.Normalization, generator);
        var logVariance = code.Variational is null ? null
            : new DenseLayer("encoder/code_log_variance", width, code.Size, Activation.Linear, generator);
        var offset = code.OffsetHidden is null ? null
            : DenseStack.Create("offset", [offsetSize, .. code.OffsetHidden, code.Size], Activation, Activation.Linear, generator);
        var decoder = CreateDecoder(trunk, codeLayer, featureCount, conditionSize, generator);
        return new AutoencoderNetwork(code, trunk, codeLayer, logVariance, offset, decoder, isMasked);
    }
}
