using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Opens model files of ML.NET in which <see cref="StockChain"/> stands for autoencoders.</summary>
/// <remarks>
/// Before ML.NET reads the file, each of our OnnxTransformers in it is replaced, in memory, by a CopyColumns: ML.NET then opens no session with our weights, leaves no temporary
/// file, and does not fail over a device that only our part would have used. The graphs are taken from the file itself: the folder of a graph, such as
/// <c>TransformerChain/Transform_001/Transform_001</c>, tells which of the loaded chains it belongs to.
/// </remarks>
internal static class ModelFile
{
    private const string OnnxModelEntry = "OnnxModel";
    private const string LoaderFolder = "Loader";
    private const string RootFolder = "TransformerChain";
    private const string ChildPrefix = "Transform_";

    private static readonly Lazy<byte[]> s_stub = new(CreateStub);

    /// <summary>Whether an entry of a model file is the graph of an OnnxTransformer.</summary>
    public static bool IsOnnxModel(ZipArchiveEntry entry) => Segments(entry.FullName)[^1] == OnnxModelEntry;

    /// <summary>The graph in such an entry: its length, and the bytes of an ONNX file.</summary>
    /// <exception cref="InvalidDataException">The entry ends early or its length is none.</exception>
    public static byte[] ReadOnnxModel(ZipArchiveEntry entry)
    {
        long available = entry.Length - sizeof(int);
        using var content = entry.Open();
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        if (content.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
            throw new InvalidDataException($"The entry '{entry.FullName}' ends before its graph begins.");
        int length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length < 0 || length > available)
            throw new InvalidDataException($"The entry '{entry.FullName}' says that its graph has {length} bytes; it has {available}.");
        byte[] bytes = new byte[length];
        if (content.ReadAtLeast(bytes, length, throwOnEndOfStream: false) < length)
            throw new InvalidDataException($"The entry '{entry.FullName}' ends within its graph.");
        return bytes;
    }

    /// <summary>Opens a model and puts the autoencoders back.</summary>
    /// <exception cref="InvalidDataException">It is no model of ML.NET, holds no autoencoder, or one of a newer format.</exception>
    public static ITransformer Load(AutoencoderCatalog catalog, Stream stream, string source, out DataViewSchema? inputSchema, ScoringOptions? scoring)
    {
        using var zip = new MemoryStream();
        stream.CopyTo(zip);
        var models = TakeOutGraphs(zip, source);

        ITransformer loaded;
        zip.Position = 0;
        try
        {
            loaded = catalog.Context.Model.Load(zip, out var schema);
            inputSchema = schema;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw NoModel(source, e);
        }

        var places = new List<(ITransformer[] Parts, AutoencoderModel Model)>();
        foreach (var (path, model) in models)
            places.Add(([.. Find(loaded, path, source)], model));
        var result = StockChain.Replace(loaded, parts =>
            places.FirstOrDefault(place => place.Parts.SequenceEqual(parts)).Model is { } model ? catalog.Make(model, scoring) : null);
        if (models.Count > 0)
            return result;
        (loaded as IDisposable)?.Dispose();
        throw new InvalidDataException($"{source} is a model of ML.NET, but holds no autoencoder of this library. Open it with mlContext.Model.Load.");
    }

    /// <summary>Replaces our OnnxTransformers in a model file by stubs.</summary>
    /// <returns>Our graphs, each with the places of the chains from the root to the one that it stands in.</returns>
    private static List<(int[] ChainPath, AutoencoderModel Model)> TakeOutGraphs(MemoryStream stream, string source)
    {
        var models = new List<(int[], AutoencoderModel)>();
        try
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true);
            int skipped = IsUnwrapped(zip) ? 1 : 0;
            foreach (var entry in zip.Entries.Where(IsOnnxModel).ToArray())
            {
                if (StockChain.TryReadGraph(ReadOnnxModel(entry)) is not { } model)
                    continue;
                string[] folder = Segments(entry.FullName)[..^1];
                models.Add((ChainPath(folder)[skipped..], model));
                ReplaceByStub(zip, folder);
            }
        }
        catch (InvalidDataException e)
        {
            throw models.Count > 0 || e.Message.Contains("format version", StringComparison.Ordinal)
                ? new InvalidDataException($"{source} holds an autoencoder that cannot be read: {e.Message}", e)
                : NoModel(source, e);
        }
        return models;
    }

    /// <summary>Whether ML.NET puts the model into a chain of one when it saves, and takes it out again when it loads: it does where it saves a loader too.</summary>
    private static bool IsUnwrapped(ZipArchive zip)
    {
        string[][] entries = [.. zip.Entries.Select(entry => Segments(entry.FullName))];
        return entries.Any(entry => entry[0] == LoaderFolder)
            && entries.Where(entry => entry.Length > 2 && entry[0] == RootFolder).Select(entry => entry[1]).Distinct().Count() == 1;
    }

    private static void ReplaceByStub(ZipArchive zip, string[] folder)
    {
        foreach (var old in zip.Entries.Where(entry => Segments(entry.FullName).AsSpan().StartsWith(folder)).ToArray())
            old.Delete();
        using var stub = new ZipArchive(new MemoryStream(s_stub.Value), ZipArchiveMode.Read);
        foreach (var entry in stub.Entries.Where(entry => Segments(entry.FullName)[0] == RootFolder))
        {
            using var from = entry.Open();
            using var to = zip.CreateEntry(string.Join('/', folder.Concat(Segments(entry.FullName)[1..]))).Open();
            from.CopyTo(to);
        }
    }

    /// <summary>The places of the chains from the root to the one that holds the transformer of a folder, such as TransformerChain/Transform_001/Transform_001.</summary>
    private static int[] ChainPath(string[] folder)
    {
        if (folder.Length < 2 || folder[0] != RootFolder)
            throw new InvalidDataException($"The autoencoder in '{string.Join('/', folder)}' does not stand in the model's chain of transformers.");
        return Array.ConvertAll(folder[1..^1], segment => segment.StartsWith(ChildPrefix, StringComparison.Ordinal) && int.TryParse(segment.AsSpan(ChildPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int place)
            ? place
            : throw new InvalidDataException($"The autoencoder in '{string.Join('/', folder)}' stands in a part of the model that is no chain of transformers."));
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

    private static byte[] CreateStub()
    {
        var context = new MLContext();
        var schema = new DataViewSchema.Builder();
        schema.AddColumn("x", NumberDataViewType.Single);
        using var stream = new MemoryStream();
        context.Model.Save(context.Transforms.CopyColumns("y", "x").Fit(new EmptyDataView(schema.ToSchema())), (DataViewSchema?)null, stream);
        return stream.ToArray();
    }

    // ML.NET writes the separators of the machine that it runs on.
    private static string[] Segments(string entry) => entry.Split('/', '\\');

    private static InvalidDataException NoModel(string source, Exception e)
    {
        var cause = e;
        while (cause.InnerException is not null)
            cause = cause.InnerException;
        return new InvalidDataException($"{source} cannot be opened as a model of ML.NET: {cause.Message}", e);
    }
}
