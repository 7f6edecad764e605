using System.Xml.Linq;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace MLNetAutoencoder;

/// <content>Charts of time series, wide and one below the other.</content>
internal static partial class Charts
{
    private const int TraceWidth = 960, TraceHeight = 190, MarginOfNumbers = 62;

    private static readonly OxyColor s_band = OxyColor.FromAColor(70, Chart.Blue), s_shade = OxyColor.FromArgb(60, 225, 62, 82);

    /// <summary>The values of one channel, with the band around what is expected, and with the rows that are flagged.</summary>
    /// <param name="id">The id of the drawing.</param>
    /// <param name="trace">The series.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="reach">How far the band reaches beyond what is expected.</param>
    /// <param name="times">Tells the times.</param>
    /// <param name="description">What can be seen.</param>
    public static XElement Values(string id, SeriesTrace trace, int channel, double reach, ReportSeries times, string description)
    {
        var model = CreateTrace(trace, times, Chart.Linear(""));
        foreach (var run in Runs(trace.Bins, bin => !bin.Expected[channel].IsEmpty).Where(run => run.Count > 1))
        {
            var band = new AreaSeries { Fill = s_band, StrokeThickness = 0, Color = OxyColors.Transparent };
            foreach (var bin in run)
            {
                band.Points.Add(new DataPoint(Place(bin.First, times), bin.Expected[channel].Most + reach));
                band.Points2.Add(new DataPoint(Place(bin.First, times), bin.Expected[channel].Least - reach));
            }
            model.Series.Add(band);
        }
        AddTrace(model, trace, bin => bin.Values[channel], times);
        return Chart.Draw(model, id, "Values and what is expected", description, (TraceWidth, TraceHeight));
    }

    /// <summary>The scores of a series, and the threshold.</summary>
    public static XElement SeriesScores(string id, SeriesTrace trace, float threshold, ReportSeries times, string description)
    {
        float[] sorted = [.. trace.Bins.Where(bin => !bin.Score.IsEmpty).Select(bin => bin.Score.Most).Order()];
        bool isLogarithmic = trace.Bins.TrueForAll(bin => bin.Score.IsEmpty || bin.Score.Least > 0)
            && sorted[^1] > WideRange * sorted[sorted.Length / 2];
        var model = CreateTrace(trace, times, isLogarithmic ? Chart.Logarithmic("") : Chart.Linear(""));
        AddTrace(model, trace, bin => bin.Score, times);
        if (float.IsFinite(threshold) && (threshold > 0 || !isLogarithmic))
            model.Series.Add(Line([new(model.Axes[0].Minimum, threshold), new(model.Axes[0].Maximum, threshold)], Chart.Orange,
                isDashed: true));
        return Chart.Draw(model, id, "Scores and threshold", description, (TraceWidth, TraceHeight));
    }

    /// <summary>A chart over the time of a series, with the rows shaded that are anomalies by their label.</summary>
    private static PlotModel CreateTrace(SeriesTrace trace, ReportSeries times, Axis y)
    {
        double least = Place(trace.Bins[0].First, times), most = Place(trace.Last, times);
        if (most <= least)
            (least, most) = (least - 0.5, most + 0.5);
        double days = most - least;
        string format = days > 5 ? "yyyy-MM-dd" : days > 0.1 ? "MM-dd HH:mm" : "HH:mm:ss";
        var x = times.IsDated ? new DateTimeAxis
        {
            LabelFormatter = value => DateTimeAxis.ToDateTime(value, TimeSpan.FromSeconds(1))
                .ToString(format, System.Globalization.CultureInfo.InvariantCulture),
            IntervalLength = 120,
        }
            : Chart.Linear(times.Unit);
        (x.Minimum, x.Maximum) = (least, most);
        y.IntervalLength = 40;
        var model = Chart.Create(x, y);
        model.PlotMargins = new OxyThickness(MarginOfNumbers, double.NaN, double.NaN, double.NaN);
        model.Padding = new OxyThickness(0, 8, 40, 0);
        int last = trace.Bins.Count - 1;
        foreach (var run in Runs(trace.Bins, bin => bin.IsAnomaly))
        {
            int end = trace.Bins.IndexOf(run[^1]);
            double from = Place(run[0].First, times), to = end == last ? most : Place(trace.Bins[end + 1].First, times);
            model.Annotations.Add(new RectangleAnnotation
            {
                MinimumX = from, MaximumX = Math.Max(to, from + days / TraceWidth), Fill = s_shade, Layer = AnnotationLayer.BelowSeries,
            });
        }
        return model;
    }

    /// <summary>A line through the least and the largest number of each bin, so that no peak is lost; orange where rows are
    /// flagged.</summary>
    private static void AddTrace(PlotModel model, SeriesTrace trace, Func<TraceBin, Extent> extent, ReportSeries times)
    {
        model.Series.Add(Trace(trace.Bins, extent, times, Chart.Blue));
        foreach (var run in Runs(trace.Bins, bin => bin.IsFlagged))
        {
            // From the bin before, so that a single one is seen.
            int first = trace.Bins.IndexOf(run[0]);
            model.Series.Add(Trace(first > 0 ? [trace.Bins[first - 1], .. run] : run, extent, times, Chart.Orange));
        }
    }

    private static LineSeries Trace(List<TraceBin> bins, Func<TraceBin, Extent> extent, ReportSeries times, OxyColor color)
    {
        List<DataPoint> points = [];
        foreach (var bin in bins)
        {
            var numbers = extent(bin);
            double place = Place(bin.First, times);
            if (numbers.IsEmpty)
            {
                points.Add(DataPoint.Undefined);
                continue;
            }
            points.Add(new DataPoint(place, numbers.Least));
            if (numbers.Most > numbers.Least)
                points.Add(new DataPoint(place, numbers.Most));
        }
        var line = Line([.. points], color);
        line.StrokeThickness = color == Chart.Blue ? 1.25 : 1.75;
        return line;
    }

    private static IEnumerable<List<TraceBin>> Runs(List<TraceBin> bins, Predicate<TraceBin> isIn)
    {
        for (int i = 0; i < bins.Count; i++)
        {
            int first = i;
            while (i < bins.Count && isIn(bins[i]))
                i++;
            if (i > first)
                yield return bins[first..i];
        }
    }

    private static double Place(double place, ReportSeries times) =>
        times.IsDated ? DateTimeAxis.ToDouble(ReportSeries.DateOf(place)) : place;
}
