namespace MLNetAutoencoder.Tests.House;

/// <summary><c>dotnet test</c> starts all test projects at once; here each waits until the one before is done, since some tests measure time or memory.</summary>
[TestClass]
public static class OneTestProjectAtATime
{
    // Held until the process ends.
    private static FileStream? s_lock;

    [AssemblyInitialize]
    public static void Wait(TestContext context)
    {
        if (OwnProcess.IsThis)
            return;
        string path = Repository.PathOf("artifacts", "tests.lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (s_lock is null)
        {
            try
            {
                s_lock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                context.CancellationToken.WaitHandle.WaitOne(TimeSpan.FromSeconds(0.2));
                context.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
