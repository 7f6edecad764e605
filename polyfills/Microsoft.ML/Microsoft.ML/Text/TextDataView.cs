namespace Microsoft.ML.Data;

/// <summary>The rows of text files, read anew by each cursor.</summary>
internal sealed class TextDataView(TextLoader.Options options, TextColumn[] columns, DataViewSchema schema, IMultiStreamSource files) : IDataView
{
    public bool CanShuffle => false;

    public DataViewSchema Schema => schema;

    private TextLoader.Options Options => options;

    private TextColumn[] Columns => columns;

    private IMultiStreamSource Files => files;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(this, columnsNeeded.ActiveIn(schema));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : RootCursor
    {
        private readonly TextDataView _view;
        private readonly TextLoader.Options _options;
        private readonly TextFields _fields;
        private readonly IEnumerator<(string Text, long Number)> _lines;
        private readonly Delegate[] _getters;
        private readonly List<Action> _parsers = [];
        private int _fieldCount;

        internal Cursor(TextDataView view, bool[] active)
        {
            _view = view;
            _options = view.Options;
            _fields = new TextFields(_options);
            IEnumerable<(string, long)> lines = TextLines.Read(view.Files, _options.HasHeader);
            _lines = (_options.MaxRows is long rows ? lines.Take((int)Math.Min(rows, int.MaxValue)) : lines).GetEnumerator();
            _getters = new Delegate[view.Schema.Count];
            for (int i = 0; i < _getters.Length; i++)
            {
                TextColumn column = view.Columns[i];
                if (active[i])
                    _getters[i] = Generic.Call<Delegate>(column.Type is VectorDataViewType ? MakeVector<int> : MakeScalar<int>, column.Type.ItemOf().RawType, column);
            }
        }

        public override DataViewSchema Schema => _view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _getters[column.Index] is not null;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Refuse.StateUnless(IsColumnActive(column), $"Column '{column.Name}' is not active");
            return _getters[column.Index].As<TValue>();
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) =>
        {
            RefuseOffRow();
            id = new DataViewRowId((ulong)Position, 0);
        };

        protected override bool Advance()
        {
            if (!_lines.MoveNext())
                return false;
            _fieldCount = _fields.Split(_lines.Current.Text);
            try
            {
                foreach (Action parse in _parsers)
                    parse();
            }
            catch (InvalidOperationException e)
            {
                throw new FormatException($"Parsing failed with an exception: {e.Message}", e);
            }

            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _lines.Dispose();
            base.Dispose(disposing);
        }

        private ValueGetter<T> MakeScalar<T>(TextColumn column)
        {
            TextParser<T> parser = TextParsers.For<T>((PrimitiveDataViewType)column.Type);
            int source = column.Sources(0).Single();
            T value = default;
            _parsers.Add(() =>
            {
                if (!Parse(parser, _fields[source], ref value))
                    throw new InvalidOperationException($"Could not parse value {_fields[source]} in line {_lines.Current.Number}, column {column.Name}");
            });
            return (ref T target) =>
            {
                RefuseOffRow();
                target = value;
            };
        }

        private ValueGetter<VBuffer<T>> MakeVector<T>(TextColumn column)
        {
            TextParser<T> parser = TextParsers.For<T>(((VectorDataViewType)column.Type).ItemType);
            var values = new T[4];
            var indices = new int[4];
            bool keepsEmpty = _options.MissingRealsAsNaNs && default(T) is float or double;
            int size = 0, count = 0;
            _parsers.Add(() =>
            {
                size = count = 0;
                foreach (int source in column.Sources(_fieldCount))
                {
                    ReadOnlyMemory<char> text = _fields[source];
                    if (!text.IsEmpty || keepsEmpty)
                    {
                        if (count == values.Length)
                        {
                            Array.Resize(ref values, 2 * count);
                            Array.Resize(ref indices, 2 * count);
                        }

                        if (!Parse(parser, text, ref values[count]))
                        {
                            throw new InvalidOperationException(
                                $"Could not parse value {text} in slot {size} of column {column.Name} in line {_lines.Current.Number}");
                        }

                        indices[count++] = size;
                    }

                    size++;
                }
            });
            return (ref VBuffer<T> target) =>
            {
                RefuseOffRow();
                if (count <= size / 2)
                {
                    VBufferEditor<T> sparse = VBufferEditor.Create(ref target, size, count);
                    values.AsSpan(0, count).CopyTo(sparse.Values);
                    indices.AsSpan(0, count).CopyTo(sparse.Indices);
                    target = sparse.Commit();
                    return;
                }

                VBufferEditor<T> dense = VBufferEditor.Create(ref target, size);
                dense.Values.Clear();
                for (int i = 0; i < count; i++)
                    dense.Values[indices[i]] = values[i];
                target = dense.Commit();
            };
        }

        private bool Parse<T>(TextParser<T> parser, ReadOnlyMemory<char> text, ref T value)
        {
            if (!text.IsEmpty)
                return parser(text, out value);
            value = default;
            if (_options.MissingRealsAsNaNs && value is float)
                value = (T)(object)float.NaN;
            else if (_options.MissingRealsAsNaNs && value is double)
                value = (T)(object)double.NaN;
            return true;
        }
    }
}
