using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Rows of any number of features for detectors, and small detectors over them.</summary>
internal sealed class DetectionRows
{
    public float[] Features { get; set; } = [];

    /// <summary>Rows on a surface of few dimensions, with noise.</summary>
    public static float[][] Make(int count, int features, int seed)
    {
        var random = new Random(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            double a = Normal(), b = Normal();
            return Enumerable.Range(0, features).Select(j =>
                (float)(10 * j + a * Math.Cos(j) + b * Math.Sin(2 * j + 1) + 0.1 * Normal())).ToArray();
        })];
    }

    public static IDataView View(MLContext ml, IEnumerable<float[]> rows)
    {
        DetectionRows[] all = [.. rows.Select(row => new DetectionRows { Features = row })];
        var schema = SchemaDefinition.Create(typeof(DetectionRows));
        schema[nameof(Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, all[0].Features.Length);
        return ml.Data.LoadFromEnumerable(all, schema);
    }

    /// <summary>A detector that is quickly trained.</summary>
    public static AnomalyDetectionEstimator.Options Quick(int seed = 1) => new()
    {
        Width = 16, Code = 8, Steps = 60, Members = 1, Masking = new Masking { ScoreRounds = 4 }, Seed = seed, Threads = 1,
        FeatureErrorsColumnName = "FeatureErrors", PValueColumnName = "PValue",
    };
}
