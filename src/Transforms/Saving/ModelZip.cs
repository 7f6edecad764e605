using System.IO.Compression;
using System.IO.Hashing;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The entries of a zip, read with care: names, sizes as declared and as they are, checksums.</summary>
/// <remarks>
/// A zip's directory says how large each entry becomes, and readers set memory aside by it; the entry itself may become
/// larger all the same, and entries may be made to share their bytes, so that a small file can become endlessly large.
/// </remarks>
internal static class ModelZip
{
    private const int MostEntries = 10_000;
    private const int MostNameLength = 1_024;

    /// <summary>A file of weights hardly becomes larger; one of text, such as the values of a key, some ten times.</summary>
    private const int MostRatio = 100;

    /// <summary>A file of fewer bytes may become as large as one of these.</summary>
    private const long SmallestLength = 1 << 20;

    /// <summary>Reads all entries, but for folders.</summary>
    /// <param name="stream">The zip, in a stream that can be sought in. It is left open.</param>
    /// <exception cref="InvalidDataException">It is no zip, or damaged, or lies; the message names the entry.</exception>
    public static List<(string Name, byte[] Content)> Read(Stream stream)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        Check(zip, stream.Length);
        return [.. zip.Entries.Where(entry => entry.Length > 0 || entry.Name.Length > 0).Select(entry => (entry.FullName, Read(entry)))];
    }

    /// <summary>Writes entries, not compressed: what reads them stands in the same process.</summary>
    public static MemoryStream Write(IEnumerable<(string Name, byte[] Content)> entries)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
        }
        stream.Position = 0;
        return stream;
    }

    /// <summary>The parts of an entry's name. ML.NET writes the separators of the machine that it runs on.</summary>
    public static string[] Segments(string entry) => entry.Split('/', '\\');

    private static void Check(ZipArchive zip, long length)
    {
        if (zip.Entries.Count > MostEntries)
            throw new InvalidDataException($"It has {zip.Entries.Count} entries; at most {MostEntries} are read.");
        long most = MostRatio * Math.Max(SmallestLength, length), stored = 0, total = 0;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in zip.Entries)
        {
            string name = GraphCheck.Shown(entry.FullName);
            string[] segments = Segments(entry.FullName);
            if (entry.FullName.Length > MostNameLength || entry.FullName.Any(character => char.IsControl(character) || character == ':')
                || segments.Any(segment => segment is "." or "..") || segments is ["", ..])
                throw new InvalidDataException($"Its entry '{name}' has a name that is no path within a model.");
            if (!names.Add(string.Join('/', segments)))
                throw new InvalidDataException($"It has the entry '{name}' twice.");
            stored += entry.CompressedLength;
            total += entry.Length;
            if (entry.Length > Array.MaxLength || total > most || stored > length)
                throw new InvalidDataException(
                    $"Its entry '{name}' becomes {entry.Length} bytes out of {entry.CompressedLength}, and all so far " +
                    $"{total}, in a file of {length}; that is no model.");
        }
    }

    private static byte[] Read(ZipArchiveEntry entry)
    {
        string name = GraphCheck.Shown(entry.FullName);
        using var stream = entry.Open();
        byte[] content = new byte[entry.Length];
        int read = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        bool hasMore = read == content.Length && stream.ReadByte() >= 0;
        if (read < content.Length || hasMore)
            throw new InvalidDataException(
                $"Its entry '{name}' says that it has {entry.Length} bytes, and has {(hasMore ? "more" : $"{read}")}.");
        uint checksum = Crc32.HashToUInt32(content);
        if (checksum != entry.Crc32)
            throw new InvalidDataException(
                $"Its entry '{name}' is damaged: its checksum is {checksum:x8}, and should be {entry.Crc32:x8}.");
        return content;
    }
}
