using System.Diagnostics;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Trains: epochs of shuffled batches, an optimiser with its schedule, validation, early stopping, checkpoints, progress and cancellation.</summary>
internal sealed class TrainingLoop(AutoencoderEstimator.Options options, IChannel channel)
{
    // A caller that watches gets this much news within an epoch, and not more.
    private static readonly TimeSpan s_newsEvery = TimeSpan.FromSeconds(0.5);

    private readonly Stopwatch _total = Stopwatch.StartNew();

    /// <summary>Trains in place.</summary>
    /// <param name="task">What is trained.</param>
    /// <param name="generator">Where everything random is drawn from.</param>
    /// <returns>What each epoch came to, those before a checkpoint that was gone on from included.</returns>
    /// <exception cref="InvalidOperationException">The loss is no longer a number, or the checkpoint is of another training.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled, and the options do not want the best weights so far.</exception>
    public IReadOnlyList<TrainingEpoch> Run(TrainingTask task, Generator generator)
    {
        using var scope = NewDisposeScope();

        // Whatever the caller's thread is in the middle of.
        using var gradients = enable_grad();
        using var optimiser = options.Optimiser.Start(task.Parameters);
        using var best = new Snapshot(task.Parameters.Concat<Tensor>(task.Statistics));
        var state = new TrainingState();
        task.Checkpoint?.Resume(task, optimiser, best, state, generator);
        while (state.History.Count < task.Epochs && !ShouldStopEarly(state) && RunEpoch(task, optimiser, state, generator))
        {
            Judge(task, best, state);
            if (task.Checkpoint is { } checkpoint && (state.History.Count % checkpoint.EveryEpochs == 0 || state.History.Count == task.Epochs || ShouldStopEarly(state)))
                checkpoint.Write(task, optimiser, best, state, generator);
        }
        if (state.LeastValidationLoss < double.PositiveInfinity)
            best.Restore();
        WarnOfDeadTraining(task, state);
        return state.History;
    }

    /// <summary>Runs an epoch.</summary>
    /// <returns>Whether it came to its end; not where the training is stopped within it.</returns>
    private bool RunEpoch(TrainingTask task, OptimiserState optimiser, TrainingState state, Generator generator)
    {
        int epoch = state.History.Count;
        int steps = checked((int)((task.Rows.Count + options.BatchSize - 1) / options.BatchSize));
        using var losses = new StepLosses(task.Terms.Length);
        var pass = new Pass(IsTraining: true, generator);
        var clock = Stopwatch.StartNew();
        var news = TimeSpan.Zero;
        double rate = 0;
        int step = 0;
        foreach (var batch in task.Rows.Shuffled(options.BatchSize, generator))
        {
            if (options.Cancellation.IsCancellationRequested)
            {
                if (options.WhenCancelled == WhenCancelled.Throw)
                    throw new OperationCanceledException($"The training was cancelled in step {step + 1} of epoch {epoch + 1}.", options.Cancellation);
                channel.Info(MessageSensitivity.None, $"The training was cancelled in step {step + 1} of epoch {epoch + 1}; the best weights so far are kept.");
                return false;
            }
            if (_total.Elapsed >= options.MaxTrainingTime)
            {
                channel.Info(MessageSensitivity.None, $"The training has reached its longest time in step {step + 1} of epoch {epoch + 1}; the best weights so far are kept.");
                return false;
            }
            losses.Next(batch.Rows.shape[0]);
            task.Step.Run(batch, epoch, pass, losses);
            RequireNumbers(task, losses, epoch);
            rate = LearningRate(epoch + (double)step / steps, task.Epochs, state);
            optimiser.Step(rate, ClippingScale(optimiser));
            step++;
            if (options.Progress is { } progress && clock.Elapsed - news > s_newsEvery && step < steps)
            {
                news = clock.Elapsed;
                progress.Report(Progress(task, epoch, step, steps, new Dictionary<string, double>(), null, clock.Elapsed, (long)step * options.BatchSize));
            }
        }

        double[] means = losses.Means();
        RequireNumbers(task, losses, epoch);
        var terms = task.Terms.Zip(means).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
        var record = new TrainingEpoch(epoch + 1, rate, terms, task.Validate?.Invoke());
        state.History.Add(record);
        options.Progress?.Report(Progress(task, epoch, steps, steps, terms, record.ValidationLoss, clock.Elapsed, task.Rows.Count));
        string validation = record.ValidationLoss is { } value ? FormattableString.Invariant($", validation {value:G6}") : "";
        channel.Info(MessageSensitivity.None, FormattableString.Invariant(
            $"{task.Stage} {epoch + 1}/{task.Epochs}: loss {record.Loss:G6}{validation}, {task.Rows.Count / clock.Elapsed.TotalSeconds:N0} rows/s"));
        return true;
    }

    private void RequireNumbers(TrainingTask task, StepLosses losses, int epoch)
    {
        if (losses.Broken >= 0)
            throw new InvalidOperationException($"Training diverged: the loss is no longer a number in step {losses.Broken + 1} of {char.ToLowerInvariant(task.Stage[0])}{task.Stage[1..]} {epoch + 1}. Use a lower LearningRate than {FormattableString.Invariant($"{options.LearningRate}")}, or scale the inputs.");
    }

    /// <summary>Looks at an epoch's loss: for the best weights, the patience of early stopping and that of the plateau.</summary>
    private void Judge(TrainingTask task, Snapshot best, TrainingState state)
    {
        var last = state.History[^1];
        if (last.ValidationLoss is { } validation)
        {
            state.EpochsWithoutImprovement++;
            if (validation < state.LeastValidationLoss)
            {
                // What is not improvement enough to go on is still the best so far.
                if (validation < state.LeastValidationLoss - (options.EarlyStopping?.MinimalImprovement ?? 0))
                    state.EpochsWithoutImprovement = 0;
                state.LeastValidationLoss = validation;
                best.Take();
            }
        }
        if (options.Schedule is not PlateauSchedule plateau)
            return;
        double watched = last.ValidationLoss ?? last.Loss;
        state.EpochsOnPlateau++;
        if (watched < state.PlateauLoss * (1 - plateau.MinimalImprovement))
        {
            state.PlateauLoss = watched;
            state.EpochsOnPlateau = 0;
        }
        else if (state.EpochsOnPlateau >= plateau.Patience)
        {
            state.PlateauFactor *= plateau.Multiplier;
            state.EpochsOnPlateau = 0;
            channel.Info(MessageSensitivity.None, FormattableString.Invariant($"The loss has not fallen for {plateau.Patience} epochs: the learning rate is now {options.LearningRate * state.PlateauFactor:G3}."));
        }
    }

    private bool ShouldStopEarly(TrainingState state) => options.EarlyStopping is { } stopping && state.EpochsWithoutImprovement >= stopping.Patience;

    private double LearningRate(double epoch, int epochs, TrainingState state)
    {
        double rate = options.LearningRate * options.Schedule.Factor(epoch, epochs) * state.PlateauFactor;
        return epoch < options.WarmUpEpochs ? rate * epoch / options.WarmUpEpochs : rate;
    }

    private double ClippingScale(OptimiserState optimiser)
    {
        if (options.GradientClipping is not { } most)
            return 1;
        double norm = optimiser.GradientNorm();
        return norm > most ? most / norm : 1;
    }

    private static TrainingProgress Progress(TrainingTask task, int epoch, long step, long steps, IReadOnlyDictionary<string, double> terms, double? validation, TimeSpan elapsed, long rows)
    {
        double left = (steps - step) / (double)Math.Max(1, step) + (task.Epochs - epoch - 1) * (double)steps / Math.Max(1, step);
        return new TrainingProgress(task.Stage, epoch + 1, task.Epochs, step, steps, terms, validation, rows / Math.Max(1e-9, elapsed.TotalSeconds), elapsed * left);
    }

    private void WarnOfDeadTraining(TrainingTask task, TrainingState state)
    {
        const int enough = 3;
        const double moved = 1e-4;
        if (state.History.Count < enough || options.LearningRate == 0)
            return;
        double first = state.History[0].Loss, least = state.History.Min(epoch => epoch.Loss), most = state.History.Max(epoch => epoch.Loss);
        if (most - least <= moved * Math.Abs(first))
            channel.Warning(MessageSensitivity.None, FormattableString.Invariant(
                $"The loss has hardly moved: it was {first:G6} in the first epoch and {state.History[^1].Loss:G6} in the last of {state.History.Count}. Perhaps all units of a layer are dead; try another LearningRate, Activation or Seed."));
    }
}

/// <summary>What a training has come to, besides its weights.</summary>
internal sealed class TrainingState
{
    public List<TrainingEpoch> History { get; } = [];

    public double LeastValidationLoss { get; set; } = double.PositiveInfinity;

    public int EpochsWithoutImprovement { get; set; }

    public double PlateauLoss { get; set; } = double.PositiveInfinity;

    public int EpochsOnPlateau { get; set; }

    public double PlateauFactor { get; set; } = 1;
}
