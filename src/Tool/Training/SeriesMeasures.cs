using System.Text.Json.Nodes;

namespace MLNetAutoencoder.Tool.Training;

/// <summary>How well the events of time series are found. Areas and delays are means over the series that have events.</summary>
internal sealed record SeriesMeasures
{
    /// <summary>The number of series, and of those with normal steps and events.</summary>
    public required (int All, int WithEvents) Count { get; init; }

    public required double VusPr { get; init; }

    public required double AreaUnderPrecisionRecallCurve { get; init; }

    public required int Events { get; init; }

    public required int EventsFound { get; init; }

    /// <summary>NaN where no event was found.</summary>
    public required double MedianDelay { get; init; }

    /// <summary>Runs of alarms that touch no event.</summary>
    public required int FalseAlarms { get; init; }

    /// <summary>Measures series. Areas are NaN where none has both normal steps and events.</summary>
    public static SeriesMeasures Of(IEnumerable<(float[] Scores, bool[] Labels, bool[] Alarms)> series)
    {
        List<TimeSeriesMetrics> measured = [];
        int count = 0, falseAlarms = 0;
        foreach (var (scores, labels, alarms) in series)
        {
            count++;
            if (labels.Contains(true) && labels.Contains(false))
                measured.Add(TimeSeriesMetrics.Compute(scores, labels, alarms));
            else if (!labels.Contains(true))
                falseAlarms += TimeSeriesMetrics.Runs(alarms).Count;
        }
        double[] delays = [.. measured.Select(one => one.MedianDelay).Where(double.IsFinite)];
        return new SeriesMeasures
        {
            Count = (count, measured.Count),
            VusPr = measured.Select(one => one.VusPr).DefaultIfEmpty(double.NaN).Average(),
            AreaUnderPrecisionRecallCurve = measured.Select(one => one.AreaUnderPrecisionRecallCurve)
                .DefaultIfEmpty(double.NaN).Average(),
            Events = measured.Sum(one => one.Events),
            EventsFound = measured.Sum(one => one.EventsFound),
            MedianDelay = delays.Length == 0 ? double.NaN : delays.Average(),
            FalseAlarms = falseAlarms + measured.Sum(one => one.FalseAlarms),
        };
    }

    public IEnumerable<string> Lines()
    {
        string of = Count.All == 1 ? "" : FormattableString.Invariant($" (means of {Count.WithEvents:N0} of {Count.All:N0} series)");
        yield return FormattableString.Invariant($"  VUS-PR, AUC-PR     {VusPr:F4}, {AreaUnderPrecisionRecallCurve:F4}") + of;
        yield return FormattableString.Invariant($"  events             {EventsFound:N0} of {Events:N0} found")
            + (double.IsNaN(MedianDelay) ? "" : FormattableString.Invariant($", median delay {MedianDelay:0.#} rows"))
            + FormattableString.Invariant($"; {FalseAlarms:N0} false alarms");
    }

    public JsonObject Document() => new()
    {
        ["series"] = Count.All,
        ["seriesWithEvents"] = Count.WithEvents,
        ["vusPr"] = Json.Number(VusPr),
        ["areaUnderPrecisionRecallCurve"] = Json.Number(AreaUnderPrecisionRecallCurve),
        ["events"] = Events,
        ["eventsFound"] = EventsFound,
        ["medianDelay"] = Json.Number(MedianDelay),
        ["falseAlarms"] = FalseAlarms,
    };
}
