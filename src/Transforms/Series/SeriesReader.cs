using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Walks over the rows of a data view and keeps, for each series among them, the last steps.</summary>
internal sealed class SeriesReader : IDisposable
{
    private readonly WindowDescription _windows;
    private readonly string? _refusal;
    private readonly int _kept;
    private readonly DataViewRowCursor _cursor;
    private readonly ColumnReader _readValues;
    private readonly Func<double>? _readTime;
    private readonly SeriesColumns.KeyReader? _readKey;
    private readonly Dictionary<ReadOnlyMemory<char>, int> _places = new(TextComparer.Instance);
    private readonly List<(string Name, SeriesWindow Window)> _series = [];
    private readonly float[] _values;

    /// <param name="source">The data.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="windows">The windows; their step is 0 where gaps are not looked for.</param>
    /// <param name="further">Columns that are read besides.</param>
    /// <param name="refusal">What is said of a row with a missing value, or after a gap; null where that is no error.</param>
    /// <param name="keepsValues">Whether windows have values, or only count steps.</param>
    public SeriesReader(IDataView source, SeriesColumns columns, WindowDescription windows,
        IEnumerable<DataViewSchema.Column>? further = null, string? refusal = null, bool keepsValues = true)
    {
        (_windows, _refusal, _kept) = (windows, refusal, keepsValues ? windows.Channels.Count : 0);
        _cursor = source.GetRowCursor(columns.All.Concat(further ?? []));
        try
        {
            _readValues = ColumnReaders.Create(_cursor, columns.Values);
            (_readTime, _readKey) = (columns.CreateTimeReader(_cursor), columns.CreateKeyReader(_cursor));
        }
        catch
        {
            _cursor.Dispose();
            throw;
        }
        _values = new float[windows.Channels.Count];
    }

    /// <summary>The row that was read last.</summary>
    public DataViewRow Row => _cursor;

    /// <summary>The series of this row, numbered in the order of their first rows.</summary>
    public int Series { get; private set; }

    /// <summary>The last steps of this series, this row's among them.</summary>
    public SeriesWindow Window => _series[Series].Window;

    /// <summary>The values of this row.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The time from the last row of the same series to this one; NaN for the first, and where there are no times.</summary>
    public double Elapsed { get; private set; }

    /// <summary>How many steps were missing before this one.</summary>
    public long Skipped { get; private set; }

    /// <summary>The number of series so far.</summary>
    public int Count => _series.Count;

    /// <summary>The name of a series.</summary>
    public string NameOf(int series) => _series[series].Name;

    /// <summary>Goes to the next row.</summary>
    /// <exception cref="InvalidOperationException">Its time is none, or before that of the row before it in its series; or a value is
    /// missing, and that is refused.</exception>
    public bool MoveNext()
    {
        if (!_cursor.MoveNext())
            return false;
        long position = _cursor.Position;
        Series = FindSeries();
        _readValues(_values, position);
        var window = Window;
        (Elapsed, Skipped) = (double.NaN, 0);
        if (_readTime is not null)
        {
            double time = _readTime();
            Elapsed = time - window.Time;
            if (SeriesTimes.Check(window.Time, time) is { } what)
                throw Wrong($"{what} in the column '{_windows.TimeColumn}'. Sort the rows of each series by time, without rows that have " +
                    "none; where a local time goes back in autumn, give universal time.");
            Skipped = SeriesTimes.Skipped(Elapsed, _windows.Step);
            window.Time = time;
        }
        if (_refusal is not null && (Skipped > 0 || !AreFinite(_values)))
            throw Wrong($"has a missing value, or follows a gap, and {_refusal}");
        window.Skip(Skipped);
        window.Add(_values);
        return true;

        InvalidOperationException Wrong(string what) => new($"Row {position} (counted from 0){OfSeries(Series)} {what}");
    }

    /// <summary>Whether no value is missing.</summary>
    public static bool AreFinite(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                return false;
        }
        return true;
    }

    public void Dispose() => _cursor.Dispose();

    /// <summary>Tells a series, for messages.</summary>
    private string OfSeries(int series) => _readKey is null ? "" : $" of the series '{NameOf(series)}'";

    private int FindSeries()
    {
        var name = _readKey is null ? default : _readKey();
        if (_places.TryGetValue(name, out int place))
            return place;
        string text = name.ToString();
        _places.Add(text.AsMemory(), _series.Count);
        _series.Add((text, new SeriesWindow(_windows.Width, _kept)));
        return _series.Count - 1;
    }

    /// <summary>Compares texts by their characters.</summary>
    private sealed class TextComparer : IEqualityComparer<ReadOnlyMemory<char>>
    {
        public static TextComparer Instance { get; } = new();

        public bool Equals(ReadOnlyMemory<char> x, ReadOnlyMemory<char> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<char> text) => string.GetHashCode(text.Span);
    }
}

/// <summary>What the times of two steps of one series say.</summary>
internal static class SeriesTimes
{
    private const double GapBegins = 1.5;

    // What ML.NET reads an empty date as.
    private static readonly double s_noDate = SeriesColumns.SecondsOf(0);

    /// <summary>What is wrong with a time, for messages; null where nothing is.</summary>
    public static string? Check(double last, double time) =>
        !double.IsFinite(time) ? "has no time"
        : !(time < last) ? null
        : time == s_noDate ? "has no time (0001-01-01)"
        : string.Create(CultureInfo.InvariantCulture, $"lies {last - time} before the one before it");

    /// <summary>How many steps are missing between two.</summary>
    /// <param name="elapsed">The time between them; NaN for no earlier one.</param>
    /// <param name="step">The time of a step; 0 for unknown.</param>
    public static long Skipped(double elapsed, double step) => step > 0 && elapsed > GapBegins * step
        ? (long)Math.Min(Math.Round(elapsed / step) - 1, int.MaxValue) : 0;
}
