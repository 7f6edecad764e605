using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MLNetAutoencoder.Onnx;

/// <summary>What <see cref="AutoencoderOnnxInfo.ToString"/> prints.</summary>
internal static class OnnxInfoText
{
    private const int MostNumbers = 6;
    private const int MostNames = 8;
    private const int MostCharacters = 200;

    // As they are read: what it is, what it was trained on, how it scores, what it scored.
    private static readonly string[] s_order =
    [
        "graph", "variant", "format_version", "library_version",
        "feature_names", "feature_means", "feature_weights", "scaling", "scaling_offsets", "scaling_scales", "missing_values",
        "code_kind", "code_size", "code_offset_size", "condition_size", "condition_values", "class_names", "class_type",
        "loss", "likelihood_variance", "score_kind", "score_samples", "score_direction", "threshold", "threshold_rule", "score_mean",
            "score_deviation", "score_quantiles",
        "code_mean", "code_covariance", "code_mixture_weights", "code_mixture_means", "code_mixture_covariances",
        "columns", "seed", "thread_count", "training", "options",
    ];

    public static string Of(AutoencoderOnnxInfo info)
    {
        var text = new StringBuilder();
        Line(text, info.Source);
        Pair(text, "bytes", $"{Count(info.ByteCount)}");
        Pair(text, "format",
            FormattableString.Invariant($"ONNX, IR version {info.IrVersion}, operator sets ") +
            string.Join(", ", info.Opsets.Select(opset => FormattableString.Invariant($"{Clean(opset.Key)} {opset.Value}"))));
        Pair(text, "written by", $"{info.Producer} {info.ProducerVersion}".Trim());
        Pair(text, "description", info.Description);
        Pair(text, "graph", info.GraphName);
        Pair(text, "nodes",
            $"{Count(info.Operators.Values.Sum())}: {string.Join(", ", info.Operators.Select(pair => $"{Clean(pair.Key)} {pair.Value}"))}");
        Pair(text, "initializers",
            $"{Count(info.InitializerCount)} with {Count(info.ParameterCount)} numbers " +
            $"({(info.ParameterCount == 0 ? "none" : string.Join(", ", info.ParameterTypes))}) in {Count(info.ParameterBytes)} bytes");
        Values(text, "Inputs", info.Inputs);
        Values(text, "Outputs", info.Outputs);

        if (info.MetadataEntries.Count == 0)
            return text.ToString();
        text.AppendLine();
        Line(text, info.Metadata is null ? "Metadata" : $"Metadata of an autoencoder (keys without '{AutoencoderMetadata.Prefix}')");
        foreach (var (key, value) in info.MetadataEntries.OrderBy(pair => Place(pair.Key)).ThenBy(pair => pair.Key, StringComparer.Ordinal))
            Entry(text, Short(key), value, info.Metadata);
        return text.ToString();
    }

    private static void Values(StringBuilder text, string title, IReadOnlyList<OnnxValueInfo> values)
    {
        text.AppendLine();
        Line(text, title);
        foreach (var value in values)
            Pair(text, value.Name, $"{value.Type}{(value.Shape is null ? "" : $" [{string.Join(", ", value.Shape)}]")}{(value.Description.Length == 0 ? "" : $"  {value.Description}")}");
    }

    private static void Entry(StringBuilder text, string key, string value, AutoencoderMetadata? metadata)
    {
        if (value.Length == 0 || value == "[]")
            Pair(text, key, "(none)");
        else if (key == "score_quantiles" && metadata?.ScoreQuantiles is { Count: AutoencoderMetadata.QuantileCount } quantiles)
            Pair(text, key, $"{Count(quantiles.Count)} numbers: {string.Join(", ", new[] { 0, 50, 90, 95, 99, 100 }.Select(percent => $"{percent} % {Round(quantiles[percent * 10])}"))}");
        else if (Numbers(value) is { } numbers)
            Pair(text, key, numbers);
        else if (value[0] is '{' or '[' && TryParse(value) is { } document)
        {
            using (document)
                Json(text, key, document.RootElement);
        }
        else
            Pair(text, key, value);
    }

    /// <summary>A list of numbers, the first few of a long one; null for what is none.</summary>
    private static string? Numbers(string value)
    {
        string[] parts = value.Split(',');
        if (parts.Length < 2 || !Array.TrueForAll(
            parts, part => float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out _)))
            return null;
        if (parts.Length <= MostNumbers)
            return string.Join(", ", parts);
        double[] numbers = Array.ConvertAll(parts, part => double.Parse(part, CultureInfo.InvariantCulture));
        return $"{Count(parts.Length)} numbers: {string.Join(", ", numbers.Take(MostNumbers).Select(Round))}, ... (from " +
            $"{Round(numbers.Min())} to {Round(numbers.Max())})";
    }

    private static void Json(StringBuilder text, string key, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                string[] items = [.. element.EnumerateArray().Take(MostNames)
                    .Select(item => item.ValueKind == JsonValueKind.String ? Clean(item.GetString()!) : item.GetRawText())];
                int count = element.GetArrayLength();
                Pair(text, key, count > MostNames ? $"{Count(count)}: {string.Join(", ", items)}, ..." : string.Join(", ", items));
                break;
            case JsonValueKind.Object when element.EnumerateObject().Any():
                Line(text, $"  {Clean(key)}");
                foreach (var property in element.EnumerateObject())
                    Pair(text, $"  {property.Name}",
                        property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText());
                break;
            default:
                Pair(text, key, "(none)");
                break;
        }
    }

    private static JsonDocument? TryParse(string value)
    {
        try
        {
            return JsonDocument.Parse(value);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Pair(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
            Line(text, $"  {Clean(name),-26}{Clean(value.Length <= MostCharacters ? value : $"{value[..MostCharacters]}... ({Count(value.Length)} characters)")}");
    }

    private static void Line(StringBuilder text, string line) => text.AppendLine(line);

    private static int Place(string key) => Array.IndexOf(s_order, Short(key)) is >= 0 and var place ? place : s_order.Length;

    private static string Short(string key) => key.StartsWith(AutoencoderMetadata.Prefix, StringComparison.Ordinal)
        ? key[AutoencoderMetadata.Prefix.Length..] : key;

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Round(float value) => value.ToString("G5", CultureInfo.InvariantCulture);

    private static string Round(double value) => value.ToString("G5", CultureInfo.InvariantCulture);

    // A file may hold what a terminal obeys.
    private static string Clean(string value) => string.Concat(value.Select(character => char.IsControl(character) ? ' ' : character));
}
