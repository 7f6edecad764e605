using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.ML.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// Trains: epochs of shuffled batches, an optimizer with its schedule, validation, early stopping, checkpoints,
/// progress and cancellation.
/// </summary>
internal sealed class TrainingLoop(AutoencoderEstimator.Options options, IChannel channel)
{
    // What is told within an epoch besides its end: to a caller that watches, and to the log.
    private static readonly TimeSpan s_newsEvery = TimeSpan.FromSeconds(0.5), s_logEvery = TimeSpan.FromSeconds(10);

    private readonly Stopwatch _total = Stopwatch.StartNew();

    /// <summary>Trains in place.</summary>
    /// <returns>What each epoch came to, those before a checkpoint that was gone on from included.</returns>
    /// <exception cref="InvalidOperationException">The loss is no longer a number, or the checkpoint is of another training.</exception>
    /// <exception cref="OperationCanceledException">The training was canceled, and the options do not want the best
    /// weights so far.</exception>
    public IReadOnlyList<TrainingEpoch> Run(TrainingTask task, Generator generator)
    {
        using var scope = NewDisposeScope();

        // Whatever the caller's thread is in the middle of.
        using var gradients = enable_grad();
        using var optimizer = options.Optimizer.Start(task.Parameters);
        var state = task.Checkpoint?.Resume(task.Network!, optimizer, generator) ?? new TrainingState();
        while (state.History.Count < task.Epochs && !ShouldStopEarly(state) && RunEpoch(task, optimizer, state, generator))
        {
            Judge(task, state);
            if (task.Checkpoint is { } checkpoint && (
                state.History.Count % checkpoint.EveryEpochs == 0 || state.History.Count == task.Epochs || ShouldStopEarly(state)))
                checkpoint.Write(task.Network!, optimizer, state, generator);
        }
        if (state.Best.Count > 0)
            task.Network!.load_state_dict(state.Best);
        WarnOfDeadTraining(task, state);
        return state.History;
    }

    /// <summary>Runs an epoch.</summary>
    /// <returns>Whether it came to its end; not where the training is stopped within it.</returns>
    private bool RunEpoch(TrainingTask task, OptimizerHelper optimizer, TrainingState state, Generator generator)
    {
        int epoch = state.History.Count;
        long steps = (task.Rows.Count + options.BatchSize - 1) / options.BatchSize;
        using var losses = new StepLosses(task.Terms.Length);
        var pass = new Pass(IsTraining: true, generator);
        var clock = Stopwatch.StartNew();
        TimeSpan news = TimeSpan.Zero, logged = TimeSpan.Zero;
        double rate = 0;
        long step = 0;
        foreach (var batch in task.Rows.Shuffled(options.BatchSize, generator))
        {
            if (ShouldStop(epoch, step))
                return false;
            losses.Next(batch.Rows.shape[0]);
            task.Step.Run(batch, epoch, pass, losses);
            RequireNumbers(task, losses, epoch);
            rate = LearningRate(epoch + (double)step / steps, task.Epochs, state);
            Update(task, optimizer, rate);
            step++;
            if (step == steps || clock.Elapsed - news < s_newsEvery)
                continue;
            news = clock.Elapsed;
            var soFar = Progress(task, epoch, step, steps, Terms(task, losses, epoch), null, news, step * options.BatchSize);
            options.Progress?.Report(soFar);
            if (news - logged >= s_logEvery)
            {
                logged = news;
                channel.Info(MessageSensitivity.None, soFar.ToString());
            }
        }

        var terms = Terms(task, losses, epoch);
        double? validation = task.Validate?.Invoke(options.Cancellation);
        if (task.Validate is not null && validation is null && ShouldStop(epoch, step: null))
            return false;
        if (validation is { } loss && !double.IsFinite(loss))
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"Training diverged: the validation loss is no longer a number after epoch {epoch + 1}. Look for validation rows far " +
                    $"beyond the training rows, use a lower LearningRate than {options.LearningRate}, or scale the inputs."));
        state.History.Add(new TrainingEpoch(epoch + 1, rate, terms, validation));
        var done = Progress(task, epoch, steps, steps, terms, validation, clock.Elapsed, task.Rows.Count);
        options.Progress?.Report(done);
        channel.Info(MessageSensitivity.None, done.ToString());
        return true;
    }

    /// <summary>Whether the training is to end here with the best weights so far.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="step">The step that would be the next, from 0; null in the validation.</param>
    /// <exception cref="OperationCanceledException">It was canceled, and that is how it is to end.</exception>
    private bool ShouldStop(int epoch, long? step)
    {
        bool isCanceled = options.Cancellation.IsCancellationRequested;
        if (!isCanceled && _total.Elapsed < options.MaxTrainingTime)
            return false;
        string where = $"in {(step is null ? "the validation" : $"step {step + 1}")} of epoch {epoch + 1}";
        if (isCanceled && options.WhenCanceled == WhenCanceled.Throw)
            throw new OperationCanceledException($"The training was canceled {where}.", options.Cancellation);
        channel.Info(MessageSensitivity.None,
            $"The training {(isCanceled ? "was canceled" : "has reached its longest time")} {where}; the best weights so far are kept.");
        return true;
    }

    /// <summary>The losses of the epoch so far.</summary>
    /// <exception cref="InvalidOperationException">One is no longer a number.</exception>
    private Dictionary<string, double> Terms(TrainingTask task, StepLosses losses, int epoch)
    {
        double[] means = losses.Means();
        RequireNumbers(task, losses, epoch);
        return task.Terms.Zip(means).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
    }

    private void RequireNumbers(TrainingTask task, StepLosses losses, int epoch)
    {
        if (losses.Broken >= 0)
            throw new InvalidOperationException(
                $"Training diverged: the loss is no longer a number in step {losses.Broken + 1} of " +
                $"{char.ToLowerInvariant(task.Stage[0])}{task.Stage[1..]} {epoch + 1}. Use a lower LearningRate than " +
                $"{FormattableString.Invariant($"{options.LearningRate}")}, or scale the inputs.");
    }

    /// <summary>Looks at an epoch's loss: for the best weights, the patience of early stopping and that of the plateau.</summary>
    private void Judge(TrainingTask task, TrainingState state)
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
                state.Keep(task.Network!);
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
            channel.Info(MessageSensitivity.None, string.Create(CultureInfo.InvariantCulture,
                $"The loss has not fallen for {plateau.Patience} epochs: the learning rate is now " +
                $"{options.LearningRate * state.PlateauFactor:G3}."));
        }
    }

    private bool ShouldStopEarly(TrainingState state) =>
        options.EarlyStopping is { } stopping && state.EpochsWithoutImprovement >= stopping.Patience;

    private double LearningRate(double epoch, int epochs, TrainingState state)
    {
        double rate = options.LearningRate * options.Schedule.Factor(epoch, epochs) * state.PlateauFactor;
        return epoch < options.WarmUpEpochs ? rate * epoch / options.WarmUpEpochs : rate;
    }

    private void Update(TrainingTask task, OptimizerHelper optimizer, double rate)
    {
        if (options.GradientClipping is { } most)
            nn.utils.clip_grad_norm_(task.Parameters, most);
        foreach (var group in optimizer.ParamGroups)
            group.LearningRate = rate;
        optimizer.step();
    }

    private TrainingProgress Progress(TrainingTask task, int epoch, long step, long steps, IReadOnlyDictionary<string, double> terms,
        double? validation, TimeSpan elapsed, long rows)
    {
        var left = Times(elapsed, ((double)steps * (task.Epochs - epoch) - step) / step);
        var allowed = options.MaxTrainingTime == TimeSpan.MaxValue ? TimeSpan.MaxValue : options.MaxTrainingTime - _total.Elapsed;
        var remaining = left < allowed ? left : allowed > TimeSpan.Zero ? allowed : TimeSpan.Zero;
        return new TrainingProgress(task.Stage, epoch + 1, task.Epochs, step, steps, terms, validation,
            rows / Math.Max(1e-9, elapsed.TotalSeconds), remaining);
    }

    /// <summary>
    /// A multiple of a time, at most the longest one there is: epochs without end are a way to leave the end to early
    /// stopping.
    /// </summary>
    internal static TimeSpan Times(TimeSpan time, double factor) =>
        time.Ticks * factor < TimeSpan.MaxValue.Ticks ? time * factor : TimeSpan.MaxValue;

    private void WarnOfDeadTraining(TrainingTask task, TrainingState state)
    {
        const int enough = 3;
        const double moved = 1e-4;
        if (state.History.Count < enough || options.LearningRate == 0)
            return;
        double first = state.History[0].Loss, least = state.History.Min(epoch => epoch.Loss), most = state.History.Max(epoch => epoch.Loss);
        if (most - least <= moved * Math.Abs(first))
            channel.Warning(MessageSensitivity.None, string.Create(CultureInfo.InvariantCulture,
                $"The loss has hardly moved: it was {first:G6} in the first epoch and {state.History[^1].Loss:G6} in the last of " +
                    $"{state.History.Count}. Perhaps all units of a layer are dead; try another LearningRate, Activation or Seed."));
    }
}

/// <summary>What a training has come to, besides its weights.</summary>
internal sealed class TrainingState
{
    public List<TrainingEpoch> History { get; init; } = [];

    /// <summary>Parameters and buffers after the epoch with the least validation loss; empty without one.</summary>
    [JsonIgnore]
    public Dictionary<string, Tensor> Best { get; } = [];

    public double LeastValidationLoss { get; set; } = double.PositiveInfinity;

    public int EpochsWithoutImprovement { get; set; }

    public double PlateauLoss { get; set; } = double.PositiveInfinity;

    public int EpochsOnPlateau { get; set; }

    public double PlateauFactor { get; set; } = 1;

    /// <summary>Takes the present parameters and buffers for the best.</summary>
    public void Keep(nn.Module network)
    {
        using var none = no_grad();
        foreach (var (name, tensor) in network.state_dict())
        {
            if (Best.TryGetValue(name, out var copy))
                copy.copy_(tensor);
            else
                Best.Add(name, tensor.detach().clone());
        }
    }
}
