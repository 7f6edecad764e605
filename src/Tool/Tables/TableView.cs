using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>Which rows of a file are read.</summary>
internal sealed record RowSelection
{
    /// <summary>Of how many rows one is taken, and the first of these, from 0.</summary>
    public int Every { get; init; } = 1;

    public int First { get; init; }

    /// <summary>Whether rows that cannot be read are left out; otherwise they are an error.</summary>
    public bool SkipsBad { get; init; }

    /// <summary>How many rows are read at most.</summary>
    public long Most { get; init; } = long.MaxValue;

    /// <summary>The column whose label rows are chosen by, and the labels; only normal rows are taken.</summary>
    public (int Column, Labels Labels)? OnlyNormal { get; init; }

    /// <summary>A column with labels that becomes one of flags, true for an anomaly; a missing label is false.</summary>
    public (string Column, Labels Labels)? Flagged { get; init; }
}

/// <summary>
/// The columns of a file that a model reads, as a data view: numbers as Single, categories and keys as text, the time of a series as
/// DateTime or Double. Each cursor reads the file once, and only as far as it is moved.
/// </summary>
internal sealed class TableView : IDataView
{
    private readonly TableFile _file;
    private readonly int[] _places;
    private readonly RowSelection _selection;
    private readonly CancellationToken _stop;
    private readonly PendingValues? _pending;
    private readonly int _flagIndex = -1, _flagPlace;
    private TableReader? _opened;

    // A series is read by two cursors at once; the one that is opened last reads ahead, and counts.
    private object? _last;

    /// <summary>Makes a view.</summary>
    /// <param name="file">The file.</param>
    /// <param name="opened">A reader of it that stands before the first row; the first cursor takes it.</param>
    /// <param name="schema">The columns, which are found in the file by their names.</param>
    /// <param name="selection">Which rows are read.</param>
    /// <param name="pending">What the column <see cref="PendingColumn"/> has of each row; null for no such column.</param>
    /// <param name="stop">Ends the reading.</param>
    public TableView(TableFile file, TableReader opened, DataViewSchema schema, RowSelection selection, PendingValues? pending,
        CancellationToken stop)
    {
        (_file, _opened, _selection, _pending, _stop) = (file, opened, selection, pending, stop);
        var places = opened.Columns.Select((column, i) => (column.Name, i)).ToDictionary(pair => pair.Name, pair => pair.i,
            StringComparer.Ordinal);
        _places = [.. schema.Select(column => places[column.Name])];
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(schema);
        while (schema.GetColumnOrNull(PendingColumn) is not null)
            PendingColumn += "_";
        if (selection.Flagged is { } flagged)
        {
            builder.AddColumn(flagged.Column, BooleanDataViewType.Instance);
            (_flagIndex, _flagPlace) = (schema.Count, places[flagged.Column]);
        }
        if (pending is not null)
            builder.AddColumn(PendingColumn, PendingRowType.Instance);
        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    /// <summary>The name of the column with the row's text, where there is one.</summary>
    public string PendingColumn { get; } = "__row";

    public bool CanShuffle => false;

    /// <summary>How many rows were left out because they could not be read, in the last reading.</summary>
    public long SkippedRows { get; private set; }

    /// <summary>How many rows there were in the last reading, or so far in one that goes on.</summary>
    public long Rows { get; private set; }

    /// <summary>Is told after each row how many have been read, and which share of the file.</summary>
    public Action<long, double?>? Progress { get; init; }

    /// <summary>The schema of columns with these names.</summary>
    public static DataViewSchema SchemaOf(IEnumerable<(string Name, DataViewType Type)> columns)
    {
        var builder = new DataViewSchema.Builder();
        foreach (var (name, type) in columns)
            builder.AddColumn(name, type);
        return builder.ToSchema();
    }

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var reader = _opened ?? _file.Read();
        _opened = null;
        return new Cursor(this, reader, [.. columnsNeeded.Select(column => column.Index)]);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : DataViewRowCursor
    {
        // A category's text is kept and given again; beyond this many different ones it is made anew.
        private const int MostKeptTexts = 10_000;

        private readonly TableView _view;
        private readonly TableReader _reader;
        private readonly int[] _active;
        private readonly bool[] _isActive;
        private readonly bool[] _isText;
        private readonly float[] _numbers;
        private readonly ReadOnlyMemory<char>[] _texts;
        private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _kept =
            new Dictionary<string, string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        private readonly PendingRow _row = new();
        private readonly int _pendingIndex = -1, _timeIndex;
        private readonly bool _isDated;
        private DateTime _date;
        private double _time;
        private long _position = -1;
        private bool _flag;

        public Cursor(TableView view, TableReader reader, int[] active)
        {
            (_view, _reader, _active) = (view, reader, active);
            _isActive = new bool[view.Schema.Count];
            foreach (int column in active)
                _isActive[column] = true;
            _isText = [.. view.Schema.Select(column => column.Type is TextDataViewType)];
            _numbers = new float[view.Schema.Count];
            _texts = new ReadOnlyMemory<char>[view.Schema.Count];
            if (view._pending is not null && _isActive[^1])
                _pendingIndex = view.Schema.Count - 1;
            _timeIndex = view.Schema.FirstOrDefault(column => IsTime(column.Type)) is { Name: not null } time ? time.Index : -1;
            _isDated = _timeIndex >= 0 && view.Schema[_timeIndex].Type is DateTimeDataViewType;

            // All cursors leave out the same rows.
            if (view._selection.SkipsBad)
                _active = [.. active.Union(Enumerable.Range(0, view._places.Length))];
            (view._last, view.Rows, view.SkippedRows) = (this, 0, 0);
        }

        public override DataViewSchema Schema => _view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => _isActive[column.Index];

        public override bool MoveNext()
        {
            while (_reader.MoveNext())
            {
                _view._stop.ThrowIfCancellationRequested();
                bool counts = _view._last == this;
                if (counts)
                    _view.Progress?.Invoke(_reader.Row, _reader.Fraction);
                var selection = _view._selection;
                if (selection.Every > 1 && (_reader.Row - 1) % selection.Every != selection.First)
                    continue;
                if (Read() is { } fault)
                {
                    if (!selection.SkipsBad)
                        throw new InputException(fault);
                    _view.SkippedRows += counts ? 1 : 0;
                    continue;
                }
                if (selection.OnlyNormal is { } only && only.Labels.IsAnomaly(_reader.Text(only.Column)) != false)
                    continue;
                if (_position + 1 >= selection.Most)
                    break;
                _position++;
                _view.Rows += counts ? 1 : 0;
                return true;
            }
            _position = -1;
            return false;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() =>
            (ref DataViewRowId value) => value = new DataViewRowId((ulong)_position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            int index = column.Index;
            if (index == _pendingIndex)
                return (ValueGetter<TValue>)(Delegate)(ValueGetter<PendingRow>)((ref PendingRow value) => (value ??= new()).CopyFrom(_row));
            Delegate getter = index == _timeIndex && _isDated ? (ValueGetter<DateTime>)((ref DateTime value) => value = _date)
                : index == _timeIndex ? (ValueGetter<double>)((ref double value) => value = _time)
                : index == _view._flagIndex ? (ValueGetter<bool>)((ref bool value) => value = _flag)
                : _isText[index]
                ? (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = _texts[index])
                : (ValueGetter<float>)((ref float value) => value = _numbers[index]);
            return (ValueGetter<TValue>)getter;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _reader.Dispose();
            base.Dispose(disposing);
        }

        /// <summary>Reads the active columns of the row.</summary>
        /// <returns>What is wrong with the row; null for nothing.</returns>
        private string? Read()
        {
            if (_pendingIndex >= 0)
                _row.Start(_reader, _view._pending!.KeepsLines);
            if (_reader.Fault is { } fault)
                return fault;
            for (int i = 0; _pendingIndex >= 0 && i < _view._pending!.Columns.Count; i++)
                _row.AddValue(_reader.Text(_view._pending.Columns[i]));
            foreach (int column in _active)
            {
                if (column == _pendingIndex)
                    continue;
                if (column == _view._flagIndex)
                {
                    _flag = _view._selection.Flagged!.Value.Labels.IsAnomaly(_reader.Text(_view._flagPlace)) == true;
                    continue;
                }
                int place = _view._places[column];
                if (column == _timeIndex)
                {
                    if (!(_isDated ? _reader.TryDate(place, out _date) : _reader.TryDouble(place, out _time)))
                        return _reader.NoTime(place, _isDated);
                }
                else if (_isText[column])
                    _texts[column] = Keep(_reader.Text(place));
                else if (!_reader.TryNumber(place, out _numbers[column]))
                    return _reader.NoNumber(place);
            }
            return null;
        }

        private static bool IsTime(DataViewType type) => type is DateTimeDataViewType || type == NumberDataViewType.Double;

        private ReadOnlyMemory<char> Keep(ReadOnlySpan<char> text)
        {
            if (text.IsEmpty)
                return default;
            if (_kept.TryGetValue(text, out string? kept))
                return kept.AsMemory();
            kept = text.ToString();
            if (_kept.Dictionary.Count < MostKeptTexts)
                _kept.Dictionary.Add(kept, kept);
            return kept.AsMemory();
        }
    }
}
