using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace MLNetAutoencoder.Tests;

/// <summary>
/// Lets a report be written by a process of another culture, with the rules and names that ICU has for it; this process, like all of the
/// repository's, knows the invariant culture alone.
/// </summary>
internal static class CultureProcess
{
    private const string CultureVariable = "MLNETAUTOENCODER_TEST_CULTURE", PathVariable = "MLNETAUTOENCODER_TEST_REPORT";

    private static readonly ConcurrentDictionary<string, Lazy<string[]>> s_reports = new(StringComparer.Ordinal);

    /// <summary>The culture of this process, where it was started by <see cref="Report"/>; otherwise null.</summary>
    public static string? Culture => Environment.GetEnvironmentVariable(CultureVariable);

    /// <summary>The report as a process of a culture writes it, once in a run of the tests.</summary>
    /// <param name="context">The test's context.</param>
    /// <param name="culture">The culture's name.</param>
    /// <param name="write">Writes the report. It is called in the other process.</param>
    /// <param name="test">The name of the test, by which the other process comes here.</param>
    /// <returns>The report's lines; null in the other process, whose work is done.</returns>
    public static string[]? Report(
        TestContext context, string culture, Func<IEnumerable<string>> write, [CallerMemberName] string test = "")
    {
        if (Culture is not { } own)
            return s_reports.GetOrAdd(culture, _ => new Lazy<string[]>(() => Start(context, culture, test))).Value;
        string path = Environment.GetEnvironmentVariable(PathVariable)!;
        if (own == culture && !File.Exists(path))
        {
            RequireIcu(culture);
            File.WriteAllLines(path, write().Select(line => line.ReplaceLineEndings(" | ")));
        }
        return null;
    }

    private static string[] Start(TestContext context, string culture, string test)
    {
        using var folder = new TestFolder();
        string filter = $"FullyQualifiedName~{context.FullyQualifiedTestClassName}.{test}";
        string program = typeof(CultureProcess).Assembly.Location;
        string[] arguments = [program, "--filter", filter, "--output", "Detailed", "--no-ansi", "--progress", "off"];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                [CultureVariable] = culture,
                [PathVariable] = folder["report.txt"],

                // It does not wait for the lock that this one holds.
                ["MLNETAUTOENCODER_TEST_OF_ITS_OWN"] = test,

                // It wins over what the build has written beside the assembly.
                ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "0",
                ["LC_ALL"] = $"{culture.Replace('-', '_')}.UTF-8",
            },
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(context.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        context.WriteLine(output);
        Assert.IsTrue(process.ExitCode == 0 && File.Exists(folder["report.txt"]), output + errors.Result);
        return File.ReadAllLines(folder["report.txt"]);
    }

    /// <summary>Checks that the process is of the culture, that ICU's is meant by it, and that all threads have it.</summary>
    private static void RequireIcu(string culture)
    {
        string separator = new CultureInfo("de-DE").NumberFormat.NumberDecimalSeparator;
        Assert.AreEqual(",", separator, "The process has no ICU. On Debian 12 it is installed with apt-get install libicu72.");
        var info = new CultureInfo(culture);
        Assert.AreEqual(culture, CultureInfo.CurrentCulture.Name, "the culture of the process, from LC_ALL");
        Assert.AreEqual(culture switch { "tr-TR" => "İ", _ => "I" }, info.TextInfo.ToUpper("i"));
        Assert.AreNotEqual("-0.5", (-0.5).ToString(info), "a number in the culture");
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = info;
        CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.CurrentUICulture = info;
    }
}
