using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// A column that tells known anomalies: of a key or a text those that have a given value; without one as ML.NET's
/// <c>AnomalyDetection.Evaluate</c> reads labels: a Single above 0, the second value of a key of two; besides, a
/// Boolean that is true.
/// </summary>
/// <remarks>A row without a label (NaN, or a missing key) is not known to be an anomaly.</remarks>
/// <param name="Column">The column.</param>
/// <param name="Value">The value that means anomaly, or null.</param>
internal sealed record AnomalyLabels(DataViewSchema.Column Column, string? Value)
{
    // The values that a message names at most.
    private const int MostNamed = 10;

    private const string Expected =
        "expected Boolean (true is an anomaly), Single (above 0 is one) or a key of two values (the second is one); for another key or " +
        "text name the value that means anomaly in AnomalyLabelValue";

    private const string ExpectedOfValue = "expected a key or text, of which AnomalyLabelValue is one of the values";

    private const string ValueOption = "AnomalyLabelValue";

    private bool _mayLackText;

    public static AnomalyLabels Find(DataViewSchema schema, string name, string? value)
    {
        var column = AutoencoderColumns.Find(schema, name, nameof(schema), "label");
        bool fits = value is not null ? column.Type is KeyDataViewType or TextDataViewType
            : column.Type is BooleanDataViewType or KeyDataViewType { Count: 2 } || column.Type == NumberDataViewType.Single;
        if (!fits)
            throw new ArgumentOutOfRangeException(
                nameof(schema), $"The label column '{name}' is {column.Type}; {(value is null ? Expected : ExpectedOfValue)}.");
        string[] names = AutoencoderColumns.KeyNames(column);
        RequireFound(value is null || column.Type is not KeyDataViewType || names.Contains(value), name, value, names);
        return new AnomalyLabels(column, value);
    }

    /// <summary>The same for a shape, which does not tell the values of a key.</summary>
    public static void CheckShape(SchemaShape shape, string name, string? value)
    {
        var column = AutoencoderColumns.Find(shape, name, nameof(shape), "label");
        bool fits = column.Kind == SchemaShape.Column.VectorKind.Scalar && (column.IsKey || (value is null
            ? column.ItemType == NumberDataViewType.Single || column.ItemType is BooleanDataViewType
            : column.ItemType is TextDataViewType));
        if (!fits)
            throw new ArgumentOutOfRangeException(nameof(shape),
                $"The label column '{name}' is {column.Kind} of {column.ItemType}; {(value is null ? Expected : ExpectedOfValue)}.");
    }

    /// <summary>Whether the row that a cursor stands on is a known anomaly.</summary>
    /// <param name="row">The cursor.</param>
    /// <param name="others">Gets the texts that are not the value, as long as a message would name them.</param>
    public Func<bool> CreateReader(DataViewRow row, ICollection<string> others)
    {
        if (Column.Type is BooleanDataViewType)
            return Reader<bool>(row, isAnomaly => isAnomaly);
        if (Column.Type is TextDataViewType)
            return Reader<ReadOnlyMemory<char>>(row, text =>
            {
                bool isAnomaly = text.Span.SequenceEqual(Value);
                if (!isAnomaly && others.Count < MostNamed && !others.Contains(text.ToString()))
                    others.Add(text.ToString());
                return isAnomaly;
            });
        var read = ColumnReaders.Create(row, Column);
        string[] names = AutoencoderColumns.KeyNames(Column);
        int place = Value is not null ? Array.IndexOf(names, Value) : Column.Type is KeyDataViewType ? 1 : 0;
        float[] label = new float[place + 1];
        return () =>
        {
            read(label, row.Position);
            return label[place] > 0;
        };
    }

    /// <summary>The labels of validation rows, which may all be normal.</summary>
    public AnomalyLabels OfValidation() => this with { _mayLackText = true };

    /// <summary>Tells what was left out, and warns where that is more than was kept.</summary>
    /// <param name="anomalies">The rows that were left out as anomalies.</param>
    /// <param name="kept">The rows that were kept.</param>
    /// <param name="others">The texts that rows have besides the value.</param>
    /// <param name="channel">Is told.</param>
    public void Report(long anomalies, long kept, IReadOnlyCollection<string> others, IChannel channel)
    {
        RequireFound(anomalies > 0 || Column.Type is not TextDataViewType || _mayLackText, Column.Name, Value, others);
        string leftOut = FormattableString.Invariant($"{anomalies} of {anomalies + kept} training rows were left out");
        if (anomalies > kept)
            channel.Warning(MessageSensitivity.None,
                $"{leftOut}, more than were kept: the column '{Column.Name}' says that they are anomalies. Where it is the other way " +
                $"round, {(Column.Type is KeyDataViewType or TextDataViewType ? "name the value that means anomaly in AnomalyLabelValue"
                    : "give a column that is true, or above 0, for anomalies")}.");
        else if (anomalies > 0)
            channel.Info(MessageSensitivity.None, $"{leftOut}: the column '{Column.Name}' says that they are anomalies.");
    }

    /// <summary>A value that does not occur is most likely misspelled.</summary>
    private static void RequireFound(bool isFound, string column, string? value, IEnumerable<string> known) => Require.InRange(
        isFound, value, ValueOption,
        $"a value of the label column '{column}', which are {string.Join(", ", known.Take(MostNamed))}; where the data have no known " +
        "anomalies, leave out LabelColumnName");

    private Func<bool> Reader<T>(DataViewRow row, Func<T, bool> test)
    {
        var get = row.GetGetter<T>(Column);
        T value = default!;
        return () =>
        {
            get(ref value);
            return test(value);
        };
    }
}
