using System.Globalization;

namespace MLNetAutoencoder;

/// <summary>How far a training is.</summary>
/// <param name="Stage">What is trained: <c>Epoch</c> for the whole, otherwise a layer that is pretrained.</param>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">How many there will be at most.</param>
/// <param name="Step">The steps of this epoch that are done.</param>
/// <param name="Steps">The steps of an epoch.</param>
/// <param name="Losses">The terms of the loss by name, mean over the rows that this epoch has gone through so far;
/// their sum is the loss.</param>
/// <param name="ValidationLoss">The loss on the validation rows after the epoch; null without validation, and before its end.</param>
/// <param name="RowsPerSecond">How many rows a second went through the training in this epoch.</param>
/// <param name="Remaining">How long this stage will go on at this speed, if it is not stopped early; no longer than
/// <see cref="TrainingOptions.MaxTrainingTime"/> leaves.</param>
public sealed record TrainingProgress(
    string Stage,
    int Epoch,
    int Epochs,
    long Step,
    long Steps,
    IReadOnlyDictionary<string, double> Losses,
    double? ValidationLoss,
    double RowsPerSecond,
    TimeSpan Remaining)
{
    /// <summary>All of it in one line, which is also what the context's log is told.</summary>
    public override string ToString()
    {
        string terms = Losses.Count > 1
            ? $" ({string.Join(", ", Losses.Select(term => FormattableString.Invariant($"{term.Key} {term.Value:G6}")))})" : "";
        string validation = ValidationLoss is { } value ? FormattableString.Invariant($", validation {value:G6}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{Stage} {Epoch}/{Epochs}, step {Step}/{Steps}: loss {Losses.Values.Sum():G6}{terms}{validation}, {RowsPerSecond:N0} " +
                $"rows/s, {Math.Floor(Remaining.TotalHours):0}:{Remaining:mm\\:ss} left");
    }
}
