using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A loader that has a schema and no data.</summary>
internal sealed class SchemaLoader(DataViewSchema schema) : IDataLoader<object>
{
    public DataViewSchema GetOutputSchema() => schema;

    public IDataView Load(object input) => throw new NotSupportedException();

    public void Save(ModelSaveContext ctx) => throw new NotSupportedException();
}

/// <summary>An estimator of a third party: it promises what it was told to, and fits a given transformer.</summary>
internal sealed class GivenEstimator(ITransformer? transformer, Func<SchemaShape, SchemaShape>? promise = null) : IEstimator<ITransformer>
{
    public ITransformer Fit(IDataView input) => transformer ?? throw new NotSupportedException();

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => promise is null ? inputSchema : promise(inputSchema);
}

/// <summary>A transformer of a third party around a stock one, with a way of its own to be saved.</summary>
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
