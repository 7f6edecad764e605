using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>
/// The packages that <c>dotnet pack</c> makes of the build that is under test, packed once, and a folder outside the repository for
/// applications that take them from there.
/// </summary>
[TestClass]
public sealed class PackedLibraries
{
    private static readonly string[] s_libraries = ["Onnx", "Transforms", "Pipelines", "Reports", "Hosting", "Trainers"];

    private static readonly Lazy<string> s_root = new(Pack);

    /// <summary>The folder with the packages and nothing else.</summary>
    public static string Folder => Path.Combine(Root, "packed");

    /// <summary>The folder for applications: its nuget.config adds the packages to the sources of the machine.</summary>
    public static string Root => s_root.Value;

    /// <summary>Where applications restore to. What else they take stands in the machine's folder, which is not written to.</summary>
    public static string Restored => Path.Combine(Root, "restored");

    /// <summary>The folder of the machine's packages.</summary>
    public static string Machine { get; } =
        Run("dotnet", Path.GetTempPath(), null, "nuget", "locals", "global-packages", "--list").Output.Split(": ", 2)[1].Trim();

    /// <summary>The version of all packages.</summary>
    public static string Version => Regex.Match(Directory.GetFiles(Folder, "*.Trainers.*.nupkg").Single(),
        @"\.Trainers\.(.+)\.nupkg$").Groups[1].Value;

    /// <summary>The version of another package that the repository uses, by the property that holds it.</summary>
    public static string VersionOf(string package) =>
        Regex.Match(File.ReadAllText(Repository.PathOf("Directory.Packages.props")), $"<{package}Version[^>]*>([^<]+)<").Groups[1].Value;

    /// <summary>Runs a program to its end.</summary>
    public static (int Code, string Output) Run(string program, string working, string? packages, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = working, RedirectStandardOutput = true,
            RedirectStandardError = true };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        if (packages is not null)
            start.Environment["NUGET_PACKAGES"] = packages;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + errors.Result);
    }

    [AssemblyCleanup]
    public static void Delete()
    {
        if (s_root.IsValueCreated)
            Directory.Delete(Root, recursive: true);
    }

    private static string Pack()
    {
        string root = Directory.CreateTempSubdirectory("packages-").FullName, all = Path.Combine(root, "libraries.proj");
        string configuration = typeof(PackedLibraries).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

        // One command for all: each start of it takes seconds.
        string projects = string.Join(';', s_libraries.Select(library =>
            Repository.PathOf("src", library, $"MLNetAutoencoder.{library}.csproj")));
        File.WriteAllText(all, $"""
            <Project>
              <Target Name="Pack"><MSBuild Projects="{projects}" Targets="Pack" /></Target>
            </Project>
            """);
        var (code, text) = Run("dotnet", root, null, "pack", all, "-c", configuration, "--no-build", "-o", Path.Combine(root, "packed"),
            "-nodeReuse:false", $"-p:Gpu={Repository.IsGpuBuild}");
        Assert.AreEqual(0, code, text);
        File.WriteAllText(Path.Combine(root, "nuget.config"), $"""
            <configuration>
              <packageSources><add key="packed" value="{Path.Combine(root, "packed")}" /></packageSources>
              <fallbackPackageFolders><add key="machine" value="{Machine}" /></fallbackPackageFolders>
            </configuration>
            """);
        return root;
    }
}
