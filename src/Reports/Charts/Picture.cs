using System.Xml.Linq;
using OxyPlot;

namespace MLNetAutoencoder;

/// <summary>Rows of pixels as images of the page.</summary>
internal sealed class Picture
{
    private const int LongestSide = 48;

    private readonly ReportImage _size;
    private readonly float _least, _most;

    /// <param name="size">The size of the images.</param>
    /// <param name="originals">Rows that tell what is black and what is white.</param>
    public Picture(ReportImage size, IEnumerable<float[]> originals)
    {
        _size = size;
        float[] values = [.. originals.SelectMany(row => row).Where(float.IsFinite)];
        (_least, _most) = values.Length == 0 ? (0, 1) : (values.Min(), values.Max());
    }

    /// <summary>An image in its own colors.</summary>
    public XElement Draw(float[] pixels, string description) => Image(description, (x, y) =>
    {
        byte Level(int channel) => Byte(At(pixels, x, y, channel));
        byte gray = Byte(Enumerable.Range(0, _size.Channels).Average(channel => At(pixels, x, y, channel)));
        return _size.Channels == 3 ? OxyColor.FromRgb(Level(0), Level(1), Level(2)) : OxyColor.FromRgb(gray, gray, gray);
    });

    /// <summary>The difference of two images: the stronger the color, the larger.</summary>
    public XElement DrawError(float[] pixels, float[] expected, string description)
    {
        float[] errors = [.. pixels.Zip(expected, (a, b) => Math.Abs(a - b))];
        return Image(description, (x, y) =>
        {
            double error = Enumerable.Range(0, _size.Channels).Average(channel => At(errors, x, y, channel)) / Range;
            return OxyColor.FromAColor((byte)Math.Clamp(double.IsFinite(error) ? 255 * error : 255, 0, 255), Chart.Orange);
        });
    }

    private double Range => Math.Max(_most - _least, 1e-30f);

    private XElement Image(string description, Func<int, int, OxyColor> color)
    {
        // Large images are thinned: the report shows where, not each pixel.
        int step = (Math.Max(_size.Height, _size.Width) + LongestSide - 1) / LongestSide;
        var pixels = new OxyColor[(_size.Width + step - 1) / step, (_size.Height + step - 1) / step];
        for (int x = 0; x < pixels.GetLength(0); x++)
        {
            for (int y = 0; y < pixels.GetLength(1); y++)
                pixels[x, y] = color(x * step, y * step);
        }
        byte[] png = OxyImage.Create(pixels, ImageFormat.Png).GetData();
        return Html.Element("img", new XAttribute("src", $"data:image/png;base64,{Convert.ToBase64String(png)}"),
            new XAttribute("alt", description), new XAttribute("width", pixels.GetLength(0)),
                new XAttribute("height", pixels.GetLength(1)));
    }

    private float At(float[] pixels, int x, int y, int channel) => pixels[_size.IsInterleaved
        ? (y * _size.Width + x) * _size.Channels + channel : (channel * _size.Height + y) * _size.Width + x];

    private byte Byte(double value) => (byte)Math.Clamp(double.IsFinite(value) ? 255 * (value - _least) / Range : 0, 0, 255);
}
