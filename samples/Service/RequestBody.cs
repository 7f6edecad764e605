using System.Text.Json;

namespace Service;

/// <summary>A request that cannot be answered, and what is wrong with it.</summary>
internal sealed class BadRequestException(string place, string message, int status = StatusCodes.Status400BadRequest) : Exception(message)
{
    public string Field => place;

    public int Status => status;
}

/// <summary>Reads bodies.</summary>
internal static class RequestBody
{
    /// <summary>The JSON object that a body is.</summary>
    /// <exception cref="BadRequestException">It is none, or too large.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (!request.HasJsonContentType())
            throw new BadRequestException("Content-Type", $"The content type is '{request.ContentType}'; expected application/json.",
                StatusCodes.Status415UnsupportedMediaType);
        try
        {
            var document = await JsonDocument.ParseAsync(request.Body, RequestLimits.Json, cancellation);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            using (document)
                throw new BadRequestException("", $"The body is {Kind(document.RootElement)}; expected an object.");
        }
        catch (JsonException e)
        {
            throw new BadRequestException("", $"The body is no JSON of at most {RequestLimits.Json.MaxDepth} levels: {e.Message}");
        }
        catch (BadHttpRequestException e)
        {
            throw new BadRequestException("", e.Message, e.StatusCode);
        }
    }

    /// <summary>A list of at most so many items.</summary>
    public static JsonElement List(JsonElement owner, string field, int most)
    {
        if (!owner.TryGetProperty(field, out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw new BadRequestException(field,
                $"'{field}' is {(list.ValueKind == default ? "not there" : Kind(list))}; expected a list.");
        return list.GetArrayLength() <= most ? list
            : throw new BadRequestException(field, $"'{field}' has {list.GetArrayLength()} items; expected at most {most}.");
    }

    public static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => element.GetArrayLength() == 0 ? "an empty list" : "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
