using System.Globalization;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>Finds the kinds of columns by looking at the first rows of a file; docs/tool.md tells the rules.</summary>
internal sealed class ColumnProfiler
{
    /// <summary>How many rows are looked at.</summary>
    public const int MostRows = 10_000;

    /// <summary>How many values a category has at most.</summary>
    public const int MostCategories = 100;

    // Of wide files fewer rows.
    private const int MostCells = 20_000_000;

    private const int LeastRowsOfCount = 10;
    private const double LeastNumbers = 0.9;

    private static readonly string[] s_dates = [.. new[] { "yyyy-M-d", "yyyy/M/d", "d.M.yyyy", "d/M/yyyy", "M/d/yyyy", "d-MMM-yyyy" }
        .SelectMany(date => new[] { date, date + " H:mm", date + " H:mm:ss", date + " H:mm:ss.FFFFFFF" }), "H:mm:ss", "H:mm"];

    private readonly TableColumn _column;
    private readonly HashSet<int> _distinct = [];
    private int _present, _missing, _numbers, _dates;
    private float _least = float.PositiveInfinity, _most = float.NegativeInfinity, _last;
    private bool _countsUp = true;

    private ColumnProfiler(TableColumn column) => _column = column;

    /// <summary>Looks at the first rows.</summary>
    /// <returns>A profile for each column, and the number of rows that were looked at.</returns>
    public static (ColumnProfile[] Columns, int Rows) Find(TableReader reader, bool skipsBadRows, CancellationToken stop)
    {
        ColumnProfiler[] profilers = [.. reader.Columns.Select(column => new ColumnProfiler(column))];
        int most = Math.Min(MostRows, Math.Max(100, MostCells / Math.Max(1, profilers.Length))), rows = 0;
        while (rows < most && reader.MoveNext())
        {
            stop.ThrowIfCancellationRequested();
            if (reader.Fault is { } fault)
                _ = skipsBadRows ? 0 : throw new InputException(fault);
            else
                rows++;
            for (int i = 0; i < profilers.Length && reader.Fault is null; i++)
                profilers[i].Add(reader, i);
        }
        return ([.. profilers.Select((profiler, i) => new ColumnProfile(i, reader.Columns[i].Name, profiler.Kind, profiler._missing,
            profiler._numbers == profiler._present))],
            rows);
    }

    private ColumnKind Kind => _column.Content switch
    {
        ColumnContent.Unreadable => ColumnKind.Unreadable,
        ColumnContent.Date => ColumnKind.Date,
        _ when _present == 0 || _distinct.Count == 1 || (_numbers == _present && _least == _most) => ColumnKind.Constant,
        _ when _numbers == _present => _countsUp && _present >= LeastRowsOfCount ? ColumnKind.Id : ColumnKind.Number,
        _ when _dates == _present => ColumnKind.Date,
        _ when _distinct.Count <= MostCategories && 2 * _distinct.Count <= _present => ColumnKind.Category,
        _ => _numbers >= LeastNumbers * _present ? ColumnKind.Number : ColumnKind.Id,
    };

    private void Add(TableReader reader, int column)
    {
        if (_column.Content == ColumnContent.Unreadable)
            return;
        bool isNumber = reader.TryNumber(column, out float number);
        if (isNumber && !float.IsFinite(number))
        {
            _missing++;
            return;
        }
        _present++;
        if (isNumber)
        {
            _countsUp &= _numbers == 0 || number == _last + 1;
            (_numbers, _last, _least, _most) = (_numbers + 1, number, Math.Min(_least, number), Math.Max(_most, number));
        }
        if (_distinct.Count > MostCategories && (isNumber || _dates < _present - 1))
            return;
        var text = reader.Text(column);
        if (_distinct.Count <= MostCategories)
            _distinct.Add(string.GetHashCode(text));
        if (!isNumber && (DateTime.TryParseExact(text, s_dates, CultureInfo.InvariantCulture, DateTimeStyles.AllowWhiteSpaces, out _)
            || (text.Contains('T') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _))))
            _dates++;
    }
}
