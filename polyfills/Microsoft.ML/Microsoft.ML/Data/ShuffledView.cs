using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.Data;

/// <summary>The rows of a source in a random order: each is drawn from a pool that the source keeps full.</summary>
internal sealed class ShuffledView(IDataView source, int? seed, int poolRows, bool shuffleSource) : IDataTransform
{
    private readonly Random _seeds = seed is int s ? new Random(s) : new Random();

    public IDataView Source => source;

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
