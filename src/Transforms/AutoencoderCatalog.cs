using System.Diagnostics.CodeAnalysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// Everything this library adds to ML.NET, had from <see cref="AutoencoderExtensions.Autoencoders"/>. The package
/// <c>MLNetAutoencoder.Trainers</c> adds the trainers.
/// </summary>
[SuppressMessage("Performance", "CA1822", Justification = "What a catalog offers is called on the catalog.")]
public sealed class AutoencoderCatalog
{
    internal AutoencoderCatalog(MLContext context) => Context = context;

    /// <summary>The context that the catalog belongs to: its log, its seed, its folder for temporary files.</summary>
    public MLContext Context { get; }

    /// <summary>Makes a transformer of a graph that this library wrote.</summary>
    /// <param name="model">The graph. The transformer has sessions of its own over it.</param>
    /// <param name="scoring">Device, threads and batches; null for the context's device and ONNX Runtime's threads.</param>
    /// <param name="history">What the epochs of its training came to; null where that is not known.</param>
    /// <exception cref="ArgumentException">The graph is a classifier's.</exception>
    public AutoencoderTransformer FromModel(AutoencoderModel model, ScoringOptions? scoring = null,
        IReadOnlyList<TrainingEpoch>? history = null)
    {
        var made = Make(model, scoring);
        var transformer = made as AutoencoderTransformer ?? (made as TimeSeriesTransformer)?.WindowsAlone()
            ?? throw new ArgumentException(
                $"The graph is a {model.Metadata.Variant}, which gives classes and no anomaly scores. Use {nameof(ClassifierFromModel)}.",
                nameof(model));
        transformer.History = history ?? [];
        return transformer;
    }

    /// <summary>Makes a transformer of time series of a graph over windows that this library wrote.</summary>
    /// <param name="model">The graph, a whole autoencoder. The transformer has sessions of its own over it.</param>
    /// <param name="scoring">Device, threads and batches; null for the context's device and ONNX Runtime's threads.</param>
    /// <exception cref="ArgumentException">The graph is none over windows of a time series, or only a part of one.</exception>
    public TimeSeriesTransformer TimeSeriesFromModel(AutoencoderModel model, ScoringOptions? scoring = null) =>
        Make(model, scoring) as TimeSeriesTransformer
            ?? throw new ArgumentException(
                $"The graph is the {model.Metadata.Graph} of a {model.Metadata.Variant} autoencoder and knows no windows of a time " +
                $"series. Use {nameof(FromModel)}.", nameof(model));

    /// <summary>Opens an ONNX file with a scorer of windows that this library wrote.</summary>
    /// <param name="filePath">The file, as <see cref="TimeSeriesTransformer.ExportOnnx"/> wrote it.</param>
    /// <param name="scoring">Device, threads and batches; null for the context's device and ONNX Runtime's threads.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, not one of this library, of a newer format, or no scorer of
    /// windows.</exception>
    public TimeSeriesTransformer TimeSeriesFromOnnx(string filePath, ScoringOptions? scoring = null)
    {
        var model = new AutoencoderModel(Require.File(filePath, "an ONNX file", "ONNX file"), $"The file '{filePath}'");
        return IsSeries(model) ? TimeSeriesFromModel(model, scoring) : throw new InvalidDataException(
            $"The file '{filePath}' is the {model.Metadata.Graph} of a {model.Metadata.Variant} autoencoder and knows no windows of a " +
            $"time series. Use {nameof(FromOnnx)}.");
    }

    /// <summary>Makes a transformer of a classifier's graph that this library wrote.</summary>
    /// <param name="model">The graph. The transformer has sessions of its own over it.</param>
    /// <param name="scoring">Device, threads and batches; null for the context's device and ONNX Runtime's threads.</param>
    /// <exception cref="ArgumentException">The graph is an autoencoder's.</exception>
    public StackedClassifierTransformer ClassifierFromModel(AutoencoderModel model, ScoringOptions? scoring = null) =>
        Make(model, scoring) as StackedClassifierTransformer
            ?? throw new ArgumentException(
            $"The graph is the {model.Metadata.Graph} of an autoencoder ({model.Metadata.Variant}) and tells no classes. Use " +
            $"{nameof(FromModel)}.", nameof(model));

    /// <summary>
    /// Opens an ONNX file that this library wrote: a scorer gives the autoencoder as it was fitted, with its columns
    /// and its threshold; an encoder or a decoder gives that part.
    /// </summary>
    /// <param name="filePath">The file, as <see cref="AutoencoderTransformer.ToOnnx"/> gives it.</param>
    /// <param name="scoring">Device, threads and batches; null for the context's device and ONNX Runtime's threads.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, not one of this library, a classifier
    /// (<see cref="ClassifierFromOnnx(string, ScoringOptions)"/>), or of a newer format.</exception>
    public AutoencoderTransformer FromOnnx(string filePath, ScoringOptions? scoring = null) =>
        FromOnnx(Require.File(filePath, "an ONNX file", "ONNX file"), $"The file '{filePath}'", scoring);

    /// <summary>Opens the content of an ONNX file, as <see cref="FromOnnx(string, ScoringOptions)"/> does a file.</summary>
    /// <param name="bytes">The content.</param>
    /// <param name="scoring">Device, threads and batches; null for the context's device and ONNX Runtime's threads.</param>
    /// <exception cref="InvalidDataException">The bytes are no ONNX model, not one of this library, a classifier
    /// (<see cref="ClassifierFromOnnx(byte[], ScoringOptions)"/>), or of a newer format.</exception>
    public AutoencoderTransformer FromOnnx(byte[] bytes, ScoringOptions? scoring = null) => FromOnnx(bytes, "The ONNX model", scoring);

    /// <summary>Opens an ONNX file with a classifier that this library wrote.</summary>
    /// <param name="filePath">The file, as <see cref="StackedClassifierTransformer.ExportOnnx"/> wrote it.</param>
    /// <param name="scoring">Device, threads and batches; null for the context's device and ONNX Runtime's threads.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, not one of this library, an autoencoder, or of
    /// a newer format.</exception>
    public StackedClassifierTransformer ClassifierFromOnnx(string filePath, ScoringOptions? scoring = null) =>
        ClassifierFromOnnx(Require.File(filePath, "an ONNX file", "ONNX file"), $"The file '{filePath}'", scoring);

    /// <summary>Opens the content of such a file.</summary>
    /// <param name="bytes">The content.</param>
    /// <param name="scoring">Device, threads and batches; null for the context's device and ONNX Runtime's threads.</param>
    /// <exception cref="InvalidDataException">The bytes are no ONNX model, not one of this library, an autoencoder, or
    /// of a newer format.</exception>
    public StackedClassifierTransformer ClassifierFromOnnx(byte[] bytes, ScoringOptions? scoring = null) =>
        ClassifierFromOnnx(bytes, "The ONNX model", scoring);

    /// <summary>
    /// Makes an autoencoder of an encoder and a decoder that another library wrote, such as PyTorch. It is a model of
    /// this library's like any other: it saves, exports and explains.
    /// </summary>
    /// <param name="options">The two graphs, and what they lack: scaling, kind of feature errors, threshold, names of columns.</param>
    /// <param name="calibration">Rows with the feature column, such as those that the two were trained on: threshold,
    /// probability and the distribution of codes come from their scores. Null for none: then the model has a given
    /// threshold or none.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or has another number of values than there
    /// are features.</exception>
    /// <exception cref="InvalidDataException">The two graphs do not fit together or cannot be run.</exception>
    /// <exception cref="InvalidOperationException">There are no calibration rows where a view is given, or one of them
    /// has a missing value or no score; or the threshold needs scores, and no view is given.</exception>
    public AutoencoderTransformer FromOnnx(ImportOptions options, IDataView? calibration = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return FromModel(ImportedAutoencoder.Build(Context, options, calibration), options.Scoring);
    }

    /// <summary>
    /// Opens a model file of ML.NET and puts this library's autoencoders back in the places of the stock transformers
    /// that stand for them in the file.
    /// </summary>
    /// <param name="filePath">The file, as <c>mlContext.Model.Save</c> wrote it.</param>
    /// <param name="inputSchema">The schema that the model was saved with; null where it was saved with none.</param>
    /// <param name="scoring">Device, threads and batches of the autoencoders; null for the context's device and ONNX
    /// Runtime's threads.</param>
    /// <returns>The autoencoder, or the chain that it is a part of.</returns>
    /// <remarks>
    /// The file is checked before ML.NET or ONNX Runtime sees it. A model of ML.NET names types and assemblies that
    /// ML.NET loads from the application's own folders all the same: open files of strangers as exported ONNX files,
    /// which name no code.
    /// </remarks>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="InvalidDataException">The file is no ML.NET model, is damaged, holds no autoencoder, one of a
    /// newer format, or a graph that contradicts itself; also where ML.NET cannot load the rest of it, whose own
    /// exception is the inner one.</exception>
    /// <exception cref="OutOfMemoryException">ML.NET takes a number in it for a length and asks for more memory than there is.</exception>
    public ITransformer Load(string filePath, out DataViewSchema? inputSchema, ScoringOptions? scoring = null)
    {
        Require.IsFile(filePath, "a model file", "model file");
        using var stream = File.OpenRead(filePath);
        return ModelFile.Load(this, stream, $"The file '{filePath}'", out inputSchema, scoring);
    }

    /// <summary>Opens a model from a stream, as <see cref="Load(string, out DataViewSchema, ScoringOptions)"/> does from a file.</summary>
    /// <param name="stream">A readable stream. One that can be sought in is read whole, wherever it stands, as ML.NET
    /// does; another from where it stands. It is left open.</param>
    /// <param name="inputSchema">The schema that the model was saved with; null where it was saved with none.</param>
    /// <param name="scoring">Device, threads and batches of the autoencoders; null for the context's device and ONNX
    /// Runtime's threads.</param>
    /// <returns>The autoencoder, or the chain that it is a part of.</returns>
    /// <exception cref="InvalidDataException">The stream holds no ML.NET model, a damaged one, no autoencoder, one of a
    /// newer format, or a graph that contradicts itself; also where ML.NET cannot load the rest of it, whose own
    /// exception is the inner one.</exception>
    /// <exception cref="OutOfMemoryException">ML.NET takes a number in it for a length and asks for more memory than there is.</exception>
    public ITransformer Load(Stream stream, out DataViewSchema? inputSchema, ScoringOptions? scoring = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return ModelFile.Load(this, stream, "The stream", out inputSchema, scoring);
    }

    /// <summary>Puts this library's autoencoders back into a model that was opened by <c>mlContext.Model.Load</c>.</summary>
    /// <param name="transformer">The model. The stock transformers that are replaced are disposed; those that stay are
    /// used in the result.</param>
    /// <param name="scoring">Device, threads and batches of the autoencoders; null for the context's device and ONNX
    /// Runtime's threads.</param>
    /// <returns>The autoencoder, the chain that it is a part of, or <paramref name="transformer"/> itself where it holds none.</returns>
    /// <exception cref="InvalidDataException">It holds an autoencoder that cannot be read; the model is as it was.</exception>
    public ITransformer Upgrade(ITransformer transformer, ScoringOptions? scoring = null)
    {
        ArgumentNullException.ThrowIfNull(transformer);
        return StockChain.Upgrade(this, transformer, scoring);
    }

    /// <summary>Finds the autoencoder in a model, however its chains stand in one another.</summary>
    /// <param name="model">A fitted chain, such as <c>pipeline.Fit(data)</c> or what
    /// <see cref="Load(string, out DataViewSchema, ScoringOptions)"/> gave; or an autoencoder, which is given back.</param>
    /// <returns>The autoencoder, which belongs to the model and ends with it.</returns>
    /// <exception cref="ArgumentException">There is no autoencoder in it, or more than one
    /// (<see cref="FindAll"/>); the message lists the model's parts.</exception>
    public AutoencoderTransformer Find(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ITransformer[] parts = [.. TransformerChains.PartsOf(model, TransformerScope.Everything)];
        return (AutoencoderTransformer)parts[TransformerChains.PlaceOf(
            parts, part => part is AutoencoderTransformer, $"{nameof(FindAll)} gives all of them.")];
    }

    /// <summary>Finds all autoencoders and classifiers in a model, however its chains stand in one another.</summary>
    /// <param name="model">A fitted chain, or one of its parts.</param>
    /// <returns>Those that there are, in their order; empty where there is none.</returns>
    public IReadOnlyList<ScoringTransformer> FindAll(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return [.. TransformerChains.PartsOf(model, TransformerScope.Everything).OfType<ScoringTransformer>()];
    }

    /// <summary>Makes the transformer that a graph is for.</summary>
    internal ScoringTransformer Make(AutoencoderModel model, ScoringOptions? scoring)
    {
        ArgumentNullException.ThrowIfNull(model);
        var placed = ScoringTransformer.ForContext(Context, model, scoring ?? new ScoringOptions());
        return IsClassifier(model) ? new StackedClassifierTransformer(Context, placed)
            : IsSeries(model) ? new TimeSeriesTransformer(Context, placed) : new AutoencoderTransformer(Context, placed);
    }

    private AutoencoderTransformer FromOnnx(byte[] bytes, string source, ScoringOptions? scoring)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        var model = new AutoencoderModel(bytes, source);
        return !IsClassifier(model) ? FromModel(model, scoring)
            : throw new InvalidDataException(
                $"{source} is a {model.Metadata.Variant}, which gives classes and no anomaly scores. Use {nameof(ClassifierFromOnnx)}.");
    }

    private StackedClassifierTransformer ClassifierFromOnnx(byte[] bytes, string source, ScoringOptions? scoring)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        var model = new AutoencoderModel(bytes, source);
        return IsClassifier(model) ? ClassifierFromModel(model, scoring)
            : throw new InvalidDataException(
                $"{source} is the {model.Metadata.Graph} of an autoencoder ({model.Metadata.Variant}) and tells no classes. Use " +
                $"{nameof(FromOnnx)}.");
    }

    // A part of an autoencoder over windows knows no steps.
    private static bool IsSeries(AutoencoderModel model) => model.Metadata.Windows is not null && model.Outputs.Contains(GraphNames.Score)
        && model.Inputs.Contains(GraphNames.Features);

    private static bool IsClassifier(AutoencoderModel model) => model.Metadata.ClassNames.Count > 0;
}
