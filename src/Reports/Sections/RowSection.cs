using System.Xml.Linq;

namespace MLNetAutoencoder;

/// <summary>The most anomalous rows as a heat map of features, with value and expected value.</summary>
internal static class RowSection
{
    private const int MostFeatures = 6;
    private static readonly double[] s_levels = [0.03, 0.08, 0.16, 0.3, 0.5];

    public static Section? Of(Report report)
    {
        var top = report.Rows.Top;
        if (top.Length == 0 || report.Rows.Series is not null)
            return null;
        var names = report.Metadata.FeatureNames;
        int[] shown = [.. Enumerable.Range(0, names.Count).Select(j => (Feature: j, Sum: top.Sum(row => row.Share(j))))
            .Where(pair => pair.Sum > 0).OrderByDescending(pair => pair.Sum).Take(MostFeatures).Select(pair => pair.Feature)];
        bool hasOthers = shown.Length < names.Count;
        List<object> head = ["row", "score"];
        if (report.Rows.HasLabels)
            head.Add("label");
        head.AddRange(shown.Select(j => Html.Head(names[j])));
        if (hasOthers)
            head.Add("other features");
        var body = top.Select(row => (IEnumerable<object?>)[Text.Count(row.Number), Score(row), .. Label(report, row),
            .. shown.Select(j => Cell(row, j)), .. hasOthers ? new object[] { Others(row, shown, names) } : []]);
        return new Section("rows", "The most anomalous rows",
            Html.Paragraph((top.Length == 1 ? "The row with a score, by the features that add most to it." :
                $"The {Text.Count(top.Length)} rows with the highest scores, by the features that add most to them.") +
                " A cell has the value of the row and, below it, the value that the model expects; the stronger its color, the larger " +
                "the feature's share of the row's error. Rows are counted from 1."),
            Html.Table("The most anomalous rows, feature by feature", head, body, "heat"),
            Html.Element("ul", Html.Class("legend"), Html.Element("li", "share of the row's error:"),
                Enumerable.Range(0, s_levels.Length + 1)
                    .Select(level => Html.Element("li", Html.Element("span", Html.Class($"swatch h{level}")),
                    level == 0 ? $"below {Text.Percent(s_levels[0])}" : $"from {Text.Percent(s_levels[level - 1])}"))));
    }

    private static object Score(ShownRow row) => row.IsFlagged ? Html.Element("strong", Text.Number(row.Score)) : Text.Number(row.Score);

    private static IEnumerable<object> Label(Report report, ShownRow row) =>
        report.Rows.HasLabels ? [row.IsAnomaly ? "anomaly" : "normal"] : [];

    private static XElement Cell(ShownRow row, int feature) => Html.Element("td",
        Html.Class($"h{s_levels.Count(level => row.Share(feature) >= level)}"),
        Text.Number(row.Features[feature]), Html.Element("small", $"{Text.Number(row.Expected[feature])}"));

    private static XElement Others(ShownRow row, int[] shown, IReadOnlyList<string> names)
    {
        int[] others = [.. Enumerable.Range(0, names.Count).Except(shown)];
        double share = others.Sum(row.Share);
        int largest = others.MaxBy(row.Share);
        return Html.Element("td", Html.Class("others"), Text.Percent(share),
            row.Share(largest) > 0 ? Html.Element(
                "small", "most: ", Html.Head(names[largest])) : null);
    }
}
