using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Maps the rows of a schema to new columns.</summary>
public interface IRowToRowMapper
{
    DataViewSchema InputSchema { get; }

    DataViewSchema OutputSchema { get; }

    IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns);

    DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns);
}

/// <summary>What a stock row transformer adds to one input schema.</summary>
internal interface IRowMapper
{
    DataViewSchema.DetachedColumn[] OutputColumns { get; }

    /// <summary>The input columns that the given outputs need, both by index.</summary>
    bool[] Dependencies(bool[] activeOutputs);

    /// <summary>A getter for each active output; <paramref name="disposer"/> may be null.</summary>
    Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs, out Action disposer);
}

/// <summary>A view with columns added to its source, and the mapper behind it.</summary>
internal sealed class RowToRowMapperView : IDataTransform, ISaveAsOnnx, IRowToRowMapper
{
    private readonly IHost _host;
    private readonly IDataView _source;
    private readonly IRowMapper _mapper;
    private readonly ColumnBindings _bindings;

    internal RowToRowMapperView(IHost host, IDataView source, IRowMapper mapper)
    {
        _host = host;
        _source = source;
        _mapper = mapper;
        _bindings = new ColumnBindings(source.Schema, mapper.OutputColumns);
    }

    public bool CanShuffle => _source.CanShuffle;

    public DataViewSchema Schema => _bindings.Schema;

    public IDataView Source => _source;

    bool ISaveAsOnnx.CanSaveOnnx => _mapper is ISaveAsOnnx { CanSaveOnnx: true };

    DataViewSchema IRowToRowMapper.InputSchema => _source.Schema;

    DataViewSchema IRowToRowMapper.OutputSchema => _bindings.Schema;

    public long? GetRowCount() => _source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        bool[] active = columnsNeeded.ActiveIn(Schema);
        rand = CanShuffle ? rand : null;
        return ParallelCursors.TryConsolidate(this, columnsNeeded, rand) ?? new Cursor(this, _source.GetRowCursor(InputColumns(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        bool[] active = columnsNeeded.ActiveIn(Schema);
        DataViewRowCursor[] inputs = _source.GetRowCursorSet(InputColumns(active), n, CanShuffle ? rand : null);
        // Passing columns on is not worth a split; computing new ones is.
        if (inputs.Length == 1 && n > 1 && Array.Exists(_bindings.ActiveAdded(active), isActive => isActive))
            inputs = ParallelCursors.Split(inputs[0], n);
        return [.. inputs.Select(input => new Cursor(this, input, active))];
    }

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext context) => ((ISaveAsOnnx)_mapper).SaveAsOnnx(context);

    IEnumerable<DataViewSchema.Column> IRowToRowMapper.GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        InputColumns(dependingColumns.ActiveIn(Schema));

    DataViewRow IRowToRowMapper.GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        Refuse.Null(input, nameof(input));
        Refuse.Null(activeColumns, nameof(activeColumns));
        Refuse.StateUnless(input.Schema == _source.Schema, "Schema of input row must be the same as the schema the mapper is bound to");
        using IChannel channel = _host.Start("GetEntireRow");
        Delegate[] getters = _mapper.CreateGetters(input, _bindings.ActiveAdded(activeColumns.ActiveIn(Schema)), out Action disposer);
        return new Row(this, input, getters, disposer);
    }

    private IEnumerable<DataViewSchema.Column> InputColumns(bool[] active)
    {
        bool[] needed = _mapper.Dependencies(_bindings.ActiveAdded(active));
        for (int i = 0; i < active.Length; i++)
        {
            if (active[i] && _bindings.IsSource(i, out int index))
                needed[index] = true;
        }

        return _source.Schema.Where(needed);
    }

    private sealed class Cursor : SynchronizedCursor
    {
        private readonly RowToRowMapperView _view;
        private readonly bool[] _active;
        private readonly Delegate[] _getters;
        private readonly Action _disposer;
        private bool _disposed;

        internal Cursor(RowToRowMapperView view, DataViewRowCursor input, bool[] active)
            : base(input)
        {
            _view = view;
            _active = active;
            _getters = view._mapper.CreateGetters(input, view._bindings.ActiveAdded(active), out _disposer);
        }

        public override DataViewSchema Schema => _view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column)
        {
            Refuse.StateUnless(column.Index < _active.Length, "Column is not in the schema");
            return _active[column.Index];
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Refuse.StateUnless(IsColumnActive(column), $"Column '{column.Name}' is not active");
            return _view._bindings.IsSource(column.Index, out int index)
                ? Input.GetGetter<TValue>(Input.Schema[index])
                : _getters[index].As<TValue>();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_disposed)
                _disposer?.Invoke();
            _disposed = true;
            base.Dispose(disposing);
        }
    }

    private sealed class Row(RowToRowMapperView view, DataViewRow input, Delegate[] getters, Action disposer) : WrappingRow(input)
    {
        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) =>
            view._bindings.IsSource(column.Index, out int index) ? Input.IsColumnActive(Input.Schema[index]) : getters[index] is not null;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            view._bindings.IsSource(column.Index, out int index) ? Input.GetGetter<TValue>(Input.Schema[index]) : getters[index].As<TValue>();

        protected override void DisposeCore() => disposer?.Invoke();
    }
}

/// <summary>The schema of a source with columns added: a new name at the end, an old one right after the column that it hides.</summary>
internal sealed class ColumnBindings
{
    // A source column as its index, an added one as the complement of its index.
    private readonly List<int> _map;
    private readonly int[] _added;

    internal ColumnBindings(DataViewSchema source, DataViewSchema.DetachedColumn[] added)
    {
        _map = [.. Enumerable.Range(0, source.Count)];
        string NameOf(int entry) => entry >= 0 ? source[entry].Name : added[~entry].Name;
        for (int i = 0; i < added.Length; i++)
        {
            int hidden = _map.FindLastIndex(entry => NameOf(entry) == added[i].Name);
            _map.Insert(hidden < 0 ? _map.Count : hidden + 1, ~i);
        }

        Schema = DataViewSchema.Of(_map.Select(entry => entry >= 0 ? new DataViewSchema.DetachedColumn(source[entry]) : added[~entry]));
        _added = [.. Enumerable.Range(0, added.Length).Select(i => _map.IndexOf(~i))];
    }

    internal DataViewSchema Schema { get; }

    internal bool IsSource(int column, out int index)
    {
        index = _map[column];
        if (index >= 0)
            return true;
        index = ~index;
        return false;
    }

    internal bool[] ActiveAdded(bool[] active) => Array.ConvertAll(_added, column => active[column]);
}
