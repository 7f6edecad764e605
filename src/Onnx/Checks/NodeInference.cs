using System.Text;

namespace MLNetAutoencoder.Onnx;

/// <summary>One node with what is known of its inputs, from which a rule of <see cref="OperatorList"/> tells what it makes.</summary>
internal sealed class NodeInference(NodeProto node, GraphValue?[] inputs, long opset, string source)
{
    private readonly Dictionary<string, AttributeProto> _attributes = node.Attribute.ToDictionary(
        attribute => attribute.Name, StringComparer.Ordinal);

    /// <summary>The version of the operator's domain.</summary>
    public long Opset => opset;

    public int InputCount => inputs.Length;

    /// <summary>The multiplications that the node does for one row; 0 for as many as it makes elements.</summary>
    public long Operations { get; set; }

    public GraphValue this[int input] => inputs[input] ?? throw Refuse($"lacks its input {input + 1}");

    public bool Has(int input) => input < inputs.Length && inputs[input] is not null;

    public bool HasAttribute(string name) => _attributes.ContainsKey(name);

    public long Integer(string name, long otherwise) => _attributes.TryGetValue(name, out var attribute) ? attribute.I : otherwise;

    public long[]? Integers(string name) => _attributes.TryGetValue(name, out var attribute) ? [.. attribute.Ints] : null;

    public string Text(string name, string otherwise) =>
        _attributes.TryGetValue(name, out var attribute) ? attribute.S.ToString(Encoding.Latin1) : otherwise;

    public int Count(string name) => _attributes.TryGetValue(name, out var attribute)
        ? Math.Max(attribute.Floats.Count, Math.Max(attribute.Ints.Count, attribute.Strings.Count)) : 0;

    /// <summary>Whole numbers that an input holds, which must be an initializer; null where there is no such input.</summary>
    public long[]? StoredIntegers(int input) => !Has(input) ? null
        : this[input] is { Rank: 1, Stored: { } stored } && TensorCheck.Integers(stored) is { } values ? values
        : throw Refuse($"has as its input {input + 1} a {this[input]}; expected a short list of whole numbers that is stored in the file");

    /// <summary>Numbers that an input holds, which must be an initializer; null where there is no such input.</summary>
    public float[]? StoredSingles(int input) => !Has(input) ? null
        : this[input] is { Rank: 1, Stored: { } stored } && TensorCheck.Singles(stored) is { } values ? values
        : throw Refuse($"has as its input {input + 1} a {this[input]}; expected a short list of numbers that is stored in the file");

    /// <summary>A place among the axes of a value, counted from the end where it is negative.</summary>
    public int Place(long axis, int rank) => axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis)
        : throw Refuse($"names the axis {axis} of a value of {rank}");

    /// <summary>As <see cref="Place"/>, for an operation along the axis, which may not mix rows.</summary>
    public int OwnPlace(long axis, GraphValue value)
    {
        int place = Place(axis, value.Rank);
        return value.Shape[place].OfBatch ? throw Refuse(
            $"works along the axis {axis} of its input {value}, which mixes the rows of a batch") : place;
    }

    /// <summary>Checks that a value has elements of one of some types.</summary>
    public void Require(GraphValue value, Func<int, bool> isType, string expected)
    {
        if (!isType(value.Type))
            throw Refuse($"takes {value}; expected {expected}");
    }

    public void Require(bool holds, string message)
    {
        if (!holds)
            throw Refuse(message);
    }

    /// <summary>The shape that two shapes stretch to (NumPy's broadcasting).</summary>
    public Axis[] Broadcast(Axis[] first, Axis[] second)
    {
        var result = new Axis[Math.Max(first.Length, second.Length)];
        for (int i = 1; i <= result.Length; i++)
        {
            var a = i <= first.Length ? first[^i] : new Axis(1);
            var b = i <= second.Length ? second[^i] : new Axis(1);
            result[^i] = a == b || b.IsOne ? a : a.IsOne ? b
                : throw Refuse(
                $"takes values of the shapes [{string.Join(", ", first)}] and [{string.Join(", ", second)}], which do not fit");
        }
        return result;
    }

    /// <summary>Where the node's shapes, attributes or types are not what its operator takes.</summary>
    public InvalidDataException Refuse(string problem) =>
        new($"{source} has the node '{GraphCheck.Shown(node.Name)}' ({node.OpType}), which {problem}.");
}
