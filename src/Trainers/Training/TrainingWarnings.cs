using Microsoft.ML.Runtime;

namespace MLNetAutoencoder;

/// <summary>What the log is told of data that can be trained on but look like a mistake.</summary>
internal static class TrainingWarnings
{
    public static void Report(IChannel channel, TrainingRows rows, FeatureScaling scaling, string[] names, string featureColumn,
        int batchSize)
    {
        if (scaling.Constant.Length > 0)
            channel.Warning(MessageSensitivity.None, $"{scaling.Constant.Length} of {rows.Layout.Features} features in the column '{featureColumn}' have one value in all training rows: {string.Join(", ", scaling.Constant.Take(10).Select(j => $"'{names[j]}'"))}{(scaling.Constant.Length > 10 ? ", ..." : "")}.");
        if (rows.Count < batchSize)
            channel.Warning(MessageSensitivity.None,
                $"There are {rows.Count} training rows and the batch size is {batchSize}: every epoch is one step over all rows.");
    }
}
