using System.Diagnostics;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The sample TimeSeries finds the four events that its series is made with.</summary>
[TestClass]
public sealed class TimeSeriesSampleTests
{
    [TestMethod]
    public void Events_are_found_and_alarms_go_on_after_a_restart()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "..", "..", "TimeSeries",
            Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "TimeSeries.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, errors.Result);
        string output = string.Join('\n', lines);
        Assert.AreEqual("Trained on windows of 24 steps.", lines[0]);

        // The night of April 8 and the noon of the 15th have the highest scores; windows of six hours reach into them from before.
        string[] events = [.. lines.Where(line => line.StartsWith("event", StringComparison.Ordinal))];
        double Score(string line) => double.Parse(line.Split("score ")[1].Split(':')[0], System.Globalization.CultureInfo.InvariantCulture);
        string[] highest = [.. events.OrderByDescending(Score).Take(2)];
        StringAssert.StartsWith(highest[0], "event  2026-04-15", output);
        StringAssert.StartsWith(highest[1], "event  2026-04-0", output);
        Assert.IsTrue(highest.All(line => Score(line) > 3), output);

        // One alarm before the restart, and one or two on the holiday after it.
        int restart = Array.FindIndex(lines, line => line.StartsWith("saved", StringComparison.Ordinal));
        string[] alarms = [.. lines.Where(line => line.StartsWith("alarm", StringComparison.Ordinal))];
        Assert.IsTrue(alarms.Any(line => line.StartsWith("alarm  2026-04-23 2", StringComparison.Ordinal)), output);
        Assert.IsTrue(lines[restart..].Any(line => line.StartsWith("alarm  2026-05-01", StringComparison.Ordinal)), output);
        Assert.IsLessThan(8, alarms.Length, output);
    }
}
