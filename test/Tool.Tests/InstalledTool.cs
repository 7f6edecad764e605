using System.Diagnostics;
using System.Text;

namespace MLNetAutoencoder.Tests.Tool;

/// <summary>The tool as a user has it: packed, installed from the package and run as a process. Made once for all tests.</summary>
internal static partial class InstalledTool
{
    private static readonly Lazy<string> s_command = new(Install);

    /// <summary>A folder for the tests' files, with the two demo sets in it. It is the working folder of the tool.</summary>
    public static string Folder { get; } = Directory.CreateTempSubdirectory("mlnet-autoencoder-tests-").FullName;

    /// <summary>The folder that was packed to.</summary>
    public static string Packages => Path.Combine(Folder, "packages");

    public static string Command => s_command.Value;

    public static string PathOf(string name) => Path.Combine(Folder, name);

    public static string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return name;
    }

    public static Process Start(string[] arguments, params (string Name, string Value)[] environment) =>
        Start(Command, arguments, environment);

    /// <summary>Deletes what the tests made.</summary>
    public static void Delete() => Directory.Delete(Folder, recursive: true);

    private static string Install()
    {
        foreach (string name in new[] { "breast-cancer.csv", "digits.csv" })
            File.Copy(Repository.PathOf("samples", "data", name), PathOf(name));

        // What it refers to is built along with the tests, which has analyzed it, too.
        Dotnet("pack", Repository.PathOf("src", "Tool"), "-c", "Release", "--no-restore", "-o", Packages, "-nodeReuse:false",
            "-p:BuildProjectReferences=false", "-p:RunAnalyzers=false");
        Write("NuGet.config", $"""
            <configuration><packageSources><clear /><add key="packed" value="{Packages}" /></packageSources></configuration>
            """);
        Dotnet("tool", "install", "MLNetAutoencoder.Tool", "--tool-path", PathOf("tool"), "--configfile", PathOf("NuGet.config"));
        return Path.Combine(PathOf("tool"), "mlnet-autoencoder");
    }

    private static void Dotnet(params string[] arguments)
    {
        using var process = Start("dotnet", arguments, ("NUGET_PACKAGES", arguments[0] == "tool" ? PathOf("cache") : ""));
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}{error.Result}");
    }

    private static Process Start(string command, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment)
        {
            if (value.Length > 0)
                start.Environment[name] = value;
        }

        // What the test runner sets for itself must not reach another build.
        foreach (string name in start.Environment.Keys.Where(name =>
            name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        return Process.Start(start)!;
    }
}
