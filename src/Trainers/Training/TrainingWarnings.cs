using Microsoft.ML.Runtime;

namespace MLNetAutoencoder;

/// <summary>What the log is told of data that can be trained on but look like a mistake.</summary>
internal static class TrainingWarnings
{
    // As many parameters as there are values, in so many epochs, reproduce every row.
    private const int EpochsByHeart = 200;

    public static void Report(IChannel channel, TrainingData rows, FeatureScaling scaling, string[] names, string featureColumn,
        int batchSize)
    {
        if (scaling.Constant.Length > 0)
        {
            string constant = string.Join(", ", scaling.Constant.Take(10).Select(j => $"'{names[j]}'"));
            string rounding = scaling.Constant.All(j => scaling.Least[j] == scaling.Most[j]) ? ""
                : " Values that differ by rounding only count as one.";
            channel.Warning(MessageSensitivity.None,
                $"{scaling.Constant.Length} of {rows.Layout.Features} features in the column '{featureColumn}' have one value in all " +
                $"training rows: {constant}{(scaling.Constant.Length > 10 ? ", ..." : "")}.{rounding}");
        }
        if (rows.Count < batchSize)
            channel.Warning(MessageSensitivity.None,
                $"There are {rows.Count} training rows and the batch size is {batchSize}: every epoch is one step over all rows.");
    }

    /// <summary>Tells of a training that may learn single rows. Held-out rows would show it.</summary>
    public static void ReportLearningByHeart(IChannel channel, int epochs, long parameters, TrainingData rows, bool isValidated)
    {
        long values = rows.Count * rows.Layout.Features;
        if (!isValidated && epochs >= EpochsByHeart && parameters >= values)
            channel.Warning(MessageSensitivity.None,
                $"The network has {parameters} parameters and goes {epochs} times through {rows.Count} training rows of " +
                $"{rows.Layout.Features} features: so many epochs and parameters far exceed what {values} values teach. Outliers among " +
                "the rows are learned by heart, and score low. Use fewer epochs or a smaller network, or hold rows out " +
                $"({nameof(AutoencoderEstimator.Options.ValidationShare)}).");
    }
}
