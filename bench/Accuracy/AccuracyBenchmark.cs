using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Accuracy;

/// <summary>
/// Every set and fold of a folder in ADBench's form (label, train0, train1, ...), with the defaults and no label: AUC,
/// average precision and
/// seconds beside those of the peers in <c>peers.csv</c>.
/// </summary>
internal static class AccuracyBenchmark
{
    private const string KnnPeer = "kNN5-mean";

    // On these every method is near or under 50: which one is least bad says nothing.
    private static readonly string[] s_undecided = ["39_vertebral", "47_yeast"];
    private static readonly string[] s_compared = [KnnPeer, "PCA-rec90", "Mahalanobis", "AE-PyOD2"];

    public static int Run(string[] args)
    {
        var options = AccuracyOptions.Parse(args);
        if (options is null)
        {
            Console.Error.WriteLine(AccuracyOptions.Usage);
            return 2;
        }
        if (options.IsAblation)
            return Ablation.Run(options);
        string peersPath = Path.Combine(options.Folder, "peers.csv");
        var peers = File.Exists(peersPath) ? Peers.Read(peersPath) : new Peers([]);
        List<SetResult> results = [];
        Console.WriteLine($"{"set",-18} {"rows",6} {"d",5} {"AUC",6} {"AP",6} {"fit s",6} {"score s",8} {"first",6}  " +
            string.Join(" ", peers.Methods.Select(method => $"{method,11}")));
        foreach (var set in options.ReadSets())
        {
            var result = Measure(set, options);
            if (result is null)
            {
                Console.WriteLine($"{set.Name,-18} left out: its training rows cannot be made {options.Contaminate:P0} anomalies");
                continue;
            }
            results.Add(result);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{set.Name,-18} {set.Rows.Length,6} {set.FeatureCount,5} {result.Auc,6:F1} {result.AveragePrecision,6:F1} " +
                    $"{result.FitSeconds,6:F2} {result.ScoreSeconds,8:F3} {result.Explained,6:P0}  ")
                + string.Join(" ", peers.Methods.Select(
                    method => peers.Auc(set.Name, method)?.ToString("F1", CultureInfo.InvariantCulture).PadLeft(11) ?? "".PadLeft(11))));
        }
        Summarize(results, peers);
        return 0;
    }

    public static SetResult? Measure(LabeledSet set, AccuracyOptions options)
    {
        List<double> aucs = [], precisions = [], fits = [], scores = [];
        double[] ofSeeds = new double[options.Seeds];
        double explained = 0;
        for (int fold = 0; fold < Math.Min(set.FoldCount, options.Folds); fold++)
        {
            for (int seed = 0; seed < options.Seeds; seed++)
            {
                var rows = set.Fold(fold, options.Contaminate, seed);
                if (rows is null)
                    return null;
                var ml = new MLContext(seed: 1);
                var train = set.View(ml, rows.Value.Training);
                var test = set.View(ml, rows.Value.Test);
                var clock = Stopwatch.StartNew();
                using var model = options.Create(ml, seed * 1000 + fold).Fit(train);
                fits.Add(clock.Elapsed.TotalSeconds);
                clock.Restart();
                float[] found = [.. model.Transform(test).GetColumn<float>("Score")];
                scores.Add(clock.Elapsed.TotalSeconds);
                bool[] labels = [.. rows.Value.Test.Select(row => set.Labels[row])];
                double auc = 100 * Ranking.Auc(found, labels);
                aucs.Add(auc);
                ofSeeds[seed] += auc / set.FoldCount;
                precisions.Add(100 * TimeSeriesMetrics.AveragePrecision(found, labels));
                if (fold == 0 && seed == 0)
                    explained = Explained(ml, set, model, rows.Value.Training, [.. rows.Value.Test.Where(row => !set.Labels[row])]);
            }
        }
        return new SetResult(set.Name, set.Rows.Length, aucs.Average(), precisions.Average(), Median(fits), Median(scores),
            explained, ofSeeds);
    }

    /// <summary>
    /// How often a feature of a normal row that is moved by eight of its deviations has the largest of the feature errors; of at most 200
    /// rows.
    /// </summary>
    private static double Explained(MLContext ml, LabeledSet set, AutoencoderTransformer model, int[] training, int[] normal)
    {
        if (!model.Transform(set.View(ml, training)).Schema.Any(column => column.Name == "FeatureErrors"))
            return double.NaN;
        int d = set.FeatureCount;
        double[] means = [.. Enumerable.Range(0, d).Select(j => training.Average(row => (double)set.Rows[row][j]))];
        double[] deviations = [.. Enumerable.Range(0, d).Select(j =>
            Math.Sqrt(training.Average(row => Math.Pow(set.Rows[row][j] - means[j], 2))))];
        int[] varying = [.. Enumerable.Range(0, d).Where(j => deviations[j] > 1e-6 * Math.Abs(means[j]))];
        int[] rows = [.. normal.Take(200)];
        float[][] moved = [.. rows.Select((row, i) =>
        {
            float[] values = [.. set.Rows[row]];
            int j = varying[i % varying.Length];
            values[j] += (float)((i / varying.Length % 2 == 0 ? 8 : -8) * deviations[j]);
            return values;
        })];
        float[][] errors = [.. model.Transform(set.View(ml, moved)).GetColumn<float[]>("FeatureErrors")];
        return Enumerable.Range(0, rows.Length).Count(i =>
            Array.IndexOf(errors[i], errors[i].Max()) == varying[i % varying.Length]) / (double)rows.Length;
    }

    private static void Summarize(List<SetResult> results, Peers peers)
    {
        if (results.Count == 0)
            return;
        double mean = results.Average(result => result.Auc);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"mean",-18} {"",6} {"",5} {mean,6:F2} {results.Average(result => result.AveragePrecision),6:F2}"));
        var known = results.Where(result => peers.Methods.All(method => peers.Auc(result.Name, method) is not null)).ToArray();
        void Ratio(string name, double value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio {name} {value:F3}"));
        if (peers.Methods.Count > 0 && known.Length > 0)
        {
            Console.WriteLine();
            Console.WriteLine($"{"method",-14} {"mean",6} {"rank",5} {"wins",5} {"losses",6} {"worst loss",10}");
            double RankOf(SetResult result, double auc) => 1 + peers.Methods.Select(method => peers.Auc(result.Name, method)!.Value)
                .Append(result.Auc).Sum(other => other > auc ? 1 : other == auc ? 0.5 : 0) - 0.5;
            foreach (string method in peers.Methods)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{method,-14} {known.Average(result => peers.Auc(result.Name, method)!.Value),6:F2} " +
                        $"{known.Average(result => RankOf(result, peers.Auc(result.Name, method)!.Value)),5:F2} " +
                        $"{known.Count(result => result.Auc > peers.Auc(result.Name, method)),5} " +
                        $"{known.Count(result => result.Auc < peers.Auc(result.Name, method)),6} " +
                        $"{known.Min(result => result.Auc - peers.Auc(result.Name, method)!.Value),10:F1}"));
            }
            double rank = known.Average(result => RankOf(result, result.Auc));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{"ours",-14} {known.Average(result => result.Auc),6:F2} {rank,5:F2}"));
            var decided = known.Where(result => !s_undecided.Contains(result.Name)).ToArray();
            string[] compared = [.. s_compared.Where(peers.Methods.Contains)];
            if (decided.Length > 0 && compared.Length > 0)
            {
                var worst = decided.Select(result =>
                    (result.Name, Loss: compared.Max(method => peers.Auc(result.Name, method)!.Value) - result.Auc))
                    .MaxBy(pair => pair.Loss);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"The largest loss to the best of {string.Join(", ", compared)}: {worst.Loss:F1} on {worst.Name}."));
            }
            if (peers.Methods.Contains(KnnPeer))
            {
                Console.WriteLine(
                    $"Better than {KnnPeer} on {known.Count(result => result.Auc > peers.Auc(result.Name, KnnPeer))} of {known.Length} " +
                    "sets.");
                Ratio("accuracy.mean-auc-vs-knn5", known.Average(result => result.Auc - peers.Auc(result.Name, KnnPeer)!.Value));
            }
            Ratio("accuracy.mean-rank", rank);
        }
        Ratio("accuracy.mean-auc", mean);
        int seeds = results[0].OfSeeds.Length;
        if (seeds > 1)
        {
            double[] means = [.. Enumerable.Range(0, seeds).Select(seed => results.Average(result => result.OfSeeds[seed]))];
            Ratio("accuracy.seed-deviation", Math.Sqrt(
                means.Sum(value => (value - means.Average()) * (value - means.Average())) / (seeds - 1)));
        }
        Ratio("accuracy.median-fit-seconds", Median(
            [.. results.Where(result => result.Rows <= 10_000).Select(result => result.FitSeconds)]));
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public sealed record SetResult(
        string Name, int Rows, double Auc, double AveragePrecision, double FitSeconds, double ScoreSeconds, double Explained,
        double[] OfSeeds);
}
