using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MLNetAutoencoder.Hosting;

namespace Service;

// The messages of the protocol have names, from which clients are generated: /openapi/v1.json describes them.
internal sealed record ServerMetadata(string Name, string Version, string[] Extensions);

internal sealed record ServerLive(bool Live);

internal sealed record ServerReady(bool Ready);

internal sealed record ModelMetadata(string Name, string[] Versions, string Platform, TensorMetadata[] Inputs, TensorMetadata[] Outputs);

internal sealed record TensorMetadata(string Name, string Datatype, int[] Shape);

internal sealed record ModelReady(string Name, bool Ready);

internal sealed record InferRequest(Tensor[] Inputs, string? Id = null, RequestedOutput[]? Outputs = null);

internal sealed record RequestedOutput(string Name);

internal sealed record InferReply(
    [property: JsonPropertyName("model_name")] string ModelName, [property: JsonPropertyName("model_version")] string ModelVersion,
    Tensor[] Outputs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id = null);

/// <summary>A tensor; its values are numbers, texts or truths, and null where there is none.</summary>
internal sealed record Tensor(string Name, string Datatype, int[] Shape, JsonNode?[] Data);

internal sealed record InferenceError(string Error);

/// <summary>The Open Inference Protocol v2 over HTTP, which clients of KServe and Triton speak.</summary>
internal static class OpenInference
{
    public static void MapOpenInference(this WebApplication app, string name)
    {
        app.MapGet("/v2", () => new ServerMetadata("mlnet-autoencoder", "1", []));
        app.MapGet("/v2/health/live", () => new ServerLive(true));
        app.MapGet("/v2/health/ready", (IAutoencoderScorer scorer) => new ServerReady(scorer.Model.Version.Length > 0));
        app.MapGet("/v2/models/{model}", (string model, IAutoencoderScorer scorer) =>
            model == name ? Results.Ok(Describe(name, scorer.Model)) : Unknown(model, name))
            .Produces<ModelMetadata>().Produces<InferenceError>(404);
        app.MapGet("/v2/models/{model}/ready", (string model, IAutoencoderScorer scorer) =>
            model == name ? Results.Ok(new ModelReady(name, scorer.Model.Version.Length > 0)) : Unknown(model, name))
            .Produces<ModelReady>().Produces<InferenceError>(404);
        app.MapPost("/v2/models/{model}/infer", (string model, HttpRequest request, IAutoencoderScorer scorer,
            CancellationToken cancellation) => model == name ? InferAsync(name, request, scorer, cancellation)
            : Task.FromResult(Unknown(model, name))).Accepts<InferRequest>("application/json").Produces<InferReply>()
            .Produces<InferenceError>(400).Produces<InferenceError>(404).Produces<InferenceError>(413);
    }

    private static IResult Unknown(string model, string name) => Error($"There is no model '{model}'; the service has '{name}'.", 404);

    private static IResult Error(string message, int status) => Results.Json(new InferenceError(message), statusCode: status);

    private static ModelMetadata Describe(string name, ServedModelInfo model) => new(name, [model.Version], "onnxruntime_onnx",
        [.. model.Inputs.Select(input => new TensorMetadata(input.Name, DataType(input), [-1, input.Size]))],
        [.. new[] { ("score", "FP32"), ("is_anomaly", "BOOL"), ("p_value", "FP32") }
            .Select(output => new TensorMetadata(output.Item1, output.Item2, [-1, 1]))]);

    private static string DataType(ModelInput input) => input.Kind switch
    {
        ModelInputKind.Number => "FP32",
        ModelInputKind.Text => "BYTES",
        _ => "BOOL",
    };

    private static async Task<IResult> InferAsync(
        string name, HttpRequest request, IAutoencoderScorer scorer, CancellationToken cancellation)
    {
        try
        {
            using var body = await RequestBody.ReadAsync(request, cancellation);
            var root = body.RootElement;
            var rows = Rows(RequestBody.List(root, "inputs", most: 10_000), scorer.Model);
            string[]? wanted = root.TryGetProperty("outputs", out _)
                ? [.. RequestBody.List(root, "outputs", most: 3).EnumerateArray().Select(output => Text(output, "outputs", "name"))] : null;
            var scores = await Scoring.ScoreAsync(scorer, rows, _ => "inputs.", cancellation);
            (string Name, string DataType, Func<RowScore, JsonValue?> Value)[] all =
            [
                ("score", "FP32", score => Scoring.Number(score.Score) is { } value ? JsonValue.Create(value) : null),
                ("is_anomaly", "BOOL", score => JsonValue.Create(score.IsAnomaly)),
                ("p_value", "FP32", score => score.PValue is { } value ? JsonValue.Create(value) : null),
            ];
            if (wanted?.Except(all.Select(output => output.Name)).FirstOrDefault() is { } unknown)
                throw new BadRequestException("outputs", $"There is no output '{unknown}'; expected score, is_anomaly or p_value.");
            string? id = root.TryGetProperty("id", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
            return Results.Json(new InferReply(name, scores[0].ModelVersion,
                [.. all.Where(output => wanted?.Contains(output.Name) ?? true).Select(output => new Tensor(
                    output.Name, output.DataType, [scores.Length, 1], [.. scores.Select(output.Value)]))], id));
        }
        catch (BadRequestException e)
        {
            return Error(e.Message, e.Status);
        }
    }

    /// <summary>The rows of some tensors, each of shape [rows] or [rows, size].</summary>
    private static Dictionary<string, object?>[] Rows(JsonElement tensors, ServedModelInfo model)
    {
        Dictionary<string, object?>[]? rows = null;
        foreach (var tensor in tensors.EnumerateArray())
        {
            string name = Text(tensor, "inputs", "name");
            var input = model.Inputs.FirstOrDefault(input => input.Name == name)
                ?? throw new BadRequestException(name, $"The model has no input '{name}'.");
            if (Text(tensor, name, "datatype") is var type && type != DataType(input))
                throw new BadRequestException(name, $"The datatype of '{name}' is {type}; expected {DataType(input)}.");
            if (!tensor.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
                throw new BadRequestException(name, $"'{name}' has no list as its data.");
            JsonElement[] values = [.. Flat(data)];
            long[] shape = [.. RequestBody.List(tensor, "shape", most: 2).EnumerateArray().Select(length =>
                length.ValueKind == JsonValueKind.Number && length.TryGetInt64(out long value) ? value : -1)];
            if (shape[0] is < 1 or > RequestLimits.Rows || (shape.Length == 2 ? shape[1] : 1) != input.Size
                || shape[0] * input.Size != values.Length)
                throw new BadRequestException(name,
                    $"'{name}' has {values.Length} values in the shape [{string.Join(", ", shape)}]; expected [rows, {input.Size}], " +
                    $"of at most {RequestLimits.Rows} rows.");
            rows ??= [.. Enumerable.Range(0, (int)shape[0]).Select(_ => new Dictionary<string, object?>())];
            if (rows.Length != shape[0])
                throw new BadRequestException(name, $"'{name}' has {shape[0]} rows and the input before it {rows.Length}.");
            for (int i = 0; i < rows.Length; i++)
                rows[i][name] = input.Size == 1 ? values[i] : values.AsSpan(i * input.Size, input.Size).ToArray();
        }
        return rows!;
    }

    private static IEnumerable<JsonElement> Flat(JsonElement data) =>
        data.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.Array ? Flat(item) : [item]);

    private static string Text(JsonElement owner, string place, string field) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new BadRequestException(place, $"An item of '{place}' has no '{field}'; expected a text.");
}
