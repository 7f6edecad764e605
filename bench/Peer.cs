using System.Diagnostics;
using System.Globalization;

namespace MLNetAutoencoder.Bench;

/// <summary>The PyTorch side of a benchmark: one child that lives as long as the benchmark and trains when it is told to.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process _process;

    /// <param name="script">The Python script. It first prints PyTorch's version, then answers each line with one of numbers.</param>
    /// <param name="threads">The threads that it is started with; null where the script sets them.</param>
    public Peer(string script, int? threads)
    {
        // Debian's own interpreter: another one that comes first in PATH would not see python3-torch.
        const string debian = "/usr/bin/python3";
        var start = new ProcessStartInfo(File.Exists(debian) ? debian : "python3", [script]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (threads is { } count)
            start.Environment["OMP_NUM_THREADS"] = count.ToString(CultureInfo.InvariantCulture);
        _process = Process.Start(start)!;
        Version = Answer();
    }

    public string Version { get; }

    /// <summary>Sends a line and reads the numbers that come back.</summary>
    public double[] Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        return Array.ConvertAll(Answer().Split(' '), text => double.Parse(text, CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Answer() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The PyTorch side ended early; is python3-torch installed?");
}
