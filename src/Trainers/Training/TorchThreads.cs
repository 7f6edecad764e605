using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>
/// libtorch's number of threads belongs to the whole process: fits that want the same number share it, others wait;
/// afterwards it is what it was.
/// </summary>
internal static class TorchThreads
{
    // With fewer multiply-adds of a batch's way forwards, a further thread costs more in waiting than it computes.
    private const long WorthAThread = 32_000_000;

    private static readonly object s_lock = new();
    private static int s_users;
    private static int s_count;
    private static int s_before;

    [ThreadStatic]
    private static int t_leases;

    /// <summary>The physical cores that the process may use: two threads of one core share what computes.</summary>
    public static int PhysicalCores { get; } = Math.Clamp(CountCores(), 1, Environment.ProcessorCount);

    /// <summary>
    /// The number of threads that a step pays for, whatever else the machine does: results depend on it in the last
    /// digits.
    /// </summary>
    /// <param name="multiplyAdds">The multiply-adds of a batch's way forwards.</param>
    /// <param name="cores">The physical cores; null for those of this machine.</param>
    public static int CountFor(long multiplyAdds, int? cores = null) =>
        (int)Math.Clamp(multiplyAdds / WorthAThread, 1, cores ?? PhysicalCores);

    /// <summary>Takes a number of threads until disposed, on the thread that calls.</summary>
    /// <returns>What is disposed in the end; it holds nothing where the waiting was canceled.</returns>
    /// <exception cref="InvalidOperationException">This thread already trains with another number, in a handler of
    /// whose log this was called.</exception>
    public static IDisposable Use(int count, CancellationToken cancellation = default)
    {
        // Its disposal waits for a call that has begun, which needs the lock: so it is without.
        using var wake = cancellation.Register(Wake);
        lock (s_lock)
        {
            while (s_users > 0 && s_count != count)
            {
                if (cancellation.IsCancellationRequested)
                    return new Lease(() => { });
                if (t_leases > 0)
                    throw new InvalidOperationException(
                        $"A fit with {count} threads of libtorch was started from within a fit with {s_count} on the same thread, so " +
                        "that each would wait for the other. Start it after the first has ended, or on another thread.");
                Monitor.Wait(s_lock);
            }

            // OpenMP keeps the number for each thread, and a thread that never set it has taken over that of the fit that runs already.
            int before = torch.get_num_threads();
            if (s_users == 0)
                (s_before, s_count) = (before, count);
            else if (before == s_count && t_leases == 0)
                before = s_before;
            s_users++;
            t_leases++;
            torch.set_num_threads(count);
            return new Lease(() => Leave(before));
        }
    }

    private static int CountCores()
    {
        const string processors = "/sys/devices/system/cpu";
        try
        {
            // Each logical processor names those of its core.
            if (Directory.Exists(processors))
            {
                var siblings = Directory.GetDirectories(processors, "cpu*")
                    .Select(processor => Path.Combine(processor, "topology", "thread_siblings_list")).Where(File.Exists)
                        .Select(File.ReadAllText);
                int cores = siblings.Distinct().Count();
                if (cores > 0)
                    return cores;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As where there is no such folder.
        }

        // Two logical processors for each core, but for ARM's.
        int count = Environment.ProcessorCount;
        return RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? count / 2 : count;
    }

    private static void Wake()
    {
        lock (s_lock)
            Monitor.PulseAll(s_lock);
    }

    private static void Leave(int before)
    {
        lock (s_lock)
        {
            s_users--;
            t_leases--;
            torch.set_num_threads(before);
            Monitor.PulseAll(s_lock);
        }
    }
}
