using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>How a stream makes alarms of scores.</summary>
public sealed record StreamOptions
{
    /// <summary>
    /// In how many steps the weight of a score in the threshold falls to one half, where the threshold is to follow slow changes. The
    /// default value is null: it stays that of the model.
    /// </summary>
    /// <remarks>
    /// Each series has a mean m and a variance v of its scores, exponentially weighted with α = 1 − 2^(−1 / half-life): m ← m + α d and v ←
    /// (1 − α)(v + α d²) with d the score less m (Finch 2009). They begin as those of the training scores. The threshold is m + k √v, with
    /// k such that the first one is the model's. A score above the threshold counts as the threshold, so that an anomaly does not become
    /// normal at once.
    /// </remarks>
    public int? ThresholdHalfLife { get; init; }

    /// <summary>How many anomalies in a row make an alarm, at least 1. The default value is 1.</summary>
    public int LeastLength { get; init; } = 1;

    /// <summary>For how many steps after an alarm no other one is made, 0 or more. The default value is 0.</summary>
    public int QuietSteps { get; init; }

    internal void Validate()
    {
        Require.AtLeast(ThresholdHalfLife, 1, $"{nameof(StreamOptions)}.{nameof(ThresholdHalfLife)}");
        Require.AtLeast(LeastLength, 1, $"{nameof(StreamOptions)}.{nameof(LeastLength)}");
        Require.AtLeast(QuietSteps, 0, $"{nameof(StreamOptions)}.{nameof(QuietSteps)}");
    }
}

/// <summary>What a stream says of a step.</summary>
/// <param name="Score">The score of the window that ends with the step; NaN where it has none.</param>
/// <param name="Threshold">The score above which it is an anomaly.</param>
/// <param name="IsAnomaly">Whether it is above. A whole window without a score counts as an anomaly too.</param>
/// <param name="IsAlarm">Whether an alarm begins here.</param>
/// <param name="PValue">How often a normal step scores as high; NaN without a score.</param>
/// <param name="Expected">What was expected in the place of each value, in raw units.</param>
/// <param name="ChannelErrors">The error of each channel over the window; their mean is the score.</param>
public sealed record StreamedStep(float Score, float Threshold, bool IsAnomaly, bool IsAlarm, double PValue,
    IReadOnlyList<float> Expected, IReadOnlyList<float> ChannelErrors);
