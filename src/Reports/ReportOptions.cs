using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>What a report is told besides the model and the rows.</summary>
public sealed record ReportOptions
{
    /// <summary>The default value of <see cref="MaxRows"/>.</summary>
    public const int DefaultMaxRows = 20;

    /// <summary>The default value of <see cref="SampleCount"/>.</summary>
    public const int DefaultSampleCount = 8;

    /// <summary>The title of the report. The default value is "Anomaly report".</summary>
    public string Title { get; init; } = "Anomaly report";

    /// <summary>
    /// The column with the labels of the rows: a Boolean that is true for an anomaly, a Single that is above 0, or a key
    /// of two values of which the second is one. For another key or text give <see cref="AnomalyLabelValue"/>. The
    /// default value is null: the rows have no labels.
    /// </summary>
    public string? LabelColumnName { get; init; }

    /// <summary>The value of <see cref="LabelColumnName"/> that means anomaly. The default value is null.</summary>
    public string? AnomalyLabelValue { get; init; }

    /// <summary>
    /// The rows that the model was trained on, as raw as the rows of the report: drift is measured against their
    /// scores. The default value is null: it is measured against the scores that the model keeps.
    /// </summary>
    public IDataView? TrainingData { get; init; }

    /// <summary>How many of the most anomalous rows, or alarms of time series, are shown, from 1 to 200. The default value is
    /// 20.</summary>
    public int MaxRows { get; init; } = DefaultMaxRows;

    /// <summary>
    /// How many rows a variational model makes for the report, from 0 (none) to 64. The default value is 8.
    /// </summary>
    public int SampleCount { get; init; } = DefaultSampleCount;

    /// <summary>
    /// The size of the images that the features are. The default value is null: a convolutional model says it itself,
    /// and the features of others are no images.
    /// </summary>
    public ReportImage? Image { get; init; }

    /// <summary>The seed of the samples that are drawn from many rows, and of those that the model makes. The default value is 1.</summary>
    public int Seed { get; init; } = 1;

    internal void Check()
    {
        Require.NotNull(Title, nameof(Title));
        Require.InRange(MaxRows is >= 1 and <= 200, MaxRows, nameof(MaxRows), "1 to 200");
        Require.InRange(SampleCount is >= 0 and <= 64, SampleCount, nameof(SampleCount), "0 to 64");
        Require.InRange(AnomalyLabelValue is null || LabelColumnName is not null, AnomalyLabelValue, nameof(AnomalyLabelValue),
            $"null where {nameof(LabelColumnName)} is null");
        Image?.Check();
    }
}
