namespace Microsoft.ML.Data;

/// <summary>Values of one column kept for later.</summary>
internal abstract class StoredColumn
{
    internal static StoredColumn Of(DataViewType type)
    {
        Type raw = type is VectorDataViewType vector ? vector.ItemType.RawType : type.RawType;
        return Generic.Call<StoredColumn>(type is VectorDataViewType ? MakeVector<int> : MakeScalar<int>, raw);
    }

    /// <summary>Reads from a row; what follows fetches from it.</summary>
    internal abstract Action<int> Fetcher(DataViewRow row, DataViewSchema.Column column);

    /// <summary>A getter of the value at the index that is current when it is called.</summary>
    internal abstract Delegate Getter(Func<int> current);

    private static StoredColumn MakeScalar<T>() => new Scalars<T>();

    private static StoredColumn MakeVector<T>() => new Vectors<T>();

    private abstract class Values<T> : StoredColumn
    {
        protected T[] Items { get; private set; } = new T[16];

        internal override Action<int> Fetcher(DataViewRow row, DataViewSchema.Column column)
        {
            ValueGetter<T> getter = row.GetGetter<T>(column);
            return index =>
            {
                if (index >= Items.Length)
                {
                    T[] items = Items;
                    Array.Resize(ref items, Math.Max(index + 1, 2 * items.Length));
                    Items = items;
                }

                getter(ref Items[index]);
            };
        }
    }

    private sealed class Scalars<T> : Values<T>
    {
        internal override Delegate Getter(Func<int> current) => (ValueGetter<T>)((ref T target) => target = Items[current()]);
    }

    private sealed class Vectors<T> : Values<VBuffer<T>>
    {
        internal override Delegate Getter(Func<int> current) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> target) => Items[current()].CopyTo(ref target));
    }
}

/// <summary>A source read once: each column on first need, kept in memory.</summary>
internal sealed class CacheDataView : IDataView
{
    private readonly IDataView _source;
    private readonly StoredColumn[] _columns;
    private readonly object _lock = new();
    private long? _count;

    internal CacheDataView(IDataView source, IEnumerable<DataViewSchema.Column> prefetch)
    {
        _source = source;
        _columns = new StoredColumn[source.Schema.Count];
        DataViewSchema.Column[] columns = [.. prefetch];
        if (columns.Length > 0)
            Fill(columns);
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema => _source.Schema;

    public long? GetRowCount() => _count ?? _source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] columns = [.. columnsNeeded];
        Fill(columns);
        int[] order = [.. Enumerable.Range(0, (int)_count.Value)];
        rand?.Shuffle(order);
        return new Cursor(this, order, columns.ActiveIn(Schema));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private void Fill(DataViewSchema.Column[] columns)
    {
        lock (_lock)
        {
            DataViewSchema.Column[] missing = Array.FindAll(columns, column => _columns[column.Index] is null);
            if (_count is not null && missing.Length == 0)
                return;
            StoredColumn[] stored = Array.ConvertAll(missing, column => StoredColumn.Of(column.Type));
            using DataViewRowCursor cursor = _source.GetRowCursor(missing);
            Action<int>[] fetch = [.. missing.Zip(stored, (column, values) => values.Fetcher(cursor, column))];
            int count = 0;
            for (; cursor.MoveNext(); count++)
            {
                foreach (Action<int> fetchInto in fetch)
                    fetchInto(count);
            }

            for (int i = 0; i < missing.Length; i++)
                _columns[missing[i].Index] = stored[i];
            _count = count;
        }
    }

    private sealed class Cursor(CacheDataView view, int[] order, bool[] active) : RootCursor
    {
        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Refuse.StateUnless(IsColumnActive(column), $"Column '{column.Name}' is not active");
            return view._columns[column.Index].Getter(CurrentRow).As<TValue>();
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)CurrentRow(), 0);

        protected override bool Advance() => Position + 1 < order.Length;

        private int CurrentRow()
        {
            RefuseOffRow();
            return order[Position];
        }
    }
}

/// <summary>The rows of a source in a random order: each is drawn from a pool that the source keeps full.</summary>
internal sealed class ShuffledView(IDataView source, int? seed, int poolRows, bool shuffleSource) : IDataView
{
    private readonly Random _seeds = seed is int s ? new Random(s) : new Random();

    public bool CanShuffle => true;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] columns = [.. columnsNeeded];
        rand ??= new Random(seed ?? _seeds.Next());
        return new Cursor(source.GetRowCursor(columns, shuffleSource && source.CanShuffle ? rand : null), columns, poolRows, rand);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : RootCursor
    {
        private readonly DataViewRowCursor _input;
        private readonly Random _rand;
        private readonly StoredColumn[] _columns;
        private readonly Action<int>[] _fetch;
        private readonly ValueGetter<DataViewRowId> _idGetter;
        private readonly DataViewRowId[] _ids;
        private readonly List<int> _pool = [];
        private int _current = -1;
        private bool _exhausted;

        internal Cursor(DataViewRowCursor input, DataViewSchema.Column[] columns, int poolRows, Random rand)
        {
            _input = input;
            _rand = rand;
            _ids = new DataViewRowId[poolRows];
            _idGetter = input.GetIdGetter();
            _columns = new StoredColumn[input.Schema.Count];
            foreach (DataViewSchema.Column column in columns)
                _columns[column.Index] = StoredColumn.Of(column.Type);
            _fetch = Array.ConvertAll(columns, column => _columns[column.Index].Fetcher(input, column));
            for (int place = 0; place < poolRows && Read(place); place++)
            {
            }
        }

        public override DataViewSchema Schema => _input.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _columns[column.Index] is not null;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Refuse.StateUnless(IsColumnActive(column), $"Column '{column.Name}' is not active");
            return _columns[column.Index].Getter(CurrentPlace).As<TValue>();
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _ids[CurrentPlace()];

        protected override bool Advance()
        {
            if (_current >= 0)
                Read(_current);
            if (_pool.Count == 0)
                return false;
            int drawn = _rand.Next(_pool.Count);
            _current = _pool[drawn];
            _pool[drawn] = _pool[^1];
            _pool.RemoveAt(_pool.Count - 1);
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _input.Dispose();
            base.Dispose(disposing);
        }

        private int CurrentPlace()
        {
            RefuseOffRow();
            return _current;
        }

        private bool Read(int place)
        {
            if (_exhausted || !_input.MoveNext())
            {
                _exhausted = true;
                return false;
            }

            foreach (Action<int> fetchInto in _fetch)
                fetchInto(place);
            _idGetter(ref _ids[place]);
            _pool.Add(place);
            return true;
        }
    }
}
