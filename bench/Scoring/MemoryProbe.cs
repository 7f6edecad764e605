using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>Measures a process's peak working set, in a child that does nothing but score rows.</summary>
internal static class MemoryProbe
{
    public const string Command = "scoring-memory";

    /// <summary>The peak working set, in bytes, of a process that reads all columns of so many rows.</summary>
    /// <param name="scorerFile">The model, as an ONNX file: the child then needs no libtorch, whose memory would hide
    /// what scoring takes.</param>
    /// <param name="rows">How many rows.</param>
    public static long PeakWorkingSet(string scorerFile, long rows)
    {
        string host = Environment.ProcessPath!;
        string[] assembly = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(MemoryProbe).Assembly.Location] : [];
        var start = new ProcessStartInfo(host, [.. assembly, Command, scorerFile,
            rows.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true };
        using var child = Process.Start(start)!;
        string answer = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? long.Parse(answer, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"The child process that scores {rows} rows ended with exit status {child.ExitCode}.");
    }

    /// <summary>The child: scores and prints its own peak.</summary>
    public static int RunChild(string[] arguments)
    {
        var ml = new MLContext(seed: 1);
        using var transformer = ml.Autoencoders().FromModel(new AutoencoderModel(File.ReadAllBytes(arguments[0]), arguments[0]));
        var block = RowBlock.Random(ScoringBenchmark.SmallBlockRows, transformer.Metadata.FeatureCount);
        var view = new BlockView(block, "Features", long.Parse(arguments[1], CultureInfo.InvariantCulture));
        using (var reader = new ColumnReader(transformer.Transform(view), Outputs.All.Columns))
            reader.Read(long.MaxValue);
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(self.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
        return 0;
    }
}
