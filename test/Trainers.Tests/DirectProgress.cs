namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Progress without a detour over another thread.</summary>
internal sealed class DirectProgress(Action<TrainingProgress> report) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => report(value);
}
