using System.Buffers.Binary;
using System.Text;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>The safetensors format: what is written, what is read, and what is refused.</summary>
[TestClass]
public sealed class SafeTensorsTests
{
    [TestMethod]
    public void What_is_written_is_laid_out_as_the_format_says()
    {
        var file = new SafeTensors([new SafeTensor("b", [2, 1], new[] { 1f, -2f }), new SafeTensor("a", [], new[] { 0.5f })],
            new Dictionary<string, string> { ["format"] = "pt" });
        byte[] bytes = file.ToBytes();
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.AreEqual(0, length % 8);
        Assert.AreEqual(
            """{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}""" +
            ""","a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}""",
            Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        CollectionAssert.AreEqual(new byte[] { 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f }, bytes[(8 + length)..]);
    }

    [TestMethod]
    public void What_was_written_reads_as_it_was()
    {
        var file = new SafeTensors(
            [new SafeTensor("encoder.dense1.weight", [2, 3], new[] { 1f, float.NaN, float.PositiveInfinity, -0f, 1e-45f, 3.4e38f }),
                new SafeTensor("empty", [0, 5], Array.Empty<float>()), new SafeTensor("ü \"quoted\"\n", [1], new[] { 7f })],
            new Dictionary<string, string> { ["a"] = "{\"json\": [1, 2]}", ["b"] = "" });
        var read = SafeTensors.Read(file.ToBytes(), "The file");
        CollectionAssert.AreEqual(file.Tensors.Select(tensor => tensor.Name).ToArray(),
            read.Tensors.Select(tensor => tensor.Name).ToArray());
        foreach (var (one, other) in file.Tensors.Zip(read.Tensors))
        {
            CollectionAssert.AreEqual(one.Shape.ToArray(), other.Shape.ToArray());
            CollectionAssert.AreEqual(one.Values.ToArray().Select(BitConverter.SingleToInt32Bits).ToArray(),
                other.Values.ToArray().Select(BitConverter.SingleToInt32Bits).ToArray());
        }
        CollectionAssert.AreEquivalent(file.Metadata.ToArray(), read.Metadata.ToArray());
        CollectionAssert.AreEqual(file.ToBytes(), read.ToBytes());
        Assert.IsEmpty(SafeTensors.Read(File("{}"), "The file").Tensors);
    }

    [TestMethod]
    public void Halves_and_doubles_are_read_too()
    {
        byte[] data = [0x00, 0x3c, 0x00, 0xc0, 0x80, 0x3f, 0x40, 0xc0, .. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(-1e300)];
        var read = SafeTensors.Read(File(
            """{"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"brain":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}""" +
            ""","double":{"dtype":"F64","shape":[2],"data_offsets":[8,24]}}   """, data), "The file");
        CollectionAssert.AreEqual(new[] { 1f, -2f }, read.Find("half")!.Values.ToArray());
        CollectionAssert.AreEqual(new[] { 1f, -3f }, read.Find("brain")!.Values.ToArray());
        CollectionAssert.AreEqual(new[] { 0.1f, float.NegativeInfinity }, read.Find("double")!.Values.ToArray());
    }

    [TestMethod]
    public void Whole_numbers_and_bytes_are_written_with_the_widest_first()
    {
        using var folder = new TestFolder();
        byte[] state = [1, 2, 255], counts = [.. BitConverter.GetBytes(7L), .. BitConverter.GetBytes(-1L)];
        var made = new SafeTensors([new SafeTensor("generator", "U8", [3], state), new SafeTensor("weight", [1], [0.5f]),
            new SafeTensor("steps", "I64", [2], counts)], new Dictionary<string, string>());
        System.IO.File.WriteAllBytes(folder["state"], made.ToBytes());
        var read = SafeTensors.ReadFile(folder["state"]);
        CollectionAssert.AreEqual(new[] { "steps", "weight", "generator" }, read.Tensors.Select(tensor => tensor.Name).ToArray());
        CollectionAssert.AreEqual(state, read.Find("generator")!.Data.ToArray());
        CollectionAssert.AreEqual(counts, read.Find("steps")!.Data.ToArray());
        CollectionAssert.AreEqual(new[] { 7f, -1f }, read.Find("steps")!.Values.ToArray());
        CollectionAssert.AreEqual(new[] { 1f, 2f, 255f }, read.Find("generator")!.Values.ToArray());
        Fails.With<InvalidDataException>("has the tensor 'steps' of type I64; expected F32",
            () => read.Expect(new Dictionary<string, IReadOnlyList<long>> { ["generator"] = [3], ["weight"] = [1], ["steps"] = [2] }));
    }

    [TestMethod]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", 8, "header cannot be read")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},}""", 8, "header cannot be read")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", 8, "header cannot be read")]
    [DataRow(""" {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "does not start with a brace")]
    [DataRow("""[{"dtype":"F32","shape":[2],"data_offsets":[0,8]}]""", 8, "does not start with a brace")]
    [DataRow("""{"a":[1,2]}""", 0, "does not tell type, shape and place of the tensor 'a': [1,2]")]
    [DataRow("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "does not tell type, shape and place")]
    [DataRow("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "does not tell type, shape and place")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "does not tell type, shape and place")]
    [DataRow("""{"__metadata__":["pt"]}""", 0, "header cannot be read")]
    [DataRow("""{"__metadata__":{"format":1}}""", 0, "header cannot be read")]
    [DataRow("""{"__metadata__":{"format":"\ud800"}}""", 0, "header cannot be read")]
    [DataRow("""{"a\ud800":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", 0, "header cannot be read")]
    public void What_breaks_the_format_is_refused(string header, int bytes, string message) =>
        Refused(File(header, new byte[bytes]), message);

    [TestMethod]
    [DataRow("\"I32\"", "[2]", "[0,8]", 8, "of type I32; expected F32")]
    [DataRow("7", "[1]", "[0,8]", 8, "does not tell type, shape and place")]
    [DataRow("\"F32\"", "[-1]", "[0,4]", 4, "does not tell type, shape and place")]
    [DataRow("\"F32\"", "[1.5]", "[0,6]", 6, "does not tell type, shape and place")]
    [DataRow("\"F32\"", "\"1\"", "[0,4]", 4, "does not tell type, shape and place")]
    [DataRow("\"F32\"", "[1]", "[4,0]", 4, "does not tell type, shape and place")]
    [DataRow("\"F32\"", "[1]", "[0,4,8]", 4, "does not tell type, shape and place")]
    [DataRow("\"F32\"", "[1]", "[-4,0]", 4, "does not tell type, shape and place")]
    [DataRow("\"F32\"", "[3]", "[0,8]", 8, "of type F32 and shape [3] in 8 bytes")]
    [DataRow("\"F32\"", "[4294967296,4294967296]", "[0,0]", 0, "of type F32 and shape [4294967296, 4294967296] in 0 bytes")]
    [DataRow("\"F32\"", "[9223372036854775807,9223372036854775807,9223372036854775807,4]", "[0,4]", 4, "in 4 bytes")]
    [DataRow("\"F32\"", "[1152921504606846976,4611686018427387904]", "[0,9223372036854775807]", 4, "in 9223372036854775807 bytes")]
    [DataRow("\"F32\"", "[2]", "[0,8]", 4, "has 4 bytes of tensors; its header describes 8")]
    [DataRow("\"F32\"", "[1]", "[0,4]", 8, "has 8 bytes of tensors; its header describes 4")]
    [DataRow("\"F32\"", "[1]", "[4611686018427387904,4611686018427387908]", 4, "at 4611686018427387904; expected 0")]
    public void A_tensor_that_cannot_be_is_refused(string type, string shape, string place, int bytes, string message) =>
        Refused(File(
            $$$"""{"a":{"dtype":{{{type}}},"shape":{{{shape}}},"data_offsets":{{{place}}}}}""", new byte[bytes]), message);

    [TestMethod]
    [DataRow("a", "[4,8]", "Two tensors have the name 'a'")]
    [DataRow("b", "[8,12]", "has the tensor 'b' at 8; expected 4")]
    [DataRow("b", "[2,6]", "has the tensor 'b' at 2; expected 4")]
    public void Two_tensors_have_two_names_and_lie_one_after_the_other(string name, string place, string message) => Refused(File(
        $$$"""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"{{{name}}}":{"dtype":"F32","shape":[1],"data_offsets":{{{place}}}}}""",
        new byte[name == "a" ? 8 : 12]), message);

    [TestMethod]
    public void A_header_that_cannot_be_is_refused_before_it_is_read()
    {
        Refused([], "has 0 bytes; expected at least 8");
        Refused([2, 0, 0, 0, 0, 0, 0], "has 7 bytes; expected at least 8");
        Refused([3, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}'], "announces a header of 3 bytes; expected at most 2");
        Refused([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, (byte)'{', (byte)'}'], "announces a header of 18446744073709551615 bytes");
        Refused([0, 0, 0, 0, 0, 0, 0, 0], "does not start with a brace");
        byte[] large = new byte[8 + 100_000_001];
        BinaryPrimitives.WriteUInt64LittleEndian(large, 100_000_001);
        Refused(large, "announces a header of 100000001 bytes; expected at most 100000000");
        byte[] notUtf8 = File("""{"__metadata__":{"format":"X"}}""");
        notUtf8[Array.IndexOf(notUtf8, (byte)'X')] = 0xff;
        Refused(notUtf8, "header cannot be read");
        Refused(File("{\"a\":" + new string('[', 100_000)), "header cannot be read");
    }

    [TestMethod]
    public void A_damaged_file_is_refused_or_read_but_never_anything_else()
    {
        var file = new SafeTensors([new SafeTensor("encoder.weight", [3, 4], new float[12]),
            new SafeTensor("encoder.bias", [3], new float[3])], new Dictionary<string, string> { ["format"] = "pt" });
        byte[] good = file.ToBytes();
        var random = new Random(5);
        int refused = 0;
        const int count = 3_000;
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = random.Next(4) == 0 ? good[..random.Next(good.Length)] : (byte[])good.Clone();
            for (int changes = random.Next(1, 4); changes > 0 && bytes.Length > 0; changes--)
                bytes[random.Next(Math.Min(bytes.Length, 200))] = (byte)random.Next(256);
            try
            {
                SafeTensors.Read(bytes, "The file");
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.IsGreaterThan(count / 2, refused);
    }

    [TestMethod]
    public void What_cannot_be_written_is_refused()
    {
        SafeTensor a = new("a", [2], new float[2]);
        Fails.With<ArgumentException>("Two tensors have the name 'a'", () => new SafeTensors([a, a], new Dictionary<string, string>()));
        Fails.With<ArgumentException>("keeps for the metadata",
            () => new SafeTensors([a with { Name = "__metadata__" }], new Dictionary<string, string>()));
        Fails.With<ArgumentException>("has 8 bytes of type F32; its shape [3]",
            () => new SafeTensors([a with { Shape = [3] }], new Dictionary<string, string>()));
    }

    [TestMethod]
    public void A_file_is_named_in_messages()
    {
        using var folder = new TestFolder();
        Fails.With<FileNotFoundException>(folder["none"], () => SafeTensors.ReadFile(folder["none"]));
        Fails.With<FileNotFoundException>("is a folder", () => SafeTensors.ReadFile(folder.Path));
        System.IO.File.WriteAllBytes(folder["bad"], [1]);
        Fails.With<InvalidDataException>($"The file '{folder["bad"]}' is no safetensors file", () => SafeTensors.ReadFile(folder["bad"]));
    }

    private static byte[] File(string header, byte[]? data = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] bytes = [.. new byte[8], .. text, .. data ?? []];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)text.Length);
        return bytes;
    }

    private static void Refused(byte[] bytes, string message)
    {
        string said = Assert.ThrowsExactly<InvalidDataException>(() => SafeTensors.Read(bytes, "The file 'w.safetensors'")).Message;
        StringAssert.Contains(said, message);
        StringAssert.StartsWith(said, "The file 'w.safetensors' ");
    }
}
