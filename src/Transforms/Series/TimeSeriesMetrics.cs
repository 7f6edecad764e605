namespace MLNetAutoencoder;

/// <summary>How well the scores of a time series, and the alarms that were made of them, fit its labels.</summary>
/// <remarks>
/// An event is a run of labeled steps. A detector that is a few steps early or late has found it all the same, which measures for single
/// steps punish, and measures that adjust the points of an event reward blindly (Kim et al., AAAI 2022). VUS-PR is the volume under the
/// surface of precision and recall over all tolerances around the events (Paparrizos, Boniol, Palpanas, Tsay, Elmore and Franklin, VLDB
/// 2022), as the benchmark TSB-AD computes it (Liu and Paparrizos, NeurIPS 2024).
/// </remarks>
public sealed record TimeSeriesMetrics
{
    /// <summary>The largest tolerance that <see cref="VusPr"/> has by default, in steps.</summary>
    public const int DefaultTolerance = 100;

    private const int Thresholds = 250;

    /// <summary>
    /// The volume under the surface of precision, recall and tolerance, from 0 to 1: the mean, over the tolerances of 0 to the largest one,
    /// of the area under the curve of precision over recall, where steps near an event count partly.
    /// </summary>
    public required double VusPr { get; init; }

    /// <summary>The average precision of single steps, from 0 to 1: the area under the curve of precision over recall.</summary>
    public required double AreaUnderPrecisionRecallCurve { get; init; }

    /// <summary>The number of events.</summary>
    public required int Events { get; init; }

    /// <summary>The events with an alarm at one of their steps.</summary>
    public required int EventsFound { get; init; }

    /// <summary>
    /// The steps from the first one of an event to its first alarm, as the median over the events that were found; NaN where none was.
    /// </summary>
    public required double MedianDelay { get; init; }

    /// <summary>The runs of alarms that touch no event.</summary>
    public required int FalseAlarms { get; init; }

    /// <summary>Measures scores.</summary>
    /// <param name="scores">The score of each step, in order, higher for more anomalous. A score that is not a number counts as the
    /// least.</param>
    /// <param name="labels">Whether each step belongs to an event.</param>
    /// <param name="alarms">Whether there is an alarm at each step; empty for none.</param>
    /// <param name="tolerance">The largest tolerance, in steps, 0 or more.</param>
    /// <exception cref="ArgumentException">The lengths differ, or no step or every step belongs to an event.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is negative.</exception>
    public static TimeSeriesMetrics Compute(
        ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels, ReadOnlySpan<bool> alarms = default, int tolerance = DefaultTolerance)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tolerance);
        if (labels.Length != scores.Length || (alarms.Length != scores.Length && alarms.Length != 0))
            throw new ArgumentException(
                $"There are {scores.Length} scores, {labels.Length} labels and {alarms.Length} alarms; expected as many of each, or no " +
                "alarms.", nameof(labels));
        var events = Runs(labels);
        if (events.Count == 0 || !labels.Contains(false))
            throw new ArgumentException(
                $"{(events.Count == 0 ? "None" : "Every one")} of the {labels.Length} steps belongs to an event; expected some of both " +
                "kinds.", nameof(labels));
        var ordered = new float[scores.Length];
        for (int i = 0; i < ordered.Length; i++)
            ordered[i] = float.IsNaN(scores[i]) ? float.NegativeInfinity : scores[i];
        var found = events.Select(_ => -1).ToArray();
        var runs = Runs(alarms);
        int falseAlarms = 0;
        foreach (var (first, last) in runs)
        {
            bool isFalse = true;
            for (int i = 0; i < events.Count; i++)
            {
                if (last < events[i].First || first > events[i].Last)
                    continue;
                isFalse = false;
                if (found[i] < 0)
                    found[i] = Math.Max(first, events[i].First) - events[i].First;
            }
            falseAlarms += isFalse ? 1 : 0;
        }
        int[] delays = [.. found.Where(delay => delay >= 0).Order()];
        return new TimeSeriesMetrics
        {
            VusPr = Volume(ordered, labels, events, tolerance),
            AreaUnderPrecisionRecallCurve = AveragePrecision(ordered, labels),
            Events = events.Count,
            EventsFound = delays.Length,
            MedianDelay = delays.Length == 0 ? double.NaN : (delays[(delays.Length - 1) / 2] + delays[delays.Length / 2]) / 2.0,
            FalseAlarms = falseAlarms,
        };
    }

    /// <summary>The first and last places of each run of true values.</summary>
    internal static List<(int First, int Last)> Runs(ReadOnlySpan<bool> values)
    {
        List<(int, int)> runs = [];
        for (int i = 0; i < values.Length; i++)
        {
            if (!values[i])
                continue;
            int first = i;
            while (i + 1 < values.Length && values[i + 1])
                i++;
            runs.Add((first, i));
        }
        return runs;
    }

    /// <summary>The mean of the precision at each labeled one, from the highest score down; equal scores count as one step.</summary>
    internal static double AveragePrecision(float[] scores, ReadOnlySpan<bool> labels)
    {
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i])];
        int positives = labels.Count(true), found = 0;
        double sum = 0;
        for (int i = 0; i < order.Length;)
        {
            // Equal scores are found together.
            int before = found, next = i;
            for (; next < order.Length && scores[order[next]] == scores[order[i]]; next++)
                found += labels[order[next]] ? 1 : 0;
            i = next;
            sum += (double)(found - before) / positives * found / next;
        }
        return sum;
    }

    /// <summary>
    /// The mean over tolerances of the area under precision over recall. Thresholds are scores at equal distances in their order, so that
    /// the steps that reach one reach all lower ones: what each threshold finds is had by adding up over them.
    /// </summary>
    private static double Volume(float[] scores, ReadOnlySpan<bool> labels, List<(int First, int Last)> events, int tolerance)
    {
        int count = scores.Length;
        float[] thresholds = new float[Thresholds];
        float[] descending = [.. scores.OrderDescending()];
        double distance = (count - 1) / (double)(Thresholds - 1);
        for (int k = 0; k < Thresholds; k++)
            thresholds[k] = descending[k == Thresholds - 1 ? count - 1 : (int)(k * distance)];

        // The first threshold that each step reaches, and how many steps reach each.
        int[] reached = new int[count];
        double[] alarms = new double[Thresholds];
        for (int i = 0; i < count; i++)
        {
            int k = 0, end = Thresholds - 1;
            while (k < end)
            {
                int middle = (k + end) / 2;
                (k, end) = scores[i] >= thresholds[middle] ? (k, middle) : (middle + 1, end);
            }
            reached[i] = k;
            alarms[k]++;
        }
        Accumulate(alarms);

        int labeled = labels.Count(true);
        double volume = 0;
        double[] weights = new double[count], hits = new double[Thresholds], near = new double[Thresholds], found = new double[Thresholds];
        for (int width = 0; width <= tolerance; width++)
        {
            Array.Clear(weights);
            foreach (var (first, last) in events)
            {
                for (int i = Math.Max(first - width / 2, 0); i < first; i++)
                    weights[i] += Math.Sqrt(1 - (first - i) / (double)width);
                for (int i = last + 1; i < Math.Min(last + width / 2 + 1, count); i++)
                    weights[i] += Math.Sqrt(1 - (i - last) / (double)width);
            }
            Array.Clear(hits);
            Array.Clear(near);
            Array.Clear(found);
            for (int i = 0; i < count; i++)
            {
                if (labels[i])
                    hits[reached[i]]++;
                else
                    near[reached[i]] += Math.Min(weights[i], 1);
            }
            var widened = Widened(events, width / 2, count);
            foreach (var (first, last) in widened)
                found[reached.AsSpan(first, last - first + 1).ToArray().Min()]++;
            Accumulate(hits);
            Accumulate(near);
            Accumulate(found);
            double before = 0;
            for (int k = 0; k < Thresholds; k++)
            {
                double right = hits[k] + near[k];
                double recall = Math.Min(right / ((labeled + near[k] + labeled) / 2), 1) * found[k] / widened.Count;
                volume += (recall - before) * right / alarms[k];
                before = recall;
            }
        }
        return volume / (tolerance + 1);
    }

    /// <summary>The events with so many steps before and after them; those that touch become one.</summary>
    private static List<(int First, int Last)> Widened(List<(int First, int Last)> events, int steps, int count)
    {
        List<(int First, int Last)> widened = [];
        foreach (var (first, last) in events)
        {
            var next = (First: Math.Max(first - steps, 0), Last: Math.Min(last + steps, count - 1));
            if (widened.Count > 0 && widened[^1].Last >= next.First)
                widened[^1] = (widened[^1].First, next.Last);
            else
                widened.Add(next);
        }
        return widened;
    }

    private static void Accumulate(double[] values)
    {
        for (int i = 1; i < values.Length; i++)
            values[i] += values[i - 1];
    }
}
