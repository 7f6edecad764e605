using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// A view that makes its rows as they are read, the same ones each time, and holds none: <paramref name="width"/>
/// features that two hidden numbers decide.
/// </summary>
internal sealed class GeneratedView(long rows, int width, bool tellsCount = false) : IDataView
{
    private static readonly DataViewSchema s_empty = new DataViewSchema.Builder().ToSchema();
    private DataViewSchema _schema = s_empty;

    /// <summary>How many cursors were opened: how often the view was gone through.</summary>
    public int Passes { get; private set; }

    /// <summary>How many rows each pass but the first has more than the first.</summary>
    public int LaterRows { get; init; }

    /// <summary>The pass, from 1, that fails in the middle; 0 for none.</summary>
    public int FailingPass { get; init; }

    /// <summary>How many cursors were disposed.</summary>
    public int CursorsDisposed { get; private set; }

    public DataViewSchema Schema
    {
        get
        {
            if (_schema == s_empty)
            {
                var builder = new DataViewSchema.Builder();
                builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, width));
                _schema = builder.ToSchema();
            }
            return _schema;
        }
    }

    private int Width => width;

    public bool CanShuffle => false;

    public long? GetRowCount() => tellsCount ? rows : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(this, rows + (Passes++ > 0 ? LaterRows : 0), Passes == FailingPass ? rows / 2 : -1);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    /// <summary>The first feature, which tells rows apart.</summary>
    public static float First(long row) => row % 100_003 / 100_003f;

    private sealed class Cursor(GeneratedView view, long rows, long failAt) : DataViewRowCursor
    {
        private readonly int _width = view.Width;
        private long _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            if (_position + 1 >= rows)
                return false;
            if (++_position == failAt)
                throw new IOException("The view fails here.");
            return true;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            (ValueGetter<TValue>)(Delegate)(ValueGetter<VBuffer<float>>)Features;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        protected override void Dispose(bool disposing)
        {
            view.CursorsDisposed++;
            base.Dispose(disposing);
        }

        private void Features(ref VBuffer<float> value)
        {
            var editor = VBufferEditor.Create(ref value, _width);
            float a = First(_position), b = _position * 7919 % 10_007 / 10_007f;
            editor.Values[0] = a;
            for (int j = 1; j < _width; j++)
                editor.Values[j] = j % 2 == 0 ? a * j - b : b + a * b / j;
            value = editor.Commit();
        }
    }
}
