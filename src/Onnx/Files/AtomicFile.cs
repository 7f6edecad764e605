namespace MLNetAutoencoder.Onnx;

/// <summary>Writes files so that a reader sees the old ones or the new ones, never half of one.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// Writes several files: all of them to temporary files beside their targets first, and only then each to its place
    /// by a rename. Where that fails for one, those before it are put back.
    /// </summary>
    /// <param name="files">Path and content of each file. An existing file is replaced; where it is a link, the file
    /// that it points to.</param>
    /// <exception cref="IOException">A file cannot be written; the message names it, and all targets are as they were.</exception>
    /// <exception cref="ArgumentException">A path is empty, or two are the same.</exception>
    public static void WriteAll(params (string Path, byte[] Content)[] files) => WriteAll(files, beforeReplace: null);

    /// <summary>As above; <paramref name="beforeReplace"/> sees each path before its rename, and may fail it in a test.</summary>
    internal static void WriteAll(IReadOnlyList<(string Path, byte[] Content)> files, Action<string>? beforeReplace)
    {
        var writes = new List<Write>(files.Count);
        foreach (var (path, content) in files)
        {
            ArgumentException.ThrowIfNullOrEmpty(path, nameof(files));
            var write = new Write(path, content);
            if (writes.Exists(other => other.Target == write.Target))
                throw new ArgumentException($"The file '{path}' is named twice; each of the files needs a path of its own.", nameof(files));
            writes.Add(write);
        }

        try
        {
            writes.ForEach(write => Try(write, write.Stage));
            writes.ForEach(write => Try(write, () =>
            {
                beforeReplace?.Invoke(write.Path);
                write.Replace();
            }));
        }
        catch
        {
            writes.ForEach(write => write.PutBack());
            throw;
        }
        finally
        {
            writes.ForEach(write => write.CleanUp());
        }
    }

    private static void Try(Write write, Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The file '{write.Path}' cannot be written: {e.Message} Choose a folder that exists and may be written to.", e);
        }
    }

    /// <summary>One file on its way.</summary>
    private sealed class Write
    {
        private readonly byte[] _content;
        private readonly string _temporary;
        private readonly string _backup;
        private bool _replaced;

        public Write(string path, byte[] content)
        {
            Path = path;
            _content = content;
            Target = System.IO.Path.GetFullPath(new FileInfo(path).LinkTarget is null ? path
                : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName);
            string mark = Guid.NewGuid().ToString("N")[..8];
            _temporary = $"{Target}.{mark}.tmp";
            _backup = $"{Target}.{mark}.old";
        }

        /// <summary>The path as the caller gave it.</summary>
        public string Path { get; }

        public string Target { get; }

        public void Stage()
        {
            if (Directory.Exists(Target))
                throw new IOException("a folder of that name is there.");
            File.WriteAllBytes(_temporary, _content);
        }

        public void Replace()
        {
            // The old file is kept until all are in place, by a second name: the rename over it stays atomic for readers.
            if (File.Exists(Target))
                File.Copy(Target, _backup);
            File.Move(_temporary, Target, overwrite: true);
            _replaced = true;
        }

        public void PutBack()
        {
            if (!_replaced)
                return;
            if (File.Exists(_backup))
                File.Move(_backup, Target, overwrite: true);
            else
                File.Delete(Target);
        }

        public void CleanUp()
        {
            foreach (string file in new[] { _temporary, _backup })
            {
                if (File.Exists(file))
                    File.Delete(file);
            }
        }
    }
}
