using System.Text.Json;
using MLNetAutoencoder.Hosting;

namespace Service;

/// <summary>Rows.</summary>
/// <param name="Rows">The rows: each has the model's inputs by name; null is a missing value.</param>
internal sealed record ScoreRequest(IReadOnlyList<Dictionary<string, JsonElement>> Rows);

/// <summary>Their scores.</summary>
/// <param name="Scores">As many as there are rows, in their order.</param>
internal sealed record ScoreReply(IReadOnlyList<RowReply> Scores);

/// <summary>The score of a row.</summary>
/// <param name="Score">How anomalous it is; null where missing values leave it without a score.</param>
/// <param name="IsAnomaly">Whether the score is above the threshold, or null.</param>
/// <param name="PValue">How often a normal row scores as high.</param>
/// <param name="TopFeatures">The features behind it.</param>
/// <param name="ModelVersion">Which model it was.</param>
internal sealed record RowReply(
    float? Score, bool IsAnomaly, float? PValue, IReadOnlyList<FeatureReply> TopFeatures, string ModelVersion);

/// <summary>A feature behind a score; null stands for a missing number.</summary>
internal sealed record FeatureReply(string Name, float? Value, float? Expected, float? Share);

/// <summary>JSON rows in; score, decision, p-value and top features out.</summary>
internal static class Scoring
{
    public static void MapScoring(this WebApplication app) => app.MapPost("/score", AnswerAsync)
        .WithName("score").WithSummary("Scores rows.")
        .Accepts<ScoreRequest>("application/json").Produces<ScoreReply>().ProducesProblem(400).ProducesProblem(413);

    /// <summary>No JSON has infinite numbers or NaN.</summary>
    public static float? Number(float value) => float.IsFinite(value) ? value : null;

    private static async Task<IResult> AnswerAsync(HttpRequest request, IAutoencoderScorer scorer, CancellationToken cancellation)
    {
        try
        {
            using var body = await RequestBody.ReadAsync(request, cancellation);
            var rows = RequestBody.List(body.RootElement, "rows", RequestLimits.Rows);
            Dictionary<string, object?>[] values = [.. rows.EnumerateArray().Select((row, i) => row.ValueKind != JsonValueKind.Object
                ? throw new BadRequestException($"rows[{i}]", $"The row {i} is {RequestBody.Kind(row)}; expected an object.")
                : Values(row))];
            var scores = await ScoreAsync(scorer, values, i => $"rows[{i}].", cancellation);
            return Results.Ok(new ScoreReply([.. scores.Select(score => new RowReply(Number(score.Score), score.IsAnomaly, score.PValue,
                [.. score.TopFeatures.Select(feature => new FeatureReply(feature.Name, Number(feature.Value), Number(feature.Expected),
                    Number(feature.Share)))], score.ModelVersion))]));
        }
        catch (BadRequestException e)
        {
            return Results.Problem(e.Message, statusCode: e.Status, extensions: [new("field", e.Field)]);
        }
    }

    /// <summary>Scores rows together with those of other requests.</summary>
    /// <exception cref="BadRequestException">A row is not one of the model's; <paramref name="place"/> names it.</exception>
    public static async Task<RowScore[]> ScoreAsync(
        IAutoencoderScorer scorer, IReadOnlyList<Dictionary<string, object?>> rows, Func<int, string> place, CancellationToken cancellation)
    {
        // One bad row ends the others.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        return await Task.WhenAll(rows.Select(async (row, i) =>
        {
            try
            {
                return await scorer.ScoreAsync(row, ending.Token);
            }
            catch (RowFormatException e)
            {
                await ending.CancelAsync();
                throw new BadRequestException(place(i) + e.Field, e.Message);
            }
        }));
    }

    private static Dictionary<string, object?> Values(JsonElement row)
    {
        Dictionary<string, object?> values = [];
        foreach (var property in row.EnumerateObject())
            values[property.Name] = property.Value;
        return values;
    }
}
