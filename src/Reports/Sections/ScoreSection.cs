namespace MLNetAutoencoder;

/// <summary>The distribution of the scores, and what other thresholds would flag.</summary>
internal static class ScoreSection
{
    public static Section? Of(Report report)
    {
        var rows = report.Rows;
        if (rows.Scored == 0)
            return null;
        float threshold = report.Metadata.Threshold;
        string from = rows.IsSampled ? $" A random sample of {Text.Count(report.Sorted.Length)} of {Text.Count(rows.Scored)} scores." : "";
        string middle = Text.Number(report.Sorted[report.Sorted.Length / 2]);
        string description =
            $"The scores reach from {Text.Number(report.Sorted[0])} to {Text.Number(report.Sorted[^1])}; half of them are " +
            $"at most {middle}. The threshold is {Text.Number(threshold)}.";
        return new Section("scores", "Scores and threshold",
            Html.Element("div", Html.Class("pair"),
                Html.Figure(Charts.Histogram(report.Sorted, threshold, description), description + from,
                    ("blue", "up to the threshold"), ("orange", "flagged")),
                Html.Element("div", Html.Element("h3", "What other thresholds would flag"), Thresholds(report))));
    }

    private static object Thresholds(Report report)
    {
        var rows = report.Rows;
        List<object> head = ["rule", "threshold", "flagged"];
        if (rows.HasLabels)
            head.AddRange(["found", "false alarms"]);
        var table = Html.Table("Thresholds and what they flag", head,
            rows.Thresholds.OrderBy(threshold => threshold.Threshold).Select(threshold =>
        {
            List<object?> cells = [Named(threshold), Text.Number(threshold.Threshold),
                $"{Text.Count(threshold.Flagged)} ({Text.Percent(threshold.Flagged, rows.Count)})"];
            if (rows.HasLabels)
                cells.AddRange([$"{Text.Count(threshold.Found)} of {Text.Count(rows.Anomalies)}",
                    Text.Count(threshold.Flagged - threshold.Found)]);
            return cells;
        }), "numbers");
        return new object[]
        {
            table,
            Html.Element("p", Html.Class("note"), rows.HasLabels ? "Found are anomalies by the label that are flagged. " : "",
                "False alarms are normal rows that are flagged; in the rules, as a share of all normal rows. Change the threshold by " +
                "WithThreshold: nothing is trained again."),
        };
    }

    private static object Named(ThresholdCount threshold) => threshold.IsCurrent
        ? Html.Element("strong", $"this model: {Text.Rule(threshold.Rule)}") : Text.Rule(threshold.Rule);
}
