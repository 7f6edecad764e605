using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Tests.Tool;

namespace MLNetAutoencoder.Bench.Tool;

/// <summary>
/// The tool as it is installed: its rate against the transformer's own cursor, its start against an empty program, and its memory
/// with more rows.
/// </summary>
internal static class ToolBenchmark
{
    private const int Repeats = 5, Columns = 30, FewRows = 5_000, ManyRows = 25_000;

    public static int Run()
    {
        try
        {
            _ = InstalledTool.Command;
            Measure();
        }
        finally
        {
            InstalledTool.Delete();
        }
        return 0;
    }

    private static void Measure()
    {
        InstalledTool.Write("train.csv", Tables.Numbers(3000, Columns));
        InstalledTool.Write("few.csv", Tables.Numbers(FewRows, Columns, seed: 2));
        InstalledTool.Write("many.csv", Tables.Numbers(ManyRows, Columns, seed: 3));
        Execute("train", "train.csv", "-o", "model.zip");
        Execute("train", "train.csv", "-o", "dense.zip", "--variant", "dense", "--epochs", "5");
        List<(string Name, double Value)> ratios =
            [("tool.score-vs-cursor", Rate("model.zip")), ("tool.dense-score-vs-cursor", Rate("dense.zip"))];
        double start = Start();
        ratios.Add(("tool.start-vs-dotnet-hello", start));
        ratios.Add(("tool.memory-2m-vs-200k", Memory()));
        Console.WriteLine();
        foreach (var (name, value) in ratios)
            Report.Ratio(name, value);
    }

    /// <summary>
    /// Rows a second of the whole process beyond its start, from the difference of a large and a small file, against those of a cursor
    /// over the same rows in memory.
    /// </summary>
    private static double Rate(string model)
    {
        var ml = new MLContext();
        var scorer = ml.Autoencoders().Load(InstalledTool.PathOf(model), out _);
        TextLoader.Column[] columns = [.. Enumerable.Range(0, Columns).Select(i => new TextLoader.Column($"n{i}", DataKind.Single, i))];
        var rows = ml.Data.Cache(ml.Data.LoadFromTextFile(InstalledTool.PathOf("many.csv"), columns, ',', hasHeader: true));
        var scored = scorer.Transform(rows);
        Go(scored);
        List<double> tools = [], cursors = [];
        for (int i = 0; i < Repeats; i++)
        {
            double few = Seconds(() => Execute("score", "few.csv", "-m", model, "-o", "scored.csv"));
            double many = Seconds(() => Execute("score", "many.csv", "-m", model, "-o", "scored.csv"));
            tools.Add((ManyRows - FewRows) / (many - few));
            cursors.Add(ManyRows / Seconds(() => Go(scored)));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"tool: {model}, {Columns} columns: {Report.Median(tools):N0} rows/s; cursor {Report.Median(cursors):N0} rows/s"));
        return Report.Median(tools) / Report.Median(cursors);

        static void Go(IDataView scored)
        {
            DataViewSchema.Column[] outputs = [scored.Schema["Score"], scored.Schema["PValue"], scored.Schema["PredictedLabel"]];
            using var cursor = scored.GetRowCursor(outputs);
            var score = cursor.GetGetter<float>(outputs[0]);
            var pValue = cursor.GetGetter<float>(outputs[1]);
            var decision = cursor.GetGetter<bool>(outputs[2]);
            while (cursor.MoveNext())
            {
                float value = 0;
                bool isAnomaly = false;
                score(ref value);
                pValue(ref value);
                decision(ref isAnomaly);
            }
        }
    }

    /// <summary>From the start of the process to its first scored row, against an empty program from start to end.</summary>
    private static double Start()
    {
        string hello = MakeHello();
        List<double> tools = [], hellos = [];
        for (int i = 0; i <= 2 * Repeats; i++)
        {
            double tool = Seconds(() =>
            {
                using var process = InstalledTool.Start(["score", "train.csv", "-m", "model.zip"]);
                process.StandardOutput.ReadLine();
                process.StandardOutput.ReadLine();
                process.Kill();
                process.WaitForExit();
            });
            double empty = Seconds(() =>
            {
                using var process = Process.Start(new ProcessStartInfo(hello) { RedirectStandardOutput = true })!;
                process.StandardOutput.ReadToEnd();
                process.WaitForExit();
            });

            // The first brings the files into the system's cache.
            if (i == 0)
                continue;
            tools.Add(tool);
            hellos.Add(empty);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"tool: first scored row after {1e3 * Report.Median(tools):N0} ms, an empty program {1e3 * Report.Median(hellos):N0} ms"));
        return Report.Median(tools) / Report.Median(hellos);
    }

    private static double Memory()
    {
        string part = Tables.Numbers(20_000, 5);
        string rows = part[(part.IndexOf('\n') + 1)..];
        InstalledTool.Write("part.csv", part);
        Execute("train", "part.csv", "-o", "five.zip", "--variant", "dense", "--epochs", "1");
        double[] peaks = [.. new[] { 10, 100 }.Select(times =>
        {
            using (var file = File.CreateText(InstalledTool.PathOf("memory.csv")))
            {
                file.Write(part);
                for (int i = 1; i < times; i++)
                    file.Write(rows);
            }
            return Report.Median(Enumerable.Range(0, Repeats).Select(_ =>
            {
                using var process = InstalledTool.Start(["score", "memory.csv", "-m", "five.zip", "-o", "scored.csv"]);
                return (double)PeakMemory.Of(process);
            }));
        })];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"tool: {peaks[0] / 1e6:N0} MB for 200,000 rows of 5 columns, {peaks[1] / 1e6:N0} MB for 2,000,000"));
        return peaks[1] / peaks[0];
    }

    private static string MakeHello()
    {
        string folder = Directory.CreateDirectory(InstalledTool.PathOf("hello")).FullName;
        File.WriteAllText(Path.Combine(folder, "hello.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), "System.Console.WriteLine(\"hello\");");
        using var build = Process.Start(new ProcessStartInfo("dotnet", ["build", folder, "-c", "Release", "-nodeReuse:false"])
        {
            RedirectStandardOutput = true,
        })!;
        string output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        return build.ExitCode == 0 ? Path.Combine(folder, "bin", "Release", "net10.0", "hello")
            : throw new InvalidOperationException(output);
    }

    private static void Execute(params string[] arguments)
    {
        using var process = InstalledTool.Start(arguments);
        PeakMemory.Of(process);
    }

    private static double Seconds(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }
}
