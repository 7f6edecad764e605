using System.Buffers.Binary;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Opens model files of ML.NET in which <see cref="StockChain"/> stands for autoencoders.</summary>
/// <remarks>
/// Before ML.NET reads the file, each of our OnnxTransformers in it is replaced, in memory, by a CopyColumns: ML.NET
/// then opens no session with our weights, leaves no temporary file, and does not fail over a device that only our part
/// would have used. The graphs are taken from the file itself: the folder of a graph, such as
/// <c>TransformerChain/Transform_001/Transform_001</c>, tells which of the loaded chains it belongs to.
/// </remarks>
internal static class ModelFile
{
    private const string OnnxModelEntry = "OnnxModel";
    private const string LoaderFolder = "Loader";
    private const string RootFolder = "TransformerChain";
    private const string ChildPrefix = "Transform_";

    private static (string Name, byte[] Content)[]? s_stub;

    /// <summary>Whether an entry of a model file is the graph of an OnnxTransformer.</summary>
    public static bool IsOnnxModel(string entry) => ModelZip.Segments(entry)[^1] == OnnxModelEntry;

    /// <summary>The graph in such an entry, the bytes of an ONNX file, which stand after their number.</summary>
    /// <exception cref="InvalidDataException">The entry ends early or its number is none.</exception>
    public static byte[] ReadOnnxModel(string entry, ReadOnlySpan<byte> content)
    {
        if (content.Length < sizeof(int))
            throw new InvalidDataException($"The entry '{entry}' ends before its graph begins.");
        int length = BinaryPrimitives.ReadInt32LittleEndian(content), available = content.Length - sizeof(int);
        if (length < 0 || length > available)
            throw new InvalidDataException($"The entry '{entry}' says that its graph has {length} bytes; it has {available}.");
        return content.Slice(sizeof(int), length).ToArray();
    }

    /// <summary>Opens a model and puts the autoencoders back.</summary>
    /// <exception cref="InvalidDataException">It is no model of ML.NET, is damaged, holds no autoencoder, one of a
    /// newer format, or a graph that contradicts itself.</exception>
    public static ITransformer Load(AutoencoderCatalog catalog, Stream stream, string source, out DataViewSchema? inputSchema,
        ScoringOptions? scoring)
    {
        var models = TakeOutGraphs(catalog.Context, stream, source, out var rest);
        ITransformer loaded;
        try
        {
            using var zip = ModelZip.Write(rest);
            loaded = catalog.Context.Model.Load(zip, out var schema);
            inputSchema = schema;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // ML.NET tells what is wrong with a file by exceptions of many types, and loads types that the file names:
            // their constructors may throw anything.
            throw NoModel(source, e);
        }
        try
        {
            if (models.Count == 0)
                throw new InvalidDataException(
                    $"{source} is a model of ML.NET, but holds no autoencoder of this library. Open it with mlContext.Model.Load.");
            var places = new List<(ITransformer[] Parts, AutoencoderModel Model)>();
            foreach (var (path, model) in models)
                places.Add(([.. Find(loaded, path, source)], model));
            return TransformerChains.Replace(loaded, parts =>
                places.FirstOrDefault(place => place.Parts.SequenceEqual(parts)).Model is { } model ? catalog.Make(model, scoring) : null);
        }
        catch
        {
            (loaded as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>Takes our OnnxTransformers out of a model file and leaves stubs in their places.</summary>
    /// <returns>Our graphs, each with the places of the chains from the root to the one that it stands in.</returns>
    private static List<(int[] ChainPath, AutoencoderModel Model)> TakeOutGraphs(
        MLContext context, Stream stream, string source, out List<(string Name, byte[] Content)> rest)
    {
        var models = new List<(int[], AutoencoderModel)>();
        bool isOurs = false;
        try
        {
            rest = ReadZip(stream);
            int skipped = IsUnwrapped(rest) ? 1 : 0;
            foreach (var (name, content) in rest.Where(entry => IsOnnxModel(entry.Name)).ToArray())
            {
                isOurs = false;
                if (StockChain.FindGraph(ReadOnnxModel(name, content)) is not { } graph)
                    continue;
                isOurs = true;
                string[] folder = ModelZip.Segments(name)[..^1];
                models.Add((ChainPath(folder)[skipped..], StockChain.ReadGraph(graph)));
                ReplaceByStub(context, rest, folder);
            }
        }
        catch (InvalidDataException e)
        {
            throw isOurs ? new InvalidDataException($"{source} holds an autoencoder that cannot be read: {e.Message}", e)
                : NoModel(source, e);
        }
        return models;
    }

    /// <summary>
    /// The entries of a zip. As ML.NET reads it, a stream that can be sought in is one whole file, wherever it stands;
    /// of another one what is still to come.
    /// </summary>
    private static List<(string Name, byte[] Content)> ReadZip(Stream stream)
    {
        if (stream.CanSeek)
            return ModelZip.Read(stream);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return ModelZip.Read(copy);
    }

    /// <summary>
    /// Whether ML.NET puts the model into a chain of one when it saves, and takes it out again when it loads: it does
    /// where it saves a loader too.
    /// </summary>
    private static bool IsUnwrapped(List<(string Name, byte[] Content)> zip)
    {
        string[][] entries = [.. zip.Select(entry => ModelZip.Segments(entry.Name))];
        return entries.Any(entry => entry[0] == LoaderFolder)
            && entries.Where(entry => entry.Length > 2 && entry[0] == RootFolder).Select(entry => entry[1]).Distinct().Count() == 1;
    }

    private static void ReplaceByStub(MLContext context, List<(string Name, byte[] Content)> zip, string[] folder)
    {
        s_stub ??= CreateStub(context);
        zip.RemoveAll(entry => ModelZip.Segments(entry.Name).AsSpan().StartsWith(folder));
        zip.AddRange(s_stub.Select(entry => (string.Join('/', folder.Concat(ModelZip.Segments(entry.Name)[1..])), entry.Content)));
    }

    /// <summary>
    /// The places of the chains from the root to the one that holds the transformer of a folder, such as
    /// TransformerChain/Transform_001/Transform_001.
    /// </summary>
    private static int[] ChainPath(string[] folder)
    {
        if (folder.Length < 2 || folder[0] != RootFolder)
            throw new InvalidDataException(
                $"The autoencoder in '{string.Join('/', folder)}' does not stand in the model's chain of transformers.");
        return Array.ConvertAll(folder[1..^1], segment =>
            segment.StartsWith(ChildPrefix, StringComparison.Ordinal)
            && int.TryParse(segment.AsSpan(ChildPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int place)
            ? place
            : throw new InvalidDataException(
                $"The autoencoder in '{string.Join('/', folder)}' stands in a part of the model that is no chain of transformers."));
    }

    /// <summary>The chain at a path.</summary>
    private static IEnumerable<ITransformer> Find(ITransformer root, int[] path, string source)
    {
        var node = root;
        foreach (int place in path)
            node = (node as IEnumerable<ITransformer>)?.ElementAtOrDefault(place);
        return node as IEnumerable<ITransformer>
            ?? throw new InvalidDataException($"{source} has an autoencoder in a place where ML.NET opened no chain of transformers.");
    }

    private static (string Name, byte[] Content)[] CreateStub(MLContext user)
    {
        // ML.NET writes a model by way of temporary files.
        var context = new MLContext { TempFilePath = user.TempFilePath };
        var schema = new DataViewSchema.Builder();
        schema.AddColumn("x", NumberDataViewType.Single);
        using var stream = new MemoryStream();
        context.Model.Save(context.Transforms.CopyColumns("y", "x").Fit(VectorView.Empty(schema.ToSchema())),
            (DataViewSchema?)null, stream);
        stream.Position = 0;
        return [.. ModelZip.Read(stream).Where(entry => ModelZip.Segments(entry.Name)[0] == RootFolder)];
    }

    private static InvalidDataException NoModel(string source, Exception e)
    {
        var cause = e;
        while (cause.InnerException is not null)
            cause = cause.InnerException;
        return new InvalidDataException($"{source} cannot be opened as a model of ML.NET: {cause.Message}", e);
    }
}
