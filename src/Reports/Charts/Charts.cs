using System.Xml.Linq;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace MLNetAutoencoder;

/// <summary>The charts of the report.</summary>
internal static partial class Charts
{
    private const int BinCount = 40, MostLinePoints = 300;

    // A range over which bars on a linear axis would all stand at its beginning.
    private const double WideRange = 30;

    /// <summary>How many rows have which score, in two colors: up to the threshold and above it.</summary>
    public static XElement Histogram(float[] sorted, float threshold, string description)
    {
        double least = sorted[0], most = sorted[^1], middle = sorted[sorted.Length / 2];
        bool isLogarithmic = least > 0 && most > WideRange * middle;
        if (most <= least)
            (least, most) = least == 0 ? (-0.5, 0.5) : (least - 0.1 * Math.Abs(least), least + 0.1 * Math.Abs(least));
        double From(double share) => isLogarithmic ? least * Math.Pow(most / least, share) : least + (most - least) * share;
        var low = new RectangleBarSeries { FillColor = Chart.Blue, StrokeThickness = 0 };
        var high = new RectangleBarSeries { FillColor = Chart.Orange, StrokeThickness = 0 };
        double highest = 0;
        for (int bin = 0, i = 0; bin < BinCount; bin++)
        {
            double start = From((double)bin / BinCount), end = From((bin + 1.0) / BinCount);
            int below = 0, above = 0;
            for (; i < sorted.Length && (sorted[i] <= end || bin == BinCount - 1); i++)
                (below, above) = sorted[i] > threshold ? (below, above + 1) : (below + 1, above);
            if (below > 0)
                low.Items.Add(new RectangleBarItem(start, 0, end, below));
            if (above > 0)
                high.Items.Add(new RectangleBarItem(start, below, end, below + above));
            highest = Math.Max(highest, below + above);
        }
        var x = isLogarithmic ? (Axis)Chart.Logarithmic("score (logarithmic)") : Chart.Linear("score");
        var model = Chart.Create(x, Chart.Linear("rows", 0, 1.05 * highest));
        model.Series.Add(low);
        model.Series.Add(high);
        if (threshold >= least && threshold <= most)
            model.Series.Add(Line([new(threshold, 0), new(threshold, 1.05 * highest)], Chart.Orange, isDashed: true));
        return Chart.Draw(model, "chart-scores", "Distribution of the scores", description);
    }

    /// <summary>The loss of the epochs.</summary>
    public static XElement Losses(IReadOnlyList<LossPoint> points, string description)
    {
        double[] all = [.. points.SelectMany(point => new[] { point.Loss, point.Validation ?? point.Loss }).Where(double.IsFinite)];
        bool isLogarithmic = all.Length > 0 && all.Min() > 0 && all.Max() > WideRange * all.Min();
        var y = isLogarithmic ? (Axis)Chart.Logarithmic("loss (logarithmic)") : Chart.Linear("loss");
        var x = Chart.Linear("epoch");
        x.MinimumMajorStep = 1;
        var model = Chart.Create(x, y);
        model.Series.Add(Line([.. points.Select(point => new DataPoint(point.Epoch, point.Loss))], Chart.Blue));
        if (points.Any(point => point.Validation is not null))
            model.Series.Add(Line([.. points.Where(point => point.Validation is not null)
                .Select(point => new DataPoint(point.Epoch, point.Validation!.Value))], Chart.Orange));
        return Chart.Draw(model, "chart-loss", "Loss by epoch", description);
    }

    /// <summary>A curve in the unit square.</summary>
    public static XElement Square(string id, string title, string description, string x, string y,
        IReadOnlyList<(double X, double Y)> points,
        (double X, double Y)? marked, bool hasDiagonal)
    {
        var model = Chart.Create(Chart.Linear(x, -0.03, 1.03, isShare: true), Chart.Linear(y, -0.03, 1.03, isShare: true));
        if (hasDiagonal)
            model.Series.Add(Line([new(0, 0), new(1, 1)], OxyColor.FromRgb(128, 134, 145), isDashed: true));
        model.Series.Add(Line([.. points.Select(point => new DataPoint(point.X, point.Y))], Chart.Blue));
        if (marked is { } place)
        {
            var marker = new ScatterSeries { MarkerType = MarkerType.Circle, MarkerSize = 5, MarkerFill = Chart.Orange };
            marker.Points.Add(new ScatterPoint(place.X, place.Y));
            model.Series.Add(marker);
        }
        return Chart.Draw(model, id, title, description);
    }

    /// <summary>Codes in a plane, colored by the place of their scores among all; those above the threshold as diamonds.</summary>
    public static XElement Map(string x, string y, IEnumerable<(double X, double Y, int Band, bool IsFlagged)> points, string description)
    {
        var model = Chart.Create(Chart.Linear(x), Chart.Linear(y));
        foreach (var group in points.GroupBy(point => (point.Band, point.IsFlagged)).OrderBy(group => group.Key.Band))
        {
            var series = new ScatterSeries
            {
                MarkerType = group.Key.IsFlagged ? MarkerType.Diamond : MarkerType.Circle,
                MarkerSize = group.Key.IsFlagged ? 3.5 : 2,
                MarkerFill = ScoreBand.Colors[group.Key.Band],
            };
            series.Points.AddRange(group.Select(point => new ScatterPoint(Math.Round(point.X, 5), Math.Round(point.Y, 5))));
            model.Series.Add(series);
        }
        return Chart.Draw(model, "chart-codes", "Map of the codes", description);
    }

    /// <summary>The distribution functions of the training scores and of the scores of the report.</summary>
    public static XElement Distributions(IReadOnlyList<(float Score, double Weight)> reference, float[] sorted, string description)
    {
        double count = reference.Sum(pair => pair.Weight), below = 0;
        (double Score, double Share)[] expected = [.. reference.Select(pair => ((double)pair.Score, (below += pair.Weight) / count))];
        (double Score, double Share)[] found = [.. sorted.Select((score, i) => ((double)score, (i + 1.0) / sorted.Length))];
        double least = Math.Min(expected[0].Score, sorted[0]), most = Math.Max(expected[^1].Score, sorted[^1]);
        bool isLogarithmic = least > 0 && most > WideRange * expected[expected.Length / 2].Score;
        var x = isLogarithmic ? (Axis)Chart.Logarithmic("score (logarithmic)") : Chart.Linear("score");
        var model = Chart.Create(x, Chart.Linear("share of rows up to this score", 0, 1.02, isShare: true));
        foreach (var (points, color) in new[] { (expected, Chart.Blue), (found, Chart.Orange) })
            model.Series.Add(Line([new(least, 0), new(points[0].Score, 0), .. Thinned(points), new(most, 1)], color));
        return Chart.Draw(model, "chart-drift", "Scores of the training and of these rows", description);
    }

    private static IEnumerable<DataPoint> Thinned((double Score, double Share)[] points)
    {
        int step = Math.Max(1, points.Length / MostLinePoints);
        return points.Where((_, i) => i % step == 0 || i == points.Length - 1).Select(point => new DataPoint(point.Score, point.Share));
    }

    private static LineSeries Line(DataPoint[] points, OxyColor color, bool isDashed = false)
    {
        var line = new LineSeries { Color = color, StrokeThickness = isDashed ? 1.5 : 2,
            LineStyle = isDashed ? LineStyle.Dash : LineStyle.Solid };
        if (points.Length == 1)
            (line.MarkerType, line.MarkerSize, line.MarkerFill) = (MarkerType.Circle, 4, color);
        line.Points.AddRange(points);
        return line;
    }
}
