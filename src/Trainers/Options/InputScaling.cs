namespace MLNetAutoencoder;

/// <summary>How raw features are scaled before the network sees them. The scaling is fitted on the training rows and becomes a part of the graphs.</summary>
public enum InputScaling
{
    /// <summary>Each feature less its mean, divided by its (population) standard deviation; a constant feature is only centred.</summary>
    Standardise,

    /// <summary>Each feature brought from its range in the training rows to [0, 1]; a constant feature becomes 0.</summary>
    MinMax,

    /// <summary>Raw features as they are.</summary>
    None,
}

/// <summary>The names of scalings in the metadata.</summary>
internal static class InputScalingNames
{
    public static string ToKind(this InputScaling scaling) => scaling switch { InputScaling.MinMax => "min-max", InputScaling.Standardise => "standardise", _ => "none" };
}
