using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Bench.Training;

/// <summary>The loop that a user of TorchSharp writes, over rows that are a tensor in memory.</summary>
internal static class TorchSharpLoop
{
    /// <summary>Trains an autoencoder with one hidden layer on each side of its code, linear but for these two.</summary>
    /// <param name="rows">The rows, [n, d].</param>
    /// <param name="hidden">The units of a hidden layer.</param>
    /// <param name="code">The units of the code.</param>
    /// <param name="batch">The rows of a step.</param>
    /// <param name="epochs">How often the rows are gone through.</param>
    /// <returns>The rows per second of all epochs but the first, and the last epoch's mean loss.</returns>
    public static (double RowsPerSecond, double Loss) Train(Tensor rows, int hidden, int code, int batch, int epochs)
    {
        long count = rows.shape[0], features = rows.shape[1], start = 0;
        random.manual_seed(1);
        using var model = nn.Sequential(
            ("hidden1", nn.Linear(features, hidden)),
            ("relu1", nn.ReLU()),
            ("code", nn.Linear(hidden, code)),
            ("hidden2", nn.Linear(code, hidden)),
            ("relu2", nn.ReLU()),
            ("output", nn.Linear(hidden, features)));
        using var optimizer = optim.Adam(model.parameters());
        double loss = 0;
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            if (epoch == 1)
                start = Stopwatch.GetTimestamp();
            loss = 0;
            using var order = randperm(count);
            for (long first = 0; first < count; first += batch)
            {
                using var scope = NewDisposeScope();
                var x = rows.index_select(0, order.narrow(0, first, Math.Min(batch, count - first)));
                optimizer.zero_grad();
                var error = nn.functional.mse_loss(model.forward(x), x);
                error.backward();
                optimizer.step();
                loss += error.item<float>() * x.shape[0];
            }
        }
        return (count * (epochs - 1) / Stopwatch.GetElapsedTime(start).TotalSeconds, loss / count);
    }
}
