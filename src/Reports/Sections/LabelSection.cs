using System.Globalization;

namespace MLNetAutoencoder;

/// <summary>ROC and precision-recall curves, where the rows have labels.</summary>
internal static class LabelSection
{
    public static Section? Of(Report report)
    {
        var rows = report.Rows;
        if (!rows.HasLabels || rows.Count == 0)
            return null;
        if (report.Curves is not { } curves)
            return new Section("labels", "Against the labels", Html.Paragraph(
                $"{Text.Count(rows.Anomalies)} of {Text.Count(rows.Count, "row")} are anomalies by the column ",
                Html.Name(report.Options.LabelColumnName!),
                ". Curves need scored rows of both kinds, so that there are none."));
        var current = rows.Thresholds[0];
        long alarms = current.Flagged - current.Found, normal = rows.Count - rows.Anomalies;
        double recall = (double)current.Found / rows.Anomalies, precision = (double)current.Found / Math.Max(1, current.Flagged);
        string area = curves.Area.ToString("0.000", CultureInfo.InvariantCulture),
            average = curves.AveragePrecision.ToString("0.000", CultureInfo.InvariantCulture);
        string roc = $"The area under the curve is {area}: so often does an anomaly score higher than a normal row.";
        string precisionRecall = $"The average precision is {average}; guessing would give {Text.Percent(rows.Anomalies, rows.Count)}.";
        return new Section("labels", "Against the labels",
            Html.Paragraph($"{Text.Count(rows.Anomalies)} of {Text.Count(rows.Count, "row")} are anomalies by the column ",
                Html.Name(report.Options.LabelColumnName!),
                $". The threshold finds {Text.Percent(recall)} of them; {Text.Percent(precision)} of what it flags are anomalies, and " +
                $"{Text.Percent(alarms, normal)} of the normal rows are flagged." +
                (rows.IsSampled ? $" The curves are those of {Text.Count(report.Sorted.Length)} rows drawn at random." : "")),
            Html.Element("div", Html.Class("pair"),
                Html.Figure(Charts.Square("chart-roc", "ROC curve", roc, "normal rows flagged", "anomalies found", curves.Roc,
                    ((double)alarms / normal, recall), hasDiagonal: true), roc, ("blue", "ROC curve"), ("orange dot", "threshold")),
                Html.Figure(Charts.Square("chart-precision", "Precision-recall curve", precisionRecall, "anomalies found (recall)",
                    "anomalies among the flagged", curves.PrecisionRecall, current.Flagged > 0 ? (recall, precision) : null,
                    hasDiagonal: false), precisionRecall, ("blue", "precision-recall curve"), ("orange dot", "threshold"))));
    }
}
