using System.Text.Json;

namespace MLNetAutoencoder;

/// <summary>What the model was trained on, and how its loss went.</summary>
internal static class TrainingSection
{
    private const int MostNames = 12;

    public static Section? Of(Report report)
    {
        var model = report.Model.Autoencoder;
        var points = LossPoint.Of(model);
        string description = points.Length == 0 ? ""
            : $"The loss went from {Text.Number(points[0].Loss)} in epoch {Text.Number(points[0].Epoch)} to " +
            $"{Text.Number(points[^1].Loss)} in epoch {Text.Number(points[^1].Epoch)}.";
        string source = model.History.Count > 0 ? ""
            : points.Length > 0 && report.Rows.Series is not null ? " The model keeps 20 epochs at most: the curve goes through these."
            : points.Length > 0 ? " The model was opened from a file, which keeps 20 epochs at most: the curve goes through these."
            : "The model was opened from a file that keeps nothing of its epochs, so that there is no loss curve.";
        return new Section("training", "Training",
            Html.Element("div", Html.Class("pair"),
                points.Length == 0 ? Html.Paragraph(source) : Html.Figure(Charts.Losses(points, description), description + source,
                    points.Any(point => point.Validation is not null) ? [("blue", "training"), ("orange", "validation")]
                    : [("blue", "training")]),
                Html.Element("div", Html.Table("What the model was trained on", ["training", ""], Facts(report), "facts"))));
    }

    private static IEnumerable<IEnumerable<object?>> Facts(Report report)
    {
        var metadata = report.Metadata;
        foreach (var (name, value) in Numbers(metadata.Training))
            yield return [name, value];
        yield return ["features", Text.Count(metadata.FeatureCount)];
        yield return ["names of features", Html.Element("td", Html.Class("words"), Html.Names(metadata.FeatureNames.Take(MostNames)),
            metadata.FeatureCount > MostNames ? $" and {Text.Count(metadata.FeatureCount - MostNames)} more" : null)];
        yield return ["rows of this report with missing values", Text.Count(report.Rows.WithMissing)];
    }

    /// <summary>The numbers that the model tells of its training, such as rows and epochs.</summary>
    private static List<(string Name, string Value)> Numbers(string json)
    {
        using var summary = JsonDocument.Parse(json);
        return summary.RootElement.ValueKind != JsonValueKind.Object ? [] : [.. summary.RootElement.EnumerateObject()
            .Where(property => property.Value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)
            .Select(property => (property.Name.Replace('_', ' '), property.Value.ValueKind switch
            {
                JsonValueKind.True => "yes",
                JsonValueKind.False => "no",
                _ when property.Value.TryGetInt64(out long whole) => Text.Count(whole),
                _ => Text.Number(property.Value.GetDouble()),
            }))];
    }
}
