using System.Globalization;
using System.Xml.Linq;

namespace MLNetAutoencoder;

/// <summary>The first screen: how many rows are flagged, by what, whether the data have drifted, and what to do.</summary>
internal static class Verdict
{
    private const int MostNamed = 3, MostListed = 5;

    public static XElement Of(Report report)
    {
        var rows = report.Rows;
        return Html.Element("header",
            Html.Element("h1", Html.Element("bdi", report.Options.Title)),
            Html.Element("p", Html.Class("subtitle"), Html.Name(Capital(report.Metadata.Variant)),
                report.Model.Series is { Description: var windows }
                    ? $", {Text.Count(windows.Channels.Count, "channel")} in windows of {Text.Count(windows.Width, "row")}, "
                    : $", {Text.Count(report.Metadata.FeatureCount, "feature")}, ",
                DateTime.UtcNow.ToString("d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture)),
            Html.Element("div", Html.Class($"verdict {Tone(report)}"), new XAttribute("id", "verdict"),
                Html.Element("p", Html.Class("headline"), Headline(rows)),
                Html.Element("ul", Findings(report).Select(finding => Html.Element("li", finding))),
                Html.Element("p", Html.Class("advice"), Html.Element("strong", "What to do. "), Advice(report))),
            Html.Element("dl", Html.Class("figures"), Figures(report).Select(figure => Html.Element("div",
                Html.Element("dt", figure.Name), Html.Element("dd", figure.Value)))));
    }

    private static string Headline(ReportRows rows) => rows switch
    {
        { Count: 0 } => "There are no rows to report on.",
        { Scored: 0 } => $"None of {Text.Count(rows.Count, "row")} could be scored.",
        { Flagged: 0 } => $"None of {Text.Count(rows.Count, "row")} is flagged as an anomaly.",
        _ => $"{Text.Count(rows.Flagged)} of {Text.Count(rows.Count, "row")} ({Text.Percent(rows.Flagged, rows.Count)}) " +
            $"{(rows.Flagged == 1 ? "is" : "are")} flagged as {(rows.Flagged == 1 ? "an anomaly" : "anomalies")}.",
    };

    private static IEnumerable<object> Findings(Report report)
    {
        var rows = report.Rows;
        if (rows.Scored > 0 && Text.FalseAlarmRate(report.Metadata.ThresholdRule) is { } rate)
            yield return Compared((double)rows.Flagged / rows.Count, rate);
        if (rows.Series is { AlarmCount: > 0 } series)
            yield return $"The flagged rows are {Text.Count(series.AlarmCount, "alarm")}, runs of such rows, in " +
                $"{Text.Count(series.WithAlarms)} of {Text.Count(series.Traces.Count, "series", "series")}.";
        if (rows.Scored > 0 && report.Telling.Count > 0 && report.Metadata.FeatureCount > 1)
            yield return new object[]
            {
                rows.Flagged > rows.FlaggedUnscored ? "The features that tell most: " : "The features with the largest errors: ",
                Html.Names(report.Telling.Take(MostNamed).Select(j => report.Metadata.FeatureNames[j])),
                $" ({Text.Percent(report.Telling.Take(MostNamed).Sum(j => report.Share(j, report.Rows.FlaggedErrors.Sum() > 0)))} of the " +
                $"{(rows.FlaggedErrors.Sum() > 0 ? "flagged rows' " : "")}error).",
            };
        if (report.Drift is { } drift)
            yield return DriftSection.Words(drift);
        if (report.Curves is { } curves)
            yield return $"Against the labels: {Text.Count(rows.Thresholds[0].Found)} of " +
                $"{Text.Count(rows.Anomalies, "anomaly", "anomalies")} " +
                $"found, {Text.Count(rows.Flagged - rows.Thresholds[0].Found, "false alarm")}, area under the ROC curve " +
                $"{curves.Area.ToString("0.000", CultureInfo.InvariantCulture)}.";
        if (rows.Count - rows.Scored - rows.FlaggedUnscored is > 0 and var first)
            yield return $"{Text.Count(first, "row")} without a score {(first == 1 ? "comes" : "come")} before the first whole window of " +
                $"{Text.Count(report.Model.Series!.Description.Width, "row")}, and count as normal.";
        if (rows.FlaggedUnscored > 0)
            yield return $"{Text.Count(rows.FlaggedUnscored, "row")} without a score " +
                $"{(rows.FlaggedUnscored == 1 ? "counts as an anomaly" : "count as anomalies")}: " +
                "values are missing, or too large to compute with.";
    }

    private static string Advice(Report report)
    {
        var rows = report.Rows;
        if (rows.Count == 0)
            return "Check that the file and the filters before the model let rows through.";
        if (rows.Scored == 0 && rows.FlaggedUnscored == 0)
            return "Give longer series: each needs as many rows as a window before one is scored.";
        if (rows.Scored == 0)
            return "Find out why the values are missing; the table of features says which ones. Nothing else can be said of these rows.";
        if (IsUnlike(report))
            return "Check first that columns, units and source are those of the training: these rows differ much from the rows that the " +
                "model knows. If they are the new normal, train again on such rows before you trust the threshold.";
        if (rows.Flagged == 0)
            return report.Drift?.Level >= DriftLevel.Moderate
                ? "No row needs a look, but the scores have changed: compare again soon, and train again if it lasts."
                : "Nothing: the rows look like those of the training.";
        if (rows.Series?.Alarms.FirstOrDefault() is { } alarm)
            return $"Look at the alarm from {rows.Series.TimeText(alarm.From)}" +
                (rows.Series.AlarmCount == 1 ? "" : " first, which has the highest score; others are listed below") +
                ". Short alarms just above the threshold may be false.";
        long[] numbers = [.. rows.Top.Where(row => row.IsFlagged).Take(MostListed).Select(row => row.Number)];
        string first = numbers.Length == 0 ? "Look at the rows without a score first. "
            : $"Look at {(numbers.Length == 1 ? "row" : "rows")} {Listed(numbers)} first, and at the values that are marked there. ";
        return first + (report.Drift?.Level >= DriftLevel.Moderate
            ? "The scores as a whole have changed as well: see the section on drift before you act on single rows near the threshold."
            : "Rows just above the threshold may be false alarms.");
    }

    private static IEnumerable<(string Name, string Value)> Figures(Report report)
    {
        var rows = report.Rows;
        yield return ("rows", Text.Count(rows.Count));
        yield return ("flagged", Text.Count(rows.Flagged));
        yield return ("threshold", Text.Number(report.Metadata.Threshold));
        yield return ("without a score", Text.Count(rows.Count - rows.Scored));
        if (report.Drift is { } drift)
            yield return ("drift", drift.Level.ToString().ToLowerInvariant());
        if (report.Curves is { } curves)
            yield return ("ROC AUC", curves.Area.ToString("0.000", CultureInfo.InvariantCulture));
    }

    private static string Compared(double share, double rate) => $"About {Text.Percent(rate)} of normal rows are flagged by mistake" +
        (share <= 1.5 * rate ? "; here it is no more than that."
            : FormattableString.Invariant($"; here it is {share / rate:G2} times as many."));

    private static string Tone(Report report) => report.Rows.Scored == 0 || IsUnlike(report) ? "bad"
        : report.Rows.Flagged > 0 || report.Drift?.Level >= DriftLevel.Moderate ? "look" : "good";

    /// <summary>Whether rows of all kinds differ, so that single ones say little.</summary>
    private static bool IsUnlike(Report report) =>
        report.Drift?.Level == DriftLevel.Strong && report.Rows.Flagged > 0.3 * report.Rows.Count;

    private static string Listed(long[] numbers) => numbers.Length == 1 ? Text.Count(numbers[0])
        : $"{string.Join(", ", numbers[..^1].Select(Text.Count))} and {Text.Count(numbers[^1])}";

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
