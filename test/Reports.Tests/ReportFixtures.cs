using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A row with a label.</summary>
public sealed class LabeledRow
{
    public float[] Features { get; set; } = [];

    public bool Label { get; set; }

    public string Kind { get; set; } = "";
}

/// <summary>A step of a series.</summary>
public sealed class StepRow
{
    public DateTime Time { get; set; }

    public string Key { get; set; } = "";

    public float[] Value { get; set; } = [];

    public bool Label { get; set; }
}

/// <summary>A model, the rows that a report on it scores, and the options of the report.</summary>
internal sealed record ReportCase(ITransformer Model, IDataView Rows, ReportOptions Options)
{
    /// <summary>Writes the report and gives its text.</summary>
    public string Write()
    {
        using var folder = new TestFolder();
        Model.WriteReport(folder["report.html"], Rows, Options);
        return File.ReadAllText(folder["report.html"]);
    }
}

/// <summary>Models of every kind that a report looks different for, all from fixed seeds; each is fitted once.</summary>
internal static class ReportFixtures
{
    /// <summary>Names that would break a page that did not encode them, or change the text around them.</summary>
    public static readonly string[] HostileNames =
    [
        "<script>document.title='owned'</script>", "\"><img src=x onerror=\"document.title='owned'\">", "' onmouseover='alert(1)",
        "&lt;b&gt; &amp; &#0;", "</title></style></svg><h1>big</h1>", "bell\u0007 escape\u001b[31m nul\0 line\r\nend\u0085",
        "left\u202Eright-to-left\u2066 never ended", "שם \u200Fעמודה", "lone \uD800 surrogate \uFFFF", new('w', 3_000), "]]>--><!--",
        "url(#chart-scores) rgb(1,2,3) {{x}} ${y}", "",
    ];

    private static readonly ConcurrentDictionary<string, Lazy<ReportCase>> s_cases = new();

    private static readonly Dictionary<string, Func<ReportCase>> s_kinds = new()
    {
        ["detector"] = Detector,
        ["convolutional"] = () => Digits(options =>
            options.Network = new ConvolutionalNetworkOptions { Height = 8, Width = 8, Filters = [6] }),
        ["variational"] = () => Digits(options =>
        {
            options.Code = options.Code with { Variational = new VariationalOptions() };
            options.Network = new DenseNetworkOptions { Hidden = [32] };
        }, new ReportImage(8, 8)),
        ["variational table"] = () => Made(7, Names(7), options =>
            options.Code = new CodeOptions { Size = 3, Variational = new VariationalOptions() }),
        ["code of two units"] = () => Made(5, Names(5), options => options.Code = new CodeOptions { Size = 2 }),
        ["hostile names"] = () => Made(HostileNames.Length, HostileNames, _ => { }) is var hostile
            ? hostile with { Options = new ReportOptions { Title = HostileNames[1], LabelColumnName = "Label" } } : null!,
        ["no rows"] = () => Made(5, Names(5), _ => { }) is var made ? made with { Rows = View([], Names(5)) } : null!,
        ["all missing"] = () => Made(5, Names(5), _ => { }) is var made
            ? made with { Rows = View(Enumerable.Range(0, 30).Select(_ => new LabeledRow
                { Features = [float.NaN, float.NaN, float.NaN, float.NaN, float.NaN] }), Names(5)) } : null!,
        ["time series"] = TimeSeries,
        ["one feature"] = () => Made(1, ["Temperature"], options => options.Code = new CodeOptions { Size = 1 }),
        ["thousand features"] = () => Made(1_000, Names(1_000), options => options.Epochs = 1),
    };

    public static MLContext Ml { get; } = new(seed: 1);

    /// <summary>The kinds of reports.</summary>
    public static IEnumerable<string> Kinds => s_kinds.Keys;

    /// <summary>The model and the rows of a kind.</summary>
    public static ReportCase Of(string kind) => s_cases.GetOrAdd(kind, name => new Lazy<ReportCase>(s_kinds[name])).Value;

    /// <summary>A view of rows whose features have names.</summary>
    public static IDataView View(IEnumerable<LabeledRow> rows, string[] names)
    {
        var schema = SchemaDefinition.Create(typeof(LabeledRow));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, names.Length);
        schema["Features"].AddAnnotation("SlotNames", new VBuffer<ReadOnlyMemory<char>>(
            names.Length, [.. names.Select(name => name.AsMemory())]), new VectorDataViewType(TextDataViewType.Instance, names.Length));
        return Ml.Data.LoadFromEnumerable(rows, schema);
    }

    /// <summary>Rows of features that three hidden numbers decide; every twentieth, of those asked for, is an anomaly.</summary>
    public static LabeledRow[] Rows(int count, int width, int seed, bool hasAnomalies = true)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            double[] hidden = [random.NextDouble(), random.NextDouble(), random.NextDouble()];
            var row = new LabeledRow
            {
                Label = hasAnomalies && i % 20 == 0,
                Features = [.. Enumerable.Range(0, width).Select(j =>
                    (float)(10 * (j % 4 + 1) * (hidden[j % 3] + 0.3 * hidden[(j + 1) % 3] + 0.05 * random.NextDouble())))],
            };
            row.Kind = row.Label ? "odd" : "usual";
            if (row.Label)
                row.Features[i / 20 % width] += 60;
            return row;
        })];
    }

    public static string[] Names(int count) => [.. Enumerable.Range(1, count).Select(j => $"Sensor {j}")];

    /// <summary>The detector on benign cells; the rows are the benign ones held out and every tenth malignant one.</summary>
    private static ReportCase Detector()
    {
        var (names, rows) = Read("breast-cancer.csv", skipped: 1);
        LabeledRow[] normal = [.. rows.Where(row => !row.Label)], malignant = [.. rows.Where(row => row.Label)];
        LabeledRow[] scored = [.. normal.Skip(238), .. malignant.Where((_, i) => i % 10 == 0)];
        new Random(5).Shuffle(scored);
        var model = Ml.Autoencoders().AnomalyDetection("Features", seed: 1).Fit(View(normal.Take(238), names));
        return new ReportCase(model, View(scored, names), new ReportOptions { Title = "Breast cancer cells", LabelColumnName = "Label" });
    }

    /// <summary>Five series of two channels, the fourth with an anomaly of ten hours; names are those of strangers.</summary>
    private static ReportCase TimeSeries()
    {
        static StepRow[] Steps(int count, int seed, bool hasAnomaly)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).SelectMany(i => HostileNames.Take(5).Select((key, series) =>
            {
                bool isOdd = hasAnomaly && series == 3 && i is >= 200 and < 210;
                double angle = 2 * Math.PI * i / 12 + series;
                return new StepRow
                {
                    Time = new DateTime(2026, 1, 1).AddHours(i),
                    Key = key,
                    Label = isOdd,
                    Value = [(float)(10 * Math.Sin(angle) + random.NextDouble()),
                        (float)(Math.Cos(angle) + 0.1 * random.NextDouble() + (isOdd ? 2 : 0))],
                };
            }))];
        }
        var model = Ml.Autoencoders().TimeSeries(new TimeSeriesEstimator.Options
        {
            FeatureColumnName = nameof(StepRow.Value),
            TimeColumnName = nameof(StepRow.Time),
            KeyColumnName = nameof(StepRow.Key),
            Width = WindowWidth.Steps(12),
            Network = new DenseNetworkOptions { Hidden = [24] },
            Code = new CodeOptions { Size = 3 },
            Steps = 300,
            LearningRate = 3e-3,
            IsCovering = true,
            Seed = 1,
        }).Fit(StepView(Steps(300, seed: 1, hasAnomaly: false), HostileNames[..2]));
        return new ReportCase(model, StepView(Steps(300, seed: 2, hasAnomaly: true), HostileNames[..2]),
            new ReportOptions { Title = "Five pumps", LabelColumnName = nameof(StepRow.Label) });
    }

    private static IDataView StepView(StepRow[] rows, string[] names)
    {
        var schema = SchemaDefinition.Create(typeof(StepRow));
        schema[nameof(StepRow.Value)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, names.Length);
        schema[nameof(StepRow.Value)].AddAnnotation("SlotNames", new VBuffer<ReadOnlyMemory<char>>(
            names.Length, [.. names.Select(name => name.AsMemory())]), new VectorDataViewType(TextDataViewType.Instance, names.Length));
        return Ml.Data.LoadFromEnumerable(rows, schema);
    }

    /// <summary>A model of the digits from 0 to 4; the rows are those held out and some of the others.</summary>
    private static ReportCase Digits(Action<AutoencoderEstimator.Options> change, ReportImage? image = null)
    {
        var (names, rows) = Read("digits.csv", skipped: 2);
        LabeledRow[] normal = [.. rows.Where(row => !row.Label)], others = [.. rows.Where(row => row.Label)];
        var options = new AutoencoderEstimator.Options
        {
            Code = new CodeOptions { Size = 8 },
            Epochs = 25,
            Seed = 1,
            ValidationShare = 0.1,
            Scaling = InputScaling.MinMax,
        };
        change(options);
        var model = Ml.Autoencoders().Autoencoder(options).Fit(View(normal.Take(600), names));
        return new ReportCase(model, View([.. normal.Skip(600), .. others.Take(30)], names),
            new ReportOptions { Title = "Handwritten digits", Image = image });
    }

    private static ReportCase Made(int width, string[] names, Action<AutoencoderEstimator.Options> change)
    {
        var options = new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [16] },
            Code = new CodeOptions { Size = 3 },
            Epochs = 20,
            Seed = 1,
            Threshold = Onnx.ThresholdRule.FalseAlarmRate(0.01),
        };
        change(options);
        var model = Ml.Autoencoders().Autoencoder(options).Fit(View(Rows(400, width, seed: 2, hasAnomalies: false), names));
        return new ReportCase(model, View(Rows(300, width, seed: 3), names), new ReportOptions { LabelColumnName = "Label" });
    }

    private static (string[] Names, LabeledRow[] Rows) Read(string file, int skipped)
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("samples", "data", file));
        return (lines[0].Split(',')[skipped..], [.. lines[1..].Select(line => line.Split(',')).Select(cells => new LabeledRow
        {
            Label = cells[0] == "1",
            Features = [.. cells[skipped..].Select(cell => float.Parse(cell, CultureInfo.InvariantCulture))],
        })]);
    }
}
