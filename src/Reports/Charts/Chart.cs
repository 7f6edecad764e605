using System.Xml.Linq;
using OxyPlot;
using OxyPlot.Axes;

namespace MLNetAutoencoder;

/// <summary>What all charts have in common: OxyPlot draws them as SVG, which is then fitted into the page.</summary>
internal static class Chart
{
    public const int Width = 380, Height = 260;

    // Both can be told from a light and from a dark page.
    public static readonly OxyColor Blue = OxyColor.FromRgb(59, 130, 246), Orange = OxyColor.FromRgb(217, 119, 6);

    // Stands for the color of the page's text until the drawing is done.
    private static readonly OxyColor s_ink = OxyColor.FromRgb(1, 2, 3);

    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    /// <summary>An empty chart with two axes.</summary>
    public static PlotModel Create(Axis x, Axis y)
    {
        (x.Position, y.Position) = (AxisPosition.Bottom, AxisPosition.Left);
        var model = new PlotModel
        {
            DefaultFont = "Arial, Helvetica, sans-serif",
            DefaultFontSize = 12,
            TextColor = s_ink,
            PlotAreaBorderColor = OxyColor.FromAColor(70, s_ink),
            PlotAreaBorderThickness = new OxyThickness(0, 0, 0, 1),
            Padding = new OxyThickness(0, 8, 12, 0),
        };
        foreach (var axis in new[] { x, y })
        {
            axis.TicklineColor = axis.AxislineColor = OxyColor.FromAColor(70, s_ink);
            axis.MajorGridlineStyle = axis == y ? LineStyle.Solid : LineStyle.None;
            axis.MajorGridlineColor = OxyColor.FromAColor(30, s_ink);
            axis.MinorTickSize = 0;
            axis.MajorTickSize = axis == y ? 0 : 4;
            axis.AxisTitleDistance = axis == y ? 13 : 8;
            model.Axes.Add(axis);
        }
        return model;
    }

    /// <summary>A linear axis; numbers are written in short.</summary>
    public static LinearAxis Linear(string title, double least = double.NaN, double most = double.NaN, bool isShare = false) => new()
    {
        Title = title,
        Minimum = least,
        Maximum = most,
        LabelFormatter = value => isShare ? Text.Percent(value) : Text.Tick(value),
        MaximumPadding = 0.03,
        MinimumPadding = 0.03,
        IntervalLength = 70,
    };

    /// <summary>A logarithmic axis.</summary>
    public static LogarithmicAxis Logarithmic(string title) => new()
    {
        Title = title,
        LabelFormatter = Text.Tick,
        MaximumPadding = 0.03,
        MinimumPadding = 0.03,
    };

    /// <summary>The drawing as an element of the page.</summary>
    /// <param name="model">The chart.</param>
    /// <param name="id">What its ids start with; no two charts of a page share it.</param>
    /// <param name="title">What it shows, for those who cannot see it.</param>
    /// <param name="description">What can be seen in it, for them.</param>
    /// <param name="size">Its size; null for that of most charts.</param>
    public static XElement Draw(PlotModel model, string id, string title, string description, (int Width, int Height)? size = null)
    {
        var (width, height) = size ?? (Width, Height);
        string text = new SvgExporter { Width = width, Height = height, TextMeasurer = new Measurer() }.ExportToString(model);
        var svg = XDocument.Parse(text).Root!;
        string ink = $"rgb({s_ink.R},{s_ink.G},{s_ink.B})";
        foreach (var attribute in svg.Descendants().Attributes())
        {
            attribute.Value = attribute.Name == "id" ? $"{id}-{attribute.Value}"
                : attribute.Value.Replace(ink, "currentColor", StringComparison.Ordinal)
                    .Replace("url(#", $"url(#{id}-", StringComparison.Ordinal);
        }
        svg.Attributes().Where(attribute => attribute.Name == "width" || attribute.Name == "height").Remove();
        svg.SetAttributeValue("viewBox", FormattableString.Invariant($"0 0 {width} {height}"));
        svg.SetAttributeValue("role", "img");
        svg.SetAttributeValue("aria-labelledby", $"{id}-title {id}-description");
        svg.AddFirst(new XElement(s_svg + "title", new XAttribute("id", $"{id}-title"), title),
            new XElement(s_svg + "desc", new XAttribute("id", $"{id}-description"), description));
        return svg;
    }

    /// <summary>Measures text with the metrics that PDF has of Arial, and leaves room for other fonts.</summary>
    private sealed class Measurer() : PdfRenderContext(1, 1, OxyColors.Undefined)
    {
        public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight)
        {
            if (string.IsNullOrEmpty(text))
                return base.MeasureText(text, "Arial", fontSize, fontWeight);

            // It knows no signs beyond Latin 1.
            string known = string.Concat(text.Select(c => c < 256 ? c : '0'));
            var size = base.MeasureText(known, "Arial", fontSize, fontWeight);
            return new OxySize(size.Width * 1.15, Math.Max(size.Height, 1.2 * fontSize));
        }
    }
}
