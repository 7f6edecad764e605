using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Onnx;

/// <summary>What this library's graphs may do with one operator.</summary>
internal sealed class OperatorRule
{
    private readonly Dictionary<string, AttributeType> _attributes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _flags = new(StringComparer.Ordinal);
    private readonly Func<NodeInference, GraphValue[]> _infer;
    private readonly int _leastInputs, _mostInputs, _since;

    /// <param name="leastInputs">The inputs that a node must have.</param>
    /// <param name="mostInputs">The inputs that it may have.</param>
    /// <param name="attributes">The attributes that it may have, each with a colon and its type: i, f, s, one of these
    /// with another s for a list, or b for 0 or 1.</param>
    /// <param name="infer">Tells what the node makes of its inputs, and refuses what does not fit.</param>
    /// <param name="since">The first version of the operator set that has it.</param>
    public OperatorRule(int leastInputs, int mostInputs, string attributes, Func<NodeInference, GraphValue[]> infer, int since)
    {
        (_leastInputs, _mostInputs, _infer, _since) = (leastInputs, mostInputs, infer, since);
        foreach (string attribute in attributes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = attribute.Split(':');
            if (parts[1] == "b")
                _flags.Add(parts[0]);
            _attributes.Add(parts[0], parts[1] switch
            {
                "i" or "b" => AttributeType.Int,
                "f" => AttributeType.Float,
                "s" => AttributeType.String,
                "is" => AttributeType.Ints,
                "fs" => AttributeType.Floats,
                "ss" => AttributeType.Strings,
                _ => throw new ArgumentException($"The attribute '{attribute}' has no type that is known.", nameof(attributes)),
            });
        }
    }

    /// <summary>Checks a node and tells what it makes.</summary>
    /// <param name="node">The node, whose attributes have names of their own.</param>
    /// <param name="inputs">What is known of its inputs; null for one that is left out.</param>
    /// <param name="opset">The version of the operator's domain.</param>
    /// <param name="source">Where the graph came from, for messages.</param>
    /// <param name="operations">The multiplications that it does for one row.</param>
    public GraphValue[] Apply(NodeProto node, GraphValue?[] inputs, long opset, string source, out long operations)
    {
        foreach (var attribute in node.Attribute)
        {
            if (!_attributes.TryGetValue(attribute.Name, out var type) || attribute.Type != type || attribute.RefAttrName.Length > 0)
                throw new InvalidDataException(
                    $"{source} has the node '{GraphCheck.Shown(node.Name)}' ({node.OpType}) with the attribute " +
                    $"'{GraphCheck.Shown(attribute.Name)}' of the type {attribute.Type}, which is not expected there.");
            // Runtimes read other numbers as they like.
            if (_flags.Contains(attribute.Name) && attribute.I is not (0 or 1))
                throw new InvalidDataException(
                    $"{source} has the node '{GraphCheck.Shown(node.Name)}' ({node.OpType}) with the attribute '{attribute.Name}' of " +
                    $"{attribute.I}; expected 0 or 1.");
        }
        var inference = new NodeInference(node, inputs, opset, source);
        inference.Require(opset >= _since, $"is an operator since version {_since}; the graph uses version {opset}");
        if (inputs.Length < _leastInputs || inputs.Length > _mostInputs || Array.IndexOf(inputs, null, 0, _leastInputs) >= 0)
            throw inference.Refuse(
                $"has {inputs.Count(input => input is not null)} inputs; expected " +
                $"{_leastInputs}{(_mostInputs > _leastInputs ? $" to {_mostInputs}" : "")}");
        var outputs = _infer(inference);
        if (node.Output.Count < 1 || node.Output.Count > outputs.Length)
            throw inference.Refuse($"has {node.Output.Count} outputs; expected {outputs.Length}");
        operations = Math.Max(inference.Operations, outputs.Sum(output => output.Elements));
        return outputs;
    }
}
