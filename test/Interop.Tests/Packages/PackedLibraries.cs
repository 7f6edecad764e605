using System.Diagnostics;
using System.Reflection;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>The packages that <c>dotnet pack</c> makes of the build that is under test, packed once.</summary>
[TestClass]
public sealed class PackedLibraries
{
    private static readonly Lazy<string> s_folder = new(Pack);

    /// <summary>The folder with the packages and nothing else.</summary>
    public static string Folder => s_folder.Value;

    [AssemblyCleanup]
    public static void Delete()
    {
        if (s_folder.IsValueCreated)
            Directory.Delete(Folder, recursive: true);
    }

    private static string Pack()
    {
        string folder = Directory.CreateTempSubdirectory("packages-").FullName;
        string configuration = typeof(PackedLibraries).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        foreach (string library in new[] { "Onnx", "Transforms", "Pipelines", "Reports", "Hosting", "Trainers" })
        {
            var start = new ProcessStartInfo(
                "dotnet", ["pack", Repository.PathOf("src", library), "-c", configuration, "--no-build", "-o", folder, "-nodeReuse:false",
                    $"-p:Gpu={Repository.IsGpuBuild}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.AreEqual(0, process.ExitCode, output + errors.Result);
        }
        return folder;
    }
}
