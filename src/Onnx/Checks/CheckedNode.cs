using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Onnx;

/// <summary>What is known of a value in a graph before it runs.</summary>
/// <param name="Type">The type of its elements, one of <see cref="TensorTypes"/>.</param>
/// <param name="Rank">The number of its axes; null where only a run tells.</param>
/// <param name="OfRows">Whether it is made of the rows of the batch, which then lie along its first axis.</param>
/// <param name="Stored">The initializer that it is, if it is one.</param>
internal sealed record GraphValue(int Type, int? Rank, bool OfRows, TensorProto? Stored = null);

/// <summary>A node with what is known of its inputs, of which a rule of <see cref="OperatorRules"/> tells what it makes.</summary>
internal sealed class CheckedNode(NodeProto node, GraphValue?[] inputs, int opset, string source)
{
    /// <summary>Ends the messages about operators that do not keep the rows of a batch apart.</summary>
    public const string Mixes = "so that a row would depend on those beside it";

    public int InputCount => inputs.Length;

    /// <summary>Whether an input is made of the rows of the batch.</summary>
    public bool OfRows => inputs.Any(input => input is { OfRows: true });

    public GraphValue this[int input] => Has(input) ? inputs[input]! : throw Refuse($"lacks its input {input + 1}");

    public bool Has(int input) => input < inputs.Length && inputs[input] is not null;

    public long Integer(string name, long otherwise) => Attribute(name, AttributeType.Int)?.I ?? otherwise;

    public long[]? Integers(string name) => Attribute(name, AttributeType.Ints) is { } list ? [.. list.Ints] : null;

    public AttributeProto? Attribute(string name, AttributeType type)
    {
        var attribute = node.Attribute.FirstOrDefault(candidate => candidate.Name == name);
        Require(attribute is null || (attribute.Type == type && attribute.RefAttrName.Length == 0),
            $"has the attribute '{name}' of the type {attribute?.Type}; expected {type}");
        return attribute;
    }

    /// <summary>Whole numbers that an input holds, which must be stored in the file.</summary>
    public long[] StoredIntegers(int input) =>
        this[input] is { Rank: <= 1, Type: TensorTypes.Int64 or TensorTypes.Int32, Stored: { } stored } ? stored.ToInt64s()
        : throw Refuse($"computes its input {input + 1}; expected a list of whole numbers that is stored in the file");

    /// <summary>The same; null where there is no such input.</summary>
    public long[]? OptionalIntegers(int input) => Has(input) ? StoredIntegers(input) : null;

    /// <summary>Axes that are an input since an opset, and an attribute before.</summary>
    public long[]? Axes(int areInputSince) => opset >= areInputSince ? OptionalIntegers(1) : Integers("axes");

    /// <summary>Checks that axes along which a value is worked on, or moved, are not that of the batch.</summary>
    public void RequireOwn(GraphValue value, params long[] axes) =>
        Require(!value.OfRows || Array.TrueForAll(axes, axis => axis != 0 && axis + value.Rank != 0),
            $"works along the first axis, {Mixes}");

    /// <summary>The node, of which an input holds lengths or counts that make no more than a value may have.</summary>
    public CheckedNode WithLengths(int input)
    {
        long[] lengths = StoredIntegers(input);
        Require(Array.TrueForAll(lengths, length => length >= 1)
            && lengths.Aggregate(1.0, (product, length) => product * length) <= GraphCheck.MostElements,
            $"has the lengths [{string.Join(", ", lengths.Take(8))}]; expected at least 1, and at most {GraphCheck.MostElements} elements");
        return this;
    }

    public void Require(bool holds, string message)
    {
        if (!holds)
            throw Refuse(message);
    }

    public InvalidDataException Refuse(string problem) => new($"{source} has {GraphCheck.Shown(node)}, which {problem}.");
}
