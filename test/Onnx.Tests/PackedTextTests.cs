using System.IO.Compression;
using System.Text;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

[TestClass]
public sealed class PackedTextTests
{
    private const string Key = "autoencoder.long";

    [TestMethod]
    public void Long_values_come_back_as_they_were_and_short_ones_are_left()
    {
        string text = string.Join(',', Enumerable.Range(0, 2000)) + " größer, 大";
        var metadata = new Dictionary<string, string> { [Key] = text, ["autoencoder.short"] = "dense" };
        var packed = PackedText.Pack(metadata);
        Assert.IsTrue(packed[Key].StartsWith("zlib:", StringComparison.Ordinal) && packed[Key].Length < text.Length);
        Assert.AreEqual("dense", packed["autoencoder.short"]);
        CollectionAssert.AreEqual(metadata, PackedText.Unpack(packed, "The file").ToDictionary());
    }

    [TestMethod]
    public void What_packing_would_lengthen_is_left()
    {
        byte[] noise = new byte[3000];
        new Random(1).NextBytes(noise);
        string text = Convert.ToBase64String(noise);
        Assert.AreEqual(text, PackedText.Pack(new Dictionary<string, string> { [Key] = text })[Key]);
    }

    [TestMethod]
    public void Other_peoples_values_are_left()
    {
        var metadata = new Dictionary<string, string> { ["theirs"] = "zlib:nonsense" };
        Assert.AreEqual("zlib:nonsense", PackedText.Unpack(metadata, "The file")["theirs"]);
    }

    [TestMethod]
    [DataRow("no base 64 at all")]
    [DataRow("AAAA")]
    public void What_cannot_be_unpacked_is_refused_by_key(string value)
    {
        var error = Assert.ThrowsExactly<InvalidDataException>(
            () => PackedText.Unpack(new Dictionary<string, string> { [Key] = "zlib:" + value }, "The file 'x.onnx'"));
        StringAssert.Contains(error.Message, "The file 'x.onnx'");
        StringAssert.Contains(error.Message, Key);
    }

    [TestMethod]
    public void Values_that_would_fill_the_memory_are_refused()
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int i = 0; i < 33; i++)
                zlib.Write(Encoding.UTF8.GetBytes(new string('0', 1 << 20)));
        }
        string value = "zlib:" + Convert.ToBase64String(packed.ToArray());
        Assert.AreEqual(33 << 20, PackedText.Unpack(new Dictionary<string, string> { [Key] = value }, "The file")[Key].Length);
        Fails.With<InvalidDataException>("more than 64 MB",
            () => PackedText.Unpack(new Dictionary<string, string> { [Key] = value, [Key + "er"] = value }, "The file"));
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(2, 1)]
    [DataRow(5, 3)]
    public void Symmetric_matrices_come_back_from_their_lower_triangles(int size, int count)
    {
        var random = new Random(2);
        float[] values = new float[count * size * size];
        for (int matrix = 0; matrix < count; matrix++)
            for (int row = 0; row < size; row++)
                for (int column = 0; column <= row; column++)
                    values[(matrix * size + row) * size + column] = values[(matrix * size + column) * size + row] = random.NextSingle();
        var lower = SymmetricMatrices.Pack(values, size);
        Assert.AreEqual(count * size * (size + 1) / 2, lower.Count);
        CollectionAssert.AreEqual(values, SymmetricMatrices.Unpack(lower, size, count).ToArray());
        if (size > 1)
        {
            values[1]++;
            Assert.AreSame(values, SymmetricMatrices.Pack(values, size), "not symmetric");
        }
    }
}
