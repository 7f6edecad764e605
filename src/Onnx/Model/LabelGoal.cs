using System.Globalization;

namespace MLNetAutoencoder.Onnx;

/// <summary>What a threshold that is found from labeled rows is to reach; see <see cref="ThresholdRule.FromLabels"/>.</summary>
public sealed class LabelGoal
{
    private readonly string _text;

    // Of thresholds from the highest down: the true and the false alarms above one, and how many anomalies and other rows there are.
    private readonly Func<double, double, double, double, double> _worth;

    private LabelGoal(string text, Func<double, double, double, double, double> worth) => (_text, _worth) = (text, worth);

    /// <summary>The largest F1, the harmonic mean of precision and recall.</summary>
    public static LabelGoal BestF1 { get; } = new("best F1", (found, alarms, anomalies, _) => 2 * found / (found + alarms + anomalies));

    /// <summary>At least this share of the anomalies above the threshold, with as few other rows as that allows.</summary>
    /// <param name="share">The share, more than 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public static LabelGoal Recall(double share) => share is > 0 and <= 1
        ? new(string.Create(CultureInfo.InvariantCulture, $"recall {share:R}"), (found, alarms, anomalies, others) =>
            found >= share * anomalies - 1e-9 ? 1 - alarms / Math.Max(1, others) : -1)
        : throw new ArgumentOutOfRangeException(nameof(share), share,
            FormattableString.Invariant($"The recall is {share}; expected more than 0, and at most 1."));

    /// <summary>At most this share of the rows that are no anomalies above the threshold, with as many anomalies as that allows.</summary>
    /// <param name="share">The share, from 0 to less than 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public static LabelGoal FalseAlarms(double share) => share is >= 0 and < 1
        ? new(string.Create(CultureInfo.InvariantCulture, $"false alarms {share:R}"), (found, alarms, anomalies, others) =>
            alarms <= share * others + 1e-9 ? found / Math.Max(1, anomalies) : -1)
        : throw new ArgumentOutOfRangeException(nameof(share), share,
            FormattableString.Invariant($"The share of false alarms is {share}; expected 0 to less than 1."));

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>The threshold that reaches the goal best; of several the highest.</summary>
    internal float Find(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        int[] order = [.. Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i])];
        double anomalies = labels.Count(label => label), others = labels.Count - anomalies, found = 0, alarms = 0;
        double best = _worth(0, 0, anomalies, others);

        // So many rows are above the threshold: only where the next score is another can it lie.
        int above = 0;
        for (int i = 0; i < order.Length; i++)
        {
            (found, alarms) = labels[order[i]] ? (found + 1, alarms) : (found, alarms + 1);
            if (i + 1 < order.Length && scores[order[i + 1]] == scores[order[i]])
                continue;
            double worth = _worth(found, alarms, anomalies, others);
            if (worth > best)
                (best, above) = (worth, i + 1);
        }
        if (above == order.Length)
            return MathF.BitDecrement(scores[order[^1]]);
        return new OrderedScores([.. scores.Order()]).WithAtMost(above);
    }
}
