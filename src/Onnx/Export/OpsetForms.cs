namespace MLNetAutoencoder.Onnx;

/// <summary>This library's graphs in another version of ONNX's operator set.</summary>
/// <remarks>
/// <para>What stands here and in <see cref="OperatorList"/> of each operator was read in ONNX's operator changelog, from the
/// version in force in opset 12 to the one in opset 21. The stable ones admit more element types in later versions,
/// none of which the graphs have, and are otherwise the same. These are not:</para>
/// <list type="bullet">
/// <item><description>ReduceSum, Squeeze and Unsqueeze have their axes as an input from 13 on, the other reductions from
/// 18 on; before, as an attribute.</description></item>
/// <item><description>Resize may leave out the region of interest from 13 on.</description></item>
/// <item><description>Softmax is over one axis from 13 on, and before over all axes from it on; over the last one, −1,
/// the two are the same.</description></item>
/// <item><description>Shape has start and end from 15 on, AveragePool dilations from 19 on.</description></item>
/// </list>
/// </remarks>
internal static class OpsetForms
{
    /// <summary>The first opset that a graph can be had in.</summary>
    public const int Least = 12;

    /// <summary>The last opset that a graph can be had in.</summary>
    public const int Most = 21;

    private const int AxesAreInput = 18, AxesOfSumAreInput = 13, RegionIsOptional = 13, SoftmaxIsOverOneAxis = 13;

    /// <summary>Attributes that came with an opset; without them the operator is unchanged.</summary>
    private static readonly Dictionary<string, (int Opset, string[] Attributes)> s_attributes = new(
        StringComparer.Ordinal) { ["Shape"] = (15, ["start", "end"]), ["AveragePool"] = (19, ["dilations"]) };

    /// <summary>
    /// The version of the intermediate representation that belongs to an opset: that of the first ONNX release with it,
    /// as ONNX's table of released versions has it.
    /// </summary>
    public static int IrVersion(int opset) => opset switch
    {
        <= 14 => 7,
        <= 18 => 8,
        <= 20 => 9,
        _ => 10,
    };

    /// <summary>Whether a model is written in ONNX's own operators of an opset, so that there is nothing to convert.</summary>
    public static bool IsIn(ModelProto model, int opset) =>
        model.OpsetImport.Any(set => set.Domain is "" or "ai.onnx" && set.Version == opset);

    /// <summary>The opset that a model is written in.</summary>
    /// <exception cref="NotSupportedException">It uses other operators than ONNX's own.</exception>
    public static int Of(ModelProto model)
    {
        if (model.OpsetImport is not [{ Domain: "" or "ai.onnx" } opset])
            throw new NotSupportedException(
                $"The graph '{model.Graph.Name}' uses the operator sets " +
                string.Join(", ", model.OpsetImport.Select(set => FormattableString.Invariant($"'{set.Domain}' {set.Version}"))) +
                "; expected ONNX's own, '', and no other.");
        return opset.Version is >= Least and <= Most ? (int)opset.Version
            : throw new NotSupportedException(
                FormattableString.Invariant($"The graph '{model.Graph.Name}' is of opset {opset.Version}; expected {Least} to {Most}."));
    }

    /// <summary>The same model in another opset, with the IR version that belongs to it.</summary>
    /// <param name="model">A graph of this library in any opset from <see cref="Least"/> to <see cref="Most"/>; it stays as it is.</param>
    /// <param name="opset">From <see cref="Least"/> to <see cref="Most"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The opset is out of its range.</exception>
    /// <exception cref="NotSupportedException">A node has an operator whose forms are not known here.</exception>
    public static ModelProto Convert(ModelProto model, int opset)
    {
        if (opset is < Least or > Most)
            throw new ArgumentOutOfRangeException(
                nameof(opset), opset, FormattableString.Invariant($"The opset is {opset}; expected {Least} to {Most}."));
        int from = Of(model);
        var converted = model.Clone();
        converted.OpsetImport[0].Version = opset;
        converted.IrVersion = IrVersion(opset);
        foreach (var node in converted.Graph.Node)
            Convert(converted.Graph, node, from, opset);
        return converted;
    }

    private static void Convert(GraphProto graph, NodeProto node, int from, int to)
    {
        bool Reaches(int version) => from < version && to >= version;
        bool FallsBelow(int version) => from >= version && to < version;
        void MoveAxes(int version)
        {
            if (Reaches(version))
                AxesToInput(graph, node);
            else if (FallsBelow(version))
                AxesToAttribute(graph, node, version);
        }
        switch (node.OpType)
        {
            case "ReduceL1" or "ReduceL2" or "ReduceLogSum" or "ReduceLogSumExp" or "ReduceMax" or "ReduceMean" or "ReduceMin"
                or "ReduceProd" or "ReduceSumSquare" when node.Domain.Length == 0:
                MoveAxes(AxesAreInput);
                break;
            case "ReduceSum" or "Squeeze" or "Unsqueeze" when node.Domain.Length == 0:
                MoveAxes(AxesOfSumAreInput);
                break;
            case "Resize" when node.Domain.Length == 0:
                if (Reaches(RegionIsOptional))
                    LeaveOutRegion(graph, node);
                else if (FallsBelow(RegionIsOptional))
                    AddRegion(graph, node);
                break;
            case "Softmax" when node.Domain.Length == 0:
                if ((Reaches(SoftmaxIsOverOneAxis) || FallsBelow(SoftmaxIsOverOneAxis))
                    && node.Attribute.FirstOrDefault(attribute => attribute.Name == "axis") is not { I: -1 })
                    throw new NotSupportedException(
                        $"The node '{node.Name}' (Softmax) is not over the last axis, -1; over others it means one thing up to opset 12 " +
                        "and another from 13 on.");
                break;
            default:
                bool isKnown = OperatorList.Find(node.OpType) is { IsStable: true } entry && to >= entry.Since
                    || (s_attributes.TryGetValue(node.OpType, out var added)
                        && (to >= added.Opset || !node.Attribute.Any(attribute => added.Attributes.Contains(attribute.Name))));
                if (node.Domain.Length > 0 || !isKnown)
                    throw new NotSupportedException(
                        $"The node '{node.Name}' has the operator {node.Domain}{(node.Domain.Length > 0 ? "." : "")}{node.OpType}, whose " +
                        $"form in opset {to} this library does not know.");
                break;
        }
    }

    private static void AxesToInput(GraphProto graph, NodeProto node)
    {
        if (node.Attribute.FirstOrDefault(attribute => attribute.Name == "axes") is not { } axes)
            return;
        node.Attribute.Remove(axes);
        node.Input.Add(Add(graph, TensorProtoExtensions.Int64s($"{node.Name}/axes", [.. axes.Ints])));
    }

    private static void AxesToAttribute(GraphProto graph, NodeProto node, int version)
    {
        if (node.Input.Count < 2 || node.Input[1].Length == 0)
            return;
        var axes = graph.Initializer.FirstOrDefault(tensor => tensor.Name == node.Input[1])
            ?? throw new NotSupportedException(
                $"The node '{node.Name}' ({node.OpType}) computes its axes; below opset {version} they are a constant.");
        node.Attribute.Insert(0, OnnxAttribute.Int64s("axes", axes.ToInt64s()));
        node.Input.RemoveAt(1);
        RemoveIfUnused(graph, axes);
    }

    private static void AddRegion(GraphProto graph, NodeProto node)
    {
        if (node.Input[1].Length == 0)
            node.Input[1] = Add(graph, TensorProtoExtensions.Singles($"{node.Name}/region", [], 0));
    }

    private static void LeaveOutRegion(GraphProto graph, NodeProto node)
    {
        if (graph.Initializer.FirstOrDefault(tensor => tensor.Name == node.Input[1]) is not { Dims: [0] } region)
            return;
        node.Input[1] = "";
        RemoveIfUnused(graph, region);
    }

    private static string Add(GraphProto graph, TensorProto tensor)
    {
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    private static void RemoveIfUnused(GraphProto graph, TensorProto tensor)
    {
        if (!graph.Node.Any(node => node.Input.Contains(tensor.Name)))
            graph.Initializer.Remove(tensor);
    }
}
