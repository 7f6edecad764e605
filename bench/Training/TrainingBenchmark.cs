using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Bench.Scoring;
using TorchSharp;

namespace MLNetAutoencoder.Bench.Training;

/// <summary>Fit on a data view against loops of TorchSharp and PyTorch on a tensor in memory, turn by turn: all else is the same.</summary>
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
        using var peer = Peer.TryStart(Path.Combine(AppContext.BaseDirectory, "Training", "peer.py"));
        var version = typeof(torch).Assembly.GetName().Version!;
        string pyTorch = peer is null ? "no PyTorch here (install python3-torch for its lines)"
            : $"PyTorch {peer.Version}, of its two forms of Adam the faster";
        Console.WriteLine("training: large is 784-128-64-128-784, small 30-16-4-16-30; Adam, mean squared error");
        Console.WriteLine($"TorchSharp {version.ToString(3)}; {pyTorch}; {Environment.ProcessorCount} processors");
        Console.WriteLine(
            $"Medians of {Rounds} alternating turns of {s_large.Epochs} epochs (small: {s_small.Epochs}); the first is not timed.");
        Console.WriteLine();
        Console.WriteLine(
            $"{"rows/s: median (slowest - fastest)",-36}{"Fit",-32}{"the other side",-32}{"ratio",8}{"loss",12}{"theirs",12}");
        List<(string Name, double Value)> ratios = [];
        bool agree = true;
        double fastest = 0;
        foreach (var setting in new[] { s_large, s_small })
        {
            var block = RowBlock.Random(setting.Rows, setting.Features);
            var view = new BlockView(block, "Features", setting.Rows);
            using var rows = torch.tensor(block.Slice(0, setting.Rows).ToArray(), setting.Rows, setting.Features);
            foreach (int batch in new[] { 32, 128, 1024 })
            {
                int threads = ThreadsFor(ml, view, setting, batch);
                Turns ours = new(), torchSharp = new(), loop = new(), forEach = new();
                for (int round = 0; round < Rounds; round++)
                {
                    ours.Add(Train(ml, view, setting, batch));
                    torchSharp.Add(WithThreads(
                        threads, () => TorchSharpLoop.Train(rows, setting.Hidden, setting.Code, batch, setting.Epochs)));
                    foreach (var (form, turns) in new[] { ("foreach", forEach), ("loop", loop) })
                    {
                        if (peer is not null)
                            turns.Add(Ask(peer, setting, batch, threads, form));
                    }
                }
                string title = $"{setting.Name}, batch {batch}, {threads} thread{(threads == 1 ? "" : "s")}";
                Compare("torchsharp", torchSharp);
                if (peer is not null)
                    Compare("pytorch", loop.Rate > forEach.Rate ? loop : forEach);
                if (setting == s_large && batch == 1024)
                    fastest = ours.Rate;

                void Compare(string name, Turns theirs)
                {
                    double ratio = ours.Rate / theirs.Rate;
                    agree &= Math.Abs(ours.Loss - theirs.Loss) <= 0.01 * theirs.Loss;
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{title,-36}{ours,-32}{theirs,-32}{ratio,8:F3}{ours.Loss,12:F6}{theirs.Loss,12:F6}  {name}"));
                    ratios.Add(($"training.{setting.Name}.b{batch}-vs-{name}", ratio));
                }
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

    private static AutoencoderEstimator.Options Options(
        Setting setting, int batch, int epochs, IProgress<TrainingProgress> progress) => new()
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

    private static (double RowsPerSecond, double Loss) Ask(Peer peer, Setting setting, int batch, int threads, string form)
    {
        double[] answer = peer.Ask(FormattableString.Invariant(
            $"{setting.Features} {setting.Hidden} {setting.Code} {setting.Rows} {batch} {setting.Epochs} {threads} {form}"));
        return (answer[0], answer[1]);
    }

    private static T WithThreads<T>(int threads, Func<T> run)
    {
        int before = torch.get_num_threads();
        torch.set_num_threads(threads);
        try
        {
            return run();
        }
        finally
        {
            torch.set_num_threads(before);
        }
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
            $"end to end: large, batch 128, {EndToEndRows:N0} rows, {EndToEndEpochs} epochs: {Report.Median(wholes):F1} s " +
                $"({wholes.Min():F1} - {wholes.Max():F1}), {Report.Median(ratios):F3} of the steps alone"));
        return Report.Median(ratios);
    }

    /// <summary>The multiply-adds of the training steps over those of a square matrix product with the same threads.</summary>
    private static double AgainstSgemm(MLContext ml, double rowsPerSecond)
    {
        const int size = 1024, products = 20;
        int threads = ThreadsFor(ml, new BlockView(RowBlock.Random(128, s_large.Features), "Features", 128), s_large, 1024);
        return WithThreads(threads, () =>
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
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"a product of two {size} x {size} matrices: {2e-9 * Report.Median(rates):F0} GFLOP/s; the steps at batch 1024: " +
                $"{2e-9 * rowsPerSecond * perRow:F0} GFLOP/s"));
            return rowsPerSecond * perRow / Report.Median(rates);
        });
    }

    /// <summary>What the turns of a side came to.</summary>
    private sealed class Turns
    {
        private readonly List<double> _rates = [];

        public double Rate => Report.Median(_rates);

        /// <summary>The last turn's loss; every turn's is the same.</summary>
        public double Loss { get; private set; }

        public void Add((double RowsPerSecond, double Loss) turn)
        {
            _rates.Add(turn.RowsPerSecond);
            Loss = turn.Loss;
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Rate:N0} ({_rates.Min():N0} - {_rates.Max():N0})");
    }

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
