using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>A fitted autoencoder: encodes, reconstructs and scores anomalies on any data view, by running its ONNX graph in batches under ONNX Runtime.</summary>
/// <remarks>
/// <para>Input: the feature column, a vector of known size (or, for one feature, a scalar) of Single. Output, each column named by an
/// option and left out where that is null: predicted label (Boolean), score (Single, higher is more anomalous), code, reconstruction and
/// feature errors (vectors of Single; the last two keep the features' slot names).</para>
/// <para>Safe for use by several threads. It saves into an ordinary model file, which any ML.NET application opens without this library;
/// see <see cref="AutoencoderCatalog.Load(string, out DataViewSchema)"/> for opening it with this library.</para>
/// </remarks>
public sealed class AutoencoderTransformer : ITransformer, IDisposable
{
    private readonly MLContext _context;
    private readonly AutoencoderModel _model;
    private readonly IReadOnlyDictionary<string, string> _columns;
    private readonly bool _ownsModel;
    private bool _disposed;

    internal AutoencoderTransformer(MLContext context, AutoencoderModel model)
        : this(context, model, AutoencoderColumns.Of(model), ownsModel: true)
    {
    }

    private AutoencoderTransformer(MLContext context, AutoencoderModel model, IReadOnlyDictionary<string, string> columns, bool ownsModel)
    {
        AutoencoderColumns.Validate(columns);
        _context = context;
        _model = model;
        _columns = columns;
        _ownsModel = ownsModel;
    }

    /// <summary>What the model says of itself: sizes, feature names, scaling, threshold, training summary and more.</summary>
    public AutoencoderMetadata Metadata => _model.Metadata;

    /// <summary>The score above which a row counts as an anomaly.</summary>
    public float Threshold => _model.Metadata.Threshold;

    /// <summary>Features to code. It shares this model's sessions and ends with it.</summary>
    public AutoencoderTransformer Encoder => Part([GraphNames.Features], (GraphNames.Code, AutoencoderColumns.Code));

    /// <summary>Code to reconstruction in raw units. It shares this model's sessions and ends with it.</summary>
    public AutoencoderTransformer Decoder => Part([GraphNames.Code], (GraphNames.Reconstruction, AutoencoderColumns.Reconstruction));

    /// <summary>Features to reconstruction in raw units. It shares this model's sessions and ends with it.</summary>
    public AutoencoderTransformer Reconstructor => Part([GraphNames.Features], (GraphNames.Reconstruction, AutoencoderColumns.Reconstruction));

    /// <summary>Features to predicted label and score. It shares this model's sessions and ends with it.</summary>
    public AutoencoderTransformer Scorer => Part([GraphNames.Features], (GraphNames.IsAnomaly, AutoencoderColumns.PredictedLabel), (GraphNames.Score, AutoencoderColumns.Score));

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <summary>Writes encoder, decoder and scorer as ONNX files for any runtime: all of them, or none where one cannot be written.</summary>
    /// <param name="encoderPath">Where the encoder goes, features to code.</param>
    /// <param name="decoderPath">Where the decoder goes, code to reconstruction.</param>
    /// <param name="scorerPath">Where the scorer goes, features to score, decision, feature errors, reconstruction and code.</param>
    /// <exception cref="IOException">A file cannot be written; the message names it.</exception>
    public void ExportOnnx(string encoderPath, string decoderPath, string scorerPath) =>
        AtomicFile.WriteAll((encoderPath, _model.EncoderBytes()), (decoderPath, _model.DecoderBytes()), (scorerPath, _model.ToBytes()));

    /// <summary>The same fitted model with another threshold; the present one stays as it is.</summary>
    /// <param name="threshold">The score above which a row counts as an anomaly.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is NaN.</exception>
    public AutoencoderTransformer WithThreshold(float threshold)
    {
        if (float.IsNaN(threshold))
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "The threshold is NaN; expected a number that scores can be compared with.");
        return new AutoencoderTransformer(_context, _model.WithThreshold(threshold, "fixed"), _columns, ownsModel: true);
    }

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Plan(inputSchema).OutputSchema;

    /// <inheritdoc/>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoredDataView(Plan(input.Schema), input);
    }

    /// <inheritdoc/>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new AutoencoderRowMapper(Plan(inputSchema));

    /// <summary>Releases the native sessions. Safe to call twice; scoring afterwards is an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        _disposed = true;
        if (_ownsModel)
            _model.Dispose();
    }

    // ML.NET gives outsiders no format of their own, but lets them hand the context, once, to a stock transformer.
    void ICanSaveModel.Save(ModelSaveContext ctx) => StockChain.Save(_model, _columns, ctx, _context.TempFilePath);

    private ScoringPlan Plan(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        if (_disposed)
            throw new ObjectDisposedException(nameof(AutoencoderTransformer), "The autoencoder has been disposed, and with it its ONNX Runtime sessions; it can transform no more.");
        return new ScoringPlan(_model, _columns, inputSchema);
    }

    private AutoencoderTransformer Part(string[] inputs, params (string Output, string DefaultColumn)[] outputs)
    {
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string input in inputs)
            columns[input] = _columns.GetValueOrDefault(input, AutoencoderColumns.Code);
        foreach (var (output, defaultColumn) in outputs)
            columns[output] = _columns.GetValueOrDefault(output, defaultColumn);
        return new AutoencoderTransformer(_context, _model, columns, ownsModel: false);
    }
}
