using System.Diagnostics;

namespace MLNetAutoencoder.Tests;

/// <summary>
/// <c>dotnet test</c> starts all test projects at once; here each waits until the one before is done, since some tests
/// measure time or memory.
/// </summary>
[TestClass]
public static class OneTestProjectAtATime
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(60);

    // Held until the process ends.
    private static FileStream? s_lock;

    [AssemblyInitialize]
    public static void Wait(TestContext context)
    {
        // A published copy runs where there is no repository, alone.
        if (OwnProcess.IsThis || !Directory.Exists(Repository.Root))
            return;
        string path = Repository.PathOf("artifacts", "tests.lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var since = Stopwatch.StartNew();
        while (s_lock is null)
        {
            try
            {
                s_lock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (since.Elapsed < s_longest)
            {
                context.CancellationToken.WaitHandle.WaitOne(TimeSpan.FromSeconds(0.2));
                context.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
