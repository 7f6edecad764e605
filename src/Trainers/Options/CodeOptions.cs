namespace MLNetAutoencoder;

/// <summary>The code: the narrow layer that a row has to pass.</summary>
public sealed class CodeOptions
{
    /// <summary>The default value of <see cref="Size"/>.</summary>
    public const int DefaultSize = 8;

    /// <summary>The number of units of the code. The default value is 8. As many as there are features, or more, is allowed with a warning.</summary>
    public int Size { get; set; } = DefaultSize;

    /// <summary>The activation of the code's units. The default value is <see cref="Activation.Linear"/>.</summary>
    public Activation Activation { get; set; } = Activation.Linear;

    internal CodeOptions Clone() => (CodeOptions)MemberwiseClone();

    internal void Validate()
    {
        Require.AtLeast(Size, 1, $"{nameof(AutoencoderEstimator.Options.Code)}.{nameof(Size)}");
        Require.Defined(Activation, $"{nameof(AutoencoderEstimator.Options.Code)}.{nameof(Activation)}");
    }
}
