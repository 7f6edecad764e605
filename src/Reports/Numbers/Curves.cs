namespace MLNetAutoencoder;

/// <summary>The ROC curve and the precision-recall curve of scores with labels.</summary>
internal sealed record Curves
{
    private const double Step = 1.0 / 300;

    public required IReadOnlyList<(double FalseAlarms, double Recall)> Roc { get; init; }

    public required IReadOnlyList<(double Recall, double Precision)> PrecisionRecall { get; init; }

    /// <summary>The area under the ROC curve; of equal scores half counts.</summary>
    public required double Area { get; init; }

    /// <summary>The average precision: Σ (change of recall) × precision, from the highest score down.</summary>
    public required double AveragePrecision { get; init; }

    public required int Anomalies { get; init; }

    /// <summary>The curves; null where all rows have one label.</summary>
    public static Curves? Of(IEnumerable<LabeledScore> scores)
    {
        LabeledScore[] falling = [.. scores.OrderByDescending(score => score.Score)];
        int anomalies = falling.Count(score => score.IsAnomaly), normal = falling.Length - anomalies;
        if (anomalies == 0 || normal == 0)
            return null;
        List<(double, double)> roc = [(0, 0)], precisionRecall = [];
        var (lastRoc, lastPrecision) = ((X: 0.0, Y: 0.0), (X: -1.0, Y: 0.0));
        double area = 0, average = 0;
        int found = 0, alarms = 0;
        for (int i = 0; i < falling.Length;)
        {
            var (foundBefore, alarmsBefore) = (found, alarms);
            float score = falling[i].Score;
            for (; i < falling.Length && falling[i].Score == score; i++)
                (found, alarms) = falling[i].IsAnomaly ? (found + 1, alarms) : (found, alarms + 1);
            area += (double)(alarms - alarmsBefore) / normal * (found + foundBefore) / 2 / anomalies;
            double precision = (double)found / (found + alarms), recall = (double)found / anomalies;
            average += (double)(found - foundBefore) / anomalies * precision;
            Add(roc, ref lastRoc, (double)alarms / normal, recall, i == falling.Length);
            Add(precisionRecall, ref lastPrecision, recall, precision, i == falling.Length);
        }
        return new Curves { Roc = roc, PrecisionRecall = precisionRecall, Area = area, AveragePrecision = average, Anomalies = anomalies };
    }

    /// <summary>Adds a point that lies apart from the last one.</summary>
    private static void Add(List<(double, double)> curve, ref (double X, double Y) last, double x, double y, bool isEnd)
    {
        if (!isEnd && Math.Abs(x - last.X) < Step && Math.Abs(y - last.Y) < Step)
            return;
        curve.Add((x, y));
        last = (x, y);
    }
}
