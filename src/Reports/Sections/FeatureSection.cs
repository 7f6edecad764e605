using System.Globalization;
using System.Xml.Linq;

namespace MLNetAutoencoder;

/// <summary>What each feature adds to the scores, and how often it is missing.</summary>
internal static class FeatureSection
{
    private const int MostFeatures = 20;

    public static Section? Of(Report report)
    {
        var rows = report.Rows;
        if (rows.Count == 0)
            return null;
        var names = report.Metadata.FeatureNames;
        bool hasFlagged = rows.FlaggedErrors.Sum() > 0, hasMissing = rows.WithMissing > 0;
        int[] shown = [.. report.Telling.Concat(Enumerable.Range(0, names.Count).Except(report.Telling)
            .OrderByDescending(j => rows.Missing[j])).Take(MostFeatures)];
        double most = Math.Max(1e-9, shown.Max(j => Math.Max(report.Share(j, false), report.Share(j, true))));
        List<object> head = ["feature"];
        if (rows.Scored > 0)
            head.Add("share of the error");
        if (hasFlagged)
            head.Add("leads");
        if (hasMissing)
            head.Add("missing");
        var body = shown.Select(j =>
        {
            List<object?> cells = [Html.Name(names[j])];
            if (rows.Scored > 0)
                cells.Add(Html.Element("td", Html.Class("bars"), hasFlagged ? Bar(report.Share(j, true), most, "orange") : null,
                    Bar(report.Share(j, false), most, "blue")));
            if (hasFlagged)
                cells.Add(Text.Count(rows.Leading[j]));
            if (hasMissing)
                cells.Add(Text.Percent(rows.Missing[j], rows.Count));
            return cells;
        });
        string which = shown.Length < names.Count
            ? $"{Text.Count(shown.Length)} of {Text.Count(names.Count)} features, those with the largest share first. " : "";
        return new Section("features", "Feature by feature",
            Html.Paragraph(which + (rows.Scored == 0 ? "No row has a score, so that only missing values can be told."
                : "A feature's share of the error says how much it adds to the scores" +
                    (hasFlagged ? "; it leads in a flagged row where it has the largest error." : "."))),
            Html.Table("The features and what they add to the scores", head, body, rows.Scored > 0 ? "numbers features" : "numbers"),
            rows.Scored == 0 ? null : Html.Element("ul", Html.Class("legend"),
                hasFlagged ? Html.Element("li", Html.Element("span", Html.Class("swatch orange")), "flagged rows") : null,
                Html.Element("li", Html.Element("span", Html.Class("swatch blue")), "all rows")));
    }

    private static XElement Bar(double share, double most, string color) => Html.Element("span", Html.Class("bar"),
        Html.Element("span", Html.Class($"fill {color}"), new XAttribute("style",
            $"width:{(50 * share / most).ToString("0.#", CultureInfo.InvariantCulture)}%")), Text.Percent(share));
}
