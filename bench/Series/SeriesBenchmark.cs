using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Series;

/// <summary>
/// Every series of a folder, trained on its training part with the defaults: VUS-PR beside the peers' in <c>peers.csv</c>, and the speed of
/// fits and streams.
/// </summary>
internal static class SeriesBenchmark
{
    private const string Usage = "series FOLDER [--seeds N] [--ablation]";

    private static readonly string[] s_peers = ["AutoEncoder", "POLY", "Sub-PCA", "KShapeAD", "CNN", "USAD", "MOMENT (FT)"];

    public static int Run(string[] args)
    {
        if (args.Length == 0 || !Directory.Exists(args[0]))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        int at = Array.IndexOf(args, "--seeds"), seeds = at < 0 ? 1 : int.Parse(args[at + 1], CultureInfo.InvariantCulture);
        LabeledSeries[] series = [.. Directory.GetFiles(args[0], "*.csv.gz").Order(StringComparer.Ordinal).Select(LabeledSeries.Read)];
        var peers = ReadPeers(Path.Combine(args[0], "peers.csv"));
        if (args.Contains("--ablation"))
            return SeriesAblation.Run(series, seeds, peers);

        Console.WriteLine($"{"series",-40} {"rows",6} {"train",6} {"covering",9} {"last",6} {"AUC-PR",7} {"events",7} {"false",6} " +
            $"{"fit s",6} {"score s",8}  {string.Join(" ", s_peers.Select(peer => $"{peer,11}"))}");
        List<(string Name, Result Result)> results = [];
        foreach (var one in series)
        {
            var result = Measure(one, seeds, _ => { });
            results.Add((one.Name, result));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{one.Name,-40} {one.Rows.Length,6} {one.Rows.Count(row => row.IsTraining),6} {result.Covering,9:F3} {result.Last,6:F3} " +
                $"{result.AreaUnderCurve,7:F3} {result.Found,3}/{result.Events,-3} {result.FalseAlarms,6:F1} {result.FitSeconds,6:F2} " +
                $"{result.ScoreSeconds,8:F3}  ") + string.Join(" ", s_peers.Select(peer =>
                    Of(peers, one.Name, peer)?.ToString("F3", CultureInfo.InvariantCulture).PadLeft(11) ?? "".PadLeft(11))));
        }
        var known = results.Where(result => Of(peers, result.Name, s_peers[0]) is not null).ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"mean of " + known.Length,-54} {known.Average(r => r.Result.Covering),9:F3} {known.Average(r => r.Result.Last),6:F3} ") +
            new string(' ', 40) + string.Join(" ", s_peers.Select(peer =>
                known.Average(r => Of(peers, r.Name, peer) ?? double.NaN).ToString("F3", CultureInfo.InvariantCulture).PadLeft(11))));
        Report.Ratio("series.mean-vus-pr", known.Average(r => r.Result.Covering));
        Report.Ratio("series.mean-vus-pr-vs-autoencoder", known.Average(r => r.Result.Covering - Of(peers, r.Name, s_peers[0])!.Value));
        Report.Ratio("series.worst-vs-autoencoder", known.Min(r => r.Result.Covering / Of(peers, r.Name, s_peers[0])!.Value));
        Report.Ratio("series.mean-vus-pr-last", known.Average(r => r.Result.Last));
        Report.Ratio("series.mean-vus-pr-all", results.Average(r => r.Result.Covering));
        Report.Ratio("series.longest-fit-seconds", results.Max(r => r.Result.FitSeconds));
        return StreamSpeed.Run();
    }

    /// <summary>Fits and measures a series.</summary>
    public static Result Measure(LabeledSeries series, int seeds, Action<TimeSeriesEstimator.Options> change)
    {
        var results = Enumerable.Range(0, seeds).Select(seed =>
        {
            var ml = new MLContext(seed: 1);
            var options = new TimeSeriesEstimator.Options
            {
                TimeColumnName = series.HasTimes ? nameof(LabeledSeries.Row.Time) : null,
            };
            change(options);
            (options.Seed, options.Threads) = (seed, 1);
            options.Scoring = new() { IntraOpThreads = 1 };
            IDataView training = series.Training(ml), all = series.All(ml);
            var clock = Stopwatch.StartNew();
            using var last = ml.Autoencoders().TimeSeries(options).Fit(training);
            double fit = clock.Elapsed.TotalSeconds;
            bool[] labels = [.. series.Rows.Select(row => row.Label)];
            var ofLast = TimeSeriesMetrics.Compute([.. last.Transform(all).GetColumn<float>("Score")], labels);
            using var covering = last.WithCovering(true);
            clock.Restart();
            var scored = covering.Transform(all);
            float[] scores = [.. scored.GetColumn<float>("Score")];
            double score = clock.Elapsed.TotalSeconds;
            var ofCovering = TimeSeriesMetrics.Compute(scores, labels, [.. scored.GetColumn<bool>("PredictedLabel")]);
            return new Result(ofCovering.VusPr, ofLast.VusPr, ofCovering.AreaUnderPrecisionRecallCurve, ofCovering.Events,
                ofCovering.EventsFound, ofCovering.FalseAlarms, fit, score);
        }).ToArray();
        return new Result(results.Average(r => r.Covering), results.Average(r => r.Last), results.Average(r => r.AreaUnderCurve),
            results[0].Events, results[0].Found, results.Average(r => r.FalseAlarms), results.Average(r => r.FitSeconds),
            results.Average(r => r.ScoreSeconds));
    }

    public static double? Of(IReadOnlyDictionary<(string, string), double> peers, string series, string method) =>
        peers.TryGetValue((series, method), out double value) ? value : null;

    private static Dictionary<(string, string), double> ReadPeers(string path) => !File.Exists(path) ? [] : File.ReadLines(path).Skip(1)
        .Select(line => line.Split(',')).ToDictionary(cells => (cells[0], cells[^2]),
            cells => double.Parse(cells[^1], CultureInfo.InvariantCulture));

    internal sealed record Result(double Covering, double Last, double AreaUnderCurve, int Events, int Found, double FalseAlarms,
        double FitSeconds, double ScoreSeconds);
}
