namespace MLNetAutoencoder;

/// <summary>What a fit does when its cancellation is asked for.</summary>
public enum WhenCanceled
{
    /// <summary>It throws an <see cref="OperationCanceledException"/>.</summary>
    Throw,

    /// <summary>
    /// It ends the training and gives the model with the best weights so far: those of the epoch with the least
    /// validation loss, without validation the present ones.
    /// </summary>
    KeepBest,
}
