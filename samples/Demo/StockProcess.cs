using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Samples;

/// <summary>
/// What an ML.NET application without this library sees in a saved model: the sample StockScorer, run in a process of
/// its own.
/// </summary>
internal static class StockProcess
{
    /// <summary>
    /// The columns that the saved model adds, by name, each with its type as ML.NET prints it and its values row by row
    /// as text.
    /// </summary>
    public sealed record Column(string Type, string[] Values);

    /// <summary>Lets the stock application apply a saved model to the rows of a view.</summary>
    /// <param name="modelPath">The model file.</param>
    /// <param name="rows">The rows, with the model's input columns: scalars and vectors of Single.</param>
    public static Dictionary<string, Column> Score(string modelPath, IDataView rows)
    {
        string csv = Path.GetTempFileName();
        try
        {
            WriteCsv(csv, rows);
            string[] lines = Run(modelPath, csv).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            string[][] cells = [.. lines.Skip(1).Select(line => line.Split('\t'))];
            return lines[0].Split('\t').Select((header, i) => (header, i)).ToDictionary(
                pair => pair.header.Split(':', 2)[0],
                pair => new Column(pair.header.Split(':', 2)[1], [.. cells.Select(row => row[pair.i])]));
        }
        finally
        {
            File.Delete(csv);
        }
    }

    private static string Run(string modelPath, string csv)
    {
        // artifacts/bin/PROJECT/CONFIGURATION: the sample lies beside whatever runs this.
        var folder = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string program = Path.Combine(folder.Parent!.Parent!.FullName, "StockScorer", folder.Name, "StockScorer.dll");
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet", [program, modelPath, csv]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException(
            $"The stock application ended with {process.ExitCode}: {errors.Result}");
    }

    private static void WriteCsv(string path, IDataView rows)
    {
        using var writer = new StreamWriter(path);
        using var cursor = rows.GetRowCursor(rows.Schema);
        var readers = rows.Schema.Select(column => Reader(cursor, column)).ToArray();
        while (cursor.MoveNext())
            writer.WriteLine(
                string.Join(',', readers.SelectMany(read => read()).Select(value => value.ToString("R", CultureInfo.InvariantCulture))));
    }

    private static Func<float[]> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is VectorDataViewType)
        {
            var vectorGetter = row.GetGetter<VBuffer<float>>(column);
            VBuffer<float> vector = default;
            return () =>
            {
                vectorGetter(ref vector);
                return [.. vector.DenseValues()];
            };
        }
        var getter = row.GetGetter<float>(column);
        return () =>
        {
            float value = 0;
            getter(ref value);
            return [value];
        };
    }
}
