using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed class MulticlassClassificationCatalog : TrainCatalogBase
{
    private const float LeastProbability = 1e-15f;

    internal MulticlassClassificationCatalog(IHostEnvironment env)
        : base(env)
    {
    }

    /// <summary>
    /// How well the highest of a row's scores, the first of equal ones, tells its class. Rows without a label, with a number that is no class,
    /// or without finite scores are left out, silently; a class beyond the scores counts as an error of the least probability.
    /// </summary>
    public MulticlassClassificationMetrics Evaluate(
        IDataView data,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        int topKPredictionCount = 0)
    {
        Refuse.Null(data, nameof(data));
        Refuse.Empty(labelColumnName, nameof(labelColumnName));
        Refuse.Empty(scoreColumnName, nameof(scoreColumnName));
        Refuse.Empty(predictedLabelColumnName, nameof(predictedLabelColumnName));
        Refuse.Unless(topKPredictionCount >= 0, nameof(topKPredictionCount), "Must be non-negative");

        DataViewSchema.Column label = EvaluatedColumns.Find(data.Schema, labelColumnName, "Label");
        DataViewSchema.Column score = EvaluatedColumns.Find(data.Schema, scoreColumnName, "Score");
        // Neither its type nor its values are ever looked at: the scores tell the class.
        EvaluatedColumns.Find(data.Schema, predictedLabelColumnName, "PredictedLabel");
        if (score.Type is not VectorDataViewType { Size: >= 2 } scores || scores.ItemType != NumberDataViewType.Single)
            throw Refuse.WrongColumn("schema", "score", score.Name, "vector of two or more items of type Single", score.Type.ToString());
        if (label.Type != NumberDataViewType.Single && label.Type.KeyCountOf() == 0)
            throw Refuse.WrongColumn("schema", "label", label.Name, "Single or Key", label.Type.ToString());

        return Evaluate(data, label, score, new float[scores.Size]);
    }

    private static MulticlassClassificationMetrics Evaluate(IDataView data, DataViewSchema.Column label, DataViewSchema.Column score, float[] row)
    {
        var rows = new long[row.Length];
        var correct = new long[row.Length];
        long all = 0;
        double logLoss = 0;
        using (DataViewRowCursor cursor = data.GetRowCursor([label, score]))
        {
            ValueGetter<float> labels = EvaluatedColumns.LabelGetter(cursor, label);
            ValueGetter<VBuffer<float>> scores = cursor.GetGetter<VBuffer<float>>(score);
            float labelValue = 0;
            VBuffer<float> scoreValue = default;
            while (cursor.MoveNext())
            {
                labels(ref labelValue);
                if (!(labelValue >= 0) || labelValue != (int)labelValue)
                    continue;
                scores(ref scoreValue);
                scoreValue.CopyTo(row);
                if (!Array.TrueForAll(row, float.IsFinite))
                    continue;

                int actual = (int)labelValue;
                all++;
                logLoss -= Math.Log(actual < row.Length ? Math.Clamp(row[actual], LeastProbability, 1) : LeastProbability);
                if (actual >= row.Length)
                    continue;
                rows[actual]++;
                if (Array.IndexOf(row, row.Max()) == actual)
                    correct[actual]++;
            }
        }

        return new MulticlassClassificationMetrics(
            all == 0 ? 0 : (double)correct.Sum() / all,
            rows.Zip(correct, (n, right) => (n, right)).Where(c => c.n > 0).Select(c => (double)c.right / c.n).DefaultIfEmpty().Average(),
            all == 0 ? 0 : logLoss / all);
    }
}
