using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>
/// An application of the graphs alone that is published without what it does not use, or as native code, reads and scores a model; and
/// nothing in the library warns of either.
/// </summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class TrimmedApplicationTests
{
    private static readonly string s_file = GoldenFile.Graph("dense");

    [TestMethod]
    [DataRow("trimmed")]
    [DataRow("native", "-p:Aot=true")]
    public void A_published_application_scores(string name, params string[] arguments)
    {
        using var folder = new TestFolder();
        string output = folder["output"], program = Repository.PathOf("test", "Trimmed", "Trimmed.csproj");

        // Outputs of its own: what is published is not what is under test.
        string artifacts = $"-p:ArtifactsPath={folder["artifacts"]}";
        var (code, text) = Run("dotnet", ["publish", program, "-c", "Release", "-o", output, artifacts, "-nodeReuse:false", .. arguments]);
        Assert.AreEqual(0, code, text);
        Assert.DoesNotContain("warning IL", text, $"{name}: the analysis of what is used");
        Assert.IsFalse(File.Exists(Path.Combine(output, "System.Linq.Parallel.dll")), "nothing was left out");

        (code, text) = Run(Path.Combine(output, "Trimmed"), s_file);
        Assert.AreEqual(0, code, text);
        AssertLines(text);
    }

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
        byte[] file = File.ReadAllBytes(s_file);
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

    private static void AssertLines(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(6, lines, text);
        Assert.AreEqual("scorer", lines[0]);
        Assert.AreEqual(string.Join(',', GoldenFile.Read("dense").FeatureNames), lines[1]);
        using var model = new AutoencoderModel(File.ReadAllBytes(s_file), "The file");
        var scores = lines[2..5].Select(line => float.Parse(line, CultureInfo.InvariantCulture));
        Assert.IsLessThan(1e-5, Rows.Difference(Scores(model), scores));
        Assert.AreEqual("0.5", lines[5]);
    }

    /// <summary>The program that reads mutants lies beside the tests: artifacts/bin/PROJECT/CONFIGURATION.</summary>
    private static string FuzzerFolder()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(own.Parent!.Parent!.FullName, "Fuzzer", own.Name);
    }

    /// <summary>The scores of the rows that the application makes.</summary>
    private static float[] Scores(AutoencoderModel model)
    {
        using var runner = model.CreateRunner([GraphNames.Features], [GraphNames.Score], capacity: 3);
        for (int i = 0; i < 3; i++)
        {
            var row = runner.InputRow(0, i);
            for (int j = 0; j < row.Length; j++)
                row[j] = (i + 1) * (j + 1) / 16f;
        }
        runner.Run(3);
        return [.. Enumerable.Range(0, 3).Select(i => runner.OutputRow<float>(0, i)[0])];
    }

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + errors.Result);
    }
}
