using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>A cursor that reads a batch of rows ahead, runs the graph over it once, and then gives the rows out one by one.</summary>
/// <remarks>
/// Everything that can be asked of a row is kept for the batch: the upstream columns that are active, the row's identity and its
/// upstream batch number. Unless the options fix the batch size, the first batch is one row, so that the first result comes at once, and each
/// one after it is four times as large, up to <see cref="LargestBatch"/>. Where no output of the graph is active, rows pass through one at a time.
/// </remarks>
internal sealed class BatchedCursor : DataViewRowCursor, IOutputRow
{
    /// <summary>The most rows that one run of the graph takes: beyond it ONNX Runtime gains nothing more.</summary>
    private const int LargestBatch = 256;

    private const int Growth = 4;

    private readonly ScoringPlan _plan;
    private readonly DataViewRowCursor _source;
    private readonly HashSet<int> _active;
    private readonly Dictionary<int, ColumnBuffer> _buffers = [];
    private readonly ColumnBuffer[] _bufferList;
    private readonly BatchRunner? _runner;
    private readonly Dictionary<int, int[]> _places = [];
    private readonly int _largestBatch;
    private readonly InputReader? _reader;
    private readonly ValueGetter<DataViewRowId> _sourceId;
    private DataViewRowId[] _ids = [];
    private long[] _batches = [];
    private int _nextBatch;
    private int _rows;
    private int _row = -1;
    private long _position = -1;
    private bool _ended;

    public BatchedCursor(ScoringPlan plan, DataViewRowCursor source, DataViewSchema.Column[] active)
    {
        _plan = plan;
        _source = source;
        _active = [.. active.Select(column => column.Index)];
        _sourceId = source.GetIdGetter();
        _largestBatch = plan.Scoring.BatchSize ?? LargestBatch;
        _nextBatch = plan.Scoring.BatchSize ?? 1;
        try
        {
            if (_active.Any(plan.IsOutput))
            {
                _runner = plan.CreateRunner(active, _largestBatch, out _places);
                _reader = new InputReader(plan, source);
            }
            foreach (int index in _active.Where(index => !plan.IsOutput(index)))
                _buffers.Add(index, ColumnBuffer.Create(source, plan.InputSchema[index]));
        }
        catch
        {
            _runner?.Dispose();
            source.Dispose();
            throw;
        }
        _bufferList = [.. _buffers.Values];
    }

    public override DataViewSchema Schema => _plan.OutputSchema;

    public override long Position => _position;

    public override long Batch => _row < 0 ? 0 : _batches[_row];

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    public override bool MoveNext()
    {
        if (_ended)
            return false;
        if (_row + 1 < _rows || FillBatch())
        {
            _row++;
            _position++;
            return true;
        }
        _ended = true;
        _row = -1;
        _position = -1;
        return false;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new InvalidOperationException($"The column '{column.Name}' is not among those that the cursor was opened for. Name it when opening the cursor.");
        if (_places.TryGetValue(column.Index, out int[]? places))
            return _plan.CreateGetter<TValue>(column, this, places);
        var buffer = _buffers[column.Index] as ColumnBuffer<TValue> ?? throw ScoringPlan.WrongType<TValue>(column);
        return (ref TValue value) => buffer.Load(CurrentRow, ref value);
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _ids[CurrentRow];

    BatchRunner IOutputRow.Locate(out int row)
    {
        row = CurrentRow;
        return _runner!;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _ended = true;
            _row = -1;
            _runner?.Dispose();
            _source.Dispose();
        }
        base.Dispose(disposing);
    }

    private int CurrentRow => _row >= 0 ? _row : throw new InvalidOperationException("The cursor stands on no row: call MoveNext first, and read no value after it has returned false.");

    private bool FillBatch()
    {
        int wanted = _runner is null ? 1 : _nextBatch;
        if (wanted > _ids.Length)
        {
            Array.Resize(ref _ids, wanted);
            Array.Resize(ref _batches, wanted);
            foreach (var buffer in _bufferList)
                buffer.Resize(wanted);
        }
        _row = -1;
        _rows = 0;
        while (_rows < wanted && _source.MoveNext())
        {
            _reader?.Read(_runner!, _rows, _position + 1 + _rows);
            foreach (var buffer in _bufferList)
                buffer.Store(_rows);
            _sourceId(ref _ids[_rows]);
            _batches[_rows] = _source.Batch;
            _rows++;
        }
        if (_rows > 0)
            _runner?.Run(_rows);
        _nextBatch = Math.Min(_largestBatch, wanted * Growth);
        return _rows > 0;
    }
}
