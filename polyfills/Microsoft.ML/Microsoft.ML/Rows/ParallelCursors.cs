namespace Microsoft.ML.Data;

/// <summary>Spreads the rows of a cursor over threads, and puts what they made of them in order again.</summary>
internal static class ParallelCursors
{
    // The sizes, and the number of threads, that the package uses.
    private const int BatchRows = 128;
    private const string WorkerFailed = "Splitter/consolidator worker encountered exception while consuming source data";

    private static int Threads => Math.Max(2, Environment.ProcessorCount - 1);

    /// <summary>A cursor over a view whose rows are computed on several threads; null where that cannot be.</summary>
    internal static DataViewRowCursor TryConsolidate(IDataView view, IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
    {
        if (!columnsNeeded.All(column => CanStore(column.Type)))
            return null;
        DataViewRowCursor[] cursors = view.GetRowCursorSet(columnsNeeded, Threads, rand);
        return cursors.Length == 1 ? cursors[0] : new Consolidated(cursors);
    }

    /// <summary>Cursors that share the rows of one; that one alone where its values cannot be kept.</summary>
    internal static DataViewRowCursor[] Split(DataViewRowCursor input, int count)
    {
        if (!input.Schema.Where(input.IsColumnActive).All(column => CanStore(column.Type)))
            return [input];
        var source = new SplitSource(input, count);
        return [.. Enumerable.Range(0, count).Select(_ => new SplitCursor(source, input))];
    }

    private static bool CanStore(DataViewType type) => type is PrimitiveDataViewType or VectorDataViewType;

    private static bool[] Active(DataViewRow row) => [.. row.Schema.Select(row.IsColumnActive)];

    /// <summary>The cursor that is shared: whoever needs rows takes the next ones, one at a time.</summary>
    private sealed class SplitSource(DataViewRowCursor input, int users)
    {
        private readonly object _lock = new();
        private int _users = users;
        private long _next;
        private bool _finished;

        internal bool Fill(RowBatch batch)
        {
            lock (_lock)
            {
                batch.Clear();
                batch.Number = _next++;
                try
                {
                    while (!_finished && batch.Count < BatchRows && input.MoveNext())
                        batch.Add();
                }
                catch (Exception e)
                {
                    _finished = true;
                    throw new InvalidOperationException(WorkerFailed, e);
                }

                _finished |= batch.Count < BatchRows;
                return batch.Count > 0;
            }
        }

        internal void Leave()
        {
            if (Interlocked.Decrement(ref _users) == 0)
                input.Dispose();
        }
    }

    private sealed class SplitCursor(SplitSource source, DataViewRowCursor input) : BatchCursor(input.Schema, Active(input))
    {
        private readonly RowBatch _batch = new(input);
        private bool _left;

        protected override RowBatch Next(RowBatch done) => source.Fill(_batch) ? _batch : null;

        protected override void Dispose(bool disposing)
        {
            if (!_left)
                source.Leave();
            _left = true;
            base.Dispose(disposing);
        }
    }

    private sealed class Consolidated : BatchCursor
    {
        private readonly object _lock = new();
        private readonly List<Worker> _workers = [];
        private readonly Task[] _tasks;
        private bool _stopped;

        internal Consolidated(DataViewRowCursor[] cursors)
            : base(cursors[0].Schema, Active(cursors[0]))
        {
            foreach (DataViewRowCursor cursor in cursors)
                _workers.Add(new Worker(this, cursor));
            _tasks = [.. _workers.Select(worker => Task.Factory.StartNew(
                worker.Run, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default))];
        }

        protected override RowBatch Next(RowBatch done)
        {
            lock (_lock)
            {
                _workers.Find(worker => worker.Owns(done))?.Return(done);
                while (true)
                {
                    if (_workers.Find(worker => worker.Failure is not null) is { } failed)
                        throw new InvalidOperationException(WorkerFailed, failed.Failure);
                    // The next batch is the lowest one, once every worker at least knows what it is at.
                    Worker lowest = _workers.TrueForAll(worker => worker.Lowest >= 0) ? _workers.MinBy(worker => worker.Lowest) : null;
                    if (lowest?.Lowest == long.MaxValue)
                        return null;
                    if (lowest?.Take() is { } batch)
                        return batch;
                    Monitor.Wait(_lock);
                }
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_stopped)
            {
                lock (_lock)
                {
                    _stopped = true;
                    Monitor.PulseAll(_lock);
                }

                Task.WaitAll(_tasks);
            }

            base.Dispose(disposing);
        }

        /// <summary>Reads one of the cursors to its end, a few batches ahead of the consumer.</summary>
        private sealed class Worker(Consolidated parent, DataViewRowCursor cursor)
        {
            private const int Ahead = 3;
            private readonly HashSet<RowBatch> _own = [];
            private readonly Stack<RowBatch> _free = new();
            private readonly Queue<RowBatch> _ready = new();
            private long _current = -1;

            internal Exception Failure { get; private set; }

            /// <summary>The lowest batch that this worker still has to give: -1 if it is not known yet, the largest number if there is none.</summary>
            internal long Lowest => _ready.Count > 0 ? _ready.Peek().Number : _current;

            internal bool Owns(RowBatch batch) => batch is not null && _own.Contains(batch);

            internal void Return(RowBatch batch)
            {
                _free.Push(batch);
                Monitor.PulseAll(parent._lock);
            }

            internal RowBatch Take() => _ready.Count > 0 ? _ready.Dequeue() : null;

            internal void Run()
            {
                try
                {
                    Read();
                    Set(long.MaxValue);
                }
                catch (Exception e)
                {
                    lock (parent._lock)
                    {
                        Failure = e;
                        Monitor.PulseAll(parent._lock);
                    }
                }
                finally
                {
                    cursor.Dispose();
                }
            }

            private void Read()
            {
                for (int i = 0; i < Ahead; i++)
                    _own.Add(new RowBatch(cursor));
                foreach (RowBatch batch in _own)
                    _free.Push(batch);
                bool more = cursor.MoveNext();
                while (more)
                {
                    Set(cursor.Batch);
                    RowBatch batch = WaitForFree();
                    if (batch is null)
                        return;
                    batch.Clear();
                    batch.Number = cursor.Batch;
                    do
                    {
                        batch.Add();
                        more = cursor.MoveNext();
                    }
                    while (more && cursor.Batch == batch.Number && batch.Count < BatchRows);

                    lock (parent._lock)
                    {
                        _ready.Enqueue(batch);
                        _current = more ? cursor.Batch : -1;
                        Monitor.PulseAll(parent._lock);
                    }
                }
            }

            private void Set(long current)
            {
                lock (parent._lock)
                {
                    _current = current;
                    Monitor.PulseAll(parent._lock);
                }
            }

            private RowBatch WaitForFree()
            {
                lock (parent._lock)
                {
                    while (_free.Count == 0 && !parent._stopped)
                        Monitor.Wait(parent._lock);
                    return parent._stopped ? null : _free.Pop();
                }
            }
        }
    }
}
