using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>What the library of the graphs does without, so that an application can be published without it.</summary>
[TestClass]
public sealed class TrimmableTests
{
    /// <summary>What an application can switch off without being trimmed.</summary>
    [TestMethod]
    public void Without_reflection_in_JSON_a_model_scores()
    {
        using var folder = new TestFolder();
        string program = Path.Combine(FuzzerFolder(), "Fuzzer.dll"), configuration = folder["fuzzer.runtimeconfig.json"];
        var options = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(program, ".runtimeconfig.json")))!;
        options["runtimeOptions"]!["configProperties"]!["System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault"] = false;
        File.WriteAllText(configuration, options.ToJsonString());
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", "--runtimeconfig", configuration, program])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        byte[] file = File.ReadAllBytes(GoldenFile.Graph("dense"));
        var input = process.StandardInput.BaseStream;
        input.Write([0, .. BitConverter.GetBytes(file.Length), .. file]);
        input.Close();
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual("Scored", said.Trim());
    }

    [TestMethod]
    public void The_assembly_says_that_it_can_be_trimmed()
    {
        var said = typeof(AutoencoderModel).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>();
        CollectionAssert.Contains(said.Select(one => $"{one.Key} {one.Value}").ToArray(), "IsTrimmable True");
    }

    /// <summary>The program that reads mutants lies beside the tests: artifacts/bin/PROJECT/CONFIGURATION.</summary>
    private static string FuzzerFolder()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(own.Parent!.Parent!.FullName, "Fuzzer", own.Name);
    }
}
