using System.Diagnostics;
using Microsoft.ML.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Trains some parameters: epochs of shuffled batches, Adam.</summary>
internal sealed class TrainingLoop(AutoencoderEstimator.Options options, IChannel channel)
{
    /// <summary>Trains in place.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="terms">The terms of a batch's loss in an epoch.</param>
    /// <param name="set">The rows.</param>
    /// <param name="epochs">How often they are gone through.</param>
    /// <param name="what">What is trained, for messages, such as <c>Epoch</c>.</param>
    /// <param name="generator">Where everything random is drawn from.</param>
    /// <returns>The mean loss of each epoch, over its rows.</returns>
    /// <exception cref="InvalidOperationException">The loss is no longer a number.</exception>
    public double[] Run(IEnumerable<Parameter> parameters, Func<TrainingBatch, int, Pass, List<Tensor>> terms, TrainingSet set, int epochs, string what, Generator generator)
    {
        using var scope = NewDisposeScope();

        // Whatever the caller's thread is in the middle of.
        using var gradients = enable_grad();
        using var optimiser = optim.Adam(parameters, options.LearningRate);
        double[] losses = new double[epochs];
        var clock = new Stopwatch();
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            clock.Restart();
            int current = epoch;
            losses[epoch] = RunEpoch(batch => terms(batch, current, new Pass(IsTraining: true, generator)), set, optimiser, generator);
            if (!double.IsFinite(losses[epoch]))
                throw new InvalidOperationException($"Training diverged: the loss of {char.ToLowerInvariant(what[0])}{what[1..]} {epoch + 1} is {losses[epoch]}. Use a lower LearningRate than {FormattableString.Invariant($"{options.LearningRate}")}, or scale the inputs.");
            channel.Info(MessageSensitivity.None, FormattableString.Invariant(
                $"{what} {epoch + 1}/{epochs}: loss {losses[epoch]:G6}, {set.Count / clock.Elapsed.TotalSeconds:N0} rows/s"));
        }
        return losses;
    }

    private double RunEpoch(Func<TrainingBatch, List<Tensor>> terms, TrainingSet set, optim.Optimizer optimiser, Generator generator)
    {
        using var epochScope = NewDisposeScope();
        var order = randperm(set.Count, generator: generator);
        var total = zeros(1, dtype: ScalarType.Float64);
        for (long start = 0; start < set.Count; start += options.BatchSize)
        {
            using var stepScope = NewDisposeScope();
            long length = Math.Min(options.BatchSize, set.Count - start);
            optimiser.zero_grad();
            var loss = terms(set.Take(order.narrow(0, start, length))).Aggregate((sum, term) => sum + term);
            loss.backward();
            optimiser.step();

            // The sum stays in libtorch until the epoch ends: reading it each step would wait for the device.
            total.add_(loss.detach().mul_(length));
        }
        return total.item<double>() / set.Count;
    }
}
