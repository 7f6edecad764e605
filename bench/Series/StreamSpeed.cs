using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Series;

/// <summary>How many steps a stream scores in a second, and what 10,000 series take.</summary>
internal static class StreamSpeed
{
    private const int Keys = 10_000, ManyRows = 10_000_000;

    public static int Run()
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        var rows = Enumerable.Range(0, 2000)
            .Select(i => new Row { Value = MathF.Sin(i * 0.3f) + 0.1f * (float)random.NextDouble() }).ToArray();
        var data = ml.Data.LoadFromEnumerable(rows);
        var networks = new (string, NetworkOptions?)[] { ("default", null), ("dense", new DenseNetworkOptions { Hidden = [32] }) };
        foreach (var (name, network) in networks)
        {
            var options = new TimeSeriesEstimator.Options
            {
                Network = network,
                Seed = 1,
                Threads = 1,
                Scoring = new() { IntraOpThreads = 1 },
            };
            if (network is not null)
                (options.Masking, options.ScoringMissingValues, options.MissingValues) =
                    (null, ScoringMissingValues.Mean, TrainingMissingValues.Mean);
            using var model = ml.Autoencoders().TimeSeries(options).Fit(data);
            using var stream = model.CreateStream();
            float[] value = new float[1];
            double[] speeds = [.. Enumerable.Range(0, 5).Select(_ =>
            {
                var clock = Stopwatch.StartNew();
                for (int i = 0; i < 5000; i++)
                {
                    value[0] = rows[i % rows.Length].Value;
                    stream.Add(value);
                }
                return 5000 / clock.Elapsed.TotalSeconds;
            }).Order()];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"stream, {name}: {speeds[2]:N0} steps/s"));
            Report.Ratio($"series.stream-steps-per-second-{name}", speeds[2]);
            if (network is not null)
            {
                TransformMany(ml, model);
                continue;
            }
            long before = GC.GetTotalMemory(forceFullCollection: true);
            for (int key = 0; key < Keys; key++)
                stream.Add(value, key.ToString(CultureInfo.InvariantCulture));
            double megabytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Keys} series more take {megabytes:F1} MB"));
            Report.Ratio("series.stream-megabytes-of-10000", megabytes);
        }
        return 0;
    }

    /// <summary>One series of many rows through a cursor: the memory must not grow with the rows.</summary>
    private static void TransformMany(MLContext ml, TimeSeriesTransformer model)
    {
        var rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, ManyRows).Select(i => new Row { Value = MathF.Sin(i * 0.3f) }));
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0, count = 0;
        var clock = Stopwatch.StartNew();
        foreach (float _ in model.Transform(rows).GetColumn<float>("Score"))
        {
            if (++count % (ManyRows / 5) == 0)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"transform, dense: {count:N0} rows of one series, {count / clock.Elapsed.TotalSeconds:N0} rows/s, " +
            $"{most / 1e6:F1} MB more at most"));
        Report.Ratio("series.transform-rows-per-second-dense", count / clock.Elapsed.TotalSeconds);
    }

    private sealed class Row
    {
        public float Value { get; set; }
    }
}
