using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// An application whose native libraries are missing or do not load gets a sentence that says why and what to do. The
/// application is the demo.
/// </summary>
[TestClass]
public sealed class MissingLibraryTests
{
    private const string TorchSharpLibrary = "libLibTorchSharp.so";

    [TestMethod]
    [DataRow("libonnxruntime", "ONNX Runtime's native library is missing", "Microsoft.ML.OnnxRuntime.Gpu")]
    [DataRow("libLibTorchSharp", "TorchSharp's native library is missing", "TorchSharp-cpu",
        "The loader said: there is no file LibTorchSharp where it looks.")]
    [DataRow("libtorch", "TorchSharp's native library is missing", "TorchSharp-cpu", "The loader said: libtorch")]
    public void A_missing_native_library_is_explained(string library, params string[] expected)
    {
        using var folder = new TestFolder();
        LinkDemo(folder, except: library);
        string errors = RunDemo(folder, out _);
        Assert.Contains("Exception", errors);
        foreach (string text in expected.Prepend("System.InvalidOperationException: "))
            StringAssert.Contains(errors, text);
    }

    /// <summary>TorchSharp's library as its package has it, which a system without GCC 13's libstdc++ does not load.</summary>
    [TestMethod]
    public void A_system_library_that_is_too_old_is_explained_with_both_versions_and_the_ways_out()
    {
        string packaged = Path.Combine(
            typeof(MissingLibraryTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
                .Single(attribute => attribute.Key == "TorchSharpPackage").Value!,
            "runtimes", "linux-x64", "native", TorchSharpLibrary);
        using var folder = new TestFolder();
        LinkDemo(folder, except: TorchSharpLibrary);
        File.CreateSymbolicLink(folder[TorchSharpLibrary], packaged);
        string errors = RunDemo(folder, out string output);
        if (!errors.Contains("Exception", StringComparison.Ordinal))
            Assert.Inconclusive("This system's libstdc++ is new enough for TorchSharp's library as it is.");
        StringAssert.Matches(errors, new Regex(
            @"System\.InvalidOperationException: The native library of TorchSharp \d+\.\d+\.\d+ cannot be loaded on this system: "
            + @"'\S+libLibTorchSharp\.so' wants the symbols "
            + @"GLIBCXX_3\.4\.32 of '\S+libstdc\+\+\.so\.6', which has GLIBCXX_3\.4\.\d+\."));
        StringAssert.Contains(errors, "MLNetAutoencoder.Trainers treats the library when an application is built");
        Assert.DoesNotContain("TorchSharp-cpu", errors, "the package is there");
        Assert.DoesNotContain("Trace", output, "TorchSharp's own trace");
    }

    [TestMethod]
    public void The_loaders_reason_is_found_in_its_message()
    {
        const string message =
            "Unable to load shared library 'LibTorchSharp' or one of its dependencies. In order to help diagnose loading problems, " +
            "consider using a tool like strace.\n" +
            "/application/LibTorchSharp.so: cannot open shared object file: No such file or directory\n" +
            "/lib/no ne/libother.so.6: version `OTHER_1.2' not found (required by /application (1)/libLibTorchSharp.so)";
        var missing = TorchLibrary.FindMissingVersion(message)!;
        Assert.AreEqual(new TorchLibrary.MissingVersion(
            "/lib/no ne/libother.so.6", "OTHER_1.2", "/application (1)/libLibTorchSharp.so"), missing);
        StringAssert.Contains(missing.Explain("0.107.0"),
            "wants the symbols OTHER_1.2 of '/lib/no ne/libother.so.6', which cannot be read. Train on a newer system.");
        Assert.AreEqual("/lib/no ne/libother.so.6: version `OTHER_1.2' not found (required by /application (1)/libLibTorchSharp.so)",
            TorchLibrary.Shorten(message));
        Assert.IsNull(TorchLibrary.FindMissingVersion("libtorch.so: cannot open shared object file: No such file or directory"));
    }

    /// <summary>Fills a folder with links to the demo's files, but for those whose names start so.</summary>
    private static void LinkDemo(TestFolder folder, string except)
    {
        string demo = Path.GetFullPath(Path.Combine(
            AppContext.BaseDirectory, "..", "..", "Demo", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'))));
        foreach (string file in Directory.GetFiles(demo, "*", SearchOption.AllDirectories)
            .Where(file => !Path.GetFileName(file).StartsWith(except, StringComparison.Ordinal)))
        {
            string target = folder[Path.GetRelativePath(demo, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);

            // The host and the runtime look for what belongs to an application beside the real file: its managed ones are copied.
            if (Path.GetExtension(file) is ".so")
                File.CreateSymbolicLink(target, file);
            else
                File.Copy(file, target);
        }
    }

    /// <summary>Runs the demo until it fails, or has loaded what it needs.</summary>
    /// <returns>What it wrote to standard error; nothing where it went on to train.</returns>
    private static string RunDemo(TestFolder folder, out string output)
    {
        // TorchSharp would copy a missing libtorch out of NuGet's folder of packages.
        var start = new ProcessStartInfo("dotnet", [folder["Demo.dll"], folder["out"]])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["NUGET_PACKAGES"] = folder["no-packages"], ["HOME"] = folder.Path },
        };
        using var process = Process.Start(start)!;
        var written = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(30)))
            process.Kill(entireProcessTree: true);
        process.WaitForExit();
        output = written.Result;
        return errors.Result;
    }
}
