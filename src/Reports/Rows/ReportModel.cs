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

    private ReportModel(AutoencoderTransformer autoencoder, ITransformer[] before) => (Autoencoder, _before) = (autoencoder, before);

    public AutoencoderTransformer Autoencoder { get; }

    public AutoencoderMetadata Metadata => Autoencoder.Metadata;

    public static ReportModel Find(ITransformer model)
    {
        ITransformer[] parts = [.. TransformerChains.PartsOf(model, TransformerScope.Scoring)];
        int place = TransformerChains.PlaceOf(parts, part => part is AutoencoderTransformer, "A report is on one.");
        var autoencoder = (AutoencoderTransformer)parts[place];
        if (!autoencoder.Model.Inputs.Contains(GraphNames.Features) || !autoencoder.Model.Outputs.Contains(GraphNames.Score))
            throw new InvalidOperationException(
                $"The model is only the {autoencoder.Metadata.Graph} of an autoencoder, which gives no scores to report on. Give the " +
                "whole model.");
        return new ReportModel(autoencoder, parts[..place]);
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
        using var scorer = Autoencoder.WithOutputs((GraphNames.Score, Prefix + "score"), (GraphNames.IsAnomaly, Prefix + "label"),
            (GraphNames.Code, Prefix + "code"), (GraphNames.Reconstruction, Prefix + "reconstruction"),
            (GraphNames.FeatureErrors, Prefix + "errors"));
        var prepared = Prepare(data);
        var label = options.LabelColumnName is { } name ? AnomalyLabels.Find(prepared.Schema, name, options.AnomalyLabelValue) : null;
        var scored = scorer.Transform(prepared);
        DataViewSchema.Column Column(string column) => scored.Schema[Prefix + column];
        var features = scored.Schema[Autoencoder.ColumnOf(GraphNames.Features)];
        var labels = label is null ? null : label with { Column = scored.Schema[label.Column.Name] };
        var rows = new ReportRows(Metadata, options, labels is not null);
        using var cursor = scored.GetRowCursor([features, Column("score"), Column("label"), Column("code"), Column("reconstruction"),
            Column("errors"), .. labels is null ? [] : new[] { labels.Column }]);
        var getScore = cursor.GetGetter<float>(Column("score"));
        var getIsFlagged = cursor.GetGetter<bool>(Column("label"));
        var getIsAnomaly = labels?.CreateReader(cursor, new List<string>());
        var row = new ReadRow
        {
            Features = new float[Metadata.FeatureCount],
            Expected = new float[Metadata.FeatureCount],
            Errors = new float[Metadata.FeatureCount],
            Code = new float[Metadata.CodeSize],
        };
        var readers = new[] { (features, row.Features), (Column("reconstruction"), row.Expected), (Column("errors"), row.Errors),
            (Column("code"), row.Code) }.Select(pair => (Read: ColumnReaders.Create(cursor, pair.Item1), Into: pair.Item2)).ToArray();
        while (cursor.MoveNext())
        {
            foreach (var (read, into) in readers)
                read(into, cursor.Position);
            getScore(ref row.Score);
            getIsFlagged(ref row.IsFlagged);
            row.IsAnomaly = getIsAnomaly?.Invoke() ?? false;
            rows.Add(row);
        }
        return rows;
    }

    /// <summary>The scores of rows: all, or as many of them drawn at random as a report keeps.</summary>
    public (float[] Scores, long Count) ScoresOf(IDataView data, int seed)
    {
        using var scorer = Autoencoder.WithOutputs((GraphNames.Score, Prefix + "score"));
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
