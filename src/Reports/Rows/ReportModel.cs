using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The autoencoder of a report, with what stands before it in its chain.</summary>
internal sealed class ReportModel
{
    private const string Prefix = "__report_";

    private readonly ITransformer[] _before;

    private ReportModel(ITransformer model, ITransformer[] before)
    {
        (Series, _before) = (model as TimeSeriesTransformer, before);
        Autoencoder = Series?.Windows ?? (AutoencoderTransformer)model;
        Metadata = Series is null ? Autoencoder.Metadata : Series.ScoreMetadata with { FeatureNames = Series.Description.Channels };
    }

    /// <summary>The autoencoder of rows, or of the windows of series.</summary>
    public AutoencoderTransformer Autoencoder { get; }

    /// <summary>The model of time series; null for one of rows.</summary>
    public TimeSeriesTransformer? Series { get; }

    /// <summary>What the model says of itself; of time series the features are the channels, and the scores those of rows.</summary>
    public AutoencoderMetadata Metadata { get; }

    public static ReportModel Find(ITransformer model)
    {
        ITransformer[] parts = [.. TransformerChains.PartsOf(model, TransformerScope.Scoring)];
        int place = TransformerChains.PlaceOf(parts, part => part is AutoencoderTransformer or TimeSeriesTransformer,
            "A report is on one.");
        if (parts[place] is AutoencoderTransformer autoencoder && (!autoencoder.Model.Inputs.Contains(GraphNames.Features)
            || !autoencoder.Model.Outputs.Contains(GraphNames.Score)))
            throw new InvalidOperationException(
                $"The model is only the {autoencoder.Metadata.Graph} of an autoencoder, which gives no scores to report on. Give the " +
                "whole model.");
        return new ReportModel(parts[place], parts[..place]);
    }

    /// <summary>The size of the images that the features are; null where they are none.</summary>
    public ReportImage? ImageOf(ReportOptions options)
    {
        var image = options.Image ?? ImageOfNetwork();
        if (image is null)
            return null;
        if ((long)image.Height * image.Width * image.Channels == Metadata.FeatureCount)
            return image;
        return options.Image is null ? null : throw new ArgumentException(
            $"The option {nameof(ReportOptions.Image)} says {image.Height} × {image.Width} pixels with {image.Channels} channels; the " +
            $"model has {Metadata.FeatureCount} features.", nameof(options));
    }

    /// <summary>Scores rows and keeps what the report tells of them.</summary>
    public ReportRows Read(IDataView data, ReportOptions options)
    {
        ImageOf(options);
        (string, string)[] codes = Series is null ? [(GraphNames.Code, Prefix + "code")] : [];
        using var scorer = WithOutputs([(GraphNames.Score, Prefix + "score"), (GraphNames.IsAnomaly, Prefix + "label"),
            (GraphNames.Reconstruction, Prefix + "reconstruction"), (GraphNames.FeatureErrors, Prefix + "errors"), .. codes]);
        var prepared = Prepare(data);
        var label = options.LabelColumnName is { } name ? AnomalyLabels.Find(prepared.Schema, name, options.AnomalyLabelValue) : null;
        var scored = scorer.Transform(prepared);
        DataViewSchema.Column Column(string column) => scored.Schema[Prefix + column];
        var features = scored.Schema[Autoencoder.ColumnOf(GraphNames.Features)];
        var labels = label is null ? null : label with { Column = scored.Schema[label.Column.Name] };
        var steps = Series?.Description is not { } windows ? null : SeriesColumns.Find(
            scored.Schema, windows.ValueColumn, windows.Channels.Count, windows.TimeColumn, windows.KeyColumn);
        var rows = new ReportRows(Metadata, options, labels is not null,
            steps is null ? null : new ReportSeries(Series!.Description, steps, options));
        var vectors = new[] { features, Column("reconstruction"), Column("errors") }
            .Concat(Series is null ? [Column("code")] : []).ToArray();
        using var cursor = scored.GetRowCursor([.. vectors, Column("score"), Column("label"), .. steps?.All ?? [],
            .. labels is null ? [] : new[] { labels.Column }]);
        var (readTime, readKey) = (steps?.CreateTimeReader(cursor), steps?.CreateKeyReader(cursor));
        var getScore = cursor.GetGetter<float>(Column("score"));
        var getIsFlagged = cursor.GetGetter<bool>(Column("label"));
        var getIsAnomaly = labels?.CreateReader(cursor, new List<string>());
        var row = new ReadRow
        {
            Features = new float[Metadata.FeatureCount],
            Expected = new float[Metadata.FeatureCount],
            Errors = new float[Metadata.FeatureCount],
            Code = new float[Series is null ? Metadata.CodeSize : 0],
        };
        var readers = vectors.Zip(new[] { row.Features, row.Expected, row.Errors, row.Code })
            .Select(pair => (Read: ColumnReaders.Create(cursor, pair.First), Into: pair.Second)).ToArray();
        while (cursor.MoveNext())
        {
            foreach (var (read, into) in readers)
                read(into, cursor.Position);
            getScore(ref row.Score);
            getIsFlagged(ref row.IsFlagged);
            row.IsAnomaly = getIsAnomaly?.Invoke() ?? false;
            rows.Add(row);
            rows.Series?.Add(readKey is null ? default : readKey(), readTime?.Invoke(), row);
        }
        rows.Series?.End();
        return rows;
    }

    /// <summary>The scores of rows: all, or as many of them drawn at random as a report keeps.</summary>
    public (float[] Scores, long Count) ScoresOf(IDataView data, int seed)
    {
        using var scorer = WithOutputs([(GraphNames.Score, Prefix + "score")]);
        var sample = new RandomSample<float>(ReportRows.MostScores, seed);
        long count = 0;
        foreach (float score in scorer.Transform(Prepare(data)).GetColumn<float>(Prefix + "score").Where(float.IsFinite))
        {
            count++;
            if (sample.Next() is { } place)
                sample.Put(place, score);
        }
        return ([.. sample.Items], count);
    }

    private ScoringTransformer WithOutputs((string, string)[] outputs) =>
        Series?.WithOutputs(outputs) ?? (ScoringTransformer)Autoencoder.WithOutputs(outputs);

    private IDataView Prepare(IDataView data) => _before.Aggregate(data, (view, part) => part.Transform(view));

    private ReportImage? ImageOfNetwork()
    {
        using var options = JsonDocument.Parse(Metadata.Options);
        if (options.RootElement.ValueKind != JsonValueKind.Object || !options.RootElement.TryGetProperty("network", out var network)
            || network.ValueKind != JsonValueKind.Object)
            return null;
        int Number(string name) => network.TryGetProperty(name, out var value) && value.TryGetInt32(out int number) ? number : 0;
        bool isInterleaved = network.TryGetProperty("layout", out var layout) && layout.ValueKind == JsonValueKind.String
            && string.Equals(layout.GetString(), "interleaved", StringComparison.OrdinalIgnoreCase);
        return Number("height") > 0 && Number("width") > 0
            ? new ReportImage(Number("height"), Number("width"), Math.Max(1, Number("channels")), isInterleaved) : null;
    }
}
