using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Saves and loads models, and makes prediction engines of them.</summary>
public sealed class ModelOperationsCatalog
{
    private const string SchemaEntry = "Schema";
    private readonly IHostEnvironment _env;

    internal ModelOperationsCatalog(IHostEnvironment env) => _env = env;

    internal IHostEnvironment Environment => _env;

    internal void Save<TSource>(ITransformer model, IDataLoader<TSource> loader, Stream stream)
    {
        Refuse.Null(loader, nameof(loader));
        Refuse.Null(stream, nameof(stream));
        using var file = new ModelFileWriter(stream);
        ModelSaveContext.Save(
            file, new CompositeDataLoader<TSource, ITransformer>(loader, model is null ? null : new TransformerChain<ITransformer>(model)), null);
    }

    public void Save<TSource>(ITransformer model, IDataLoader<TSource> loader, string filePath)
    {
        Refuse.Null(loader, nameof(loader));
        Refuse.Empty(filePath, nameof(filePath));
        using FileStream stream = File.Create(filePath);
        Save(model, loader, stream);
    }

    public void Save(ITransformer model, DataViewSchema inputSchema, Stream stream)
    {
        Refuse.Null(stream, nameof(stream));
        using var file = new ModelFileWriter(stream);
        ModelSaveContext.Save(file, model, CompositeDataLoaderLoader.TransformerDirectory);
        if (inputSchema is null)
            return;
        using var writer = new BinaryWriter(file.Create(null, SchemaEntry), Encoding.UTF8);
        SchemaSerializer.Write(writer, inputSchema);
    }

    public void Save(ITransformer model, DataViewSchema inputSchema, string filePath)
    {
        Refuse.Empty(filePath, nameof(filePath));
        using FileStream stream = File.Create(filePath);
        Save(model, inputSchema, stream);
    }

    public ITransformer Load(Stream stream, out DataViewSchema inputSchema)
    {
        Refuse.Null(stream, nameof(stream));
        using var file = new ModelFileReader(stream);
        if (file.Read(null, SchemaEntry) is byte[] schema)
        {
            using var reader = new BinaryReader(new MemoryStream(schema), Encoding.UTF8);
            inputSchema = SchemaSerializer.Read(reader);
            return ModelLoadContext.LoadOrNull<ITransformer>(_env, file, CompositeDataLoaderLoader.TransformerDirectory)
                ?? throw new FormatException("Corrupt model file");
        }

        if (ModelLoadContext.LoadOrNull<IDataLoader<IMultiStreamSource>>(_env, file, null) is { } loader)
        {
            ITransformer model = Split(ref loader);
            inputSchema = loader.GetOutputSchema();
            return model;
        }

        inputSchema = null;
        return ModelLoadContext.LoadOrNull<ITransformer>(_env, file, CompositeDataLoaderLoader.TransformerDirectory)
            ?? throw new InvalidOperationException("Could not load legacy format model");
    }

    public ITransformer Load(string filePath, out DataViewSchema inputSchema)
    {
        Refuse.Empty(filePath, nameof(filePath));
        using FileStream stream = File.OpenRead(filePath);
        return Load(stream, out inputSchema);
    }

    internal ITransformer LoadWithDataLoader(Stream stream, out IDataLoader<IMultiStreamSource> loader)
    {
        Refuse.Null(stream, nameof(stream));
        using var file = new ModelFileReader(stream);
        try
        {
            loader = ModelLoadContext.LoadOrNull<IDataLoader<IMultiStreamSource>>(_env, file, null) ?? throw new FormatException("Corrupt model file");
            return Split(ref loader);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                "Model does not contain an IDataLoader. Perhaps this was saved with an DataViewSchema, or even no information on its input at all. "
                + "Consider using the Load method instead.",
                e);
        }
    }

    public ITransformer LoadWithDataLoader(string filePath, out IDataLoader<IMultiStreamSource> loader)
    {
        Refuse.Empty(filePath, nameof(filePath));
        using FileStream stream = File.OpenRead(filePath);
        return LoadWithDataLoader(stream, out loader);
    }

    public PredictionEngine<TSrc, TDst> CreatePredictionEngine<TSrc, TDst>(
        ITransformer transformer,
        bool ignoreMissingColumns = true,
        SchemaDefinition inputSchemaDefinition = null,
        SchemaDefinition outputSchemaDefinition = null)
        where TSrc : class
        where TDst : class, new() =>
        new(transformer, ignoreMissingColumns, inputSchemaDefinition, outputSchemaDefinition, ownsTransformer: true);

    public PredictionEngine<TSrc, TDst> CreatePredictionEngine<TSrc, TDst>(ITransformer transformer, DataViewSchema inputSchema)
        where TSrc : class
        where TDst : class, new() =>
        new(transformer, false, SchemaDefinition.Of(typeof(TSrc), inputSchema), null, ownsTransformer: true);

    public PredictionEngine<TSrc, TDst> CreatePredictionEngine<TSrc, TDst>(ITransformer transformer, PredictionEngineOptions options)
        where TSrc : class
        where TDst : class, new() =>
        new(transformer, ignoreMissingColumns: true, inputDefinition: null, outputDefinition: null, options.OwnsTransformer);

    // Save put the model into a chain of one; what was saved is what comes back.
    private static ITransformer Split(ref IDataLoader<IMultiStreamSource> loader)
    {
        if (loader is not CompositeDataLoader<IMultiStreamSource, ITransformer> composite)
            return new TransformerChain<ITransformer>();
        loader = composite.Loader;
        ITransformer[] transformers = [.. composite.Transformer];
        return transformers.Length == 1 ? transformers[0] : composite.Transformer;
    }
}
