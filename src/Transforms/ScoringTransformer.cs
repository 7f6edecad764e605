using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>What fitted autoencoders and classifiers have in common: an ONNX graph that runs over the rows of any data view.</summary>
/// <remarks>Safe for use by several threads.</remarks>
public abstract class ScoringTransformer : ITransformer, IDisposable
{
    private readonly bool _ownsModel;

    /// <param name="context">The context: its log, its device, its folder for temporary files.</param>
    /// <param name="model">The graph.</param>
    /// <param name="columns">From names of the graph to names of columns.</param>
    /// <param name="ownsModel">Whether the graph's sessions end with this transformer.</param>
    private protected ScoringTransformer(MLContext context, AutoencoderModel model, IReadOnlyDictionary<string, string> columns,
        bool ownsModel)
    {
        AutoencoderColumns.Validate(columns);
        Context = context;
        Model = model;
        Columns = columns;
        _ownsModel = ownsModel;
        MissingKey = new MissingKeyWarning(context, columns);
    }

    /// <summary>What the model says of itself: sizes, feature names, scaling, threshold or classes, training summary and more.</summary>
    public AutoencoderMetadata Metadata => Model.Metadata;

    /// <inheritdoc/>
    public virtual bool IsRowToRowMapper => true;

    internal MLContext Context { get; }

    /// <summary>The graph.</summary>
    internal AutoencoderModel Model { get; }

    /// <summary>From names of the graph to names of columns.</summary>
    internal IReadOnlyDictionary<string, string> Columns { get; }

    internal bool IsDisposed { get; private set; }

    private protected MissingKeyWarning MissingKey { get; }

    /// <inheritdoc/>
    public virtual DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Plan(inputSchema).OutputSchema;

    /// <inheritdoc/>
    public virtual IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoredDataView(Plan(input.Schema), input);
    }

    /// <inheritdoc/>
    public virtual IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new AutoencoderRowMapper(Plan(inputSchema));

    /// <summary>Releases the native sessions. Safe to call twice; scoring afterwards is an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        IsDisposed = true;
        if (_ownsModel)
            Model.Dispose();
        GC.SuppressFinalize(this);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx);

    // ML.NET gives outsiders no format of their own, but lets them hand the context, once, to a stock transformer.
    private protected virtual void Save(ModelSaveContext ctx) =>
        StockChain.Save(Model, Columns, ctx, Context.TempFilePath, isSeries: this is TimeSeriesTransformer);

    /// <summary>The columns that are added to data of a schema.</summary>
    private protected abstract IEnumerable<OutputColumn> OutputsAfter(DataViewSchema input);

    /// <summary>
    /// A model that runs where the options say, and where they are silent the context; it tells the context's log where
    /// CUDA cannot be used.
    /// </summary>
    internal static AutoencoderModel ForContext(MLContext context, AutoencoderModel model, ScoringOptions scoring)
    {
        ArgumentNullException.ThrowIfNull(scoring);
        var effective = scoring with { GpuDeviceId = scoring.GpuDeviceId ?? context.GpuDeviceId,
            FallbackToCpu = scoring.FallbackToCpu ?? context.FallbackToCpu };
        return model.WithScoring(effective, message =>
        {
            using var channel = ((IHostEnvironment)context).Register("Autoencoder").Start("Scoring");
            channel.Warning(MessageSensitivity.None, message);
        });
    }

    private protected void ThrowIfDisposed()
    {
        if (IsDisposed)
            throw new ObjectDisposedException(GetType().Name,
                $"The {(Metadata.ClassNames.Count > 0 ? "classifier" : "autoencoder")} has been disposed, and with it its ONNX Runtime " +
                "sessions; it can transform no more.");
    }

    private ScoringPlan Plan(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ThrowIfDisposed();
        return new ScoringPlan(Model, Columns, OutputsAfter(inputSchema), inputSchema) { OnMissingKey = MissingKey.Report };
    }
}
