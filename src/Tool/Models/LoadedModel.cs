using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Models;

/// <summary>A model file, ready to score: the transforms before the autoencoder, and the autoencoder, of rows or of time series.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly IReadOnlyList<ITransformer> _before;

    private readonly ScoringTransformer _scorer;

    private LoadedModel(MLContext context, string path, IReadOnlyList<ITransformer> before, ScoringTransformer scorer,
        DataViewSchema inputSchema, ModelNotes? notes)
    {
        (Context, Path, _before, _scorer, InputSchema, Notes) = (context, path, before, scorer, inputSchema, notes);
        Slots = Series is null ? SlotsOf(Transform(new EmptyView(inputSchema), before).Schema) : ChannelsOf(Series.Description);
    }

    public MLContext Context { get; }

    public string Path { get; }

    /// <summary>The model of time series; null for one of rows.</summary>
    public TimeSeriesTransformer? Series => _scorer as TimeSeriesTransformer;

    /// <summary>The autoencoder of rows, or of the windows of series.</summary>
    public AutoencoderTransformer Autoencoder => Series?.Windows ?? (AutoencoderTransformer)_scorer;

    /// <summary>What is known of the scores that the model gives.</summary>
    public AutoencoderMetadata Metadata => Series?.ScoreMetadata ?? _scorer.Metadata;

    public float Threshold => Metadata.Threshold;

    /// <summary>The columns that the model reads: numbers and texts.</summary>
    public DataViewSchema InputSchema { get; }

    /// <summary>What the tool noted when it trained the model; null for a model from elsewhere.</summary>
    public ModelNotes? Notes { get; }

    /// <summary>Which features, or channels of series, each column became, in their order.</summary>
    public IReadOnlyList<ColumnSlots> Slots { get; }

    /// <summary>The whole as one transformer.</summary>
    public ITransformer Chain => new TransformerChain<ITransformer>([.. _before, _scorer]);

    /// <summary>Opens a model file.</summary>
    /// <exception cref="InputException">There is none, or it is none.</exception>
    public static LoadedModel Open(string path)
    {
        if (!File.Exists(path))
            throw new InputException($"There is no file '{path}'; expected a model that 'mlnet-autoencoder train' wrote.");
        try
        {
            // Its library is loaded while the file is read.
            Task.Run(OrtEnv.Instance);
            var context = new MLContext();
            using var stream = File.OpenRead(path);
            var chain = context.Autoencoders().Load(stream, out var schema);
            stream.Position = 0;
            return Of(context, path, chain, schema ?? throw new InputException($"'{path}' does not say which columns it reads."),
                ModelNotes.Read(stream));
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or InvalidOperationException or NotSupportedException
            or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{path}' is no model that can be opened: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>A model that was just trained.</summary>
    public static LoadedModel Of(MLContext context, string path, ITransformer chain, DataViewSchema schema, ModelNotes? notes)
    {
        if (TransformerChains.PartsOf(chain, TransformerScope.Scoring).ToArray() is not [.. var before, ScoringTransformer scorer]
            || scorer is not (AutoencoderTransformer or TimeSeriesTransformer))
            throw new InputException($"'{path}' does not end in an autoencoder; expected a model that 'mlnet-autoencoder train' wrote.");
        string? time = (scorer as TimeSeriesTransformer)?.Description.TimeColumn;
        foreach (var column in schema)
        {
            if (column.Name == time && (column.Type is DateTimeDataViewType || column.Type == NumberDataViewType.Double))
                continue;
            if (column.Type != NumberDataViewType.Single && column.Type is not TextDataViewType)
                throw new InputException($"'{path}' reads the column '{column.Name}' as {column.Type}; expected numbers and texts only.");
        }
        return new LoadedModel(context, path, before, scorer, schema, notes);
    }

    /// <summary>The same model with another threshold.</summary>
    public LoadedModel With(ThresholdRule rule) =>
        new(Context, Path, _before, Series?.WithThreshold(rule) ?? (ScoringTransformer)Autoencoder.WithThreshold(rule), InputSchema, Notes);

    /// <summary>Refuses a model of time series.</summary>
    /// <param name="what">What it cannot do, and what to do.</param>
    public void RefuseSeries(string what)
    {
        if (Series is not null)
            throw new UsageException($"'{Path}' is a model of time series: {what}");
    }

    /// <summary>Adds the model's columns to rows.</summary>
    public IDataView Transform(IDataView rows) => _scorer.Transform(Transform(rows, _before));

    /// <summary>The name of the column that holds one of the graph's outputs; null where the model has none for it.</summary>
    public string? ColumnOf(string output) => _scorer.Metadata.Columns.GetValueOrDefault(output);

    public void Dispose() => _scorer.Dispose();

    private static IDataView Transform(IDataView rows, IEnumerable<ITransformer> parts) =>
        parts.Aggregate(rows, (view, part) => part.Transform(view));

    /// <summary>
    /// Tells which features are one column's: the transforms that <c>train</c> puts before the autoencoder keep the
    /// columns' order. Of other models each feature stands alone.
    /// </summary>
    private IReadOnlyList<ColumnSlots> SlotsOf(DataViewSchema transformed)
    {
        var names = Autoencoder.Metadata.FeatureNames;
        List<ColumnSlots> slots = [];
        int start = 0;
        foreach (var column in InputSchema)
        {
            bool isText = column.Type is TextDataViewType;
            int count = transformed[column.Name].Type is VectorDataViewType { IsKnownSize: true } vector ? vector.Size : 1;
            string[] values = isText && start + count <= names.Count
                ? [.. Enumerable.Range(start, count).Select(i => ValueOf(names[i], column.Name))]
                : [];
            slots.Add(new ColumnSlots(column.Name, column.Index, start, count, isText, values));
            start += count;
        }
        return start == Autoencoder.Metadata.FeatureCount ? slots
            : [.. Enumerable.Range(0, Autoencoder.Metadata.FeatureCount).Select(i => new ColumnSlots(names[i], null, i, 1, false, []))];
    }

    /// <summary>The column of each channel; of other models than the tool's that is not known.</summary>
    private IReadOnlyList<ColumnSlots> ChannelsOf(WindowDescription windows)
    {
        DataViewSchema.Column[] columns = [.. InputSchema.Where(column => column.Type == NumberDataViewType.Single)];
        return [.. windows.Channels.Select((name, i) => columns.Length == windows.Channels.Count
            ? new ColumnSlots(columns[i].Name, columns[i].Index, i, 1, false, []) : new ColumnSlots(name, null, i, 1, false, []))];
    }

    private static string ValueOf(string featureName, string columnName) =>
        featureName.StartsWith(columnName + ".", StringComparison.Ordinal) ? featureName[(columnName.Length + 1)..] : featureName;
}

/// <summary>The features that a column became.</summary>
/// <param name="Name">The column.</param>
/// <param name="Column">Its place among the columns that the model reads; null where that is not known.</param>
/// <param name="Start">Its first feature.</param>
/// <param name="Count">How many there are: one for a number, one for each value of a category.</param>
/// <param name="IsCategory">Whether it is a category.</param>
/// <param name="Values">The values of a category.</param>
internal sealed record ColumnSlots(string Name, int? Column, int Start, int Count, bool IsCategory, string[] Values)
{
    /// <summary>The column's value in a reconstruction: the number, or the likeliest of the category's values.</summary>
    public void WriteValue(ReadOnlySpan<float> reconstruction, TableWriter writer)
    {
        if (IsCategory)
            writer.Text(Values[System.Numerics.Tensors.TensorPrimitives.IndexOfMax(reconstruction.Slice(Start, Count))]);
        else
            writer.Number(reconstruction[Start]);
    }
}
