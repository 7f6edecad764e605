namespace Microsoft.ML.Data;

public sealed class AnomalyDetectionMetrics
{
    internal AnomalyDetectionMetrics(double areaUnderRocCurve, double detectionRateAtFalsePositiveCount)
    {
        AreaUnderRocCurve = areaUnderRocCurve;
        DetectionRateAtFalsePositiveCount = detectionRateAtFalsePositiveCount;
    }

    public double AreaUnderRocCurve { get; }

    /// <summary>The share of anomalies that score above all but the given number of normal rows.</summary>
    public double DetectionRateAtFalsePositiveCount { get; }
}
