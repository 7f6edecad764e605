using System.Globalization;
using System.Text.RegularExpressions;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>
/// Applications outside the repository that have our packages and nothing else of ours: one trains by the lines of README.md, one
/// scores with what it saved, and one with the file that it exported. All come to the same scores.
/// </summary>
[TestClass]
public sealed class PackedApplicationTests
{
    /// <summary>The rows of a table, and how scores are told.</summary>
    private static readonly (string, string) s_table = ("Table.cs", """
        using System.Globalization;
        using Microsoft.ML;
        using Microsoft.ML.Data;

        static class Table
        {
            public static string[] Names { get; } = File.ReadLines("train.csv").First().Split(',')[1..];

            public static IDataView Load(string path) => new MLContext().Data.LoadFromTextFile(path,
                [new("Label", DataKind.Single, 0), .. Names.Select((name, i) => new TextLoader.Column(name, DataKind.Single, i + 1))],
                separatorChar: ',', hasHeader: true);

            public static void Print(IDataView scored)
            {
                foreach (float score in scored.GetColumn<float>("Score"))
                    Console.WriteLine(score.ToString("R", CultureInfo.InvariantCulture));
            }
        }
        """);

    /// <summary>Where they all run.</summary>
    private static string folder = "";

    private static float[] scores = [];

    [ClassInitialize]
    public static void Train(TestContext context)
    {
        folder = Directory.CreateDirectory(Path.Combine(PackedLibraries.Root, "files")).FullName;
        string[] lines = File.ReadAllLines(Repository.PathOf("samples", "data", "breast-cancer.csv"));
        File.WriteAllLines(Path.Combine(folder, "train.csv"), lines[..239]);
        File.WriteAllLines(Path.Combine(folder, "test.csv"), lines[239..].Prepend(lines[0]));

        string readme = Regex.Match(File.ReadAllText(Repository.PathOf("README.md")), "## Ten lines.*?```csharp\n(.*?)```",
            RegexOptions.Singleline).Groups[1].Value;
        var application = new PackedApplication("training", "",
            ["MLNetAutoencoder.Trainers", PackedApplication.OnnxRuntime, PackedApplication.TorchSharp], s_table, ("Program.cs", $"""
            using Microsoft.ML;
            using MLNetAutoencoder;

            var (names, train, test) = (Table.Names, Table.Load("train.csv"), Table.Load("test.csv"));
            {readme}
            Console.WriteLine(FormattableString.Invariant($"{"{auc}"}"));
            Table.Print(scored);
            Table.Print(again.Transform(test));
            """));
        application.Dotnet("build", "-o", application.Output);
        string[] said = Run(application);
        int rows = lines.Length - 239;
        Assert.HasCount(1 + 2 * rows, said);
        Assert.IsInRange(0.9, 1, double.Parse(said[0], CultureInfo.InvariantCulture));
        scores = Parse(said[1..(rows + 1)]);
        Assert.IsLessThan(1e-6, Rows.Difference(scores, Parse(said[(rows + 1)..])));
        foreach (string file in new[] { "model.zip", "encoder.onnx", "decoder.onnx", "scorer.onnx" })
            Assert.IsTrue(File.Exists(Path.Combine(folder, file)), file);
    }

    [TestMethod]
    public void One_that_scores_has_nothing_of_TorchSharp()
    {
        var application = new PackedApplication("scoring", "", ["MLNetAutoencoder.Transforms", PackedApplication.OnnxRuntime], s_table,
            ("Program.cs", """
            using Microsoft.ML;
            using MLNetAutoencoder;

            var model = new MLContext().Autoencoders().Load("model.zip", out _);
            Table.Print(model.Transform(Table.Load("test.csv")));
            """));
        application.Dotnet("build", "-o", application.Output);
        string[] files = Directory.GetFiles(application.Output, "*", SearchOption.AllDirectories);
        Assert.AreEqual("", string.Join('\n', files.Where(file => IsOfTraining(Path.GetRelativePath(application.Output, file)))));
        Assert.IsFalse(IsOfTraining(File.ReadAllText(Path.Combine(application.Output, "Application.deps.json"))));
        Assert.IsLessThan(1e-6, Rows.Difference(scores, Parse(Run(application))));
    }

    /// <summary>And nothing in the library warns of what is left out.</summary>
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    [DataRow("trimmed", "-p:PublishTrimmed=true", "-p:PublishSingleFile=true")]
    [DataRow("native", "-p:PublishAot=true")]
    public void One_of_the_graphs_alone_is_one_file_of_what_it_uses(string name, params string[] arguments)
    {
        var application = new PackedApplication(name, """
            <InvariantGlobalization>true</InvariantGlobalization>
            <TrimmerSingleWarn>false</TrimmerSingleWarn>
            <JsonSerializerIsReflectionEnabledByDefault>false</JsonSerializerIsReflectionEnabledByDefault>
            """, ["MLNetAutoencoder.Onnx", PackedApplication.OnnxRuntime], ("Program.cs", """
            using System.Globalization;
            using MLNetAutoencoder.Onnx;

            byte[] file = File.ReadAllBytes("scorer.onnx");
            Console.WriteLine(AutoencoderOnnxInfo.Read(file, "The file").Graph);
            using var model = new AutoencoderModel(file, "The file");
            Console.WriteLine(string.Join(",", model.Metadata.FeatureNames));

            // What writes metadata.
            using var other = model.WithThreshold(ThresholdRule.Fixed(0.5f));
            Console.WriteLine(other.Metadata.Threshold.ToString("R", CultureInfo.InvariantCulture));

            string[] lines = [.. File.ReadLines("test.csv").Skip(1)];
            using var runner = model.CreateRunner([.. model.Inputs], [GraphNames.Score], lines.Length);
            for (int i = 0; i < lines.Length; i++)
            {
                float[] values = [.. lines[i].Split(',').Skip(1).Select(value => float.Parse(value, CultureInfo.InvariantCulture))];
                values.CopyTo(runner.InputRow(0, i));
            }
            runner.Run(lines.Length);
            for (int i = 0; i < lines.Length; i++)
                Console.WriteLine(runner.OutputRow<float>(0, i)[0].ToString("R", CultureInfo.InvariantCulture));
            """));
        string text = application.Dotnet(["publish", "-r", "linux-x64", "--self-contained", "-o", application.Output, .. arguments]);
        Assert.DoesNotContain("warning IL", text, $"{name}: the analysis of what is used");

        // Beside the program, whose runtime has 70 MB if nothing is left out, there are the libraries of ONNX Runtime and no others.
        var libraries = Directory.GetFiles(application.Output).Select(file => Path.GetFileName(file))
            .Where(file => Path.GetExtension(file) is ".dll" or ".so" && !file.Contains("onnxruntime", StringComparison.Ordinal));
        Assert.AreEqual("", string.Join('\n', libraries));
        long size = new FileInfo(Path.Combine(application.Output, "Application")).Length;
        Console.WriteLine($"{name}: {size / 1e6:F1} MB");
        Assert.IsLessThan(30_000_000, size);

        string[] said = Run(application);
        Assert.AreEqual("scorer", said[0]);
        Assert.AreEqual(File.ReadLines(Path.Combine(folder, "test.csv")).First(), "Label," + said[1]);
        Assert.AreEqual("0.5", said[2]);

        // One batch of all rows, and so other kernels of ONNX Runtime.
        Assert.IsLessThan(1e-5, Rows.Difference(scores, Parse(said[3..])));
    }

    private static bool IsOfTraining(string text) =>
        text.Contains("torch", StringComparison.OrdinalIgnoreCase) || text.Contains("MLNetAutoencoder.Trainers", StringComparison.Ordinal);

    private static string[] Run(PackedApplication application)
    {
        var (code, text) = application.Run(folder);
        Assert.AreEqual(0, code, text);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static float[] Parse(string[] lines) => [.. lines.Select(line => float.Parse(line, CultureInfo.InvariantCulture))];
}
