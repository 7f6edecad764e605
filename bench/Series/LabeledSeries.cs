using System.Globalization;
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Series;

/// <summary>A labeled time series: <c>time,value,label,train</c>, the training part first.</summary>
internal sealed record LabeledSeries(string Name, LabeledSeries.Row[] Rows)
{
    public static LabeledSeries Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        string[] lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var rows = lines.Skip(1).Select(line => line.Split(',')).Select(cells => new Row
        {
            Time = DateTime.Parse(cells[0], CultureInfo.InvariantCulture),
            Value = cells[1].Length == 0 ? float.NaN : float.Parse(cells[1], CultureInfo.InvariantCulture),
            Label = cells[2] == "1",
            IsTraining = cells[3] == "1",
        });
        return new LabeledSeries(Path.GetFileName(path).Replace(".csv.gz", "", StringComparison.Ordinal), [.. rows]);
    }

    /// <summary>Whether no time lies before the one before it, as local times do in autumn; of others the rows are steps.</summary>
    public bool HasTimes => Rows.Zip(Rows.Skip(1)).All(pair => pair.First.Time <= pair.Second.Time);

    public IDataView Training(MLContext ml) => ml.Data.LoadFromEnumerable(Rows.Where(row => row.IsTraining).ToArray());

    public IDataView All(MLContext ml) => ml.Data.LoadFromEnumerable(Rows);

    internal sealed class Row
    {
        public DateTime Time { get; set; }

        public float Value { get; set; }

        public bool Label { get; set; }

        [NoColumn]
        public bool IsTraining { get; set; }
    }
}
