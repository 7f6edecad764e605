using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace MLNetAutoencoder.Onnx;

/// <summary>A named array of a <see cref="SafeTensors"/> file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape; empty for a single number.</param>
/// <param name="Values">Its values in row-major order.</param>
public sealed record SafeTensor(string Name, IReadOnlyList<long> Shape, ReadOnlyMemory<float> Values);

/// <summary>
/// A file of named arrays in the safetensors format (https://github.com/huggingface/safetensors, README, "Format"),
/// which Python reads and writes.
/// </summary>
/// <remarks>
/// Eight bytes with the length of a header, little-endian; the header, JSON in UTF-8 that starts with a brace and may
/// end in spaces: type, shape and place of each array, and a map of texts named <c>__metadata__</c>; then the arrays
/// without holes. Written are arrays of type F32; read are F32, F16, BF16 and F64.
/// </remarks>
public sealed class SafeTensors
{
    private const string MetadataKey = "__metadata__";

    /// <summary>The limit of the format's own implementation.</summary>
    private const int MostHeaderBytes = 100_000_000;

    private const int LengthBytes = sizeof(ulong);

    private readonly Dictionary<string, SafeTensor> _byName;

    /// <summary>Puts arrays together.</summary>
    /// <param name="tensors">The arrays, in the order in which they are written.</param>
    /// <param name="metadata">What the file says besides.</param>
    /// <param name="source">What the arrays are called in messages.</param>
    /// <exception cref="ArgumentException">Two arrays have one name, an array has the name that is kept for the
    /// metadata, or another number of values than its shape.</exception>
    public SafeTensors(IReadOnlyList<SafeTensor> tensors, IReadOnlyDictionary<string, string> metadata, string source = "The weights")
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(metadata);
        (Tensors, Metadata, Source) = (tensors, metadata, source);
        _byName = new Dictionary<string, SafeTensor>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (tensor.Name == MetadataKey || !_byName.TryAdd(tensor.Name, tensor))
                throw new ArgumentException(tensor.Name == MetadataKey
                    ? $"A tensor has the name '{MetadataKey}', which the format keeps for the metadata."
                    : $"Two tensors have the name '{tensor.Name}'.", nameof(tensors));
            if (tensor.Shape.Aggregate(1L, (product, length) => product * length) != tensor.Values.Length)
                throw new ArgumentException(
                    $"The tensor '{tensor.Name}' has {tensor.Values.Length} values; its shape [{string.Join(", ", tensor.Shape)}] holds " +
                    "another number.", nameof(tensors));
        }
    }

    /// <summary>The arrays, in the file's order.</summary>
    public IReadOnlyList<SafeTensor> Tensors { get; }

    /// <summary>What the file says besides.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Where the arrays came from, for messages, such as <c>The file 'weights.safetensors'</c>.</summary>
    public string Source { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It breaks a rule of the format, or has an array of another type; the
    /// message names the file.</exception>
    public static SafeTensors ReadFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return File.Exists(path) ? Read(File.ReadAllBytes(path), $"The file '{path}'")
            : throw new FileNotFoundException(Directory.Exists(path) ? $"'{path}' is a folder; expected a safetensors file."
                : $"The file '{path}' does not exist.", path);
    }

    /// <summary>Reads the content of a file.</summary>
    /// <param name="bytes">The content.</param>
    /// <param name="source">Where it came from, for messages, such as <c>The file 'weights.safetensors'</c>.</param>
    /// <exception cref="InvalidDataException">It breaks a rule of the format, or has an array of another type.</exception>
    public static SafeTensors Read(byte[] bytes, string source)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (bytes.Length < LengthBytes)
            throw Broken(source, $"has {bytes.Length} bytes; expected at least {LengthBytes}");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > Math.Min((ulong)(bytes.Length - LengthBytes), MostHeaderBytes))
            throw Broken(
                source, $"announces a header of {length} bytes; expected at most {Math.Min(bytes.Length - LengthBytes, MostHeaderBytes)}");
        var header = bytes.AsSpan(LengthBytes, (int)length);
        if (header.IsEmpty || header[0] != '{')
            throw Broken(source, "has a header that does not start with a brace");
        var data = bytes.AsMemory(LengthBytes + header.Length);
        try
        {
            // Decoded by itself, since the JSON reader takes what is no UTF-8 inside a text.
            using var document = JsonDocument.Parse(
                new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(header));
            var (entries, metadata) = ReadHeader(document.RootElement, source);
            CheckPlaces(entries, data.Length, source);
            return new SafeTensors(
                [.. entries.Select(entry => new SafeTensor(
                entry.Name, entry.Shape, Values(data.Span[(int)entry.Begin..(int)entry.End], entry.Type)))], metadata, source);
        }
        catch (Exception e) when (e is JsonException or DecoderFallbackException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{source} is no safetensors file: its header cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The content of a file with these arrays.</summary>
    public byte[] ToBytes()
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
            foreach (var (key, value) in Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                json.WriteString(key, value);
            json.WriteEndObject();
            long place = 0;
            foreach (var tensor in Tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (long axis in tensor.Shape)
                    json.WriteNumberValue(axis);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(place);
                json.WriteNumberValue(place += (long)tensor.Values.Length * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }

        // The format's own implementation brings the arrays to multiples of eight, so that they can be used in place.
        while (header.Length % LengthBytes != 0)
            header.WriteByte((byte)' ');
        byte[] bytes = new byte[checked(LengthBytes + header.Length + Tensors.Sum(tensor => (long)tensor.Values.Length * sizeof(float)))];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)header.Length);
        header.GetBuffer().AsSpan(0, (int)header.Length).CopyTo(bytes.AsSpan(LengthBytes));
        int at = LengthBytes + (int)header.Length;
        foreach (var tensor in Tensors)
        {
            foreach (float value in tensor.Values.Span)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), value);
                at += sizeof(float);
            }
        }
        return bytes;
    }

    /// <summary>An array by its name; null where there is none.</summary>
    /// <param name="name">The name.</param>
    public SafeTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The arrays by their names, where they are just those that are expected.</summary>
    /// <param name="expected">Names and shapes of the arrays that there must be.</param>
    /// <param name="optional">Names of arrays that there may be besides.</param>
    /// <exception cref="InvalidDataException">An array is missing, has another shape, or is not expected; the message names it.</exception>
    internal IReadOnlyDictionary<string, SafeTensor> Expect(
        IReadOnlyDictionary<string, IReadOnlyList<long>> expected, params string[] optional)
    {
        ArgumentNullException.ThrowIfNull(expected);
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
        string? extra = Tensors.Select(tensor => tensor.Name)
            .FirstOrDefault(name => !expected.ContainsKey(name) && !optional.Contains(name));
        return extra is null ? _byName : throw new InvalidDataException(
            $"{Source} has the tensor '{extra}', which the model does not have. It has {Some(expected.Keys)}.");
    }

    private static (List<Entry> Entries, Dictionary<string, string> Metadata) ReadHeader(JsonElement root, string source)
    {
        var entries = new List<Entry>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (!names.Add(property.Name))
                throw Broken(source, $"names '{property.Name}' twice");
            if (property.Name == MetadataKey)
                ReadMetadata(property.Value, metadata, source);
            else
                entries.Add(ReadEntry(property.Name, property.Value, source));
        }
        return (entries, metadata);
    }

    private static void ReadMetadata(JsonElement value, Dictionary<string, string> metadata, string source)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw Broken(source, $"has '{MetadataKey}' that is no map of texts");
        foreach (var entry in value.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.String)
                throw Broken(source, $"has the metadata '{entry.Name}' that are no text");
            if (!metadata.TryAdd(entry.Name, entry.Value.GetString()!))
                throw Broken(source, $"names the metadata '{entry.Name}' twice");
        }
    }

    private static Entry ReadEntry(string name, JsonElement value, string source)
    {
        if (value.ValueKind != JsonValueKind.Object
            || value.EnumerateObject().GroupBy(property => property.Name).Any(group => group.Count() > 1))
            throw Broken(source, $"describes the tensor '{name}' by something else than a map of 'dtype', 'shape' and 'data_offsets'");
        JsonElement Property(string key) => value.TryGetProperty(key, out var property) ? property
            : throw Broken(source, $"does not tell '{key}' of the tensor '{name}'");
        string type = Property("dtype") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
        int size = type switch
        {
            "F32" => sizeof(float),
            "F16" or "BF16" => sizeof(ushort),
            "F64" => sizeof(double),
            _ => throw new InvalidDataException(
                $"{source} has the tensor '{name}' of type {Property("dtype").GetRawText()}; expected F32, F16, BF16 or F64."),
        };
        long[] shape = Numbers(Property("shape"), $"the shape of the tensor '{name}'", source);
        if (Numbers(Property("data_offsets"), $"the place of the tensor '{name}'", source) is not [long begin, long end] || begin > end)
            throw Broken(source, $"does not tell begin and end of the tensor '{name}'");

        // 128 bits hold the product of two of the lengths, whatever they are; beyond the bytes of the tensor it need not go on.
        Int128 bytes = size;
        foreach (long axis in shape.Contains(0) ? [0] : shape)
        {
            bytes *= axis;
            if (bytes > end - begin)
                break;
        }
        return bytes == end - begin ? new Entry(name, type, shape, begin, end)
            : throw Broken(source, $"has the tensor '{name}' of type {type} and shape [{string.Join(", ", shape)}] in {end - begin} bytes");
    }

    private static long[] Numbers(JsonElement value, string what, string source)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            long[] numbers = [.. value.EnumerateArray()
                .Select(element => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long number) ? number : -1)];
            if (numbers.All(number => number >= 0))
                return numbers;
        }
        throw Broken(source, $"has {what} that is no list of whole numbers of 0 or more");
    }

    /// <summary>The arrays lie one after another, from the first byte after the header to the last.</summary>
    private static void CheckPlaces(List<Entry> entries, int length, string source)
    {
        long place = 0;
        foreach (var entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != place)
                throw Broken(source, $"has the tensor '{entry.Name}' at {entry.Begin}; expected {place}, where the one before it ends");
            place = entry.End;
        }
        if (place != length)
            throw Broken(source, $"has {length} bytes of tensors; its header describes {place}");
    }

    private static float[] Values(ReadOnlySpan<byte> bytes, string type)
    {
        int size = type switch { "F64" => sizeof(double), "F32" => sizeof(float), _ => sizeof(ushort) };
        float[] values = new float[bytes.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            var one = bytes[(i * size)..];
            values[i] = type switch
            {
                "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(one),
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(one),
                // The upper half of a Single.
                "BF16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(one) << 16),
                _ => BinaryPrimitives.ReadSingleLittleEndian(one),
            };
        }
        return values;
    }

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length <= 8 ? string.Join(", ", all.DefaultIfEmpty("none"))
            : $"{string.Join(", ", all.Take(8))} and {all.Length - 8} more";
    }

    private static InvalidDataException Broken(string source, string what) => new($"{source} is no safetensors file: it {what}.");

    private sealed record Entry(string Name, string Type, long[] Shape, long Begin, long End);
}
