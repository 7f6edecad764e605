namespace Microsoft.ML.Data;

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
