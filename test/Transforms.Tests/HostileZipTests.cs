using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Model files that lie about themselves.</summary>
[TestClass]
public sealed class HostileZipTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly byte[] s_model = Saved();

    [TestMethod]
    public void An_entry_that_becomes_endlessly_large_is_refused_before_it_is_read()
    {
        Refused(WithEntry("zeros", new byte[200 << 20]), "'zeros' becomes 209715200 bytes out of");
    }

    [TestMethod]
    public void An_entry_that_is_larger_or_smaller_than_it_says_is_refused()
    {
        byte[] zip = WithEntry("more", new byte[1000]);

        // Newer versions of .NET stop reading at the length that is said; then the checksum tells.
        Refused(Patched(zip, "more", 24, 900), "Its entry 'more'");
        Refused(Patched(zip, "more", 24, 1100), "'more' says that it has 1100 bytes, and has 1000");
        Refused(Patched(zip, "more", 24, int.MaxValue), "'more' becomes 2147483647 bytes out of");
    }

    [TestMethod]
    public void A_damaged_entry_is_refused_by_its_checksum() =>
        Refused(Patched(WithEntry("more", [1, 2, 3]), "more", 16, 17),
        "'more' is damaged: its checksum is 55bc801d, and should be 00000011");

    [TestMethod]
    [DataRow("../out")]
    [DataRow("a/../../out")]
    [DataRow("/out")]
    [DataRow("C:\\out")]
    [DataRow("a\\..\\out")]
    [DataRow("a\nb")]
    public void A_name_that_leads_out_of_the_model_is_refused(string name) =>
        Refused(WithEntry(name, [1]), "has a name that is no path within a model");

    [TestMethod]
    public void Two_entries_of_one_name_are_refused() =>
        Refused(WithEntry("TransformerChain\\Model.key", [1]), "It has the entry 'TransformerChain\\Model.key' twice");

    [TestMethod]
    public void A_zip_of_very_many_entries_is_refused()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i <= 10_000; i++)
                zip.CreateEntry($"{i}", CompressionLevel.NoCompression);
        }
        Refused(stream.ToArray(), "It has 10001 entries; at most 10000 are read");
    }

    [TestMethod]
    public void A_foreign_graph_in_a_chain_is_checked_before_MLNET_opens_it()
    {
        var view = Rows.View(s_ml, 20);
        using var folder = new TestFolder();
        var graph = new MLNetAutoencoder.Onnx.OnnxGraphBuilder("foreign");
        graph.Output(graph.Node("Add", "y", [graph.Input("Extra", 2, ""), graph.Initializer("w", [1, 2], 2)]),
            MLNetAutoencoder.Onnx.TensorTypes.Single, 2, "");
        File.WriteAllBytes(folder["foreign.onnx"], graph.Build(new Dictionary<string, string>()));
        using var foreign = s_ml.Transforms.ApplyOnnxModel(["y"], ["Extra"], folder["foreign.onnx"]).Fit(view);
        using var ours = Rows.Fit(s_ml, options => options.Epochs = 0);
        using var stream = new MemoryStream();
        s_ml.Model.Save(foreign.Append(ours), view.Schema, stream);
        (s_ml.Autoencoders().Load(new MemoryStream(stream.ToArray()), out _) as IDisposable)?.Dispose();

        // The initializer's only axis: field 1, a length of 2.
        byte[] changed = WithChangedEntry(stream.ToArray(), content =>
        {
            int place = content.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x08, 0x02, 0x10, 0x01, 0x42, 0x01, (byte)'w']);
            if (place >= 0)
                content[place + 1] = 9;
            return place >= 0;
        });
        Refused(changed, "has the tensor 'w', which says that it is Single [9], 9 elements, and holds 8 bytes");
    }

    [TestMethod]
    public void Class_names_that_are_not_of_their_type_are_refused()
    {
        var view = MLNetAutoencoder.Tests.EveryVariant.Rows(30);
        using var classifier = s_ml.Autoencoders()
            .StackedClassifier(new StackedClassifierEstimator.Options { LabelColumnName = "Key", Hidden = [6], Code = 3, Epochs = 1,
            PretrainingEpochs = 1, Seed = 1 }).Fit(view);
        using var folder = new TestFolder();
        classifier.ExportOnnx(folder["c"]);
        var model = new MLNetAutoencoder.Onnx.AutoencoderModel(File.ReadAllBytes(folder["c"]), "The graph");
        Fails.With<InvalidDataException>("class names that cannot be read as Single",
            () => s_ml.Autoencoders().ClassifierFromModel(model.WithMetadata(model.Metadata with { ClassType = "Single" })));
    }

    private static byte[] Saved()
    {
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        using var stream = new MemoryStream();
        s_ml.Model.Save(model, Rows.View(s_ml, 1).Schema, stream);
        return stream.ToArray();
    }

    private static byte[] WithEntry(string name, byte[] content)
    {
        using var stream = new MemoryStream();
        stream.Write(s_model);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            using var entry = zip.CreateEntry(name).Open();
            entry.Write(content);
        }
        return stream.ToArray();
    }

    /// <summary>Changes the first entry that the function changes.</summary>
    private static byte[] WithChangedEntry(byte[] file, Func<byte[], bool> change)
    {
        using var stream = new MemoryStream();
        stream.Write(file);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            foreach (var entry in zip.Entries)
            {
                using var content = entry.Open();
                byte[] bytes = new byte[content.Length];
                content.ReadExactly(bytes);
                if (!change(bytes))
                    continue;
                content.Position = 0;
                content.Write(bytes);
                break;
            }
        }
        return stream.ToArray();
    }

    /// <summary>Another number in the entry's record in the zip's directory: its checksum stands at 16, its length at 24.</summary>
    private static byte[] Patched(byte[] zip, string entry, int offset, int value)
    {
        byte[] result = [.. zip];
        int name = result.AsSpan().LastIndexOf(System.Text.Encoding.ASCII.GetBytes(entry)), record = name - 46;
        Assert.AreEqual(0x0201_4B50, BinaryPrimitives.ReadInt32LittleEndian(result.AsSpan(record)), "the record's signature");
        BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(record + offset), value);
        return result;
    }

    private static void Refused(byte[] zip, string message)
    {
        var error = Assert.ThrowsExactly<InvalidDataException>(() => s_ml.Autoencoders().Load(new MemoryStream(zip), out _));
        StringAssert.StartsWith(error.Message, "The stream cannot be opened as a model of ML.NET: ");
        StringAssert.Contains(error.Message, message);
    }
}
