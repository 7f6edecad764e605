namespace MLNetAutoencoder;

/// <summary>How far a training is.</summary>
/// <param name="Stage">What is trained: <c>Epoch</c> for the whole, otherwise a layer that is pretrained.</param>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">How many there will be at most.</param>
/// <param name="Step">The steps of this epoch that are done.</param>
/// <param name="Steps">The steps of an epoch.</param>
/// <param name="Losses">The terms of the loss, mean over the rows of the epoch; empty before its end.</param>
/// <param name="ValidationLoss">The loss on the validation rows after the epoch; null without validation, and before its end.</param>
/// <param name="RowsPerSecond">How many rows a second went through the training in this epoch.</param>
/// <param name="Remaining">How long the training will go on at this speed, if it is not stopped early.</param>
public sealed record TrainingProgress(
    string Stage,
    int Epoch,
    int Epochs,
    long Step,
    long Steps,
    IReadOnlyDictionary<string, double> Losses,
    double? ValidationLoss,
    double RowsPerSecond,
    TimeSpan Remaining);
