using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>libtorch's number of threads belongs to the whole process: fits that want the same number share it, others wait; afterwards it is what it was.</summary>
internal static class TorchThreads
{
    // Below this many multiply-adds a step, a second thread costs more in waiting than it computes.
    private const long WorthASecondThread = 64_000_000;

    private static readonly object s_lock = new();
    private static int s_users;
    private static int s_count;
    private static int s_before;

    /// <summary>The number of threads for a network and a batch: a fixed function of these, never of the load, since results depend on it in the last digits.</summary>
    public static int CountFor(long parameters, int batchSize) =>
        parameters * batchSize < WorthASecondThread ? 1 : Math.Min(2, Environment.ProcessorCount);

    /// <summary>Takes a number of threads until disposed, on the thread that calls.</summary>
    public static IDisposable Use(int count)
    {
        lock (s_lock)
        {
            while (s_users > 0 && s_count != count)
                Monitor.Wait(s_lock);
            if (s_users++ == 0)
            {
                s_before = torch.get_num_threads();
                s_count = count;
            }

            // OpenMP keeps the number for each thread, so every user sets it on its own.
            torch.set_num_threads(count);
        }
        return new Lease();
    }

    private sealed class Lease : IDisposable
    {
        private bool _disposed;

        public void Dispose()
        {
            lock (s_lock)
            {
                if (_disposed)
                    return;
                _disposed = true;
                torch.set_num_threads(--s_users == 0 ? s_before : s_count);
                Monitor.PulseAll(s_lock);
            }
        }
    }
}
