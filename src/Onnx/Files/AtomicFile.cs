namespace MLNetAutoencoder.Onnx;

/// <summary>Writes files so that a reader sees the old ones or the new ones, never half of one.</summary>
public static class AtomicFile
{
    /// <summary>Writes several files: all of them to temporary files beside their targets first, and only then each to its place by a rename.</summary>
    /// <param name="files">Path and content of each file. An existing file is replaced.</param>
    /// <exception cref="IOException">A file cannot be written; the message names it, and no target has been touched.</exception>
    public static void WriteAll(params (string Path, byte[] Content)[] files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var staged = new List<(string Temporary, string Target)>(files.Length);
        try
        {
            foreach (var (path, content) in files)
            {
                ArgumentException.ThrowIfNullOrEmpty(path, nameof(files));
                string target = Path.GetFullPath(path);
                string temporary = $"{target}.{Guid.NewGuid():N}.tmp";
                try
                {
                    staged.Add((temporary, target));
                    File.WriteAllBytes(temporary, content);
                    if (Directory.Exists(target))
                        throw new IOException("a folder of that name is there");
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new IOException($"The file '{path}' cannot be written: {e.Message} Choose a folder that exists and may be written to.", e);
                }
            }
            foreach (var (temporary, target) in staged)
                File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            foreach (var (temporary, _) in staged)
            {
                if (File.Exists(temporary))
                    File.Delete(temporary);
            }
        }
    }
}
