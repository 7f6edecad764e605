using System.Globalization;

namespace MLNetAutoencoder.Onnx;

/// <summary>How the threshold, above which a score counts as an anomaly, is chosen from the training rows' scores.</summary>
/// <remarks>
/// A threshold that comes from the scores lies between two of them, at a distance that batches and runtimes do not
/// bridge, so that equal rows have one label.
/// </remarks>
public sealed class ThresholdRule
{
    private readonly string _name;
    private readonly double _value;
    private readonly Func<AutoencoderMetadata, OrderedScores?, float> _choose;

    private ThresholdRule(string name, double value, Func<AutoencoderMetadata, OrderedScores?, float> choose) =>
        (_name, _value, _choose) = (name, value, choose);

    /// <summary>
    /// As many of the training rows lie above the threshold as above the quantile of their scores at 1 − contamination:
    /// this share of them, and at least one. With 0 the threshold lies above all of them.
    /// </summary>
    /// <remarks>
    /// Rows with equal scores lie on one side. Where they leave no threshold with the wanted number of rows above it, it
    /// is the one with the nearest number, and with fewer rows of two equally near.
    /// </remarks>
    /// <param name="contamination">The share, from 0 to 0.5.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public static ThresholdRule Contamination(double contamination) => contamination is >= 0 and <= 0.5
        ? new("contamination", contamination, (metadata, scores) =>
            (scores ?? OrderedScores.Of(metadata, "contamination")).WithAbove(contamination))
        : throw new ArgumentOutOfRangeException(nameof(contamination), contamination,
            FormattableString.Invariant($"The contamination is {contamination}; expected 0 to 0.5."));

    /// <summary>The mean of the training scores plus a number of their standard deviations.</summary>
    /// <param name="deviations">How many, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative, NaN or infinite.</exception>
    public static ThresholdRule MeanPlusDeviations(double deviations) => deviations >= 0 && double.IsFinite(deviations)
        ? new("mean plus deviations", deviations, (metadata, scores) =>
            (scores ?? OrderedScores.Of(metadata, "mean and deviation")).Near(metadata.ScoreMean + deviations * metadata.ScoreDeviation))
        : throw new ArgumentOutOfRangeException(nameof(deviations), deviations,
            FormattableString.Invariant($"The number of deviations is {deviations}; expected at least 0, and no infinity."));

    /// <summary>
    /// Of normal rows that are like the training rows, this share scores above the threshold at most: the score whose p-value
    /// (<see cref="PValues"/>) is the rate.
    /// </summary>
    /// <param name="rate">The rate, more than 0 and less than 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is out of its range.</exception>
    public static ThresholdRule FalseAlarmRate(double rate) => rate is > 0 and < 1
        ? new("false-alarm rate", rate, (metadata, scores) =>
            PValues.Of(metadata, "false-alarm rate") is var values && rate * (values.Count + 1) < 1 ? (float)values.ScoreOf(rate)
            : (scores ?? OrderedScores.Of(metadata, "false-alarm rate")).WithAtMost((long)(rate * (values.Count + 1) + 1e-9) - 1))
        : throw new ArgumentOutOfRangeException(nameof(rate), rate,
            FormattableString.Invariant($"The false-alarm rate is {rate}; expected more than 0 and less than 1."));

    /// <summary>The threshold that serves best on rows whose labels are known.</summary>
    /// <param name="scores">The rows' scores.</param>
    /// <param name="isAnomaly">Whether each row is an anomaly; at least one is, and one is not.</param>
    /// <param name="goal">What it is to reach; null for <see cref="LabelGoal.BestF1"/>.</param>
    /// <exception cref="ArgumentException">The lists differ in length, a score is no finite number, or all rows have one label.</exception>
    public static ThresholdRule FromLabels(IReadOnlyList<float> scores, IReadOnlyList<bool> isAnomaly, LabelGoal? goal = null)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(isAnomaly);
        if (scores.Count != isAnomaly.Count)
            throw new ArgumentException($"There are {scores.Count} scores and {isAnomaly.Count} labels; expected as many.",
                nameof(isAnomaly));
        int anomalies = isAnomaly.Count(label => label);
        if (anomalies == 0 || anomalies == scores.Count)
            throw new ArgumentException(
                $"Of {scores.Count} rows {anomalies} are anomalies; expected at least one that is and one that is not.", nameof(isAnomaly));
        for (int i = 0; i < scores.Count; i++)
        {
            if (!float.IsFinite(scores[i]))
                throw new ArgumentException(FormattableString.Invariant(
                    $"The score of row {i} (counted from 0) is {scores[i]}; expected a finite number. Leave such rows out."),
                        nameof(scores));
        }
        goal ??= LabelGoal.BestF1;
        float threshold = goal.Find(scores, isAnomaly);
        return new($"{goal} of labels", threshold, (_, _) => threshold);
    }

    /// <summary>A given threshold.</summary>
    /// <param name="threshold">The score above which a row counts as an anomaly.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is NaN.</exception>
    public static ThresholdRule Fixed(float threshold) => !float.IsNaN(threshold)
        ? new("fixed", threshold, (_, _) => threshold)
        : throw new ArgumentOutOfRangeException(nameof(threshold), threshold,
            "The threshold is NaN; expected a number that scores can be compared with.");

    /// <summary>The threshold for a trained model, from what its metadata keep of the training scores.</summary>
    /// <exception cref="InvalidOperationException">The metadata have no quantiles of training scores.</exception>
    internal float Compute(AutoencoderMetadata metadata) => _choose(metadata, null);

    /// <summary>The rule's name and number, as the metadata keep them.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_name} {_value:R}");

    /// <summary>The metadata with the threshold that the rule chooses.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="scores">The training scores; null for those that the metadata keep.</param>
    internal AutoencoderMetadata AddTo(AutoencoderMetadata metadata, OrderedScores? scores = null) =>
        metadata with { Threshold = _choose(metadata, scores), ThresholdRule = ToString() };
}
