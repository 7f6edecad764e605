using MLNetAutoencoder.Onnx;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>
/// The scores of calibration rows before and after, and their labels where there are any. Rows without a score before
/// are left out.
/// </summary>
internal sealed class CalibrationScores
{
    private readonly List<float> _before = [], _after = [];
    private readonly List<float> _labels = [];

    /// <summary>Reads the rows once.</summary>
    /// <param name="view">The calibration data with both scores.</param>
    /// <param name="before">The column of the scores before.</param>
    /// <param name="after">The column of the scores after.</param>
    /// <param name="label">The label column; null for none.</param>
    public CalibrationScores(IDataView view, string before, string after, DataViewSchema.Column? label)
    {
        var columns = new List<DataViewSchema.Column> { view.Schema[before], view.Schema[after] };
        if (label is { } named)
            columns.Add(view.Schema[named.Index]);
        using var cursor = view.GetRowCursor(columns);
        var beforeGetter = cursor.GetGetter<float>(columns[0]);
        var afterGetter = cursor.GetGetter<float>(columns[1]);
        var labelGetter = columns.Count == 2 ? null : LabelGetter(cursor, columns[2]);
        float scoreBefore = 0, scoreAfter = 0, value = 0;
        while (cursor.MoveNext())
        {
            beforeGetter(ref scoreBefore);
            if (float.IsNaN(scoreBefore))
                continue;
            afterGetter(ref scoreAfter);
            _before.Add(scoreBefore);

            // A score that is lost counts as an anomaly, as the decision in the graph has it.
            _after.Add(float.IsNaN(scoreAfter) ? float.PositiveInfinity : scoreAfter);
            if (labelGetter is not null)
            {
                labelGetter(ref value);
                _labels.Add(value);
            }
        }
    }

    public int Count => _before.Count;

    /// <summary>Finds the label column and checks its type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is neither Boolean nor Single.</exception>
    public static DataViewSchema.Column FindLabel(DataViewSchema schema, string name, string parameter)
    {
        var column = schema.GetColumnOrNull(name) ?? throw AutoencoderColumns.Missing(
            name, parameter, schema.Where(other => !other.IsHidden).Select(other => other.Name));
        return column.Type is BooleanDataViewType || column.Type == NumberDataViewType.Single ? column
            : throw new ArgumentOutOfRangeException(
                parameter, $"The label column '{name}' is {column.Type}; expected Boolean, or Single that is above 0 for an anomaly.");
    }

    /// <summary>Makes the report of what was read.</summary>
    /// <param name="form">The form.</param>
    /// <param name="threshold">The model's threshold.</param>
    /// <param name="bytesBefore">The bytes of the scorer before.</param>
    /// <param name="bytesAfter">The bytes of the scorer after.</param>
    /// <param name="label">The label column's name; null for none.</param>
    public QuantizationReport Report(OnnxQuantization form, float threshold, long bytesBefore, long bytesAfter, string? label)
    {
        float[] before = [.. _before], after = [.. _after];
        double sum = 0, largest = 0;
        int changed = 0;
        for (int i = 0; i < before.Length; i++)
        {
            double deviation = before[i].Equals(after[i]) ? 0 : Math.Abs((double)after[i] - before[i]);
            (sum, largest) = (sum + deviation, Math.Max(largest, deviation));
            changed += before[i] <= threshold == after[i] <= threshold ? 0 : 1;
        }
        var areas = label is null ? null : Areas(label);
        return new QuantizationReport
        {
            Form = form,
            BytesBefore = bytesBefore,
            BytesAfter = bytesAfter,
            Rows = before.Length,
            RankCorrelation = Ranks.Correlation(before, after),
            MeanScore = before.Average(score => (double)score),
            MeanScoreDeviation = sum / before.Length,
            LargestScoreDeviation = largest,
            ChangedDecisions = (double)changed / before.Length,
            AreaUnderRocCurveBefore = areas?.Before,
            AreaUnderRocCurveAfter = areas?.After,
        };
    }

    private (double Before, double After)? Areas(string label)
    {
        int[] labeled = [.. Enumerable.Range(0, Count).Where(i => !float.IsNaN(_labels[i]))];
        bool[] labels = Array.ConvertAll(labeled, i => _labels[i] > 0);
        int anomalies = labels.Count(isAnomaly => isAnomaly);
        if (anomalies == 0 || anomalies == labels.Length)
            throw new ArgumentException(
                $"The label column '{label}' marks {anomalies} of {labels.Length} calibration rows as anomalies; the area under the ROC " +
                "curve needs rows of both kinds. Leave the label out, or calibrate on rows of both.", nameof(label));
        return (Ranks.AreaUnderRocCurve(Array.ConvertAll(labeled, i => _before[i]), labels),
            Ranks.AreaUnderRocCurve(Array.ConvertAll(labeled, i => _after[i]), labels));
    }

    private static ValueGetter<float> LabelGetter(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is not BooleanDataViewType)
            return row.GetGetter<float>(column);
        var getter = row.GetGetter<bool>(column);
        bool isAnomaly = false;
        return (ref float value) =>
        {
            getter(ref isAnomaly);
            value = isAnomaly ? 1 : 0;
        };
    }
}
