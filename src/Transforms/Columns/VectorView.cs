using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>A data view of vectors of Single that are made as they are read.</summary>
/// <param name="schema">The schema.</param>
/// <param name="rows">The number of rows.</param>
/// <param name="values">As many rows, each with the vectors of the columns in their order, the same at each enumeration;
/// one array may serve all of them.</param>
internal sealed class VectorView(DataViewSchema schema, int rows, IEnumerable<float[][]> values) : IDataView
{
    /// <summary>A view without rows, for making stock transformers that look at the schema alone.</summary>
    public static VectorView Empty(DataViewSchema schema) => new(schema, 0, []);

    public DataViewSchema Schema => schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(schema, values.GetEnumerator(), [.. columnsNeeded.Select(needed => needed.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(DataViewSchema schema, IEnumerator<float[][]> rows, HashSet<int> active) : DataViewRowCursor
    {
        private long _position = -1;
        private bool _ended;

        public override DataViewSchema Schema => schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            if (!_ended && rows.MoveNext())
            {
                _position++;
                return true;
            }
            _ended = true;
            _position = -1;
            return false;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new InvalidOperationException(
                    $"The column '{column.Name}' is not among those that the cursor was opened for. Name it when opening the cursor.");
            ValueGetter<VBuffer<float>> getter = (ref VBuffer<float> value) =>
            {
                CheckOnRow();
                float[] values = rows.Current[column.Index];
                var editor = VBufferEditor.Create(ref value, values.Length);
                values.CopyTo(editor.Values);
                value = editor.Commit();
            };
            return getter as ValueGetter<TValue> ?? throw ScoringPlan.WrongType<TValue>(column);
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) =>
        {
            CheckOnRow();
            id = new DataViewRowId((ulong)_position, 0);
        };

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _ended = true;
                _position = -1;
                rows.Dispose();
            }
            base.Dispose(disposing);
        }

        private void CheckOnRow()
        {
            if (_position < 0)
                throw new InvalidOperationException(
                    "The cursor stands on no row: call MoveNext first, and read no value after it has returned false.");
        }
    }
}
