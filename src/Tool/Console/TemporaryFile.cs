using System.Collections.Concurrent;

namespace MLNetAutoencoder.Tool;

/// <summary>A file that is gone when the process ends, unless it was moved to its place.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private static readonly ConcurrentDictionary<string, bool> s_files = new(StringComparer.Ordinal);

    private TemporaryFile(string path) => Path = path;

    public string Path { get; }

    /// <summary>A name beside another file, so that the move to its place is a rename.</summary>
    public static TemporaryFile Beside(string target) =>
        Named($"{System.IO.Path.GetFullPath(target)}.{Guid.NewGuid().ToString("N")[..8]}.tmp");

    /// <summary>A name in the system's folder for temporary files.</summary>
    public static TemporaryFile Somewhere() => Named(System.IO.Path.Combine(System.IO.Path.GetTempPath(),
        $"mlnet-autoencoder-{Guid.NewGuid():N}"));

    /// <summary>Deletes all that there are, when the process is made to end.</summary>
    public static void DeleteAll()
    {
        foreach (string path in s_files.Keys)
            File.Delete(path);
    }

    public void MoveTo(string target)
    {
        // Where the target is a link, the file that it points to is replaced.
        string path = new FileInfo(target).LinkTarget is null ? target : File.ResolveLinkTarget(target, returnFinalTarget: true)!.FullName;
        File.Move(Path, path, overwrite: true);
        s_files.TryRemove(Path, out _);
    }

    public void Dispose()
    {
        if (s_files.TryRemove(Path, out _))
            File.Delete(Path);
    }

    private static TemporaryFile Named(string path)
    {
        s_files[path] = true;
        return new TemporaryFile(path);
    }
}
