using System.Globalization;

namespace MLNetAutoencoder.Bench.Series;

/// <summary>One choice changed at a time: what the mean over the series becomes, and what it is without any one of them.</summary>
internal static class SeriesAblation
{
    private static readonly Masking s_masking = new TimeSeriesEstimator.Options().Masking!;

    private static readonly (string Name, Action<TimeSeriesEstimator.Options> Change)[] s_changes =
    [
        ("(the defaults)", _ => { }),
        ("levels stay", options => options.RemovesLevel = false),
        ("rows are steps, without times", options => options.TimeColumnName = null),
        ("windows of 16", options => options.Width = WindowWidth.Steps(16)),
        ("windows of 50", options => options.Width = WindowWidth.Steps(50)),
        ("windows of 200", options => options.Width = WindowWidth.Steps(200)),
        ("width by autocorrelation", options => options.Width = WindowWidth.Autocorrelation()),
        ("nothing hidden in training", options =>
            (options.Masking, options.ScoringMissingValues, options.MissingValues) =
                (null, ScoringMissingValues.Mean, TrainingMissingValues.Mean)),
        ("scores of hidden runs", options => options.Masking = s_masking with { ScoresVisible = false }),
        ("a code of 4 units", options => options.Code = new CodeOptions { Size = 4 }),
        ("a code of 16 units", options => options.Code = new CodeOptions { Size = 16 }),
        ("1,500 steps", options => options.Steps = 1500),
        ("a tenth held out", options => options.HeldOutShare = 0.1),
        ("distance to 3 nearest windows joined", options => options.Neighbors = 3),
        ("variational", options =>
            (options.Code, options.Masking, options.ScoringMissingValues, options.MissingValues) =
                (new CodeOptions { Variational = new VariationalOptions() }, null, ScoringMissingValues.Mean, TrainingMissingValues.Mean)),
        ("temporal convolution", options => options.Network = new TemporalConvolutionNetworkOptions()),
        ("values beyond 5 deviations compressed", options => options.Scaling = InputScaling.StandardizeCompressed),
    ];

    public static int Run(LabeledSeries[] series, int seeds, IReadOnlyDictionary<(string, string), double> peers)
    {
        Console.WriteLine($"{"",-40} {"mean",6} {"last",6} {"gain",7}  {"without one",-16} {"worst/AE",8}  " +
            string.Join(" ", series.Select(one => one.Name[..Math.Min(7, one.Name.Length)].PadLeft(7))));
        double[]? defaults = null;
        foreach (var (name, change) in s_changes)
        {
            var results = series.Select(one => SeriesBenchmark.Measure(one, seeds, change)).ToArray();
            double[] values = [.. results.Select(result => result.Covering)];
            defaults ??= values;
            double[] gains = [.. values.Zip(defaults, (value, before) => value - before)];
            double[] without = [.. gains.Select((_, left) => gains.Where((_, i) => i != left).Average())];
            double worst = series.Select((one, i) => SeriesBenchmark.Of(peers, one.Name, "AutoEncoder") is { } peer
                ? values[i] / peer : double.PositiveInfinity).Min();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-40} {values.Average(),6:F3} {results.Average(result => result.Last),6:F3} " +
                $"{gains.Average(),7:+0.000;-0.000;0.000}  {without.Min(),7:+0.000;-0.000;0.000} {without.Max(),7:+0.000;-0.000;0.000}  " +
                $"{worst,8:F2}  ") +
                string.Join(" ", values.Select(value => value.ToString("F3", CultureInfo.InvariantCulture).PadLeft(7))));
        }
        return 0;
    }
}
