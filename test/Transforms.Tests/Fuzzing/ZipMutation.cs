using System.Buffers.Binary;
using System.IO.Compression;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Changes to a model file of ML.NET that remains a zip with right checksums, or lies about its entries.</summary>
internal static class ZipMutation
{
    private static readonly string[] s_names = ["../out", "/etc/passwd", "C:\\out", "a//b", "", "Version.txt",
        "TransformerChain/Transform_000/Model.key", "TransformerChain", "x\u0001y", "TransformerChain/../../x", new('n', 5000)];
    private static readonly Lazy<byte[]> s_zeros = new(() => new byte[70 << 20]);

    public static byte[] Apply(byte[] file, Random random)
    {
        if (random.Next(4) == 0)
            return Lie(file, random);
        var entries = Unzip(file);
        int place = random.Next(entries.Count);
        var (name, content) = entries[place];
        int[] graphs = [.. Enumerable.Range(0, entries.Count).Where(i => entries[i].Name.EndsWith("OnnxModel", StringComparison.Ordinal))];
        switch (random.Next(60))
        {
            case < 30 when graphs.Length > 0:
                place = graphs[random.Next(graphs.Length)];
                entries[place] = (entries[place].Name, MutateGraph(entries[place].Content, random));
                break;
            case < 48:
                entries[place] = (name, ByteMutation.Apply(content, random));
                break;
            case < 50:
                entries.RemoveAt(place);
                break;
            case < 52:
                entries.Add((random.Next(2) == 0 ? name : s_names[random.Next(s_names.Length)], content));
                break;
            case < 55:
                entries[place] = (random.Next(2) == 0 ? s_names[random.Next(s_names.Length)]
                    : entries[random.Next(entries.Count)].Name, content);
                break;
            case < 58:
                int other = random.Next(entries.Count);
                (entries[place], entries[other]) = ((name, entries[other].Content), (entries[other].Name, content));
                break;
            case 58:
                entries[place] = (name, s_zeros.Value);
                break;
            default:
                entries[place] = (name, []);
                break;
        }
        return Zip(entries);
    }

    /// <summary>Another number in a header of the zip: sizes, checksums, offsets, counts.</summary>
    private static byte[] Lie(byte[] file, Random random)
    {
        byte[] result = [.. file];
        byte[] signature = random.Next(3) switch { 0 => [0x50, 0x4B, 1, 2], 1 => [0x50, 0x4B, 3, 4], _ => [0x50, 0x4B, 5, 6] };
        var places = new List<int>();
        for (int at = 0; (at = file.AsSpan(at).IndexOf(signature) is >= 0 and var found ? at + found : -1) >= 0; at++)
            places.Add(at);
        if (places.Count == 0)
            return result;
        int field = places[random.Next(places.Count)] + 4 + 2 * random.Next(20);
        if (field + sizeof(uint) > result.Length)
            return result;
        uint old = BinaryPrimitives.ReadUInt32LittleEndian(result.AsSpan(field));
        uint[] numbers = [0, 1, old + 1, old - 1, old * 2, uint.MaxValue, int.MaxValue, 1 << 30, 0xFFFF, (uint)random.Next()];
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(field), numbers[random.Next(numbers.Length)]);
        return result;
    }

    /// <summary>The entry of a graph is its length and the bytes of an ONNX file.</summary>
    private static byte[] MutateGraph(byte[] content, Random random)
    {
        if (content.Length < sizeof(int))
            return content;
        byte[] graph = ModelMutation.Apply(content[sizeof(int)..], random);
        byte[] result = new byte[sizeof(int) + graph.Length];
        BinaryPrimitives.WriteInt32LittleEndian(result, random.Next(20) == 0 ? random.Next(-10, 100_000) : graph.Length);
        graph.CopyTo(result, sizeof(int));
        return result;
    }

    private static List<(string Name, byte[] Content)> Unzip(byte[] file)
    {
        using var zip = new ZipArchive(new MemoryStream(file), ZipArchiveMode.Read);
        var entries = new List<(string, byte[])>();
        foreach (var entry in zip.Entries)
        {
            using var stream = entry.Open();
            using var content = new MemoryStream();
            stream.CopyTo(content);
            entries.Add((entry.FullName, content.ToArray()));
        }
        return entries;
    }

    private static byte[] Zip(List<(string Name, byte[] Content)> entries)
    {
        var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                // A zip has no entry without a name.
                using var stream = zip.CreateEntry(name.Length == 0 ? "_" : name, CompressionLevel.Fastest).Open();
                stream.Write(content);
            }
        }
        return file.ToArray();
    }
}
