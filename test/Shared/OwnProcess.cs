using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace MLNetAutoencoder.Tests;

/// <summary>
/// Runs a test again in a process of its own, where no other test has left anything, and without tiered compilation: it
/// compiles methods anew for minutes, and what that takes of memory is not the library's.
/// </summary>
internal static class OwnProcess
{
    private const string Variable = "MLNETAUTOENCODER_TEST_OF_ITS_OWN";

    /// <summary>Whether this is such a process.</summary>
    public static bool IsThis => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Runs the body of a test; its messages become those of the test.</summary>
    /// <param name="context">The test's context.</param>
    /// <param name="body">The body.</param>
    /// <param name="test">The name of the test; for one with data, its rows run one after another in the process.</param>
    public static void Run(TestContext context, Action body, [CallerMemberName] string test = "")
    {
        if (Environment.GetEnvironmentVariable(Variable) == test)
        {
            body();
            return;
        }
        var start = new ProcessStartInfo("dotnet",
            [typeof(OwnProcess).Assembly.Location, "--filter", $"FullyQualifiedName~{context.FullyQualifiedTestClassName}.{test}",
            "--output", "Detailed", "--no-ansi", "--progress", "off"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Variable] = test, ["DOTNET_TieredCompilation"] = "0" },
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(context.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        context.WriteLine(output);
        Assert.AreEqual(0, process.ExitCode, output + errors.Result);
    }
}
