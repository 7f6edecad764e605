using System.Diagnostics;
using System.Text.RegularExpressions;

namespace MLNetAutoencoder.Tests.Hosting;

/// <summary>The service sample as a process of its own, on a port that the system chooses.</summary>
internal sealed partial class ServiceProcess : IDisposable
{
    private readonly Process _process;

    private ServiceProcess(Process process, string modelPath, Uri address)
    {
        (_process, ModelPath) = (process, modelPath);
        Client = new HttpClient { BaseAddress = address };
    }

    /// <summary>The file that the service serves.</summary>
    public string ModelPath { get; }

    public HttpClient Client { get; }

    /// <summary>The memory that the process holds, in bytes.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts it, and waits until it listens.</summary>
    public static async Task<ServiceProcess> StartAsync(byte[] model, params string[] options)
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.zip");
        File.WriteAllBytes(path, model);
        var start = new ProcessStartInfo("dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "..", "..", "Service", "release", "Service.dll"), "--urls", "http://127.0.0.1:0",
            "--Model:Path", path, "--Model:ReloadInterval", "00:00:00.2", "--Logging:LogLevel:Microsoft.AspNetCore", "Warning", .. options,
        ])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        var process = Process.Start(start)!;
        var listening = new TaskCompletionSource<Uri>();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text && Listening().Match(text) is { Success: true } match)
                listening.TrySetResult(new Uri(match.Groups[1].Value));
        };
        process.BeginOutputReadLine();
        return new ServiceProcess(process, path, await listening.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(ModelPath);
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();
}
