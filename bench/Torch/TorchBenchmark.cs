using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Bench.Torch;

/// <summary>TorchSharp against PyTorch: the same network, data, random numbers and loop, one thread each, turn by turn.</summary>
internal static class TorchBenchmark
{
    private const int Rows = 8192, Width = 784, Batch = 128;
    private const int Rounds = 5, Epochs = 11; // the first epoch of each run warms up and is not timed

    private static readonly string[] s_sides = ["TorchSharp", "PyTorch, Adam(foreach=True)", "PyTorch, Adam(foreach=False)"];

    public static int Run()
    {
        Console.WriteLine($"torch: {Width}-128-64-128-{Width}, ReLU, sigmoid output, Adam 1e-3, mean squared error, batch {Batch}, {Rows} rows, 1 thread");
        int threads = get_num_threads();
        set_num_threads(1);
        try
        {
            using var peer = new Peer(Path.Combine(AppContext.BaseDirectory, "Torch", "peer.py"), threads: 1);
            var speeds = Array.ConvertAll(s_sides, _ => new List<double>());
            var losses = new double[s_sides.Length][];
            for (int round = 0; round < Rounds; round++)
                for (int side = 0; side < s_sides.Length; side++)
                {
                    var (speed, epochs) = side == 0 ? Train() : Ask(peer, side == 1 ? "foreach" : "loop");
                    speeds[side].Add(speed);
                    losses[side] = epochs;
                }

            return Tell(peer.Version, speeds, losses);
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static (double SamplesPerSecond, double[] Losses) Ask(Peer peer, string form)
    {
        double[] answer = peer.Ask($"{form} {Epochs}");
        return (answer[0], answer[1..]);
    }

    private static (double SamplesPerSecond, double[] Losses) Train()
    {
        using DisposeScope everything = NewDisposeScope();
        manual_seed(1);
        Tensor rows = rand(Rows, Width);
        using var model = nn.Sequential(
            nn.Linear(Width, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, Width), nn.Sigmoid());
        using var optimizer = optim.Adam(model.parameters(), lr: 1e-3);
        double[] losses = new double[Epochs];
        long start = 0;
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            if (epoch == 1)
                start = Stopwatch.GetTimestamp();
            using DisposeScope scope = NewDisposeScope();
            Tensor order = randperm(Rows);
            Tensor total = zeros([]);
            for (int i = 0; i < Rows; i += Batch)
            {
                using DisposeScope step = NewDisposeScope();
                Tensor batch = rows[order.narrow(0, i, Batch)];
                model.zero_grad();
                Tensor loss = nn.functional.mse_loss(model.call(batch), batch);
                loss.backward();
                optimizer.step();
                total.add_(loss.detach());
            }

            losses[epoch] = total.item<float>() / (double)(Rows / Batch);
        }

        return (Rows * (Epochs - 1) / Stopwatch.GetElapsedTime(start).TotalSeconds, losses);
    }

    private static int Tell(string version, List<double>[] speeds, double[][] losses)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        double[] medians = Array.ConvertAll(speeds, Report.Median);
        Console.WriteLine($"PyTorch {version}; medians of {Rounds} alternating runs of {Epochs - 1} epochs after 1 of warm-up");
        Console.WriteLine();
        Console.WriteLine($"{"",-30}{"samples/s",12}{"slowest",12}{"fastest",12}");
        for (int side = 0; side < s_sides.Length; side++)
            Console.WriteLine(string.Create(culture, $"{s_sides[side],-30}{medians[side],12:N0}{speeds[side].Min(),12:N0}{speeds[side].Max(),12:N0}"));

        Console.WriteLine();
        Console.WriteLine($"{"epoch",-8}{"TorchSharp",22}{"foreach=True",22}{"foreach=False",22}");
        double worst = 0;
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            Console.WriteLine(string.Create(culture, $"{epoch + 1,-8}{losses[0][epoch],22:R}{losses[1][epoch],22:R}{losses[2][epoch],22:R}"));
            for (int side = 1; side < losses.Length; side++)
                worst = Math.Max(worst, Math.Abs(losses[0][epoch] - losses[side][epoch]) / losses[side][epoch]);
        }

        bool agree = worst < 1e-6;
        Console.WriteLine();
        Console.WriteLine(string.Create(culture, $"Largest relative difference of a loss: {worst:G2}; 6 significant digits {(agree ? "agree" : "DO NOT AGREE")}."));
        Report.Ratio("torch.loss-difference", worst);
        Report.Ratio("torch.samples-vs-pytorch", medians[0] / Math.Max(medians[1], medians[2]));
        return agree ? 0 : 1;
    }
}
