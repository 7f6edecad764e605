using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Bench.Scoring;

namespace MLNetAutoencoder.Bench.Detector;

/// <summary>
/// The anomaly detector with its defaults on 30 features: its cursor against a hand-written loop over ONNX Runtime, the time of its
/// parts, and how long a fit of 500,000 rows takes. One thread.
/// </summary>
internal static class DetectorBenchmark
{
    private const int Features = 30, TrainingRows = 10_000, ManyRows = 500_000, BlockRows = 2048;

    private static readonly int[] s_batches = [32, 64, 128, 256, 512];

    public static int Run()
    {
        var ml = new MLContext(seed: 1);
        Console.WriteLine($"detector: {TrainingRows} training rows of {Features} features, one thread");
        Console.WriteLine();
        using var whole = BenchModel.Detector(ml, "detector", TrainingRows, Features, BlockRows, _ => { });
        using var networks = BenchModel.Detector(ml, "networks alone", TrainingRows, Features, BlockRows, options => options.Neighbors = 0);
        Duel.PrintHead();
        double ratio = AgainstOnnxRuntime(whole);
        AgainstOnnxRuntime(networks);
        Console.WriteLine();
        double rate = Rate(whole), ofNetworks = Rate(networks);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"a row takes {1e6 / rate:F1} microseconds: networks {1e6 / ofNetworks:F1}, neighbors {1e6 / rate - 1e6 / ofNetworks:F1}"));

        var clock = Stopwatch.StartNew();
        using (BenchModel.Detector(ml, "many rows", ManyRows, Features, BlockRows, _ => { }))
            clock.Stop();
        Console.WriteLine();
        Report.Ratio("scoring.detector-vs-onnxruntime", ratio);
        Report.Ratio("scoring.detector-rows-per-second", rate);
        Report.Ratio("training.detector-500k-seconds", clock.Elapsed.TotalSeconds);
        return 0;
    }

    private static double AgainstOnnxRuntime(BenchModel model)
    {
        var loops = Array.ConvertAll(s_batches, batch => new OnnxRuntimeLoop(model, Outputs.Score, model.Block, batch, threads: 1));
        int batch = Duel.Fastest(loops, loop => loop.Side).Batch;
        foreach (var candidate in loops)
            candidate.Dispose();
        using var loop = new OnnxRuntimeLoop(model, Outputs.Score, model.Block, batch, threads: 1);
        using var reader = model.Open(Outputs.Score, threads: 1);
        return Duel.Measure($"{model.Name}, score", new Side("cursor", reader.Read), loop.Side);
    }

    private static double Rate(BenchModel model)
    {
        using var reader = model.Open(Outputs.Score, threads: 1);
        reader.Read(BlockRows);
        double[] rates = new double[5];
        for (int i = 0; i < rates.Length; i++)
        {
            var clock = Stopwatch.StartNew();
            reader.Read(4 * BlockRows);
            rates[i] = 4 * BlockRows / clock.Elapsed.TotalSeconds;
        }
        Array.Sort(rates);
        return rates[2];
    }
}
