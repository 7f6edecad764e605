namespace Microsoft.ML.Data;

/// <summary>Some rows of a cursor with their active columns, kept for another thread.</summary>
internal sealed class RowBatch
{
    private readonly StoredColumn[] _columns;
    private readonly Action<int>[] _fetch;
    private readonly ValueGetter<DataViewRowId> _idGetter;
    private readonly List<DataViewRowId> _ids = [];

    internal RowBatch(DataViewRow row)
    {
        _idGetter = row.GetIdGetter();
        _columns = [.. row.Schema.Select(column => row.IsColumnActive(column) ? StoredColumn.Of(column.Type) : null)];
        _fetch = [.. row.Schema.Where(row.IsColumnActive).Select(column => _columns[column.Index].Fetcher(row, column))];
    }

    /// <summary>Says where the batch stands among all batches of a view.</summary>
    internal long Number { get; set; }

    internal int Count => _ids.Count;

    internal void Clear() => _ids.Clear();

    /// <summary>Adds the current row of the cursor that this batch belongs to.</summary>
    internal void Add()
    {
        foreach (Action<int> fetchInto in _fetch)
            fetchInto(_ids.Count);
        DataViewRowId id = default;
        _idGetter(ref id);
        _ids.Add(id);
    }

    internal DataViewRowId Id(int row) => _ids[row];

    internal StoredColumn Column(int index) => _columns[index];
}

/// <summary>A cursor over batches that come from elsewhere.</summary>
internal abstract class BatchCursor(DataViewSchema schema, bool[] active) : RootCursor
{
    private RowBatch _batch;
    private int _row;

    public sealed override DataViewSchema Schema => schema;

    public sealed override long Batch => _batch?.Number ?? 0;

    public sealed override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

    public sealed override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        Refuse.StateUnless(IsColumnActive(column), $"Column '{column.Name}' is not active");
        return StoredColumn.Of(column.Type).Getter(() => (Current.Column(column.Index), _row)).As<TValue>();
    }

    public sealed override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = Current.Id(_row);

    private RowBatch Current
    {
        get
        {
            RefuseOffRow();
            return _batch;
        }
    }

    protected sealed override bool Advance()
    {
        if (_batch is not null && ++_row < _batch.Count)
            return true;
        _batch = Next(_batch);
        _row = 0;
        return _batch is not null;
    }

    /// <summary>The next batch, null after the last; the one before is free to be filled again.</summary>
    protected abstract RowBatch Next(RowBatch done);
}
