using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Onnx;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The chain of stock transformers that stands for an autoencoder in a model file.</summary>
/// <remarks>
/// CopyColumns to each of the graph's inputs (MapKeyToVector to a condition that is a key), OnnxTransformer over the
/// whole graph, CopyColumns to each of the user's names (MapValueToKey to a predicted class, which the graph names),
/// DropColumns of the helpers. The graph's inputs and outputs carry names in the file that start with
/// <see cref="Prefix"/> and a digest of the graph, so that the helper columns collide with no column of the user's.
/// </remarks>
internal static class StockChain
{
    private const string Prefix = "mlnetautoencoder.";

    /// <summary>Saves an autoencoder as the chain.</summary>
    /// <param name="model">The autoencoder.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="ctx">Where it goes.</param>
    /// <param name="temporaryFolder">The folder of files on the way; null for the system's.</param>
    /// <param name="isSeries">Whether windows are cut again when it is loaded, or whole ones are expected.</param>
    public static void Save(AutoencoderModel model, IReadOnlyDictionary<string, string> columns, ModelSaveContext ctx,
        string? temporaryFolder, bool isSeries)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        string[] inputs = AutoencoderColumns.Inputs(columns);
        string[] outputs = AutoencoderColumns.Outputs(columns);
        if (outputs.Length == 0)
            throw new InvalidOperationException(
                "The autoencoder has no output column, so there is nothing to save. Name at least one output column.");

        bool keyed = model.Metadata.ConditionValues.Count > 0;
        var saved = model.WithMetadata(model.Metadata with
        {
            Columns = columns, Windows = isSeries ? model.Metadata.Windows : null,
        });

        // A decoder alone is cut out of the scorer; everything else keeps the whole graph, from which all parts can be had again.
        string[] kept = inputs.SequenceEqual(saved.Inputs) ? [.. saved.Outputs] : outputs;
        string prefix = $"{Prefix}{Convert.ToHexString(SHA256.HashData(saved.CutAndRename(inputs, kept, name => name)))[..12]}.";
        byte[] bytes = saved.CutAndRename(inputs, kept, name => prefix + name);

        string folder = string.IsNullOrEmpty(temporaryFolder) ? Path.GetTempPath() : temporaryFolder;
        string path = Path.Combine(folder, $"mlnetautoencoder-{Guid.NewGuid():N}.onnx");
        try
        {
            File.WriteAllBytes(path, bytes);
            // A context of our own: the chain is only written, so no device of the user's is wanted.
            var context = new MLContext { TempFilePath = folder };
            var transforms = context.Transforms;
            var schema = new DataViewSchema.Builder();
            foreach (string input in inputs)
                schema.AddColumn(columns[input], input == GraphNames.Condition && keyed
                    ? new KeyDataViewType(typeof(uint), saved.Width(input))
                    : new VectorDataViewType(NumberDataViewType.Single, saved.Width(input)));
            IDataView view = VectorView.Empty(schema.ToSchema());

            var parts = new List<ITransformer>();
            void Add(IEstimator<ITransformer> estimator) => AddPart(estimator.Fit(view));
            void AddPart(ITransformer part)
            {
                parts.Add(part);
                view = part.Transform(view);
            }
            try
            {
                foreach (string input in inputs)
                {
                    if (input == GraphNames.Condition && keyed)
                        Add(transforms.Conversion.MapKeyToVector(prefix + input, columns[input]));
                    else
                        Add(transforms.CopyColumns(prefix + input, columns[input]));
                }
                Add(transforms.ApplyOnnxModel([.. outputs.Select(output => prefix + output)],
                    [.. inputs.Select(input => prefix + input)], path));
                foreach (string output in outputs)
                {
                    if (output == GraphNames.PredictedLabel)
                        AddPart(ToKey(context, columns[output], prefix + output, saved.Metadata.ClassNames));
                    else
                        Add(transforms.CopyColumns(columns[output], prefix + output));
                }
                Add(transforms.DropColumns([.. inputs.Concat(outputs).Select(name => prefix + name)]));
                ((ICanSaveModel)new TransformerChain<ITransformer>([.. parts])).Save(ctx);
            }
            finally
            {
                // The file goes after the transformer that has it open.
                foreach (var part in parts)
                    (part as IDisposable)?.Dispose();
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Puts the autoencoders back into a model; gives the model itself where it holds none.</summary>
    public static ITransformer Upgrade(AutoencoderCatalog catalog, ITransformer transformer, ScoringOptions? scoring) =>
        TransformerChains.Replace(transformer, parts =>
            TryReadAutoencoder(catalog.Context, parts, out var model) ? catalog.Make(model, scoring) : null);

    /// <summary>
    /// The bytes of the autoencoder's own graph in one that <see cref="Save"/> wrote, or null where it is another graph.
    /// </summary>
    /// <exception cref="InvalidDataException">It is no graph, or contradicts itself.</exception>
    public static byte[]? FindGraph(byte[] bytes) => AutoencoderModel.RestoreNames(bytes, "The graph in the model", WithoutPrefix);

    /// <summary>The autoencoder in such a graph.</summary>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public static AutoencoderModel ReadGraph(byte[] graph) => new(graph, "The graph in the model");

    /// <summary>Whether the parts are a chain as <see cref="Save"/> writes it, and if so the autoencoder in it.</summary>
    private static bool TryReadAutoencoder(MLContext context, ITransformer[] parts, [NotNullWhen(true)] out AutoencoderModel? model)
    {
        model = null;
        bool looksRight = parts is [ColumnCopyingTransformer, .., ColumnSelectingTransformer]
            && parts.All(part => part is ColumnCopyingTransformer or KeyToVectorMappingTransformer or ValueToKeyMappingTransformer
                or OnnxTransformer or ColumnSelectingTransformer);
        if (!looksRight || parts.OfType<OnnxTransformer>().ToArray() is not [var onnx])
            return false;
        if (FindGraph(ReadOnnx(context, onnx)) is not { } graph)
            return false;
        model = ReadGraph(graph);
        return true;
    }

    /// <summary>
    /// From the name of a class, as the graph gives it, to a key; the keys are learned from rows with one name each, in
    /// the order of the classes.
    /// </summary>
    private static ValueToKeyMappingTransformer ToKey(MLContext context, string column, string graphColumn, IReadOnlyList<string> classes)
    {
        var names = context.Data.LoadFromEnumerable(classes.Select(name => new NamedClass { Name = name }).ToArray());
        var renamed = context.Transforms.CopyColumns(graphColumn, nameof(NamedClass.Name)).Fit(names).Transform(names);
        return context.Transforms.Conversion.MapValueToKey(column, graphColumn).Fit(renamed);
    }

    /// <summary>
    /// The graph inside an OnnxTransformer: the only way to it that is open to all is to save the transformer and look
    /// into the zip.
    /// </summary>
    private static byte[] ReadOnnx(MLContext context, OnnxTransformer onnx)
    {
        using var stream = new MemoryStream();
        context.Model.Save(onnx, (DataViewSchema?)null, stream);
        stream.Position = 0;
        var (name, content) = ModelZip.Read(stream).FirstOrDefault(entry => ModelFile.IsOnnxModel(entry.Name));
        return name is not null
            ? ModelFile.ReadOnnxModel(name, content)
            : throw new InvalidDataException(
                "The model's OnnxTransformer holds no graph; it was saved by a version of ML.NET that this library does not know.");
    }

    /// <summary>
    /// The name in the contract, or null for a name that <see cref="Save"/> did not give: a graph that a user put into
    /// a chain is the user's.
    /// </summary>
    private static string? WithoutPrefix(string name)
    {
        int end = name.StartsWith(Prefix, StringComparison.Ordinal) ? name.IndexOf('.', Prefix.Length) : -1;
        return end < 0 ? null : name[(end + 1)..];
    }

    /// <summary>A row with the name of a class.</summary>
    private sealed class NamedClass
    {
        public required string Name { get; init; }
    }
}
