using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The code: the narrow layer that a row has to pass.</summary>
public sealed record CodeOptions
{
    /// <summary>The default value of <see cref="Size"/>.</summary>
    public const int DefaultSize = 8;

    /// <summary>
    /// The number of units of the code. The default value is 8. As many as there are features, or more, is allowed with
    /// a warning.
    /// </summary>
    public int Size { get; init; } = DefaultSize;

    /// <summary>The activation of the code's units. The default value is <see cref="Activation.Linear"/>.</summary>
    public Activation Activation { get; init; } = Activation.Linear;

    /// <summary>How the code is normalized after its activation. The default value is <see cref="CodeNormalization.None"/>.</summary>
    public CodeNormalization Normalization { get; init; } = CodeNormalization.None;

    /// <summary>
    /// The standard deviation of the Gaussian noise that is added to the code while training. The default value is 0:
    /// none.
    /// </summary>
    public double NoiseDeviation { get; init; }

    /// <summary>Makes the code a distribution. The default value is null: it is a point.</summary>
    public VariationalOptions? Variational { get; init; }

    /// <summary>
    /// The column of a vector that is added to the code before it is decoded, known of each row beforehand; as long as
    /// the code, unless <see cref="OffsetHidden"/> is set. The default value is null: none.
    /// </summary>
    public string? OffsetColumnName { get; init; }

    /// <summary>
    /// Makes the offset column, of any length, pass a small dense encoder of its own before it is added: the widths of
    /// its hidden layers, which may be none. The default value is null: the column is added as it is.
    /// </summary>
    public IReadOnlyList<int>? OffsetHidden { get; init => field = ValueList.Of(value); }

    internal void Validate()
    {
        const string path = nameof(AutoencoderEstimator.Options.Code);
        Require.AtLeast(Size, 1, $"{path}.{nameof(Size)}");
        Require.Defined(Activation, $"{path}.{nameof(Activation)}");
        Require.Defined(Normalization, $"{path}.{nameof(Normalization)}");
        Require.NotNegative(NoiseDeviation, $"{path}.{nameof(NoiseDeviation)}");
        Variational?.Validate($"{path}.{nameof(Variational)}");
        if (OffsetColumnName is not null)
            Require.ColumnName(OffsetColumnName, $"{path}.{nameof(OffsetColumnName)}");
        foreach (int width in OffsetHidden ?? [])
            Require.AtLeast(width, 1, $"{path}.{nameof(OffsetHidden)}");

        Require.Not(OffsetHidden is not null && OffsetColumnName is null, $"{path}.{nameof(OffsetHidden)}", "set",
            $"{path}.{nameof(OffsetColumnName)}", "null",
            "an encoder of the offset needs its column");
        Require.Not(Normalization == CodeNormalization.Layer && Size == 1, $"{path}.{nameof(Normalization)}", Normalization,
            $"{path}.{nameof(Size)}", Size,
            "one unit, normalized over the units, is always 0");
        Require.Not(Normalization == CodeNormalization.UnitLength && Size == 1, $"{path}.{nameof(Normalization)}", Normalization,
            $"{path}.{nameof(Size)}", Size,
            "one unit of length 1 is -1 or 1, which has no gradient to train by");
        if (Variational is null)
            return;
        Require.Not(Activation != Activation.Linear, $"{path}.{nameof(Activation)}", Activation, $"{path}.{nameof(Variational)}", "set",
            "the mean of a normal distribution is any number; use Linear");
        Require.Not(Normalization != CodeNormalization.None, $"{path}.{nameof(Normalization)}", Normalization,
            $"{path}.{nameof(Variational)}", "set",
            "the divergence already draws mean and variance of the code to 0 and 1");
        Require.Not(NoiseDeviation > 0, $"{path}.{nameof(NoiseDeviation)}", NoiseDeviation, $"{path}.{nameof(Variational)}", "set",
            "a variational code has learned noise already");
    }
}
