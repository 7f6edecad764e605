using System.Text;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

/// <summary>Small ONNX files written by hand, field by field (numbers are those of onnx.proto), so that these tests need no other part of the project.</summary>
internal static class OnnxFile
{
    public const int Float = 1, Int64 = 7, Text = 8, Bool = 9, Double = 11;

    /// <summary>A value with its element type and axes; an axis below 1 is symbolic.</summary>
    public static byte[] Value(string name, int element, params int[] axes)
    {
        IEnumerable<byte[]> dimensions = axes.Select(axis => Field(1, axis > 0 ? Message(Field(1, axis)) : Message(Field(2, "axis" + axis))));
        byte[] tensor = Message(Field(1, element), Field(2, Message([.. dimensions])));
        return Message(Field(1, name), Field(2, Message(Field(1, tensor))));
    }

    public static byte[] Node(string type, string[] inputs, string[] outputs, params byte[][] attributes) => Message(
    [
        .. inputs.Select(input => Field(1, input)),
        .. outputs.Select(output => Field(2, output)),
        Field(4, type),
        .. attributes.Select(attribute => Field(5, attribute)),
    ]);

    /// <summary>The node in which ML.NET's export keeps the slot names of a column; its text input and its output mean nothing.</summary>
    public static byte[] SlotNames(string column, string input, string output, params string[] names) => Message(
        Field(1, input),
        Field(2, output),
        Field(3, $"mlnet.{column}.SlotNames"),
        Field(4, "LabelEncoder"),
        Field(5, Message([Field(1, "keys_strings"), .. names.Select(name => Field(9, name)), Field(20, 8)])),
        Field(5, Message([Field(1, "values_int64s"), .. names.Select((_, i) => Field(8, i)), Field(20, 7)])),
        Field(7, "ai.onnx.ml"));

    public static byte[] IntegerAttribute(string name, int value) => Message(Field(1, name), Field(3, value), Field(20, 2));

    public static byte[] Constant(string name, float[] values, params int[] axes) => Message(
        [.. axes.Select(axis => Field(1, axis)), Field(2, Float), Field(8, name), Field(9, [.. values.SelectMany(BitConverter.GetBytes)])]);

    public static byte[] Integers(string name, long[] values, params int[] axes) => Message(
        [.. axes.Select(axis => Field(1, axis)), Field(2, Int64), Field(8, name), Field(9, [.. values.SelectMany(BitConverter.GetBytes)])]);

    public static byte[] Model(byte[][] nodes, byte[][] inputs, byte[][] outputs, byte[][]? constants = null, int opset = 17, int ir = 8) => Message(
        Field(1, ir),
        Field(7, Message(
        [
            .. nodes.Select(node => Field(1, node)),
            Field(2, "graph"),
            .. (constants ?? []).Select(constant => Field(5, constant)),
            .. inputs.Select(input => Field(11, input)),
            .. outputs.Select(output => Field(12, output)),
        ])),
        Field(8, Message(Field(2, opset))),
        Field(8, Message(Field(1, "ai.onnx.ml"), Field(2, 2))));

    /// <summary>y = 2 x.</summary>
    public static byte[] Doubling(int size, int batch = 0) => Model(
        [Node("Mul", ["x", "two"], ["y"])],
        [Value("x", Float, batch, size)],
        [Value("y", Float, batch, size)],
        [Constant("two", [2], 1)]);

    /// <summary>y = x W0 max 0 ... Wn, with weights that are all 1/1024: exact in every order of summation.</summary>
    public static byte[] Dense(params int[] sizes)
    {
        var nodes = new List<byte[]>();
        var weights = new List<byte[]>();
        for (int i = 0; i + 1 < sizes.Length; i++)
        {
            bool isLast = i + 2 == sizes.Length;
            nodes.Add(Node("MatMul", [i == 0 ? "x" : $"h{i}", $"W{i}"], [isLast ? "y" : $"m{i}"]));
            if (!isLast)
                nodes.Add(Node("Relu", [$"m{i}"], [$"h{i + 1}"]));
            weights.Add(Constant($"W{i}", [.. Enumerable.Repeat(1f / 1024, sizes[i] * sizes[i + 1])], sizes[i], sizes[i + 1]));
        }

        return Model([.. nodes], [Value("x", Float, 0, sizes[0])], [Value("y", Float, 0, sizes[^1])], [.. weights]);
    }

    private static byte[] Message(params byte[][] fields) => [.. fields.SelectMany(field => field)];

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, byte[] bytes) => [.. Varint((number << 3) | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Field(int number, int value) => [.. Varint(number << 3), .. Varint(value)];

    private static IEnumerable<byte> Varint(int value)
    {
        for (uint rest = (uint)value; ; rest >>= 7)
        {
            if (rest < 0x80)
            {
                yield return (byte)rest;
                yield break;
            }

            yield return (byte)(rest | 0x80);
        }
    }
}
