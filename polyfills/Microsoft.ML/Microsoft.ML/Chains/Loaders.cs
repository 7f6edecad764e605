using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A loader and the transformers applied to what it loads.</summary>
public sealed class CompositeDataLoader<TSource, TLastTransformer> : IDataLoader<TSource>, IDisposable
    where TLastTransformer : class, ITransformer
{
    public readonly IDataLoader<TSource> Loader;
    public readonly TransformerChain<TLastTransformer> Transformer;

    public CompositeDataLoader(IDataLoader<TSource> loader, TransformerChain<TLastTransformer> transformerChain = null)
    {
        Refuse.Null(loader, nameof(loader));
        Loader = loader;
        Transformer = transformerChain ?? new TransformerChain<TLastTransformer>();
    }

    public IDataView Load(TSource input) => Transformer.Transform(Loader.Load(input));

    public DataViewSchema GetOutputSchema() => Transformer.GetOutputSchema(Loader.GetOutputSchema());

    public CompositeDataLoader<TSource, TNewLast> AppendTransformer<TNewLast>(TNewLast transformer)
        where TNewLast : class, ITransformer
    {
        Refuse.Null(transformer, nameof(transformer));
        return new CompositeDataLoader<TSource, TNewLast>(Loader, Transformer.Append(transformer));
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtStart();
        ctx.SetLoader(CompositeDataLoaderLoader.Signature, typeof(CompositeDataLoaderLoader));
        ctx.SaveModel(Loader, CompositeDataLoaderLoader.LoaderDirectory);
        ctx.SaveModel(Transformer, CompositeDataLoaderLoader.TransformerDirectory);
    }

    public void Dispose() => Transformer.Dispose();
}

internal static class CompositeDataLoaderLoader
{
    internal const string Signature = "CompositeLoader";
    internal const string LoaderDirectory = "Loader";
    internal const string TransformerDirectory = TransformerChainLoader.Signature;

    internal static CompositeDataLoader<IMultiStreamSource, ITransformer> Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        IHost host = env.Register(Signature);
        return new(
            ctx.LoadModel<IDataLoader<IMultiStreamSource>>(host, LoaderDirectory),
            ctx.LoadModel<TransformerChain<ITransformer>>(host, TransformerDirectory));
    }
}

/// <summary>Fits a loader, then estimators to what it loads.</summary>
public sealed class CompositeLoaderEstimator<TSource, TLastTransformer> : IDataLoaderEstimator<TSource, CompositeDataLoader<TSource, TLastTransformer>>
    where TLastTransformer : class, ITransformer
{
    private readonly IDataLoaderEstimator<TSource, IDataLoader<TSource>> _start;
    private readonly EstimatorChain<TLastTransformer> _chain;

    public CompositeLoaderEstimator(IDataLoaderEstimator<TSource, IDataLoader<TSource>> start, EstimatorChain<TLastTransformer> estimatorChain = null)
    {
        Refuse.Null(start, nameof(start));
        _start = start;
        _chain = estimatorChain ?? new EstimatorChain<TLastTransformer>();
    }

    public CompositeDataLoader<TSource, TLastTransformer> Fit(TSource input)
    {
        IDataLoader<TSource> loader = _start.Fit(input);
        return new(loader, _chain.Fit(loader.Load(input)));
    }

    public SchemaShape GetOutputSchema() => _chain.GetOutputSchema(_start.GetOutputSchema());

    public CompositeLoaderEstimator<TSource, TNewTrans> Append<TNewTrans>(IEstimator<TNewTrans> estimator)
        where TNewTrans : class, ITransformer
    {
        Refuse.Null(estimator, nameof(estimator));
        return new CompositeLoaderEstimator<TSource, TNewTrans>(_start, _chain.Append(estimator));
    }
}

/// <summary>A finished loader in an estimator's place.</summary>
internal sealed class TrivialLoaderEstimator<TSource>(IDataLoader<TSource> loader) : IDataLoaderEstimator<TSource, IDataLoader<TSource>>
{
    public IDataLoader<TSource> Fit(TSource input) => loader;

    public SchemaShape GetOutputSchema() => SchemaShape.Create(loader.GetOutputSchema());
}
