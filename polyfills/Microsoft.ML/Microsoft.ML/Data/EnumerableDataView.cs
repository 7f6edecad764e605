namespace Microsoft.ML.Data;

/// <summary>The members of an object as getters.</summary>
internal sealed class ObjectColumns<TRow>
    where TRow : class
{
    private readonly Delegate[] _getters;

    /// <param name="columns">The members.</param>
    /// <param name="active">Which of them are asked for; null for all.</param>
    internal ObjectColumns(MemberColumn[] columns, bool[] active)
    {
        _getters = new Delegate[columns.Length];
        Func<TRow> current = () => Current;
        for (int i = 0; i < columns.Length; i++)
            _getters[i] = active is null || active[i] ? columns[i].GetterOver(current) : null;
    }

    internal TRow Current { get; set; }

    internal bool IsActive(DataViewSchema.Column column)
    {
        Refuse.StateUnless(column.Index < _getters.Length, $"Column index must be between 0 and {_getters.Length}");
        return _getters[column.Index] is not null;
    }

    internal ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        Refuse.Unless(IsActive(column), nameof(column), "requested column not active");
        return _getters[column.Index].As<TValue>();
    }
}

/// <summary>Objects as rows, enumerated anew by each cursor.</summary>
internal sealed class EnumerableDataView<TRow> : IDataView
    where TRow : class
{
    private readonly IEnumerable<TRow> _data;
    private readonly MemberColumn[] _columns;

    internal EnumerableDataView(IEnumerable<TRow> data, SchemaDefinition definition)
    {
        _data = data;
        _columns = MemberColumn.Of(typeof(TRow), definition);
        Schema = MemberColumn.SchemaOf(_columns);
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => (_data as ICollection<TRow>)?.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(this, columnsNeeded.ActiveIn(Schema));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(EnumerableDataView<TRow> view, bool[] active) : RootCursor
    {
        private readonly IEnumerator<TRow> _rows = view._data.GetEnumerator();
        private readonly ObjectColumns<TRow> _row = new(view._columns, active);

        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) =>
        {
            RefuseOffRow();
            id = new DataViewRowId((ulong)Position, 0);
        };

        protected override bool Advance()
        {
            bool more = _rows.MoveNext();
            _row.Current = more ? _rows.Current : null;
            Refuse.StateUnless(!more || _row.Current is not null, "Encountered null when iterating over data, this is not supported.");
            return more;
        }
    }
}

/// <summary>One object as a row, another each time it is set.</summary>
internal sealed class ObjectRow<TRow> : DataViewRow
    where TRow : class
{
    private readonly ObjectColumns<TRow> _row;
    private long _position = -1;

    internal ObjectRow(SchemaDefinition definition)
    {
        MemberColumn[] columns = MemberColumn.Of(typeof(TRow), definition);
        Schema = MemberColumn.SchemaOf(columns);
        _row = new ObjectColumns<TRow>(columns, null);
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _position;

    public override long Batch => 0;

    public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

    internal void Set(TRow row)
    {
        _row.Current = row;
        _position++;
    }
}

/// <summary>Fills objects from rows.</summary>
internal sealed class ObjectFiller<TRow>
    where TRow : class
{
    private readonly MemberColumn[] _columns;
    private readonly int[] _indices;

    internal ObjectFiller(DataViewSchema schema, bool ignoreMissingColumns, SchemaDefinition definition)
    {
        MemberColumn[] all = MemberColumn.Of(typeof(TRow), definition ?? SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Write));
        if (!ignoreMissingColumns && Array.Find(all, column => schema.GetColumnOrNull(column.Name) is null) is { } missing)
            throw Refuse.MissingColumn(nameof(IDataView.Schema), "", missing.Name);
        _columns = Array.FindAll(all, column => schema.GetColumnOrNull(column.Name) is not null);
        _indices = Array.ConvertAll(_columns, column => schema[column.Name].Index);
        for (int i = 0; i < _columns.Length; i++)
        {
            DataViewType type = schema[_indices[i]].Type;
            (Type item, bool isVector) = MemberColumn.ItemOf(_columns[i].Member);
            Refuse.StateUnless(
                isVector == type is VectorDataViewType && type.ItemOf().RawType == item,
                $"Can't bind the IDataView column '{_columns[i].Name}' of type '{type}' to field or property '{_columns[i].Member.Name}' of type '{_columns[i].MemberType.FullName}'.");
        }
    }

    internal IEnumerable<DataViewSchema.Column> ColumnsOf(DataViewSchema schema) => _indices.Select(index => schema[index]);

    internal Action<TRow>[] SettersFrom(DataViewRow row)
    {
        var setters = new Action<TRow>[_columns.Length];
        for (int i = 0; i < setters.Length; i++)
            setters[i] = _columns[i].SetterFrom<TRow>(row, _indices[i]);
        return setters;
    }
}
