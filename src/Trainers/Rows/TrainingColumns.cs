using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The columns that a training reads.</summary>
internal sealed record TrainingColumns
{
    public required DataViewSchema.Column Features { get; init; }

    public required string[] FeatureNames { get; init; }

    /// <summary>How windows of time series are cut; null where rows are no windows.</summary>
    public WindowDescription? Windows { get; init; }

    public DataViewSchema.Column? Condition { get; init; }

    public DataViewSchema.Column? Offset { get; init; }

    public DataViewSchema.Column? Weights { get; init; }

    /// <summary>The column that tells known anomalies, which are left out.</summary>
    public AnomalyLabels? AnomalyLabel { get; init; }

    /// <summary>The key with the rows' classes, of a classifier.</summary>
    public DataViewSchema.Column? Classes { get; init; }

    public RowLayout Layout => new(WidthOf(Features), WidthOf(Condition), WidthOf(Offset), Weights is not null, WidthOf(Classes));

    public IEnumerable<DataViewSchema.Column> All =>
        new[] { Features, Condition, Offset, Weights, Classes, AnomalyLabel?.Column }.OfType<DataViewSchema.Column>();

    public static TrainingColumns Find(DataViewSchema schema, AutoencoderEstimator.Options options)
    {
        DataViewSchema.Column? Side(string input, string? name) => name is null ? null : AutoencoderColumns.FindInput(schema, input, name);
        var features = AutoencoderColumns.FindInput(schema, GraphNames.Features, options.FeatureColumnName);
        var columns = new TrainingColumns
        {
            Features = features,
            FeatureNames = AutoencoderColumns.FeatureNames(features),
            Condition = Side(GraphNames.Condition, options.ConditionColumnName),
            Offset = Side(GraphNames.CodeOffset, options.Code.OffsetColumnName),
            Weights = FindWeights(schema, options.WeightColumnName),
            AnomalyLabel = options.LabelColumnName is { } label ? AnomalyLabels.Find(schema, label, options.AnomalyLabelValue) : null,
        };
        if (columns.Offset is { } offset && options.Code.OffsetHidden is null && AutoencoderColumns.WidthOf(offset) != options.Code.Size)
            throw new ArgumentOutOfRangeException(nameof(schema),
                $"The code offset column '{offset.Name}' is {offset.Type}; the code has {options.Code.Size} units, so expected a vector " +
                $"of Single of size {options.Code.Size}. Set Code.OffsetHidden to have it encoded first.");
        return columns;
    }

    private static DataViewSchema.Column? FindWeights(DataViewSchema schema, string? name)
    {
        if (name is null)
            return null;
        if (schema.GetColumnOrNull(name) is { } present && present.Type != NumberDataViewType.Single)
            throw new ArgumentOutOfRangeException(
                nameof(schema), $"The weight column '{name}' is {present.Type}; expected a scalar of Single.");
        return AutoencoderColumns.FindInput(schema, GraphNames.Features, name);
    }

    private static int WidthOf(DataViewSchema.Column? column) => column is { } present ? AutoencoderColumns.WidthOf(present) : 0;
}
