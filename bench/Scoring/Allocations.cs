namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>Managed bytes that a row costs, on the thread that asks for it, once everything is warm.</summary>
internal static class Allocations
{
    private const int WarmUp = 8192, Counted = 65536;

    /// <summary>The bytes for each row of a reader that goes on by a number of rows.</summary>
    public static double PerRow(Func<long, double> read)
    {
        read(WarmUp);
        long before = GC.GetAllocatedBytesForCurrentThread();
        read(Counted);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Counted;
    }
}
