using System.Globalization;

namespace MLNetAutoencoder.Onnx;

/// <summary>How the threshold, above which a score counts as an anomaly, is chosen from the training rows' scores.</summary>
public sealed class ThresholdRule
{
    private readonly string _name;
    private readonly double _value;
    private readonly Func<AutoencoderMetadata, double> _compute;

    private ThresholdRule(string name, double value, Func<AutoencoderMetadata, double> compute)
    {
        _name = name;
        _value = value;
        _compute = compute;
    }

    /// <summary>
    /// The quantile of the training scores at 1 − contamination: this share of the training rows lies above the
    /// threshold.
    /// </summary>
    /// <param name="contamination">The share, more than 0 and less than 0.5.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public static ThresholdRule Contamination(double contamination) => contamination is > 0 and < 0.5
        ? new("contamination", contamination, metadata => Quantile(metadata, 1 - contamination))
        : throw new ArgumentOutOfRangeException(nameof(contamination), contamination,
            FormattableString.Invariant($"The contamination is {contamination}; expected more than 0 and less than 0.5."));

    /// <summary>The mean of the training scores plus a number of their standard deviations.</summary>
    /// <param name="deviations">How many, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative, NaN or infinite.</exception>
    public static ThresholdRule MeanPlusDeviations(double deviations) => deviations >= 0 && double.IsFinite(deviations)
        ? new("mean plus deviations", deviations, metadata =>
            HasScores(metadata, "mean and deviation").ScoreMean + deviations * metadata.ScoreDeviation)
        : throw new ArgumentOutOfRangeException(nameof(deviations), deviations,
            FormattableString.Invariant($"The number of deviations is {deviations}; expected at least 0, and no infinity."));

    /// <summary>A given threshold.</summary>
    /// <param name="threshold">The score above which a row counts as an anomaly.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is NaN.</exception>
    public static ThresholdRule Fixed(float threshold) => !float.IsNaN(threshold)
        ? new("fixed", threshold, _ => threshold)
        : throw new ArgumentOutOfRangeException(nameof(threshold), threshold,
            "The threshold is NaN; expected a number that scores can be compared with.");

    /// <summary>The threshold for a trained model.</summary>
    /// <param name="metadata">The model's metadata, with mean, deviation and quantiles of its training scores.</param>
    /// <exception cref="InvalidOperationException">The metadata have no quantiles of training scores.</exception>
    internal float Compute(AutoencoderMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return (float)_compute(metadata);
    }

    /// <summary>The rule's name and number, as the metadata keep them.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_name} {_value:R}");

    /// <summary>Linearly between the stored quantiles.</summary>
    private static double Quantile(AutoencoderMetadata metadata, double q)
    {
        var quantiles = HasScores(metadata, "contamination").ScoreQuantiles;
        double place = q * (quantiles.Count - 1);
        // 0.9 * 1000 is a whole number but for rounding; the place must not slip below it.
        int below = Math.Min((int)Math.Floor(place + 1e-9), quantiles.Count - 2);
        return quantiles[below] + Math.Max(0, place - below) * ((double)quantiles[below + 1] - quantiles[below]);
    }

    private static AutoencoderMetadata HasScores(AutoencoderMetadata metadata, string by) => metadata.ScoreQuantiles.Count > 0 ? metadata
        : throw new InvalidOperationException($"The model's metadata have no quantiles of its training scores, so no threshold can be found by {by}. Use ThresholdRule.Fixed.");
}
