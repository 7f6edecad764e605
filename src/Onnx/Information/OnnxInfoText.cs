using System.Globalization;
using System.Text;
using System.Text.Json;
using static System.FormattableString;

namespace MLNetAutoencoder.Onnx;

/// <summary>What <see cref="AutoencoderOnnxInfo.ToString"/> prints.</summary>
internal static class OnnxInfoText
{
    private const int MostNumbers = 6, MostNames = 8, MostCharacters = 200;

    public static string Of(AutoencoderOnnxInfo info)
    {
        var text = new StringBuilder().AppendLine(info.Source);
        Pair(text, "bytes", Invariant($"{info.ByteCount:N0}"));
        Pair(text, "format", Invariant($"ONNX, IR version {info.IrVersion}, operator sets {Joined(info.Opsets)}"));
        Pair(text, "written by", $"{info.Producer} {info.ProducerVersion}".Trim());
        Pair(text, "description", info.Description);
        Pair(text, "graph", info.GraphName);
        Pair(text, "nodes", Invariant($"{info.Operators.Values.Sum():N0}: {Joined(info.Operators)}"));
        string types = info.ParameterCount == 0 ? "none" : string.Join(", ", info.ParameterTypes);
        Pair(text, "initializers", Invariant(
            $"{info.InitializerCount:N0} with {info.ParameterCount:N0} numbers ({types}) in {info.ParameterBytes:N0} bytes"));
        foreach (var (title, values) in new[] { ("Inputs", info.Inputs), ("Outputs", info.Outputs) })
        {
            text.AppendLine().AppendLine(title);
            foreach (var value in values)
                Pair(text, value.Name, $"{value.TypeAndShape}  {value.Description}");
        }
        if (info.MetadataEntries.Count == 0)
            return text.ToString();

        // Ours in the order in which the metadata tell them, others in that of their names.
        string[] order = [.. info.Metadata?.ToDictionary().Keys ?? []];
        text.AppendLine().AppendLine(info.Metadata is null ? "Metadata"
            : $"Metadata of an autoencoder (keys without '{AutoencoderMetadata.Prefix}')");
        foreach (var (key, value) in info.MetadataEntries
            .OrderBy(pair => Array.IndexOf(order, pair.Key) is >= 0 and var place ? place : order.Length)
            .ThenBy(pair => pair.Key, StringComparer.Ordinal))
        {
            bool isOurs = key.StartsWith(AutoencoderMetadata.Prefix, StringComparison.Ordinal);
            Entry(text, isOurs ? key[AutoencoderMetadata.Prefix.Length..] : key, value, info.Metadata);
        }
        return text.ToString();
    }

    private static void Entry(StringBuilder text, string key, string value, AutoencoderMetadata? metadata)
    {
        if (value.Length == 0 || value == "[]")
            Pair(text, key, "(none)");
        else if (key == "layers" && metadata is not null)
            Pair(text, key, $"{metadata.Layers.Count}: {string.Join(", ", metadata.Layers.Select(layer => layer.Function))}");
        else if (key == "score_quantiles" && metadata?.ScoreQuantiles is { Count: AutoencoderMetadata.QuantileCount } quantiles)
            Pair(text, key, Invariant($"{quantiles.Count:N0} numbers: {string.Join(", ", new[] { 0, 50, 90, 95, 99, 100 }
                .Select(percent => Invariant($"{percent} % {quantiles[percent * 10]:G5}")))}"));
        else if (value[0] is '{' or '[' && TryParse(value) is { } document)
        {
            using (document)
                Json(text, key, document.RootElement);
        }
        else
            Pair(text, key, Numbers(value) ?? value);
    }

    /// <summary>A list of numbers, the first few of a long one; null for what is none.</summary>
    private static string? Numbers(string value)
    {
        string[] parts = value.Split(',');
        double[] numbers = [.. parts.Select(part =>
            double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? (double?)number : null)
            .OfType<double>()];
        if (parts.Length < 2 || numbers.Length < parts.Length)
            return null;
        string first = string.Join(", ", numbers.Take(MostNumbers).Select(number => Invariant($"{number:G5}")));
        return parts.Length <= MostNumbers ? string.Join(", ", parts)
            : Invariant($"{parts.Length:N0} numbers: {first}, ... (from {numbers.Min():G5} to {numbers.Max():G5})");
    }

    private static void Json(StringBuilder text, string key, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            string[] items = [.. element.EnumerateArray().Take(MostNames).Select(Shown)];
            int count = element.GetArrayLength();
            Pair(text, key, count > MostNames ? Invariant($"{count:N0}: {string.Join(", ", items)}, ...") : string.Join(", ", items));
            return;
        }
        JsonProperty[] properties = [.. element.EnumerateObject()];
        Pair(text, key, properties.Length == 0 ? "(none)" : " ");
        foreach (var property in properties)
            Pair(text, $"  {property.Name}", Shown(property.Value));
    }

    private static string Shown(JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();

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
        // A file may hold what a terminal obeys.
        static string Clean(string value) => string.Concat(value.Select(character => char.IsControl(character) ? ' ' : character));

        if (value.Length > MostCharacters)
            value = Invariant($"{value[..MostCharacters]}... ({value.Length:N0} characters)");
        if (value.Length > 0)
            text.AppendLine($"  {Clean(name),-26}{Clean(value)}".TrimEnd());
    }

    private static string Joined<T>(IReadOnlyDictionary<string, T> counts) =>
        string.Join(", ", counts.Select(pair => Invariant($"{pair.Key} {pair.Value}")));
}
