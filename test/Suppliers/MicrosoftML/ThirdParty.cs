using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

/// <summary>A loader that has a schema and no data.</summary>
internal sealed class SchemaLoader(DataViewSchema schema) : IDataLoader<object>
{
    public DataViewSchema GetOutputSchema() => schema;

    public IDataView Load(object input) => throw new NotSupportedException();

    public void Save(ModelSaveContext ctx) => throw new NotSupportedException();
}

/// <summary>An estimator outside the package: it promises what it was told to, and fits a given transformer.</summary>
internal sealed class GivenEstimator(ITransformer? transformer, Func<SchemaShape, SchemaShape>? promise = null) : IEstimator<ITransformer>
{
    public ITransformer Fit(IDataView input) => transformer ?? throw new NotSupportedException();

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => promise is null ? inputSchema : promise(inputSchema);
}

/// <summary>A transformer outside the package around a stock one, with a way of its own to be saved.</summary>
internal sealed class WrappingTransformer(ITransformer inner, Action<ModelSaveContext> save) : ITransformer, IDisposable
{
    public int Disposals { get; private set; }

    public bool IsRowToRowMapper => inner.IsRowToRowMapper;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inner.GetOutputSchema(inputSchema);

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => inner.GetRowToRowMapper(inputSchema);

    public IDataView Transform(IDataView input) => inner.Transform(input);

    public void Save(ModelSaveContext ctx) => save(ctx);

    public void Dispose() => Disposals++;
}

/// <summary>Counts how a view is used.</summary>
internal sealed class SpyView(IDataView source) : IDataView
{
    public List<string[]> Asked { get; } = [];

    public int RowsRead { get; private set; }

    public int CursorsDisposed { get; private set; }

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        Asked.Add([.. columnsNeeded.Select(column => column.Name)]);
        return new Cursor(this, source.GetRowCursor(columnsNeeded, rand));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(SpyView spy, DataViewRowCursor input) : DataViewRowCursor
    {
        private bool _disposed;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => input.Schema;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => input.GetGetter<TValue>(column);

        public override bool IsColumnActive(DataViewSchema.Column column) => input.IsColumnActive(column);

        public override bool MoveNext()
        {
            bool more = input.MoveNext();
            spy.RowsRead += more ? 1 : 0;
            return more;
        }

        protected override void Dispose(bool disposing)
        {
            if (!_disposed && disposing)
            {
                _disposed = true;
                spy.CursorsDisposed++;
                input.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
