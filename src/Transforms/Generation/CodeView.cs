using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>A data view of codes that are made as they are read, and of one condition for all of them where there is one.</summary>
/// <param name="column">The column's name.</param>
/// <param name="codeSize">The units of a code.</param>
/// <param name="rows">The number of rows.</param>
/// <param name="codes">As many codes as there are rows, the same at each enumeration; one array may serve all of them.</param>
/// <param name="condition">The column of the condition and its value; null for none.</param>
internal sealed class CodeView(string column, int codeSize, int rows, IEnumerable<float[]> codes, (string Column, float[] Value)? condition)
    : IDataView
{
    private const int CodeColumn = 0;

    public DataViewSchema Schema { get; } = MakeSchema(column, codeSize, condition);

    public bool CanShuffle => false;

    public long? GetRowCount() => rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(Schema, codes.GetEnumerator(), condition?.Value, [.. columnsNeeded.Select(needed => needed.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private static DataViewSchema MakeSchema(string column, int codeSize, (string Column, float[] Value)? condition)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(column, new VectorDataViewType(NumberDataViewType.Single, codeSize));
        if (condition is { } side)
            builder.AddColumn(side.Column, new VectorDataViewType(NumberDataViewType.Single, side.Value.Length));
        return builder.ToSchema();
    }

    private sealed class Cursor(DataViewSchema schema, IEnumerator<float[]> codes, float[]? condition, HashSet<int> active)
        : DataViewRowCursor
    {
        private long _position = -1;
        private bool _ended;

        public override DataViewSchema Schema => schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            if (!_ended && codes.MoveNext())
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
                float[] values = column.Index == CodeColumn ? codes.Current : condition!;
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
                codes.Dispose();
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
