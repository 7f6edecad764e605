using System.Diagnostics;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Trains a network: epochs of shuffled batches, Adam, mean squared error.</summary>
internal sealed class TrainingLoop(AutoencoderEstimator.Options options, IChannel channel)
{
    /// <summary>Trains in place.</summary>
    /// <param name="network">The network.</param>
    /// <param name="scaledRows">The rows, one after another.</param>
    /// <param name="featureCount">The length of a row.</param>
    /// <param name="generator">Where the order of the rows is drawn from.</param>
    /// <returns>The mean loss of each epoch, over its rows.</returns>
    /// <exception cref="InvalidOperationException">The loss is no longer a number.</exception>
    public double[] Run(AutoencoderNetwork network, float[] scaledRows, int featureCount, Generator generator)
    {
        using var scope = NewDisposeScope();

        // Whatever the caller's thread is in the middle of.
        using var gradients = enable_grad();
        int rowCount = scaledRows.Length / featureCount;
        var rows = tensor(scaledRows, [rowCount, featureCount]);
        using var optimiser = optim.Adam(network.Parameters, options.LearningRate);
        double[] losses = new double[options.Epochs];
        var clock = new Stopwatch();
        for (int epoch = 0; epoch < losses.Length; epoch++)
        {
            clock.Restart();
            losses[epoch] = RunEpoch(network, rows, optimiser, generator);
            if (!double.IsFinite(losses[epoch]))
                throw new InvalidOperationException($"Training diverged: the loss of epoch {epoch + 1} is {losses[epoch]}. Use a lower LearningRate than {FormattableString.Invariant($"{options.LearningRate}")}, or scale the inputs.");
            channel.Info(MessageSensitivity.None, FormattableString.Invariant(
                $"Epoch {epoch + 1}/{losses.Length}: loss {losses[epoch]:G6}, {rowCount / clock.Elapsed.TotalSeconds:N0} rows/s"));
        }
        return losses;
    }

    private double RunEpoch(AutoencoderNetwork network, Tensor rows, optim.Optimizer optimiser, Generator generator)
    {
        using var epochScope = NewDisposeScope();
        long rowCount = rows.shape[0];
        var order = randperm(rowCount, generator: generator);
        var total = zeros(1, dtype: ScalarType.Float64);
        for (long start = 0; start < rowCount; start += options.BatchSize)
        {
            using var stepScope = NewDisposeScope();
            long length = Math.Min(options.BatchSize, rowCount - start);
            var batch = rows.index_select(0, order.narrow(0, start, length));
            optimiser.zero_grad();
            var loss = nn.functional.mse_loss(network.Decode(network.Encode(batch)), batch);
            loss.backward();
            optimiser.step();

            // The sum stays in libtorch until the epoch ends: reading it each step would wait for the device.
            total.add_(loss.detach().mul_(length));
        }
        return total.item<double>() / rowCount;
    }
}
