using System.Text.Json;

namespace MLNetAutoencoder;

/// <summary>
/// What the metadata keep of a training: first, best and last epoch with all terms of the loss, and so many of the
/// others as show the way.
/// </summary>
internal static class TrainingSummary
{
    /// <summary>How many epochs the series has at most.</summary>
    public const int MostEpochs = 20;

    /// <summary>The summary as JSON.</summary>
    public static string Of(IReadOnlyList<TrainingEpoch> history, params (string Name, object Value)[] facts)
    {
        var summary = facts.ToDictionary(pair => pair.Name, object? (pair) => pair.Value);
        summary["epochs"] = history.Count;
        if (history.Count > 0)
        {
            // The weights that were kept: without validation those of the last epoch.
            var best = history.Any(epoch => epoch.ValidationLoss is not null) ? history.MinBy(epoch => epoch.ValidationLoss)! : history[^1];
            summary["first_loss"] = history[0].Loss;
            summary["final_loss"] = history[^1].Loss;
            summary["first_epoch"] = Describe(history[0]);
            summary["best_epoch"] = Describe(best);
            summary["last_epoch"] = Describe(history[^1]);
            var series = Thinned(history);
            summary["series"] = new Dictionary<string, object>
            {
                ["epoch"] = series.Select(epoch => epoch.Epoch),
                ["loss"] = series.Select(epoch => epoch.Loss),
                ["validation_loss"] = series.Select(epoch => epoch.ValidationLoss),
            };
        }
        return JsonSerializer.Serialize(summary);
    }

    private static Dictionary<string, object?> Describe(TrainingEpoch epoch) => new()
    {
        ["epoch"] = epoch.Epoch,
        ["learning_rate"] = epoch.LearningRate,
        ["losses"] = epoch.Losses,
        ["validation_loss"] = epoch.ValidationLoss,
    };

    /// <summary>The first, the last, and others between them at the same distance, as nearly as whole numbers allow.</summary>
    private static List<TrainingEpoch> Thinned(IReadOnlyList<TrainingEpoch> history)
    {
        int count = Math.Min(history.Count, MostEpochs);
        return [.. Enumerable.Range(0, count).Select(i => history[count == 1 ? 0 : (int)((long)i * (history.Count - 1) / (count - 1))])];
    }
}
