using System.Diagnostics;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>Scripts that run under Debian's Python with PyTorch.</summary>
internal static class PythonScript
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs a script; a test is inconclusive where PyTorch is not installed, and fails where the script does.</summary>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments.</param>
    public static void Run(string script, params string[] arguments)
    {
        if (OtherRuntime.MissingModule("torch", "python3-torch") is { } reason)
            Assert.Inconclusive(reason);

        // -B: no compiled files beside the scripts.
        var start = new ProcessStartInfo("/usr/bin/python3", ["-B", script, .. arguments]) { RedirectStandardOutput = true,
            RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'{script}' took longer than {s_limit.TotalMinutes} minutes.");
        }
        Assert.AreEqual(0, process.ExitCode, $"'{script}' failed: {output.Result}{errors.Result}");
    }
}
