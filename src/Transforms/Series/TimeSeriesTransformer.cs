using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// A fitted autoencoder over windows of time series: gives each row of a data view, a step of its series, a score, a decision and what was
/// expected.
/// </summary>
/// <remarks>
/// <para>Input: the values of a step, a scalar or a vector of Single; by option the time (date, time span or number) and the series that
/// the row belongs to (text, key or whole number). Rows of one series stand in the order of their times; rows of several may interleave.
/// Output, each column named by an option and left out where that is null: predicted label (Boolean), score (Single, higher is more
/// anomalous), p-value (Single), expected values and channel errors (vectors of Single; the mean of the errors is the score).</para>
/// <para>Rows are scored in their order by one cursor, whatever is asked for: nothing is shuffled or read in parallel. The source is read
/// twice at the same time, one time ahead of the other, and must give the same rows. Memory goes by the width of the window and the number
/// of series, and with covering scores by how far apart the rows of a series stand.</para>
/// <para>Saved, it is an ordinary model of ML.NET over whole windows: see <see cref="Windows"/>. Only
/// <see cref="AutoencoderCatalog.Load(string, out DataViewSchema, ScoringOptions)"/> puts back what cuts them.</para>
/// </remarks>
public sealed class TimeSeriesTransformer : ScoringTransformer
{
    private readonly AutoencoderMetadata _ofScores;
    private AutoencoderTransformer? _windows;

    internal TimeSeriesTransformer(MLContext context, AutoencoderModel model)
        : this(context, model, AutoencoderColumns.Of(model))
    {
    }

    private TimeSeriesTransformer(
        MLContext context, AutoencoderModel model, IReadOnlyDictionary<string, string> columns, bool ownsModel = true)
        : base(context, model, columns, ownsModel)
    {
        _ofScores = Description.IsCovering ? CoveringScores.MetadataOf(Metadata) : Metadata;
    }

    /// <summary>How windows are cut, and what else is known of them.</summary>
    public WindowDescription Description => Metadata.Windows!;

    /// <summary>
    /// What the epochs of the training came to. Empty for a model that was opened from a file.
    /// </summary>
    public IReadOnlyList<TrainingEpoch> History { get; internal set; } = [];

    /// <summary>The score above which a step counts as an anomaly.</summary>
    public float Threshold => _ofScores.Threshold;

    /// <summary>
    /// The autoencoder over whole windows, vectors of width × channels in the value column: encodes, reconstructs, explains and exports
    /// them. It shares this model's sessions and ends with it.
    /// </summary>
    public AutoencoderTransformer Windows => _windows is { IsDisposed: false } ? _windows
        : _windows = new AutoencoderTransformer(Context, Model, Columns, topFeatures: null, ownsModel: false);

    /// <summary>What is known of the scores that this transformer gives.</summary>
    internal AutoencoderMetadata ScoreMetadata => _ofScores;

    /// <summary>A transformer that gives outputs of the graph in columns of other names. It shares this model's sessions.</summary>
    internal TimeSeriesTransformer WithOutputs(params (string Output, string Column)[] outputs) => new(Context, Model,
        outputs.Append((Output: GraphNames.Features, Column: Description.ValueColumn)).ToDictionary(pair => pair.Output,
            pair => pair.Column, StringComparer.Ordinal), ownsModel: false);

    /// <summary>The same where this transformer is not needed.</summary>
    internal AutoencoderTransformer WindowsAlone() => new(Context, Model, Columns, topFeatures: null, ownsModel: true);

    /// <inheritdoc/>
    public override bool IsRowToRowMapper => false;

    /// <summary>The same fitted model with another threshold.</summary>
    /// <param name="rule">How it is chosen from the scores that were measured while training.</param>
    public TimeSeriesTransformer WithThreshold(ThresholdRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var metadata = rule.AddTo(Metadata);
        return With(metadata with
        {
            Windows = Description with { CoveringThreshold = rule.AddTo(CoveringScores.MetadataOf(Metadata)).Threshold },
        });
    }

    /// <summary>The same fitted model that scores a step by the other windows.</summary>
    /// <param name="isCovering">Whether the score is the mean over all windows that cover a step, for analysis, and not that of the window
    /// which ends with it, which is all that a stream can know.</param>
    public TimeSeriesTransformer WithCovering(bool isCovering) =>
        With(Metadata with { Windows = Description with { IsCovering = isCovering } });

    /// <summary>The same fitted model on another device, with other threads or batches.</summary>
    /// <param name="scoring">The options. Where they name no device, the context's is used.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public TimeSeriesTransformer WithScoring(ScoringOptions scoring) => new(Context, ForContext(Context, Model, scoring), Columns);

    /// <summary>Begins to score steps one by one, as they come. Its scores are those of the windows that end with them.</summary>
    /// <param name="options">How alarms are made; null for one at each anomaly.</param>
    public AutoencoderStream CreateStream(StreamOptions? options = null)
    {
        ThrowIfDisposed();
        return new AutoencoderStream(Model, options ?? new StreamOptions());
    }

    /// <summary>Goes on with a stream that was saved.</summary>
    /// <param name="state">What <see cref="AutoencoderStream.Save(Stream)"/> wrote. It is read from where it stands, and left open.</param>
    /// <param name="options">How alarms are made; null for one at each anomaly.</param>
    /// <exception cref="InvalidDataException">It is no such state, is damaged, or is that of another model.</exception>
    public AutoencoderStream RestoreStream(Stream state, StreamOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        var stream = CreateStream(options);
        try
        {
            stream.Restore(state);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Writes the scorer of whole windows as an ONNX file for any runtime.</summary>
    /// <param name="path">Where it goes. An existing file is replaced.</param>
    /// <param name="options">In what form; null for opset 17 and the outputs that the model has.</param>
    /// <exception cref="IOException">The file cannot be written, and is as it was.</exception>
    public void ExportOnnx(string path, OnnxExportOptions? options = null) => Windows.ExportOnnx(path, OnnxGraph.Scorer, options);

    /// <inheritdoc/>
    public override DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Plan(inputSchema, out _);

    /// <inheritdoc/>
    public override IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ThrowIfDisposed();
        var schema = Plan(input.Schema, out var columns);
        return new SeriesDataView(this, input, columns, schema);
    }

    /// <summary>Not possible: what a step is depends on those before it.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new NotSupportedException(
        $"A time series is scored row after row, in order, so that no row can be scored by itself. Use Transform, or " +
        $"{nameof(CreateStream)} for steps that come one by one.");

    /// <summary>Whether a score counts as an anomaly.</summary>
    internal bool IsAnomaly(float score) => !(score <= Threshold);

    /// <summary>What is said of a missing value; null where there may be one.</summary>
    internal string? Refusal => Metadata.MissingValues == MissingValuePolicy.Error
        ? "the autoencoder was made to refuse missing values when it scores." : null;

    /// <summary>The p-values of the scores; null where none are asked for.</summary>
    internal PValues? CreatePValues() => Columns.ContainsKey(GraphNames.PValue) ? PValues.Of(_ofScores, "p-value") : null;

    /// <summary>The outputs of the graph that have a column, in the order of the columns.</summary>
    internal string[] Outputs => [.. AutoencoderColumns.Outputs(Columns).Where(SeriesOutputs.Has)];

    private protected override IEnumerable<OutputColumn> OutputsAfter(DataViewSchema input) =>
        SeriesOutputs.Columns(Columns, Description, AutoencoderColumns.NextScoreSetId(input), Threshold);

    private TimeSeriesTransformer With(AutoencoderMetadata metadata) =>
        new(Context, ForContext(Context, Model.WithMetadata(metadata), Model.Scoring), Columns);

    private DataViewSchema Plan(DataViewSchema input, out SeriesColumns columns)
    {
        ArgumentNullException.ThrowIfNull(input);
        var windows = Description;
        columns = SeriesColumns.Find(input, windows.ValueColumn, windows.Channels.Count, windows.TimeColumn, windows.KeyColumn);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        foreach (var column in OutputsAfter(input))
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        return builder.ToSchema();
    }
}

/// <summary>Which outputs of a graph over windows are columns of steps.</summary>
internal static class SeriesOutputs
{
    public static bool Has(string output) => output is GraphNames.Score or GraphNames.IsAnomaly or GraphNames.PValue
        or GraphNames.Reconstruction or GraphNames.FeatureErrors;

    /// <summary>The columns.</summary>
    public static IEnumerable<OutputColumn> Columns(IReadOnlyDictionary<string, string> columns, WindowDescription windows, uint scoreSetId,
        float threshold) => AutoencoderColumns.OutputColumns(
            columns.Where(pair => pair.Key == GraphNames.Features || Has(pair.Key)).ToDictionary(),
            _ => windows.Channels.Count, [.. windows.Channels], scoreSetId, threshold);
}

/// <summary>The statistics of covering scores, in the places where those of windows stand.</summary>
internal static class CoveringScores
{
    public static AutoencoderMetadata MetadataOf(AutoencoderMetadata metadata) => metadata.Windows is { CoveringCount: > 0 } windows
        ? metadata with
        {
            Threshold = windows.CoveringThreshold,
            ScoreCount = windows.CoveringCount,
            ScoreQuantiles = windows.CoveringQuantiles,
            LargestScores = windows.CoveringLargest,
        }
        : metadata;

    /// <summary>A description with the statistics that some metadata have of their scores.</summary>
    public static WindowDescription With(WindowDescription windows, AutoencoderMetadata covering) => windows with
    {
        CoveringThreshold = covering.Threshold,
        CoveringCount = covering.ScoreCount,
        CoveringQuantiles = covering.ScoreQuantiles,
        CoveringLargest = covering.LargestScores,
    };
}
