using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A row of samples/data/breast-cancer.csv.</summary>
public sealed class CellRow
{
    [VectorType(30)]
    public float[] Features { get; set; } = new float[30];

    public bool Label { get; set; }
}

/// <summary>Models and rows that reports are written on; each model is fitted once.</summary>
internal static class ReportFixtures
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly Lazy<(AutoencoderTransformer, IDataView)> s_detector = new(FitDetector);

    public static MLContext Ml => s_ml;

    /// <summary>The detector on benign rows; the rows of the report are the benign ones held out and every tenth malignant one.</summary>
    public static (AutoencoderTransformer Model, IDataView Rows) Detector => s_detector.Value;

    /// <summary>Writes a report and gives its text.</summary>
    public static string Write(ITransformer model, IDataView rows, ReportOptions? options = null)
    {
        using var folder = new TestFolder();
        model.WriteReport(folder["report.html"], rows, options);
        return File.ReadAllText(folder["report.html"]);
    }

    private static (AutoencoderTransformer, IDataView) FitDetector()
    {
        var (names, rows) = ReadCells();
        CellRow[] normal = [.. rows.Where(row => !row.Label)], malignant = [.. rows.Where(row => row.Label)];
        CellRow[] train = [.. normal.Take(238)];
        CellRow[] scored = [.. normal.Skip(238), .. malignant.Where((_, i) => i % 10 == 0)];
        new Random(5).Shuffle(scored);
        return (s_ml.Autoencoders().AnomalyDetection("Features", seed: 1).Fit(View(train, names)), View(scored, names));
    }

    /// <summary>A view of rows whose features have names.</summary>
    public static IDataView View<T>(IEnumerable<T> rows, string[] names) where T : class
    {
        var schema = SchemaDefinition.Create(typeof(T));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, names.Length);
        schema["Features"].AddAnnotation("SlotNames", new VBuffer<ReadOnlyMemory<char>>(
            names.Length, [.. names.Select(name => name.AsMemory())]), new VectorDataViewType(TextDataViewType.Instance, names.Length));
        return s_ml.Data.LoadFromEnumerable(rows, schema);
    }

    private static (string[] Names, CellRow[] Rows) ReadCells()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("samples", "data", "breast-cancer.csv"));
        return (lines[0].Split(',')[1..], [.. lines[1..].Select(line => line.Split(',')).Select(cells => new CellRow
        {
            Label = cells[0] == "1",
            Features = [.. cells[1..].Select(cell => float.Parse(cell, CultureInfo.InvariantCulture))],
        })]);
    }
}
