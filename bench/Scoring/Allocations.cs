using Microsoft.ML;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>Managed bytes that a row costs, on the thread that asks for it, once everything is warm.</summary>
internal static class Allocations
{
    private const int WarmUp = 8192, Counted = 65536;

    /// <summary>The bytes for each row of a view.</summary>
    public static double PerRow(Func<long, IDataView> view, Outputs outputs)
    {
        using var reader = new ColumnReader(view(WarmUp + Counted + 1), outputs.Columns);
        return PerRow(rows => reader.Read(rows));
    }

    /// <summary>The bytes for each row of a loop.</summary>
    public static double PerRow(Func<long, double> read)
    {
        read(WarmUp);
        long before = GC.GetAllocatedBytesForCurrentThread();
        read(Counted);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Counted;
    }
}
