namespace MLNetAutoencoder.Samples;

/// <summary>Where no bar can be shown, a line for every tenth epoch.</summary>
internal sealed class EpochLines : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        if (value.Step == value.Steps && (value.Epoch == 1 || value.Epoch % 10 == 0))
            Console.WriteLine(
                $"  Epoch {value.Epoch}/{value.Epochs}: loss {value.Losses.Values.Sum():G6}, {value.RowsPerSecond:N0} rows/s");
    }
}
