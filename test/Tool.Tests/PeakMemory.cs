using System.Diagnostics;
using System.Globalization;

namespace MLNetAutoencoder.Tests.Tool;

/// <summary>The most memory that a process had, as the kernel counts it.</summary>
internal static class PeakMemory
{
    /// <summary>Waits for the end of a process.</summary>
    /// <returns>The largest resident set, in bytes.</returns>
    public static long Of(Process process)
    {
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        long peak = 0;
        while (!process.WaitForExit(TimeSpan.FromMilliseconds(20)))
        {
            try
            {
                string? line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(line =>
                    line.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null)
                    peak = Math.Max(peak, 1024 * long.Parse(line.AsSpan(6).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }
        process.WaitForExit();
        return process.ExitCode == 0 ? peak
            : throw new InvalidOperationException($"It ended with {process.ExitCode}: {output.Result}{error.Result}");
    }
}
