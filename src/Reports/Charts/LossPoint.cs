using System.Text.Json;

namespace MLNetAutoencoder;

/// <summary>The losses of an epoch.</summary>
internal sealed record LossPoint(double Epoch, double Loss, double? Validation)
{
    /// <summary>The epochs of a model's history; of a model from a file those few that its metadata keep.</summary>
    public static LossPoint[] Of(AutoencoderTransformer model) => model.History.Count > 0
        ? [.. model.History.Select(epoch => new LossPoint(epoch.Epoch, epoch.Loss, epoch.ValidationLoss))]
        : OfSummary(model.Metadata.Training);

    private static LossPoint[] OfSummary(string json)
    {
        using var summary = JsonDocument.Parse(json);
        if (summary.RootElement.ValueKind != JsonValueKind.Object || !summary.RootElement.TryGetProperty("series", out var series)
            || series.ValueKind != JsonValueKind.Object)
            return [];
        double?[] Numbers(string name) => series.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number ? item.GetDouble() : (double?)null)] : [];
        double?[] epochs = Numbers("epoch"), losses = Numbers("loss"), validation = Numbers("validation_loss");
        return [.. Enumerable.Range(0, Math.Min(epochs.Length, losses.Length)).Where(i => epochs[i] is not null && losses[i] is not null)
            .Select(i => new LossPoint(epochs[i]!.Value, losses[i]!.Value, i < validation.Length ? validation[i] : null))];
    }
}
