// Scores rows with ONNX Runtime alone: the package Microsoft.ML.OnnxRuntime, and neither ML.NET nor this library.
using Microsoft.ML.OnnxRuntime;

namespace OtherRuntimes;

internal static class OnnxScorer
{
    public static (float Score, bool IsAnomaly)[] Score(string model, float[][] rows)
    {
        using var session = new InferenceSession(model);
        using var features = OrtValue.CreateTensorValueFromMemory(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);
        using var options = new RunOptions();
        using var results = session.Run(options, ["features"], [features], ["score", "is_anomaly"]);
        var (scores, anomalies) = (results[0].GetTensorDataAsSpan<float>().ToArray(), results[1].GetTensorDataAsSpan<bool>().ToArray());
        return [.. scores.Zip(anomalies)];
    }
}
