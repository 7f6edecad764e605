using System.Diagnostics;

namespace MLNetAutoencoder.Tests.Samples;

/// <summary>An application without one of the native libraries gets a sentence that says which package to add. The application is the demo, less the library.</summary>
[TestClass]
public sealed class MissingLibraryTests
{
    [TestMethod]
    [DataRow("onnxruntime", "ONNX Runtime's native library is missing", "Microsoft.ML.OnnxRuntime.Gpu")]
    [DataRow("LibTorchSharp", "TorchSharp's native library is missing", "TorchSharp-cpu")]
    public void A_missing_native_library_is_explained(string library, string message, string package)
    {
        using var folder = new TestFolder();
        string demo = Path.Combine(AppContext.BaseDirectory, "..", "..", "Demo", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')));
        foreach (string file in Directory.GetFiles(demo, "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith("lib" + library, StringComparison.Ordinal)))
        {
            string target = folder[Path.GetRelativePath(demo, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        using var process = Process.Start(new ProcessStartInfo("dotnet", [folder["Demo.dll"], folder["out"]]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.AreNotEqual(0, process.ExitCode, output.Result);
        StringAssert.Contains(errors, "System.InvalidOperationException: " + message);
        StringAssert.Contains(errors, package);
    }
}
