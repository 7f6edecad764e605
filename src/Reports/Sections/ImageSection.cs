using System.Xml.Linq;

namespace MLNetAutoencoder;

/// <summary>Images beside their reconstructions and errors.</summary>
internal static class ImageSection
{
    private const int MostImages = 8;

    public static Section? Of(Report report)
    {
        if (report.Model.ImageOf(report.Options) is not { } size || report.Rows.Scored == 0)
            return null;
        ShownRow[] top = [.. report.Rows.Top.Take(MostImages)], typical = [.. report.Rows.Typical.Except(top)];
        var picture = new Picture(size, top.Concat(typical).Select(row => row.Features));
        return new Section("images", "Images and their reconstructions",
            Html.Paragraph("From left to right: the image, its reconstruction, and the difference. The stronger the color, the larger."),
            Html.Element("h3", "The most anomalous"), Tiles(top, picture),
            typical.Length == 0 ? null : new object[] { Html.Element("h3", "Some that are not flagged, at random"),
                Tiles(typical, picture) });
    }

    private static XElement Tiles(IEnumerable<ShownRow> rows, Picture picture) => Html.Element("div", Html.Class("tiles"),
        rows.Select(row => Html.Element("figure", Html.Class("tile"), Html.Element("div", Html.Class("strip"),
            picture.Draw(row.Features, $"row {Text.Count(row.Number)}"),
            picture.Draw(row.Expected, $"reconstruction of row {Text.Count(row.Number)}"),
            picture.DrawError(row.Features, row.Expected, $"difference of row {Text.Count(row.Number)}")),
            Html.Element("figcaption", $"row {Text.Count(row.Number)}, score {Text.Number(row.Score)}"))));
}
