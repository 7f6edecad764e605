namespace MLNetAutoencoder;

/// <summary>A step up to the gradients.</summary>
internal interface ITrainingStep : IDisposable
{
    /// <summary>Leaves the gradients of a batch in the parameters, and the terms of its loss in <paramref name="losses"/>.</summary>
    void Run(TrainingBatch batch, int epoch, Pass pass, StepLosses losses);
}
