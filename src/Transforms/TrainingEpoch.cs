namespace MLNetAutoencoder;

/// <summary>What an epoch of a training came to.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="LearningRate">The learning rate of its last step.</param>
/// <param name="Losses">The terms of the loss by name, mean over the rows; their sum is the loss.</param>
/// <param name="ValidationLoss">The loss on the validation rows after the epoch; null without validation.</param>
public sealed record TrainingEpoch(int Epoch, double LearningRate, IReadOnlyDictionary<string, double> Losses, double? ValidationLoss)
{
    /// <summary>The loss: the sum of its terms.</summary>
    public double Loss => Losses.Values.Sum();
}
