using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>A view of one vector column that goes through a block of rows again and again, and allocates nothing for a row.</summary>
internal sealed class BlockView : IDataView
{
    private readonly RowBlock _block;
    private readonly long _rows;

    public BlockView(RowBlock block, string column, long rows)
    {
        _block = block;
        _rows = rows;
        var schema = new DataViewSchema.Builder();
        schema.AddColumn(column, new VectorDataViewType(NumberDataViewType.Single, block.Width));
        Schema = schema.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => false;

    public long? GetRowCount() => _rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(this, columnsNeeded.Any());

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(BlockView view, bool active) : DataViewRowCursor
    {
        private readonly RowBlock _block = view._block;
        private readonly long _rows = view._rows;
        private long _position = -1;
        private int _row = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            if (_position + 1 >= _rows)
                return false;
            _position++;
            if (++_row == _block.Rows)
                _row = 0;
            return true;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            (ValueGetter<TValue>)(Delegate)(ValueGetter<VBuffer<float>>)Features;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        private void Features(ref VBuffer<float> value)
        {
            var editor = VBufferEditor.Create(ref value, _block.Width);
            _block.Slice(_row, 1).CopyTo(editor.Values);
            value = editor.Commit();
        }
    }
}
