using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Bench.Scoring;
using TorchSharp;

namespace MLNetAutoencoder.Bench.Training;

/// <summary>Fit on a data view against PyTorch on a tensor in memory: the same network, optimiser, batches and threads, turn by turn.</summary>
internal static class TrainingBenchmark
{
    private const int Rounds = 5;
    private const int EndToEndRows = 100_000, EndToEndEpochs = 10;

    /// <summary>A network and how long it is trained in a turn.</summary>
    private sealed record Setting(string Name, int Features, int Hidden, int Code, int Rows, int Epochs);

    private static readonly Setting s_large = new("large", 784, 128, 64, 8192, 6);
    private static readonly Setting s_small = new("small", 30, 16, 4, 32768, 30);

    public static int Run()
    {
        var ml = new MLContext(seed: 1);
        using var peer = new Peer(Path.Combine(AppContext.BaseDirectory, "Training", "peer.py"), threads: null);
        Console.WriteLine($"training: large is 784-128-64-128-784, small 30-16-4-16-30; Adam, mean squared error; PyTorch {peer.Version}; {Environment.ProcessorCount} processors");
        Console.WriteLine($"Medians of {Rounds} alternating turns of {s_large.Epochs} epochs (small: {s_small.Epochs}), the first of which is not timed; of PyTorch's two forms of Adam the faster.");
        Console.WriteLine();
        Console.WriteLine($"{"rows/s: median (slowest - fastest)",-36}{"Fit",-32}{"PyTorch",-32}{"ratio",8}{"loss",12}{"PyTorch's",12}");
        List<(string Name, double Value)> ratios = [];
        bool agree = true;
        double fastest = 0;
        foreach (var setting in new[] { s_large, s_small })
        {
            var view = new BlockView(RowBlock.Random(setting.Rows, setting.Features), "Features", setting.Rows);
            foreach (int batch in new[] { 32, 128, 1024 })
            {
                int threads = ThreadsFor(ml, view, setting, batch);
                List<double> ours = [], loop = [], forEach = [];
                double loss = 0, peers = 0;
                for (int round = 0; round < Rounds; round++)
                {
                    (double rate, loss) = Train(ml, view, setting, batch);
                    ours.Add(rate);
                    foreach (var (form, rates) in new[] { ("foreach", forEach), ("loop", loop) })
                    {
                        double[] answer = peer.Ask(FormattableString.Invariant($"{setting.Features} {setting.Hidden} {setting.Code} {setting.Rows} {batch} {setting.Epochs} {threads} {form}"));
                        rates.Add(answer[0]);
                        peers = answer[1];
                    }
                }
                var theirs = Report.Median(loop) > Report.Median(forEach) ? loop : forEach;
                double ratio = Report.Median(ours) / Report.Median(theirs);
                agree &= Math.Abs(loss - peers) <= 0.01 * peers;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{$"{setting.Name}, batch {batch}, {threads} thread{(threads == 1 ? "" : "s")}",-36}{Describe(ours),-32}{Describe(theirs),-32}{ratio,8:F3}{loss,12:F6}{peers,12:F6}"));
                ratios.Add(($"training.{setting.Name}.b{batch}-vs-pytorch", ratio));
                if (setting == s_large && batch == 1024)
                    fastest = Report.Median(ours);
            }
        }
        Console.WriteLine();
        Console.WriteLine($"The last losses agree within 1 %: {(agree ? "yes" : "NO")}.");
        ratios.Add(("training.end-to-end-vs-steps", EndToEnd(ml)));
        ratios.Add(("training.large.b1024-vs-sgemm", AgainstSgemm(ml, fastest)));
        Console.WriteLine();
        foreach (var (name, value) in ratios)
            Report.Ratio(name, value);
        return agree ? 0 : 1;
    }

    private static AutoencoderEstimator.Options Options(Setting setting, int batch, int epochs, IProgress<TrainingProgress> progress) => new()
    {
        Network = new DenseNetworkOptions { Hidden = [setting.Hidden] },
        Code = new CodeOptions { Size = setting.Code },
        Scaling = InputScaling.None,
        BatchSize = batch,
        Epochs = epochs,
        Seed = 1,
        Progress = progress,
    };

    private static (double RowsPerSecond, double Loss) Train(MLContext ml, IDataView view, Setting setting, int batch)
    {
        var clock = new EpochClock();
        using var model = ml.Autoencoders().Dense(Options(setting, batch, setting.Epochs, clock)).Fit(view);
        return (setting.Rows * (setting.Epochs - 1) / clock.SecondsAfterFirst, model.History[^1].Loss);
    }

    private static int ThreadsFor(MLContext ml, IDataView view, Setting setting, int batch)
    {
        using var model = ml.Autoencoders().Dense(Options(setting, batch, 0, new EpochClock())).Fit(ml.Data.TakeRows(view, 100));
        return model.Metadata.ThreadCount;
    }

    /// <summary>A whole fit, from reading the view to the finished graphs, over its steps alone.</summary>
    private static double EndToEnd(MLContext ml)
    {
        var block = RowBlock.Random(2048, s_large.Features);
        var view = new BlockView(block, "Features", EndToEndRows);
        List<double> ratios = [], wholes = [];
        for (int round = 0; round < Rounds; round++)
        {
            var clock = new EpochClock();
            long start = Stopwatch.GetTimestamp();
            ml.Autoencoders().Dense(Options(s_large, 128, EndToEndEpochs, clock)).Fit(view).Dispose();
            double whole = Stopwatch.GetElapsedTime(start).TotalSeconds;
            wholes.Add(whole);
            ratios.Add(whole / (clock.SecondsAfterFirst * EndToEndEpochs / (EndToEndEpochs - 1)));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"end to end: large, batch 128, {EndToEndRows:N0} rows, {EndToEndEpochs} epochs: {Report.Median(wholes):F1} s ({wholes.Min():F1} - {wholes.Max():F1}), {Report.Median(ratios):F3} of the steps alone"));
        return Report.Median(ratios);
    }

    /// <summary>The multiply-adds of the training steps over those of a square matrix product with the same threads.</summary>
    private static double AgainstSgemm(MLContext ml, double rowsPerSecond)
    {
        const int size = 1024, products = 20;
        int threads = ThreadsFor(ml, new BlockView(RowBlock.Random(128, s_large.Features), "Features", 128), s_large, 1024);
        int before = torch.get_num_threads();
        torch.set_num_threads(threads);
        try
        {
            using var scope = torch.NewDisposeScope();
            var a = torch.rand(size, size);
            var b = torch.rand(size, size);
            List<double> rates = [];
            for (int round = 0; round <= Rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < products; i++)
                    a.matmul(b).Dispose();
                if (round > 0)
                    rates.Add(products * (double)size * size * size / Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            // Forwards one product for each layer, backwards two, but for the first layer, which passes nothing on.
            double weights = 2.0 * (s_large.Features * s_large.Hidden + s_large.Hidden * s_large.Code);
            double perRow = 3 * weights - s_large.Features * s_large.Hidden;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a product of two {size} x {size} matrices: {2e-9 * Report.Median(rates):F0} GFLOP/s; the steps at batch 1024: {2e-9 * rowsPerSecond * perRow:F0} GFLOP/s"));
            return rowsPerSecond * perRow / Report.Median(rates);
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    private static string Describe(List<double> rates) => string.Create(CultureInfo.InvariantCulture, $"{Report.Median(rates):N0} ({rates.Min():N0} - {rates.Max():N0})");

    /// <summary>The time from the end of the first epoch to the end of the last.</summary>
    private sealed class EpochClock : IProgress<TrainingProgress>
    {
        private long _first, _last;

        public double SecondsAfterFirst => Stopwatch.GetElapsedTime(_first, _last).TotalSeconds;

        public void Report(TrainingProgress value)
        {
            if (value.Step < value.Steps)
                return;
            _last = Stopwatch.GetTimestamp();
            if (value.Epoch == 1)
                _first = _last;
        }
    }
}
