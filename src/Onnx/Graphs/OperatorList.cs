using static MLNetAutoencoder.Onnx.OperatorRules;

namespace MLNetAutoencoder.Onnx;

/// <summary>What is known of an operator.</summary>
/// <param name="Rule">Tells what a node makes of its inputs, and refuses what it may not do.</param>
/// <param name="Since">The opset that it came with, where that is after <see cref="OpsetForms.Least"/>.</param>
/// <param name="IsStable">Whether a node means the same in every opset from there to <see cref="OpsetForms.Most"/>.</param>
internal sealed record OperatorEntry(Func<CheckedNode, GraphValue> Rule, int Since, bool IsStable);

/// <summary>
/// The operators that are run from files, and there are no others: no control flow, nothing random, nothing that makes
/// more elements than numbers in the file say, nothing that mixes the rows of a batch.
/// </summary>
/// <remarks>
/// This is the one list of operators: <see cref="GraphCheck"/> asks it what is run, and <see cref="OpsetForms"/> what can be
/// brought to another opset. A new operator needs a place here, and where it can do harm a rule of its own.
/// </remarks>
internal static class OperatorList
{
    private static readonly Dictionary<string, OperatorEntry> s_entries = Create();

    /// <summary>The names of the operators.</summary>
    public static IEnumerable<string> Names => s_entries.Keys;

    /// <summary>An operator of ONNX's own, or null where it is not on the list.</summary>
    public static OperatorEntry? Find(string operation) => s_entries.GetValueOrDefault(operation);

    private static Dictionary<string, OperatorEntry> Create()
    {
        var entries = new Dictionary<string, OperatorEntry>(StringComparer.Ordinal);
        void Add(string operations, Func<CheckedNode, GraphValue> rule, int since = OpsetForms.Least, bool isStable = true)
        {
            foreach (string operation in operations.Split(' '))
                entries.Add(operation, new OperatorEntry(rule, since, isStable));
        }
        void AddChanging(string operations, Func<CheckedNode, GraphValue> rule, int since = OpsetForms.Least) =>
            Add(operations, rule, since, isStable: false);

        Add("Abs BatchNormalization Ceil Clip Conv ConvTranspose Cos DepthToSpace Elu Erf Exp Floor GlobalAveragePool GlobalMaxPool"
            + " HardSigmoid Identity InstanceNormalization LeakyRelu Log MaxPool Neg Not Reciprocal Relu Round Selu Sigmoid Sign Sin"
            + " Softplus Softsign SpaceToDepth Sqrt Tanh ThresholdedRelu", Same);
        Add("HardSwish", Same, since: 14);
        Add("Mish", Same, since: 18);
        Add("Gelu", Same, since: 20);
        AddChanging("AveragePool Celu", Same);
        AddChanging("GroupNormalization", Same, since: 18);
        Add("Add Max Mean Min Mul Pow PRelu Sub Sum", Stretched);
        Add("And Equal Greater GreaterOrEqual Less LessOrEqual Or Xor", node => Stretched(node) with { Type = TensorTypes.Boolean });
        Add("IsInf IsNaN", node => Same(node) with { Type = TensorTypes.Boolean });
        Add("Where", node => Stretched(node) with { Type = node[1].Type });
        Add("Div", node => Stretched(NoWholeNumbers(node)));
        Add("Cast", Cast);
        Add("Dropout", Dropout);
        AddChanging("QuantizeLinear", node => Same(node) with { Type = node.Has(2) ? node[2].Type : TensorTypes.UInt8 });
        AddChanging("DequantizeLinear", node => Same(node) with { Type = node[1].Type });

        Add("Gemm", Gemm);
        Add("MatMul", MatMul);
        AddChanging("LogSoftmax Softmax", node => Along(node, -1));
        Add("LayerNormalization", node => Along(node, -1), since: 17);
        AddChanging("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMin ReduceProd ReduceSumSquare",
            node => Reduce(node, node.Axes(areInputSince: 18)));
        AddChanging("ReduceMean", node => Reduce(NoWholeNumbers(node), node.Axes(areInputSince: 18)));
        AddChanging("ReduceSum", node => Reduce(node, node.Axes(areInputSince: 13)));
        Add("ArgMax ArgMin", node => Reduce(node, [node.Integer("axis", 0)]) with { Type = TensorTypes.Int64 });
        Add("TopK", node => Along(node.WithLengths(1), -1));

        Add("Concat", Concat);
        Add("ConstantOfShape", ConstantOfShape);
        Add("Expand", Expand);
        Add("Flatten", node => Along(node, 1) with { Rank = 2 });
        Add("Gather", Gather);
        Add("GatherElements", GatherElements);
        AddChanging("Pad", Pad);
        Add("Reshape", Reshape);
        AddChanging("Resize", Resize);
        AddChanging("Shape", _ => new(TensorTypes.Int64, 1, OfRows: false));
        Add("Slice", Slice);
        AddChanging("Split", node => Along(node, 0));
        AddChanging("Squeeze", Squeeze);
        Add("Tile", Tile);
        Add("Transpose", Transpose);
        AddChanging("Unsqueeze", Unsqueeze);
        return entries;
    }
}
