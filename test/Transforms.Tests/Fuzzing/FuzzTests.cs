using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// Thousands of changed files, read in a process of their own: whatever a file holds, it is refused by a documented
/// exception or scores, and never crashes, hangs or takes memory without end.
/// </summary>
[TestClass]
public sealed class FuzzTests
{
    private const int Graph = 0, Model = 1;

    // Set to try others: MLNETAUTOENCODER_FUZZ_SEED and _COUNT, _FIRST to begin at a mutant that failed.
    private static readonly int s_seed = Setting("SEED", 1), s_count = Setting("COUNT", 5_000), s_first = Setting("FIRST", 0);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Whatever_a_file_holds_it_is_refused_as_documented_or_scores()
    {
        var originals = Originals().ToArray();
        var verdicts = new ConcurrentBag<(int Kind, string Outcome)>();
        var failures = new ConcurrentBag<string>();
        var processes = new[] { new FuzzProcess(), new FuzzProcess() };
        try
        {
            // The files themselves are read, or the mutants would prove nothing.
            foreach (var (kind, name, file) in originals)
            {
                var (outcome, reason) = processes[0].Read(kind, file);
                Assert.AreEqual("Scored", outcome, $"{name}: {reason}");
            }
            processes[1].Read(originals[0].Kind, originals[0].File);

            int next = s_first;
            Task.WaitAll([.. processes.Select(process => Task.Run(() =>
            {
                for (int number; (number = Interlocked.Increment(ref next) - 1) < s_first + s_count;)
                {
                    var (kind, of, file) = Mutant(originals, number);
                    var (outcome, reason) = process.Read(kind, file);
                    verdicts.Add((kind, outcome));
                    if (outcome is not ("Scored" or "Refused" or "RefusedByRuntime" or "DoesNotFit" or "OutOfMemory"))
                        failures.Add($"seed {s_seed}, mutant {number} ({of}): {outcome}: {reason}\n  kept as {Keep(number, kind, file)}");
                }
            }))], TestContext.CancellationToken);
        }
        finally
        {
            Array.ForEach(processes, process => process.Dispose());
        }
        foreach (var group in verdicts.CountBy(verdict => verdict).OrderBy(group => group.Key))
            TestContext.WriteLine($"{(group.Key.Kind == Graph ? "graphs" : "models of ML.NET")}: {group.Key.Outcome} {group.Value}");
        long most = processes.Max(process => process.PeakBytes) >> 20;
        TestContext.WriteLine($"processes started: {processes.Sum(process => process.Starts)}; most memory of one: {most} MiB");
        Assert.HasCount(s_count, verdicts);
        Assert.IsEmpty(failures, string.Join(Environment.NewLine, failures.Take(20)));
    }

    /// <summary>The golden files, imported and quantized ones among them, and the scorers of every variant.</summary>
    private static IEnumerable<(int Kind, string Name, byte[] File)> Originals()
    {
        foreach (string name in GoldenFile.Names.Where(name => File.Exists(GoldenFile.Zip(name))))
            yield return (Model, name + ".zip", File.ReadAllBytes(GoldenFile.Zip(name)));
        foreach (string name in GoldenFile.Names.Where(name => name != "pipeline"))
        {
            byte[] scorer = File.ReadAllBytes(GoldenFile.Graph(name));
            yield return (Graph, name, scorer);
            if (name == "classifier")
                continue;
            using var model = new AutoencoderModel(scorer, name);
            yield return (Graph, $"encoder of {name}", model.ToOnnx(OnnxGraph.Encoder));
            yield return (Graph, $"decoder of {name}", model.ToOnnx(OnnxGraph.Decoder));
        }
        foreach (string name in EveryVariant.Names)
            yield return (Graph, name, EveryVariant.Fitted(name).ToOnnx(OnnxGraph.Scorer, new() { Probability = true }));
    }

    /// <summary>A changed file, made from the seed and its number alone.</summary>
    private static (int Kind, string Of, byte[] File) Mutant((int Kind, string Name, byte[] File)[] originals, int number)
    {
        // Seeds that lie side by side give numbers that are alike at first.
        var random = new Random(unchecked((int)((uint)s_seed * 2_654_435_761 + (uint)number * 2_246_822_519)));
        int kind = random.Next(5) == 0 ? Model : Graph;
        var (_, name, file) = Any(random, originals.Where(original => original.Kind == kind).ToArray());
        if (random.Next(6) == 0)
            return (kind, name, Bytes(file, random));
        return (kind, name, kind == Graph ? Message(file, random) : Zip(file, random));
    }

    /// <summary>Changes to bytes that know nothing of their format.</summary>
    private static byte[] Bytes(byte[] bytes, Random random)
    {
        int place = random.Next(bytes.Length + 1), length = Math.Min(1 << random.Next(12), bytes.Length - place);
        byte[] before = bytes[..place], part = bytes[place..(place + length)], after = bytes[(place + length)..];
        switch (random.Next(6))
        {
            case 0:
                return before;
            case 1:
                return [.. before, .. after];
            case 2:
                return [.. before, .. part, .. part, .. after];
            case 3:
                Array.Fill(part, (byte)(random.Next(2) * 255));
                break;
            case 4:
                random.NextBytes(part);
                break;
            default:
                for (int i = 0; i < part.Length; i += 1 + random.Next(64))
                    part[i] ^= (byte)(1 << random.Next(8));
                break;
        }
        return [.. before, .. part, .. after];
    }

    /// <summary>Changes to an ONNX file that remains one: what somebody writes who knows the format and means harm.</summary>
    private static byte[] Message(byte[] file, Random random)
    {
        var model = ModelProto.Parser.ParseFrom(file);
        for (int i = 1 + random.Next(3) * random.Next(2); i > 0; i--)
        {
            if (random.Next(6) == 0)
                InsertNode(model.Graph, random);
            else
                Change(model, random);
        }
        return model.ToByteArray();
    }

    /// <summary>Changes a field of a message somewhere in the file.</summary>
    private static void Change(ModelProto model, Random random)
    {
        var kinds = Messages(model).GroupBy(message => message.Descriptor.Name).ToArray();
        var message = Any(random, Any(random, kinds).ToArray());
        var field = Any(random, message.Descriptor.Fields.InFieldNumberOrder().ToArray());
        object value = field.Accessor.GetValue(message);
        if (!field.IsRepeated)
        {
            if (Other(model, field, value, random) is { } other)
                field.Accessor.SetValue(message, other);
            else if (field.FieldType == FieldType.Message)
                field.Accessor.Clear(message);
            return;
        }
        var list = (IList)value;
        int place = list.Count == 0 ? 0 : random.Next(list.Count);
        switch (random.Next(5))
        {
            case 0 when list.Count > 0:
                list.RemoveAt(place);
                break;
            case 1 when list.Count > 0:
                (list[place], list[^1]) = (list[^1], list[place]);
                break;
            case 2 when list.Count > 0:
                list.Insert(place, list[place] is IMessage twice ? Clone(twice) : list[place]);
                break;
            default:
                if (Other(model, field, list.Count == 0 ? null : list[place], random) is { } item)
                    list.Insert(place, item);
                if (list.Count > place + 1 && random.Next(3) > 0)
                    list.RemoveAt(place + 1);
                break;
        }
    }

    /// <summary>Another value for a field; null for none.</summary>
    private static object? Other(ModelProto model, FieldDescriptor field, object? value, Random random)
    {
        long number = random.Next(3) == 0 ? random.Next(-4, 40) : Any(random, s_numbers);
        return field.FieldType switch
        {
            FieldType.Int64 => number,
            FieldType.UInt64 => (ulong)number,
            FieldType.Int32 => (int)number,
            FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, random.Next(20)),
            FieldType.Float => Any(random, s_singles),
            FieldType.Double => (double)Any(random, s_singles),
            FieldType.Bytes => ByteString.CopyFrom(Bytes(value is ByteString bytes ? bytes.ToByteArray() : new byte[8], random)),
            FieldType.String => Text(model, value as string ?? "", random),
            FieldType.Message => Messages(model).Where(message => message.Descriptor == field.MessageType).ToArray() is { Length: > 0 } all
                ? Clone(Any(random, all)) : null,
            _ => null,
        };
    }

    private static string Text(ModelProto model, string value, Random random)
    {
        string[] parts = value.Split(',');
        parts[random.Next(parts.Length)] = Any(random, s_texts);
        return random.Next(4) switch
        {
            0 => Any(random, s_texts),
            1 => string.Join(',', parts),
            2 => Any(random, [.. OperatorList.Names, "If", "Loop", "Mod", "Range", "RandomNormal", "DynamicQuantizeLinear", "LSTM"]),
            _ => Any(random, model.Graph.Node.SelectMany(node => node.Input.Concat(node.Output)).Append("features").ToArray()),
        };
    }

    /// <summary>A node of the list between a value and one of those that take it.</summary>
    private static void InsertNode(GraphProto graph, Random random)
    {
        var takers = graph.Node.Where(node => node.Input.Count > 0).ToArray();
        if (takers.Length == 0)
            return;
        var taker = Any(random, takers);
        int place = random.Next(taker.Input.Count);
        string operation = Any(random, OperatorList.Names.ToArray()), name = $"inserted/{random.Next(100_000)}";
        string[] values = [.. graph.Node.SelectMany(node => node.Output), .. graph.Initializer.Select(tensor => tensor.Name)];
        var node = new NodeProto { OpType = operation, Name = name, Output = { name },
            Input = { Enumerable.Range(0, random.Next(3)).Select(_ => Any(random, values)).Prepend(taker.Input[place]) } };
        if (operation.StartsWith("Reduce", StringComparison.Ordinal))
            node.Attribute.Add(OnnxAttribute.Int64s("axes", 1));
        else if (operation == "Cast")
            node.Attribute.Add(OnnxAttribute.Int64("to", random.Next(1, 17)));
        else if (operation is "Concat" or "Gather" or "ArgMax" or "Softmax" or "TopK")
            node.Attribute.Add(OnnxAttribute.Int64("axis", random.Next(1, 3)));
        taker.Input[place] = name;
        graph.Node.Insert(graph.Node.IndexOf(taker), node);
    }

    private static IEnumerable<IMessage> Messages(IMessage message) => message.Descriptor.Fields.InFieldNumberOrder()
        .Where(field => field.FieldType == FieldType.Message)
        .SelectMany(field => field.Accessor.GetValue(message) switch
        {
            IList list => list.Cast<IMessage>(),
            IMessage one => [one],
            _ => Enumerable.Empty<IMessage>(),
        }).SelectMany(Messages).Prepend(message);

    private static IMessage Clone(IMessage message) => message.Descriptor.Parser.ParseFrom(message.ToByteArray());

    /// <summary>Changes to a model file of ML.NET that remains a zip with right checksums.</summary>
    private static byte[] Zip(byte[] file, Random random)
    {
        using var stream = new MemoryStream();
        stream.Write(file);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            var graphs = zip.Entries.Where(entry => entry.Name.Contains("OnnxModel", StringComparison.Ordinal)).ToArray();
            var entry = graphs.Length > 0 && random.Next(2) == 0 ? Any(random, graphs) : Any(random, zip.Entries.ToArray());
            byte[] content = new byte[entry.Length];
            using (var reader = entry.Open())
                reader.ReadExactly(content);
            string name = random.Next(8) == 0 ? Any(random, s_names) : entry.FullName;
            if (random.Next(8) > 0)
                entry.Delete();
            content = graphs.Contains(entry) && random.Next(4) > 0 ? GraphEntry(content, random) : Bytes(content, random);
            using var writer = zip.CreateEntry(name, CompressionLevel.Fastest).Open();
            writer.Write(content);
        }
        return stream.ToArray();
    }

    /// <summary>The entry of a graph is its length and the bytes of an ONNX file.</summary>
    private static byte[] GraphEntry(byte[] content, Random random)
    {
        byte[] graph = Message(content[sizeof(int)..], random);
        return [.. BitConverter.GetBytes(random.Next(20) == 0 ? random.Next(-10, 100_000) : graph.Length), .. graph];
    }

    private static T Any<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];

    /// <summary>Keeps a mutant that failed, to be looked at.</summary>
    private static string Keep(int number, int kind, byte[] file)
    {
        string folder = Path.Combine(Repository.Root, "artifacts", "fuzz");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"seed{s_seed}-mutant{number}.{(kind == Graph ? "onnx" : "zip")}");
        File.WriteAllBytes(path, file);
        return path;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable($"MLNETAUTOENCODER_FUZZ_{name}"), NumberStyles.None, CultureInfo.InvariantCulture,
            out int value) ? value : otherwise;

    private static readonly long[] s_numbers = [0, 1, 2, 3, 7, 9, 16, 64, 1000, 65_536, 1 << 24, int.MaxValue, uint.MaxValue, long.MaxValue,
        -1, -2, -3, -1000, int.MinValue, long.MinValue, 1L << 40, 1L << 62];
    private static readonly float[] s_singles = [0, 1, -1, 0.5f, 1e-30f, 1e30f, float.MaxValue, float.Epsilon, float.NaN,
        float.PositiveInfinity, float.NegativeInfinity, 3, 1000];
    private static readonly string[] s_texts = ["", "0", "-1", "2147483647", "99999999999999999999", "NaN", "Infinity", "1e999", ",,",
        "1,2,3", "[null]", "[1]", "{}", "{\"a\":null}", "null", "{\"score\":\"\"}", "{\"code\":\"x\",\"score\":\"x\"}", "2.0",
            "9.9", "mean",
        "imported", "none", "static_int8", "scorer", "decoder", "Single", "axis", "axes", "pads", "body", "batch", "é\u0000\u0007",
            new('a', 100_000)];
    private static readonly string[] s_names = ["../out", "/etc/passwd", "C:\\out", "a//b", "Version.txt",
        "TransformerChain/Transform_000/Model.key", "TransformerChain", "x\u0001y", new('n', 5000)];
}
