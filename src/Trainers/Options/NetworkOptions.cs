namespace MLNetAutoencoder;

/// <summary>The layers around the code. Each kind of network has its own options.</summary>
public abstract class NetworkOptions
{
    private protected NetworkOptions()
    {
    }

    /// <summary>The kind of network, as the metadata name it.</summary>
    internal abstract string Variant { get; }

    /// <summary>Checks the options by themselves and against the rest.</summary>
    internal abstract void Validate(AutoencoderEstimator.Options options);

    /// <summary>The options for the metadata.</summary>
    internal abstract IEnumerable<(string Name, object Value)> Describe();

    /// <summary>A copy that later changes do not reach.</summary>
    internal abstract NetworkOptions Clone();

    /// <summary>Makes the untrained network.</summary>
    internal abstract AutoencoderNetwork Create(int featureCount, CodeOptions code, TorchSharp.torch.Generator generator);
}

/// <summary>Fully connected layers: features, hidden layers, code, and the hidden layers mirrored back to the features.</summary>
public sealed class DenseNetworkOptions : NetworkOptions
{
    /// <summary>The widths of the encoder's hidden layers, from the features to the code; the decoder has them the other way round. The default value is 64, 32. May be empty.</summary>
    public IReadOnlyList<int> Hidden { get; set; } = [64, 32];

    /// <summary>The activation of the hidden layers. The default value is <see cref="Activation.ReLU"/>.</summary>
    public Activation Activation { get; set; } = Activation.ReLU;

    /// <summary>The activation of the last layer. The default value is <see cref="Activation.Linear"/>, which fits any scaling.</summary>
    public Activation OutputActivation { get; set; } = Activation.Linear;

    internal override string Variant => "dense";

    internal override void Validate(AutoencoderEstimator.Options options)
    {
        Require.NotNull(Hidden, $"{nameof(AutoencoderEstimator.Options.Network)}.{nameof(Hidden)}");
        foreach (int width in Hidden)
            Require.AtLeast(width, 1, $"{nameof(AutoencoderEstimator.Options.Network)}.{nameof(Hidden)}");
        Require.Defined(Activation, $"{nameof(AutoencoderEstimator.Options.Network)}.{nameof(Activation)}");
        Require.Defined(OutputActivation, $"{nameof(AutoencoderEstimator.Options.Network)}.{nameof(OutputActivation)}");
        if (OutputActivation != Activation.Linear && options.Scaling == InputScaling.Standardise)
        {
            throw new ArgumentException(
                $"Network.OutputActivation {OutputActivation} cannot be combined with Scaling {options.Scaling}: it does not reach all standardised values. "
                + $"Use Scaling {InputScaling.MinMax} or {InputScaling.None}, or OutputActivation {Activation.Linear}.", nameof(options));
        }
    }

    internal override IEnumerable<(string Name, object Value)> Describe() =>
        [("network", Variant), ("hidden", Hidden), ("activation", Activation.ToString()), ("output_activation", OutputActivation.ToString())];

    internal override NetworkOptions Clone()
    {
        var copy = (DenseNetworkOptions)MemberwiseClone();
        copy.Hidden = [.. Hidden];
        return copy;
    }

    internal override AutoencoderNetwork Create(int featureCount, CodeOptions code, TorchSharp.torch.Generator generator)
    {
        int[] down = [featureCount, .. Hidden, code.Size];
        return new AutoencoderNetwork(
            new DenseStack("encoder", down, Activation, code.Activation, generator),
            new DenseStack("decoder", [.. Enumerable.Reverse(down)], Activation, OutputActivation, generator));
    }
}
