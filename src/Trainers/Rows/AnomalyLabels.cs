using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>
/// A column that tells known anomalies, as ML.NET's <c>AnomalyDetection.Evaluate</c> reads labels: a Single above 0,
/// the second value of a key of two; besides, a Boolean that is true.
/// </summary>
/// <remarks>A row without a label (NaN, or a missing key) is not known to be an anomaly.</remarks>
internal static class AnomalyLabels
{
    private const string Expected =
        "expected Boolean (true is an anomaly), Single (above 0 is one) or a key of two values (the second is one)";

    public static DataViewSchema.Column Find(DataViewSchema schema, string name)
    {
        var column = schema.GetColumnOrNull(name)
            ?? throw new ArgumentOutOfRangeException(
                nameof(schema),
                $"Could not find the label column '{name}'. The data have the columns " +
                $"{string.Join(", ", schema.Where(other => !other.IsHidden).Select(other => $"'{other.Name}'"))}.");
        bool fits = column.Type is BooleanDataViewType || column.Type == NumberDataViewType.Single
            || column.Type is KeyDataViewType { Count: 2 };
        return fits ? column : throw new ArgumentOutOfRangeException(
            nameof(schema), $"The label column '{name}' is {column.Type}; {Expected}.");
    }

    /// <summary>The same for a shape, which does not tell how many values a key has.</summary>
    public static void CheckShape(SchemaShape shape, string name)
    {
        var column = shape.Where(column => column.Name == name).Cast<SchemaShape.Column?>().FirstOrDefault()
            ?? throw new ArgumentOutOfRangeException(
                nameof(shape),
                $"Could not find the label column '{name}'. The data have the columns " +
                $"{string.Join(", ", shape.Select(other => $"'{other.Name}'"))}.");
        bool fits = column.Kind == SchemaShape.Column.VectorKind.Scalar
            && (column.IsKey || column.ItemType == NumberDataViewType.Single || column.ItemType is BooleanDataViewType);
        if (!fits)
            throw new ArgumentOutOfRangeException(
                nameof(shape), $"The label column '{name}' is {column.Kind} of {column.ItemType}; {Expected}.");
    }

    /// <summary>Whether the row that a cursor stands on is a known anomaly.</summary>
    public static Func<bool> CreateReader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is BooleanDataViewType)
        {
            var isAnomaly = row.GetGetter<bool>(column);
            bool value = false;
            return () =>
            {
                isAnomaly(ref value);
                return value;
            };
        }
        var read = AutoencoderColumns.CreateReader(row, column);
        float[] label = new float[column.Type is KeyDataViewType ? 2 : 1];
        return () =>
        {
            read(label, row.Position);
            return label[^1] > 0;
        };
    }
}
