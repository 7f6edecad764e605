using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Predicts one object at a time. Not thread-safe.</summary>
public abstract class PredictionEngineBase<TSrc, TDst> : IDisposable
    where TSrc : class
    where TDst : class, new()
{
    private readonly ObjectRow<TSrc> _input;
    private readonly Action<TDst>[] _setters;
    private readonly ITransformer _transformer;
    private readonly bool _ownsTransformer;
    private bool _disposed;

    private protected PredictionEngineBase(
        ITransformer transformer, bool ignoreMissingColumns, SchemaDefinition inputDefinition, SchemaDefinition outputDefinition, bool ownsTransformer)
    {
        Refuse.Null(transformer, nameof(transformer));
        Refuse.Unless(transformer.IsRowToRowMapper, nameof(transformer), "Must be a row to row mapper");
        _transformer = transformer;
        _ownsTransformer = ownsTransformer;
        _input = new ObjectRow<TSrc>(inputDefinition ?? SchemaDefinition.Create(typeof(TSrc), SchemaDefinition.Direction.Read));
        IRowToRowMapper mapper = transformer.GetRowToRowMapper(_input.Schema);
        var filler = new ObjectFiller<TDst>(mapper.OutputSchema, ignoreMissingColumns, outputDefinition);
        _setters = filler.SettersFrom(mapper.GetRow(_input, mapper.OutputSchema));
        OutputSchema = transformer.GetOutputSchema(_input.Schema);
    }

    public DataViewSchema OutputSchema { get; }

    public TDst Predict(TSrc example)
    {
        var prediction = new TDst();
        Predict(example, ref prediction);
        return prediction;
    }

    public abstract void Predict(TSrc example, ref TDst prediction);

    public void Dispose()
    {
        if (_disposed)
            return;
        _input.Dispose();
        if (_ownsTransformer)
            (_transformer as IDisposable)?.Dispose();
        _disposed = true;
    }

    private protected void Fill(TSrc example, TDst prediction)
    {
        _input.Set(example);
        foreach (Action<TDst> set in _setters)
            set(prediction);
    }
}

public sealed class PredictionEngine<TSrc, TDst> : PredictionEngineBase<TSrc, TDst>
    where TSrc : class
    where TDst : class, new()
{
    internal PredictionEngine(
        ITransformer transformer, bool ignoreMissingColumns, SchemaDefinition inputDefinition, SchemaDefinition outputDefinition, bool ownsTransformer)
        : base(transformer, ignoreMissingColumns, inputDefinition, outputDefinition, ownsTransformer)
    {
    }

    public override void Predict(TSrc example, ref TDst prediction)
    {
        Refuse.Null(example, nameof(example));
        prediction ??= new TDst();
        Fill(example, prediction);
    }
}

public sealed class PredictionEngineOptions
{
    public bool OwnsTransformer = true;
}
