using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// How raw features are scaled before the network sees them. The scaling is fitted on the training rows and becomes a
/// part of the graphs.
/// </summary>
public enum InputScaling
{
    /// <summary>Each feature less its mean, divided by its (population) standard deviation; a constant feature is only centered.</summary>
    Standardize,

    /// <summary>Each feature brought from its range in the training rows to [0, 1]; a constant feature becomes 0.</summary>
    MinMax,

    /// <summary>Raw features as they are.</summary>
    None,

    /// <summary>
    /// Each feature less its median, divided by the distance between its quartiles, which single values far from the
    /// others do not move; by its standard deviation where the quartiles are the same. A constant feature is only
    /// centered. The quartiles are exact up to 100,000 training rows (fewer where rows are wider than 160 features, at
    /// least 10,000), beyond that those of as many drawn by the seed.
    /// </summary>
    Robust,

    /// <summary>
    /// As <see cref="Standardize"/>, and what is more than 5 deviations from the mean on a logarithmic scale: z becomes ±(5 + ln(|z| − 4)).
    /// Values far out stay far out, and do not rule everything else.
    /// </summary>
    StandardizeCompressed,
}

/// <summary>The names of scalings in the metadata.</summary>
internal static class InputScalingNames
{
    public static string ToKind(this InputScaling scaling) =>
        scaling switch { InputScaling.MinMax => "min-max", InputScaling.Standardize => "standardize", InputScaling.Robust => "robust",
        InputScaling.StandardizeCompressed => ScalingGraph.Compressed, _ => "none" };
}
