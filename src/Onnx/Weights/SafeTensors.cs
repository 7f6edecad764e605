using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// A file of named arrays in the safetensors format (https://github.com/huggingface/safetensors, README, "Format"),
/// which Python reads and writes.
/// </summary>
/// <remarks>
/// Eight bytes with the length of a header, little-endian; the header, JSON in UTF-8 that starts with a brace and may
/// end in spaces: type, shape and place of each array, and a map of texts named <c>__metadata__</c>; then the arrays
/// without holes.
/// </remarks>
internal sealed class SafeTensors
{
    private const string MetadataKey = "__metadata__";

    /// <summary>The limit of the format's own implementation.</summary>
    private const int MostHeaderBytes = 100_000_000;

    private const int LengthBytes = sizeof(ulong);

    private const int MostShown = 200;

    private readonly Dictionary<string, SafeTensor> _byName = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">Two arrays have one name, an array has the name that is kept for the
    /// metadata, or another number of values than its shape.</exception>
    public SafeTensors(IReadOnlyList<SafeTensor> tensors, IReadOnlyDictionary<string, string> metadata, string source = "The weights")
    {
        (Tensors, Metadata, Source) = (tensors, metadata, source);
        foreach (var tensor in tensors)
        {
            if (tensor.Name == MetadataKey || !_byName.TryAdd(tensor.Name, tensor))
                throw new ArgumentException(tensor.Name == MetadataKey
                    ? $"A tensor has the name '{MetadataKey}', which the format keeps for the metadata."
                    : $"Two tensors have the name '{tensor.Name}'.", nameof(tensors));
            if (!Fills(tensor.Shape, SafeTensor.Types[tensor.DType], tensor.Data.Length))
                throw new ArgumentException(
                    $"The tensor '{tensor.Name}' has {tensor.Data.Length} bytes of type {tensor.DType}; its shape " +
                    $"[{string.Join(", ", tensor.Shape)}] holds another number.", nameof(tensors));
        }
    }

    /// <summary>The arrays, in the file's order.</summary>
    public IReadOnlyList<SafeTensor> Tensors { get; }

    /// <summary>What the file says besides.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Where the arrays came from, for messages, such as <c>The file 'weights.safetensors'</c>.</summary>
    public string Source { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It breaks a rule of the format, or has an array of another type; the
    /// message names the file.</exception>
    public static SafeTensors ReadFile(string path) => Read(Require.File(path, "a safetensors file", "file"), $"The file '{path}'");

    /// <summary>Reads the content of a file. The arrays are views of it.</summary>
    /// <exception cref="InvalidDataException">It breaks a rule of the format, or has an array of another type.</exception>
    public static SafeTensors Read(byte[] bytes, string source)
    {
        if (bytes.Length < LengthBytes)
            throw Broken(source, $"has {bytes.Length} bytes; expected at least {LengthBytes}");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        int most = Math.Min(bytes.Length - LengthBytes, MostHeaderBytes);
        if (length > (ulong)most)
            throw Broken(source, $"announces a header of {length} bytes; expected at most {most}");
        var header = bytes.AsSpan(LengthBytes, (int)length);
        if (header.IsEmpty || header[0] != '{')
            throw Broken(source, "has a header that does not start with a brace");
        try
        {
            // Decoded by itself, since the JSON reader takes what is no UTF-8 inside a text.
            using var document = JsonDocument.Parse(
                new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(header));
            var root = document.RootElement;
            var metadata = root.TryGetProperty(MetadataKey, out var texts)
                ? texts.Deserialize(MetadataJson.Default.DictionaryStringString) : null;
            return new SafeTensors(ReadHeader(root, bytes.AsMemory(LengthBytes + header.Length), source), metadata ?? [], source);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException($"{source} is no safetensors file: its header cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The content of a file with these arrays.</summary>
    public byte[] ToBytes()
    {
        // As in the format's own implementation: the widest types come first and the header is a multiple of eight
        // bytes, so that every array can be used in place.
        SafeTensor[] ordered = [.. Tensors.OrderByDescending(tensor => SafeTensor.Types[tensor.DType])];
        using var stream = new MemoryStream();
        stream.Write(stackalloc byte[LengthBytes]);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
            foreach (var (key, value) in Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                json.WriteString(key, value);
            json.WriteEndObject();
            long place = 0;
            foreach (var tensor in ordered)
            {
                json.WritePropertyName(tensor.Name);
                JsonSerializer.Serialize(json, new Entry(tensor.DType, [.. tensor.Shape], [place, place += tensor.Data.Length]),
                    MetadataJson.Default.Entry);
            }
            json.WriteEndObject();
        }
        while (stream.Length % LengthBytes != 0)
            stream.WriteByte((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(stream.GetBuffer(), stream.Length - LengthBytes);
        foreach (var tensor in ordered)
            stream.Write(tensor.Data.Span);
        return stream.ToArray();
    }

    /// <summary>An array by its name; null where there is none.</summary>
    public SafeTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The arrays by their names, where they are just those that are expected, and of floating-point numbers.</summary>
    /// <param name="expected">Names and shapes of the arrays that there must be.</param>
    /// <param name="optional">Names of arrays that there may be besides.</param>
    /// <exception cref="InvalidDataException">An array is missing, has another shape, or is not expected; the message names it.</exception>
    internal IReadOnlyDictionary<string, SafeTensor> Expect(
        IReadOnlyDictionary<string, IReadOnlyList<long>> expected, params string[] optional)
    {
        foreach (var (name, shape) in expected)
        {
            var found = Find(name) ?? throw new InvalidDataException(
                $"{Source} lacks the tensor '{name}' of shape [{string.Join(", ", shape)}], which the model has. It has " +
                $"{Some(_byName.Keys)}.");
            if (!found.Shape.SequenceEqual(shape))
                throw new InvalidDataException(
                    $"{Source} has the tensor '{name}' of shape [{string.Join(", ", found.Shape)}]; the model's is " +
                    $"[{string.Join(", ", shape)}].");
        }
        foreach (var tensor in Tensors)
        {
            if (!expected.ContainsKey(tensor.Name) && !optional.Contains(tensor.Name))
                throw new InvalidDataException(
                    $"{Source} has the tensor '{tensor.Name}', which the model does not have. It has {Some(expected.Keys)}.");
            if (!tensor.DType.Contains('F'))
                throw new InvalidDataException(
                    $"{Source} has the tensor '{tensor.Name}' of type {tensor.DType}; expected F32, F16, BF16 or F64.");
        }
        return _byName;
    }

    private static List<SafeTensor> ReadHeader(JsonElement root, ReadOnlyMemory<byte> data, string source)
    {
        var tensors = new List<SafeTensor>();
        var entries = new List<(string Name, Entry Entry)>();
        foreach (var property in root.EnumerateObject().Where(property => property.Name != MetadataKey))
        {
            string text = property.Value.GetRawText();
            if (ReadEntry(text) is not { DType: not null, Shape: { } shape, Offsets: [>= 0 and var begin, var end] } entry
                || shape.Any(axis => axis < 0) || begin > end)
                throw Broken(source, $"does not tell type, shape and place of the tensor '{property.Name}': " +
                    $"{(text.Length <= MostShown ? text : $"{text[..MostShown]}...")}");
            if (!SafeTensor.Types.TryGetValue(entry.DType, out int size))
                throw new InvalidDataException($"{source} has the tensor '{property.Name}' of type {entry.DType}; expected " +
                    $"{string.Join(", ", SafeTensor.Types.Keys)}.");
            if (!Fills(shape, size, end - begin))
                throw Broken(source, $"has the tensor '{property.Name}' of type {entry.DType} and shape [{string.Join(", ", shape)}] in " +
                    $"{end - begin} bytes");
            entries.Add((property.Name, entry));
        }

        // One after another, from the first byte after the header to the last.
        long place = 0;
        foreach (var (name, entry) in entries.OrderBy(entry => entry.Entry.Offsets[0]).ThenBy(entry => entry.Entry.Offsets[1]))
        {
            if (entry.Offsets[0] != place)
                throw Broken(source, $"has the tensor '{name}' at {entry.Offsets[0]}; expected {place}, where the one before it ends");
            place = entry.Offsets[1];
        }
        if (place != data.Length)
            throw Broken(source, $"has {data.Length} bytes of tensors; its header describes {place}");
        return entries.ConvertAll(entry => new SafeTensor(
            entry.Name, entry.Entry.DType, entry.Entry.Shape, data[(int)entry.Entry.Offsets[0]..(int)entry.Entry.Offsets[1]]));
    }

    private static Entry? ReadEntry(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, MetadataJson.Default.Entry);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool Fills(IReadOnlyList<long> shape, int size, long length)
    {
        // 128 bits hold the product of two lengths, whatever they are; beyond the bytes of the tensor it need not go on.
        Int128 bytes = size;
        foreach (long axis in shape.Contains(0) ? [0] : shape)
        {
            bytes *= axis;
            if (bytes > length)
                break;
        }
        return bytes == length;
    }

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length <= 8 ? string.Join(", ", all.DefaultIfEmpty("none"))
            : $"{string.Join(", ", all.Take(8))} and {all.Length - 8} more";
    }

    private static InvalidDataException Broken(string source, string what) => new($"{source} is no safetensors file: it {what}.");

    /// <summary>What the header tells of an array.</summary>
    internal sealed record Entry(
        [property: JsonPropertyName("dtype")] string DType,
        [property: JsonPropertyName("shape")] long[] Shape,
        [property: JsonPropertyName("data_offsets")] long[] Offsets);
}
