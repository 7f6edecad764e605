using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Made series: a wave with a little noise.</summary>
internal static class MadeSeries
{
    public const double Period = 12;

    private static readonly DateTime s_start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static SeriesRow[] Wave(int count, int seed, double level = 0, double noise = 0.05)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new SeriesRow
        {
            Time = s_start.AddMinutes(5 * i),
            Value = (float)(level + Math.Sin(2 * Math.PI * i / Period) + noise * Normal(random)),
        })];
    }

    public static SeriesRow[] OfKey(this SeriesRow[] rows, string key)
    {
        foreach (var row in rows)
            row.Key = key;
        return rows;
    }

    /// <summary>The rows of several series by turns, each in its order.</summary>
    public static SeriesRow[] Interleaved(int seed, params SeriesRow[][] series)
    {
        var random = new Random(seed);
        int[] next = new int[series.Length];
        List<SeriesRow> rows = [];
        while (next.Zip(series).Any(pair => pair.First < pair.Second.Length))
        {
            int one = random.Next(series.Length);
            if (next[one] < series[one].Length)
                rows.Add(series[one][next[one]++]);
        }
        return [.. rows];
    }

    public static IDataView View(this MLContext ml, SeriesRow[] rows) => ml.Data.LoadFromEnumerable(rows);

    /// <summary>Options for a small network that trains in well under a second.</summary>
    public static TimeSeriesEstimator.Options Small(Action<TimeSeriesEstimator.Options>? change = null)
    {
        var options = new TimeSeriesEstimator.Options
        {
            TimeColumnName = nameof(SeriesRow.Time),
            KeyColumnName = nameof(SeriesRow.Key),
            PValueColumnName = "PValue",
            ExpectedColumnName = "Expected",
            ChannelErrorsColumnName = "Errors",
            Width = WindowWidth.Steps(16),
            Network = new DenseNetworkOptions { Hidden = [24] },
            Code = new CodeOptions { Size = 3 },
            Steps = 200,
            LearningRate = 3e-3,
            Seed = 1,
        };
        change?.Invoke(options);
        return options;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}

/// <summary>A step.</summary>
internal sealed class SeriesRow
{
    public DateTime Time { get; set; }

    public float Value { get; set; }

    public string Key { get; set; } = "a";

    public bool IsAnomaly { get; set; }

    public SeriesRow With(Action<SeriesRow> change)
    {
        var copy = (SeriesRow)MemberwiseClone();
        change(copy);
        return copy;
    }
}

/// <summary>A step with two channels, and what was found.</summary>
internal sealed class ScoredStep
{
    public float Score { get; set; }

    public bool PredictedLabel { get; set; }

    public float PValue { get; set; }

    public float[] Expected { get; set; } = [];

    public float[] Errors { get; set; } = [];

    public static ScoredStep[] Of(MLContext ml, IDataView scored) =>
        [.. ml.Data.CreateEnumerable<ScoredStep>(scored, reuseRowObject: false, ignoreMissingColumns: true)];
}
