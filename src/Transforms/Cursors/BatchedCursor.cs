using System.Numerics;
using System.Runtime.ExceptionServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>A cursor that reads a batch of rows ahead, runs the graph over it once, and then gives the rows out one by one.</summary>
/// <remarks>
/// Everything that can be asked of a row is kept for the batch: the upstream columns that are active, the row's identity and its
/// upstream batch number. Unless the options fix the batch size, the first batch is one row, so that the first result
/// comes at once, and each one after it is four times as large, up to what suits the number of features. A row that
/// cannot be read ends the cursor with its exception in its own place: the rows before it are given out first. Where no
/// output of the graph is active, rows pass through one at a time.
/// </remarks>
internal sealed class BatchedCursor : DataViewRowCursor, IOutputRow
{
    // A batch runs fastest when its features, and with them most layers, stay in a core's cache (docs/performance.md).
    private const int BestBatchValues = 65_536;
    private const int LeastBestBatch = 32;
    private const int MostBestBatch = 2_048;

    /// <summary>The most memory that the runner's buffers take, however wide the rows are.</summary>
    private const long LargestBatchBytes = 64 << 20;

    private const int Growth = 4;

    private readonly ScoringPlan _plan;
    private readonly DataViewRowCursor _source;
    private readonly HashSet<int> _active;
    private readonly Dictionary<int, ColumnBuffer> _buffers = [];
    private readonly ColumnBuffer[] _bufferList;
    private readonly bool _readsThrough;
    private ExceptionDispatchInfo? _failure;
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

        // A value that owns something, such as an image, belongs to whoever read it and cannot be kept for later: rows
        // with such a column come one at a time.
        _readsThrough = active.Any(column => !plan.IsOutput(column.Index) && typeof(IDisposable).IsAssignableFrom(column.Type.RawType));
        bool scores = _active.Any(plan.IsOutput);
        _largestBatch = _readsThrough || !scores ? 1 : LargestBatch(plan, active);
        _nextBatch = plan.Scoring.BatchSize is null ? 1 : _largestBatch;
        _sourceId = source.GetIdGetter();
        try
        {
            if (scores)
            {
                _runner = plan.CreateRunner(active, _largestBatch, out _places);
                _reader = new InputReader(plan, source);
            }
            foreach (int index in _active.Where(index => !plan.IsOutput(index) && !_readsThrough))
                _buffers.Add(index, ColumnBuffer.Create(source, plan.InputSchema[index]));
        }
        catch
        {
            // The source is closed by whoever opened it.
            _runner?.Dispose();
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
        {
            _failure?.Throw();
            return false;
        }
        if (_row + 1 < _rows || FillBatch())
        {
            _row++;
            _position++;
            return true;
        }
        End();
        _failure?.Throw();
        return false;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new InvalidOperationException(
                $"The column '{column.Name}' is not among those that the cursor was opened for. Name it when opening the cursor.");
        if (_places.TryGetValue(column.Index, out int[]? places))
            return _plan.CreateGetter<TValue>(column, this, places);
        if (_readsThrough)
            return _source.GetGetter<TValue>(_plan.InputSchema[column.Index]);
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
            End();
            _runner?.Dispose();
            _source.Dispose();
        }
        base.Dispose(disposing);
    }

    private static int LargestBatch(ScoringPlan plan, DataViewSchema.Column[] active)
    {
        if (plan.Scoring.BatchSize is { } size)
        {
            int most = BatchRunner.MostRows(plan.RowBytes(active));
            return size <= most ? size : throw new InvalidOperationException(
                $"The option {nameof(ScoringOptions)}.{nameof(ScoringOptions.BatchSize)} is {size}; expected at most {most} for rows of " +
                $"{plan.RowBytes(active)} bytes, so that a batch takes no more than {BatchRunner.MostBytes >> 20} MiB. Where it is null, " +
                "the autoencoder chooses the batches.");
        }
        int best = 1 << BitOperations.Log2((uint)Math.Clamp(BestBatchValues / plan.ValuesOfRow, LeastBestBatch, MostBestBatch));
        return (int)Math.Clamp(LargestBatchBytes / plan.RowBytes(active), 1, best);
    }

    private int CurrentRow => _row >= 0 ? _row : throw new InvalidOperationException(
        "The cursor stands on no row: call MoveNext first, and read no value after it has returned false.");

    private bool FillBatch()
    {
        int wanted = _nextBatch;
        if (wanted > _ids.Length)
        {
            Array.Resize(ref _ids, wanted);
            Array.Resize(ref _batches, wanted);
            foreach (var buffer in _bufferList)
                buffer.Resize(wanted);
        }
        _row = -1;
        _rows = 0;
        try
        {
            while (_failure is null && _rows < wanted && _source.MoveNext())
                ReadRow();
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        try
        {
            if (_rows > 0)
                _runner?.Run(_rows);
        }
        catch (Exception e)
        {
            // None of the batch's rows has been computed.
            _failure = ExceptionDispatchInfo.Capture(e);
            _rows = 0;
        }
        _nextBatch = Math.Min(_largestBatch, wanted * Growth);
        return _rows > 0;
    }

    private void ReadRow()
    {
        _reader?.Read(_runner!, _rows, _position + 1 + _rows);
        foreach (var buffer in _bufferList)
            buffer.Store(_rows);
        _sourceId(ref _ids[_rows]);
        _batches[_rows] = _source.Batch;
        _rows++;
    }

    private void End()
    {
        _ended = true;
        _row = -1;
        _rows = 0;
        _position = -1;
    }
}
