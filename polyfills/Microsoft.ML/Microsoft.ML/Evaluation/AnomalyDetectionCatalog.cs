using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed class AnomalyDetectionCatalog : TrainCatalogBase
{
    internal AnomalyDetectionCatalog(IHostEnvironment env)
        : base(env)
    {
    }

    /// <summary>How well scores rank anomalies above the rest. Rows without a label or a finite score are left out, silently.</summary>
    public AnomalyDetectionMetrics Evaluate(
        IDataView data,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        int falsePositiveCount = 10)
    {
        Refuse.Null(data, nameof(data));
        Refuse.Empty(labelColumnName, nameof(labelColumnName));
        Refuse.Empty(scoreColumnName, nameof(scoreColumnName));
        Refuse.Empty(predictedLabelColumnName, nameof(predictedLabelColumnName));
        Refuse.Unless(falsePositiveCount > 0, "K", "Must be positive");

        DataViewSchema.Column label = EvaluatedColumns.Find(data.Schema, labelColumnName, "Label");
        DataViewSchema.Column score = EvaluatedColumns.Find(data.Schema, scoreColumnName, "Score");
        // Its type is never looked at.
        EvaluatedColumns.Find(data.Schema, predictedLabelColumnName, "PredictedLabel");
        if (score.Type != NumberDataViewType.Single)
            throw Refuse.WrongColumn("schema", "score", score.Name, "Single", score.Type.ToString());
        if (label.Type != NumberDataViewType.Single && label.Type.KeyCountOf() != 2)
            throw Refuse.WrongColumn("schema", "label", label.Name, "Single or a Key with cardinality 2", label.Type.ToString());

        var rows = new List<(float Score, bool IsAnomaly)>();
        using (DataViewRowCursor cursor = data.GetRowCursor([label, score]))
        {
            ValueGetter<float> labels = EvaluatedColumns.LabelGetter(cursor, label);
            ValueGetter<float> scores = cursor.GetGetter<float>(score);
            float labelValue = 0, scoreValue = 0;
            while (cursor.MoveNext())
            {
                labels(ref labelValue);
                scores(ref scoreValue);
                if (!float.IsNaN(labelValue) && float.IsFinite(scoreValue))
                    rows.Add((scoreValue, labelValue > 0));
            }
        }

        int anomalies = rows.Count(row => row.IsAnomaly);
        Refuse.Unless(anomalies > 0, "PosSample", "AUC is not defined when there is no positive class in the data");
        Refuse.Unless(anomalies < rows.Count, "NegSample", "AUC is not defined when there is no negative class in the data");
        rows.Sort((a, b) => b.Score.CompareTo(a.Score));
        return new AnomalyDetectionMetrics(AreaUnderRocCurve(rows, anomalies), DetectionRate(rows, anomalies, falsePositiveCount));
    }

    // The chance that an anomaly scores above a normal row, ties counted half (Hanley and McNeil, 1982).
    private static double AreaUnderRocCurve(List<(float Score, bool IsAnomaly)> sorted, int anomalies)
    {
        double above = 0, area = 0;
        for (int i = 0; i < sorted.Count;)
        {
            double tiedAnomalies = 0, tiedNormals = 0;
            for (float score = sorted[i].Score; i < sorted.Count && sorted[i].Score == score; i++)
            {
                if (sorted[i].IsAnomaly)
                    tiedAnomalies++;
                else
                    tiedNormals++;
            }

            area += tiedNormals * (above + (tiedAnomalies / 2));
            above += tiedAnomalies;
        }

        return area / ((double)anomalies * (sorted.Count - anomalies));
    }

    private static double DetectionRate(List<(float Score, bool IsAnomaly)> sorted, int anomalies, int falsePositives)
    {
        int found = 0;
        foreach ((_, bool isAnomaly) in sorted)
        {
            if (isAnomaly)
                found++;
            else if (falsePositives-- == 0)
                break;
        }

        return (double)found / anomalies;
    }
}
