using System.IO.Compression;
using System.Text;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Long metadata values of quantized graphs: <c>zlib:</c>, and after it the text in UTF-8, compressed (RFC 1950), in
/// base 64 (RFC 4648, section 4).
/// </summary>
internal static class PackedText
{
    private const string Mark = "zlib:";
    private const int LeastLength = 1024;

    /// <summary>The most bytes that a file's values may unpack to together, 64 MB: a small file must not fill the memory.</summary>
    private const int MostBytes = 64 << 20;

    /// <summary>The same metadata, with those values packed that get shorter by it.</summary>
    public static Dictionary<string, string> Pack(IReadOnlyDictionary<string, string> metadata) =>
        metadata.ToDictionary(pair => pair.Key, pair =>
            pair.Value.Length < LeastLength ? pair.Value : Shorter(pair.Value, Pack(pair.Value)), StringComparer.Ordinal);

    /// <summary>The metadata with every packed value of this library's as it was.</summary>
    /// <exception cref="InvalidDataException">A value cannot be unpacked, or all of them come to more than 64 MB.</exception>
    public static IReadOnlyDictionary<string, string> Unpack(IReadOnlyDictionary<string, string> metadata, string source)
    {
        if (!metadata.Any(IsPacked))
            return metadata;
        var unpacked = new Dictionary<string, string>(StringComparer.Ordinal);
        int room = MostBytes;
        foreach (var entry in metadata)
            unpacked.Add(entry.Key, IsPacked(entry) ? Unpack(entry.Key, entry.Value, source, ref room) : entry.Value);
        return unpacked;
    }

    private static string Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            zlib.Write(Encoding.UTF8.GetBytes(text));
        return Mark + Convert.ToBase64String(packed.GetBuffer(), 0, (int)packed.Length);
    }

    private static string Unpack(string key, string value, string source, ref int room)
    {
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(Convert.FromBase64String(value[Mark.Length..])), CompressionMode.Decompress);
            using var text = new MemoryStream();
            byte[] part = new byte[1 << 16];
            for (int read; (read = zlib.Read(part)) > 0;)
            {
                if ((room -= read) < 0)
                    throw new InvalidDataException($"the file's metadata unpack to more than {MostBytes >> 20} MB.");
                text.Write(part, 0, read);
            }
            return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            throw new InvalidDataException($"{source} has metadata '{key}' that cannot be unpacked: {e.Message}", e);
        }
    }

    private static bool IsPacked(KeyValuePair<string, string> entry) =>
        entry.Value.StartsWith(Mark, StringComparison.Ordinal)
            && entry.Key.StartsWith(AutoencoderMetadata.Prefix, StringComparison.Ordinal);

    private static string Shorter(string text, string packed) => packed.Length < text.Length ? packed : text;
}
