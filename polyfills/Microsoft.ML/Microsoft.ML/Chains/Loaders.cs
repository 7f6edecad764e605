using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A loader and the transformers applied to what it loads.</summary>
internal sealed class CompositeDataLoader<TSource, TLastTransformer> : IDataLoader<TSource>, IDisposable
    where TLastTransformer : class, ITransformer
{
    public readonly IDataLoader<TSource> Loader;
    public readonly TransformerChain<TLastTransformer> Transformer;

    public CompositeDataLoader(IDataLoader<TSource> loader, TransformerChain<TLastTransformer> transformerChain)
    {
        Refuse.Null(loader, nameof(loader));
        Loader = loader;
        Transformer = transformerChain ?? new TransformerChain<TLastTransformer>();
    }

    public IDataView Load(TSource input) => Transformer.Transform(Loader.Load(input));

    public DataViewSchema GetOutputSchema() => Transformer.GetOutputSchema(Loader.GetOutputSchema());

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

/// <summary>A loader, and estimators to fit to what it loads.</summary>
public sealed class CompositeLoaderEstimator<TSource, TLastTransformer>
    where TLastTransformer : class, ITransformer
{
    private readonly IDataLoader<TSource> _loader;
    private readonly EstimatorChain<TLastTransformer> _chain;

    internal CompositeLoaderEstimator(IDataLoader<TSource> loader, EstimatorChain<TLastTransformer> chain) => (_loader, _chain) = (loader, chain);

    public SchemaShape GetOutputSchema() => _chain.GetOutputSchema(SchemaShape.Create(_loader.GetOutputSchema()));
}
