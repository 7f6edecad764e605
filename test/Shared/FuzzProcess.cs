using System.Diagnostics;

namespace MLNetAutoencoder.Tests;

/// <summary>
/// The process that reads mutants: it may die, and is then started again. It has little memory: for managed objects by
/// a limit of the garbage collector's, and on Linux altogether by the kernel's.
/// </summary>
internal sealed class FuzzProcess : IDisposable
{
    /// <summary>The longest that a file may be worked at, in time of a processor.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(5);

    /// <summary>The most memory that it may write to, besides what is read from files.</summary>
    private const int MostMegabytes = 2_048;

    private const int MostManagedMegabytes = 768;

    private static readonly TimeSpan s_longestStart = TimeSpan.FromMinutes(2), s_longestWait = TimeSpan.FromMinutes(1),
        s_look = TimeSpan.FromMilliseconds(500);

    private readonly Queue<string> _errors = new();
    private Process? _process;
    private bool _isWarm;

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; }

    /// <summary>The most memory that it had in use, so far as was looked at.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Lets it read a file. What it says of it, or what happened to it.</summary>
    /// <param name="kind">0 for a graph, 1 for a model of ML.NET.</param>
    /// <param name="file">The file.</param>
    public (string Outcome, string Reason) Read(int kind, byte[] file)
    {
        var process = _process ??= Start();
        var processorBefore = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var answer = Task.Run(() =>
        {
            var input = process.StandardInput.BaseStream;
            input.WriteByte((byte)kind);
            input.Write(BitConverter.GetBytes(file.Length));
            input.Write(file);
            input.Flush();
            return process.StandardOutput.ReadLine();
        });
        while (!Ends(answer))
        {
            // A busy machine lets it wait; what it may not do is work, or wait for itself.
            bool hangs = _isWarm ? process.TotalProcessorTime - processorBefore > LongestTime || clock.Elapsed > s_longestWait
                : clock.Elapsed > s_longestStart;
            if (hangs)
            {
                double seconds = clock.Elapsed.TotalSeconds, worked = (process.TotalProcessorTime - processorBefore).TotalSeconds;
                Stop();
                return ("Hang", $"no answer after {seconds:F1} s, {worked:F1} of them at work");
            }
        }
        if (answer is { IsCompletedSuccessfully: true, Result: { } line })
        {
            _isWarm = true;
            process.Refresh();
            PeakBytes = Math.Max(PeakBytes, process.PeakWorkingSet64);
            string[] parts = line.Split('\t', 2);
            return (parts[0], parts[1]);
        }
        process.WaitForExit(10_000);
        string last;
        lock (_errors)
            last = string.Join(" | ", _errors);
        string ended = process.HasExited ? $"the process ended with {process.ExitCode}" : "the process closed its output";
        Stop();
        return ("Crash", $"{ended}: {last}");
    }

    public void Dispose() => Stop();

    private Process Start()
    {
        // artifacts/bin/PROJECT/CONFIGURATION: the program lies beside the tests.
        var folder = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string program = Path.Combine(folder.Parent!.Parent!.FullName, "Fuzzer", folder.Name, "Fuzzer.dll");
        var start = OperatingSystem.IsLinux()
            ? new ProcessStartInfo("/bin/sh", ["-c", $"ulimit -d {MostMegabytes * 1024} && exec dotnet \"$0\"", program])
            : new ProcessStartInfo("dotnet", [program]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["DOTNET_GCHeapHardLimit"] = $"{(long)MostManagedMegabytes << 20:X}";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["OMP_NUM_THREADS"] = "1";
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, e) =>
        {
            lock (_errors)
            {
                if (e.Data is null)
                    return;
                _errors.Enqueue(e.Data);
                if (_errors.Count > 12)
                    _errors.Dequeue();
            }
        };
        process.BeginErrorReadLine();
        Starts++;
        _isWarm = false;
        return process;
    }

    private static bool Ends(Task task)
    {
        try
        {
            return task.Wait(s_look);
        }
        catch (AggregateException)
        {
            // Its end of a pipe was closed.
            return true;
        }
    }

    private void Stop()
    {
        if (_process is null)
            return;
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _process = null;
    }
}
