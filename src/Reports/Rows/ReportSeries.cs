using System.Globalization;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>A run of flagged rows of one series.</summary>
/// <param name="Trace">The series.</param>
/// <param name="From">The time of the first row, or its number in the series.</param>
internal sealed record SeriesAlarm(SeriesTrace Trace, double From)
{
    /// <summary>The same of the last row.</summary>
    public double To { get; set; } = From;

    public long Rows { get; set; }

    /// <summary>The highest score; NaN where no row has one.</summary>
    public float Score { get; set; } = float.NaN;

    /// <summary>Whether one of the rows is an anomaly by its label.</summary>
    public bool IsAnomaly { get; set; }

    /// <summary>The channel with the largest error in the row with the highest score, its value there and what was expected.</summary>
    public (int Channel, float Value, float Expected) Peak { get; set; }
}

/// <summary>What a report keeps of the time series that its rows are steps of: no more of long ones than of short ones.</summary>
internal sealed class ReportSeries
{
    // How many numbers are kept of all series together; where there are more, all are drawn more coarsely.
    private const long MostNumbers = 4_000_000;

    private readonly Dictionary<string, SeriesTrace> _traces = new(StringComparer.Ordinal);
    private readonly List<SeriesTrace> _inOrder = [];
    private readonly PriorityQueue<SeriesAlarm, float> _top = new();
    private readonly int _maxAlarms, _channels, _seed;
    private readonly double _step;
    private readonly DataViewType? _time;
    private long _bins;

    public ReportSeries(WindowDescription windows, SeriesColumns columns, ReportOptions options)
    {
        (_maxAlarms, _channels, _seed) = (options.MaxRows, windows.Channels.Count, options.Seed);
        (_step, _time) = (windows.Step, columns.Time?.Type);
    }

    /// <summary>Whether times are dates, in seconds since 2000.</summary>
    public bool IsDated => _time is DateTimeDataViewType or DateTimeOffsetDataViewType;

    /// <summary>What stands along the axis of time.</summary>
    public string Unit => _time switch { null => "row", TimeSpanDataViewType => "seconds", _ => IsDated ? "" : "time" };

    /// <summary>The series, in the order of their first rows.</summary>
    public IReadOnlyList<SeriesTrace> Traces => _inOrder;

    public long AlarmCount { get; private set; }

    /// <summary>The number of series with an alarm.</summary>
    public int WithAlarms => _inOrder.Count(trace => trace.HasAlarm);

    /// <summary>The alarms with the highest scores, the highest first.</summary>
    public SeriesAlarm[] Alarms => [.. _top.UnorderedItems.OrderByDescending(item => item.Priority).ThenBy(item => item.Element.From)
        .Select(item => item.Element)];

    /// <summary>Adds the next row of a series.</summary>
    /// <param name="key">The series.</param>
    /// <param name="time">The time of the row, where there is one.</param>
    /// <param name="row">The row.</param>
    public void Add(ReadOnlyMemory<char> key, double? time, ReadRow row)
    {
        string name = key.ToString();
        if (!_traces.TryGetValue(name, out var trace))
        {
            _traces.Add(name, trace = new SeriesTrace(name, _channels, _seed));
            _inOrder.Add(trace);
        }
        int before = trace.Bins.Count;
        double place = time ?? trace.Count + 1;
        trace.Add(place, row);
        _bins += trace.Bins.Count - before;
        while (_bins * SeriesTrace.NumbersOfBin(_channels) > MostNumbers && _bins > 2L * _inOrder.Count)
        {
            _inOrder.ForEach(one => one.Halve());
            _bins = _inOrder.Sum(one => (long)one.Bins.Count);
        }
        if (!row.IsFlagged)
        {
            Close(trace);
            return;
        }
        var alarm = trace.Open ??= new SeriesAlarm(trace, place);
        (alarm.To, alarm.Rows) = (place, alarm.Rows + 1);
        alarm.IsAnomaly |= row.IsAnomaly;
        if (row.Score <= alarm.Score || float.IsNaN(row.Score))
            return;
        int peak = Enumerable.Range(0, _channels).MaxBy(channel => row.Errors[channel]);
        (alarm.Score, alarm.Peak) = (row.Score, (peak, row.Features[peak], row.Expected[peak]));
    }

    /// <summary>Ends the alarms that last until the last row.</summary>
    public void End() => _inOrder.ForEach(Close);

    /// <summary>A place in a series as text: the date, the time or the number of the row.</summary>
    public string TimeText(double place) => IsDated ? DateOf(place).ToString(
            _step % 60 == 0 && place % 60 == 0 ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
        : (_time is null ? "row " : "") + place.ToString("G15", CultureInfo.InvariantCulture);

    /// <summary>The date of a place.</summary>
    public static DateTime DateOf(double place) => new DateTime(2000, 1, 1).AddSeconds(place);

    private void Close(SeriesTrace trace)
    {
        if (trace.Open is not { } alarm)
            return;
        trace.Open = null;
        AlarmCount++;
        float score = float.IsNaN(alarm.Score) ? float.NegativeInfinity : alarm.Score;
        if (_top.Count < _maxAlarms)
            _top.Enqueue(alarm, score);
        else if (_top.TryPeek(out var _, out float least) && score > least)
            _top.EnqueueDequeue(alarm, score);
    }
}
