using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace MLNetAutoencoder.Bench;

/// <summary>The PyTorch side of a benchmark: one child that lives as long as the benchmark and trains when it is told to.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process _process;

    private Peer(string script)
    {
        // Debian's own interpreter: another one that comes first in PATH would not see python3-torch.
        const string debian = "/usr/bin/python3";
        var start = new ProcessStartInfo(File.Exists(debian) ? debian : "python3", [script]) { RedirectStandardInput = true,
            RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        Version = Answer();
    }

    public string Version { get; }

    /// <summary>Starts a script; null where Python or its torch is missing.</summary>
    /// <param name="script">The Python script. It first prints PyTorch's version, then answers each line with one of numbers.</param>
    public static Peer? TryStart(string script)
    {
        try
        {
            return new Peer(script);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

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

    private string Answer() => _process.StandardOutput.ReadLine()
        ?? throw new InvalidOperationException("The PyTorch side ended early; is python3-torch installed?");
}
