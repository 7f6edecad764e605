using System.Text.Json;
using System.Text.Json.Serialization;

namespace MLNetAutoencoder.Onnx;

/// <summary>The metadata that are JSON, written and read without reflection, so that an application can be trimmed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
[JsonSerializable(typeof(NetworkLayer[]))]
[JsonSerializable(typeof(WindowDescription))]
[JsonSerializable(typeof(SafeTensors.Entry))]
internal sealed partial class MetadataJson : JsonSerializerContext
{
    public static string Write(IReadOnlyList<string> names) => JsonSerializer.Serialize([.. names], Default.StringArray);

    /// <summary>Names and their values, in the order of the names.</summary>
    public static string Write(IReadOnlyDictionary<string, string> values) => JsonSerializer.Serialize(
        new SortedDictionary<string, string>(values.ToDictionary(), StringComparer.Ordinal), Default.SortedDictionaryStringString);

    public static string[] ReadNames(string text) =>
        JsonSerializer.Deserialize(text, Default.StringArray) ?? throw new FormatException();

    public static Dictionary<string, string> ReadColumns(string text) =>
        JsonSerializer.Deserialize(text, Default.DictionaryStringString) ?? throw new FormatException();
}
