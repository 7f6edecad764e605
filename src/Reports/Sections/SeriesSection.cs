using System.Xml.Linq;

namespace MLNetAutoencoder;

/// <summary>Time series with what was expected, their scores and their alarms.</summary>
internal static class SeriesSection
{
    private const int MostSeries = 4, MostChannels = 4;

    // Of normally distributed distances the median is 0.67 standard deviations: the band is about two of them wide to each side.
    private const double Reach = 3;

    public static Section? Of(Report report)
    {
        if (report.Rows.Series is not { } series || report.Rows.Scored == 0)
            return null;
        SeriesTrace[] scored = [.. series.Traces.Where(trace => float.IsFinite(trace.HighestScore))];
        SeriesTrace[] shown = [.. scored.OrderByDescending(trace => trace.HighestScore).Take(MostSeries)];
        bool hasKeys = report.Model.Series!.Description.KeyColumn is not null;
        return new Section("series", "Time series and alarms",
            shown.Length < scored.Length
                ? Html.Paragraph($"{shown.Length} of {Text.Count(scored.Length)} series, those with the highest scores.") : null,
            shown.Select((trace, i) => new object?[]
            {
                hasKeys ? Html.Element("h3", Html.Name(trace.Name)) : null, Figure(report, series, trace, i + 1),
            }),
            Alarms(report, series, hasKeys));
    }

    private static XElement Figure(Report report, ReportSeries series, SeriesTrace trace, int number)
    {
        var names = report.Metadata.FeatureNames;
        int[] channels = [.. Enumerable.Range(0, names.Count).OrderByDescending(channel => trace.LargestErrors[channel])
            .Take(MostChannels).Order()];
        string span = $"{Text.Count(trace.Count, "row")} from {series.TimeText(trace.Bins[0].First)} to {series.TimeText(trace.Last)}";
        List<object> charts = [];
        foreach (int channel in channels)
        {
            double reach = Reach * trace.MedianResidual(channel);
            charts.Add(Html.Paragraph(Html.Name(names[channel])));
            charts.Add(Charts.Values($"chart-series-{number}-{channel}", trace, channel, double.IsFinite(reach) ? reach : 0, series,
                $"{span}; the values lie between {Text.Number(trace.Bins.Min(bin => bin.Values[channel].Least))} and " +
                $"{Text.Number(trace.Bins.Max(bin => bin.Values[channel].Most))}."));
        }
        charts.Add(Html.Paragraph("score"));
        charts.Add(Charts.SeriesScores($"chart-series-{number}-score", trace, report.Metadata.Threshold, series,
            $"{span}; the highest score is {Text.Number(trace.HighestScore)}, the threshold {Text.Number(report.Metadata.Threshold)}."));
        List<(string, string)> legend = [("blue", "value, score"), ("band", "expected"), ("orange", "alarm"), ("dash", "threshold")];
        if (report.Rows.HasLabels)
            legend.Add(("shade", "anomaly by the label"));
        string which = channels.Length < names.Count
            ? $" {channels.Length} of {Text.Count(names.Count)} channels, those with the largest errors." : "";
        string thinned = trace.Bins.Count < trace.Count ? " Where rows lie close together, the line goes through the least and the " +
            "largest of them, so that no peak is lost." : "";
        return Html.Figure("trace", Html.Element("div", Html.Class("scroll"), new XAttribute("tabindex", 0),
                new XAttribute("role", "region"), new XAttribute("aria-label", "Charts of the series"), charts),
            $"{span}.{which} The band reaches three times the median distance from the expected value, of rows that are not flagged, to " +
            $"each side. A score is that of a whole window, so that values in the band may be flagged.{thinned}", [.. legend]);
    }

    private static object Alarms(Report report, ReportSeries series, bool hasKeys)
    {
        var alarms = series.Alarms;
        if (alarms.Length == 0)
            return Html.Paragraph("There are no alarms.");
        bool hasLabels = report.Rows.HasLabels;
        var names = report.Metadata.FeatureNames;
        List<object> head = ["from", "to", "rows", "highest score"];
        if (hasKeys)
            head.Insert(0, "series");
        if (hasLabels)
            head.Add("label");
        head.AddRange(["channel", "value", "expected"]);
        return new object[]
        {
            Html.Element("h3", "Alarms"),
            Html.Paragraph((alarms.Length < series.AlarmCount
                ? $"{alarms.Length} of {Text.Count(series.AlarmCount)} alarms, those with the highest scores. " : "") +
                "An alarm is a run of flagged rows. Channel, value and expected value are those with the largest error in the row with " +
                "the highest score."),
            Html.Table("Alarms", head, alarms.Select(alarm =>
            {
                List<object?> cells = [series.TimeText(alarm.From), series.TimeText(alarm.To), Text.Count(alarm.Rows),
                    Text.Number(alarm.Score)];
                if (hasKeys)
                    cells.Insert(0, Html.Name(alarm.Trace.Name));
                if (hasLabels)
                    cells.Add(alarm.IsAnomaly ? "anomaly" : "normal");
                cells.AddRange([Html.Head(names[alarm.Peak.Channel]), Text.Number(alarm.Peak.Value), Text.Number(alarm.Peak.Expected)]);
                return cells;
            }), "numbers"),
        };
    }
}
