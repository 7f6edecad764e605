namespace MLNetAutoencoder.Onnx;

/// <summary>
/// The operators that this library's graphs may have, each with the rule that tells what a node makes of its inputs. No
/// control flow, nothing random, nothing that a file could make without bound.
/// </summary>
internal static class OperatorList
{
    private const int Many = 4_096;

    private static readonly Dictionary<(string Domain, string Operator), OperatorRule> s_rules = Create();

    /// <summary>The rule of an operator, or null where this library's graphs have none such.</summary>
    public static OperatorRule? Find(string domain, string operation) => s_rules.GetValueOrDefault((domain, operation));

    /// <summary>The names of the operators, those of ONNX-ML with their domain.</summary>
    public static IEnumerable<string> Names => s_rules.Keys.Select(
        key => key.Domain.Length == 0 ? key.Operator : $"{key.Domain}.{key.Operator}");

    private static Dictionary<(string, string), OperatorRule> Create()
    {
        var rules = new Dictionary<(string, string), OperatorRule>();
        void Add(string operations, int leastInputs, int mostInputs, string attributes, Func<NodeInference, GraphValue[]> infer,
            int since = 1)
        {
            foreach (string operation in operations.Split(' '))
                rules.Add(("", operation), new OperatorRule(leastInputs, mostInputs, attributes, infer, since));
        }
        void AddMl(string operation, int mostInputs, string attributes, Func<NodeInference, GraphValue[]> infer) =>
            rules.Add((GraphLimits.MlDomain, operation), new OperatorRule(1, mostInputs, attributes, infer, since: 1));

        Add("Erf Exp Log Relu Sigmoid Softplus Softsign Sqrt Tanh Reciprocal Ceil Floor Round", 1, 1, "", ElementRules.Float);
        Add("HardSwish", 1, 1, "", ElementRules.Float, since: 14);
        Add("Mish", 1, 1, "", ElementRules.Float, since: 18);
        Add("Elu LeakyRelu", 1, 1, "alpha:f", ElementRules.Float);
        Add("Selu", 1, 1, "alpha:f gamma:f", ElementRules.Float);
        Add("HardSigmoid", 1, 1, "alpha:f beta:f", ElementRules.Float);
        Add("Gelu", 1, 1, "approximate:s", ElementRules.Float, since: 20);
        Add("Abs Neg Sign", 1, 1, "", ElementRules.Number);
        Add("Identity", 1, 1, "", ElementRules.Same);
        Add("Cast", 1, 1, "to:i saturate:b", ElementRules.Cast);
        Add("Clip", 1, 3, "", ElementRules.Clip);
        Add("IsNaN", 1, 1, "", ElementRules.FloatTest);
        Add("IsInf", 1, 1, "detect_negative:b detect_positive:b", ElementRules.FloatTest);
        Add("Not", 1, 1, "", ElementRules.Not);
        Add("Add Sub Mul", 2, 2, "", ElementRules.Arithmetic);
        // Dividing whole numbers by zero ends the process.
        Add("Div Pow PRelu", 2, 2, "", ElementRules.FloatArithmetic);
        Add("Max Min", 1, Many, "", ElementRules.Arithmetic);
        Add("Sum Mean", 1, Many, "", ElementRules.FloatArithmetic);
        Add("Equal Greater GreaterOrEqual Less LessOrEqual", 2, 2, "", ElementRules.Comparison);
        Add("And Or Xor", 2, 2, "", ElementRules.Logic);
        Add("Where", 3, 3, "", ElementRules.Where);

        Add("Gemm", 2, 3, "alpha:f beta:f transA:b transB:b", MatrixRules.Gemm);
        Add("MatMul", 2, 2, "", MatrixRules.MatMul);
        Add("MatMulInteger", 2, 4, "", MatrixRules.MatMulInteger);
        Add("Softmax LogSoftmax", 1, 1, "axis:i", MatrixRules.Softmax);
        Add("LayerNormalization", 2, 3, "axis:i epsilon:f stash_type:i", MatrixRules.LayerNormalization, since: 17);
        Add("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare", 1, 2,
            "axes:is keepdims:b noop_with_empty_axes:b", node => MatrixRules.Reduce(node, axesAreInputSince: 18));
        Add("ReduceSum", 1, 2, "axes:is keepdims:b noop_with_empty_axes:b", node => MatrixRules.Reduce(node, axesAreInputSince: 13));
        Add("ArgMax ArgMin", 1, 1, "axis:i keepdims:b select_last_index:b", MatrixRules.ArgMax);
        Add("TopK", 2, 2, "axis:i largest:b sorted:b", MatrixRules.TopK);

        Add("Concat", 1, Many, "axis:i", ShapeRules.Concat);
        Add("Expand", 2, 2, "", ShapeRules.Expand);
        Add("Flatten", 1, 1, "axis:i", ShapeRules.Flatten);
        Add("Gather", 2, 2, "axis:i", ShapeRules.Gather);
        Add("GatherElements", 2, 2, "axis:i", ShapeRules.GatherElements);
        Add("Reshape", 2, 2, "allowzero:b", ShapeRules.Reshape);
        Add("Slice", 3, 5, "", ShapeRules.Slice);
        Add("Squeeze", 1, 2, "axes:is", ShapeRules.Squeeze);
        Add("Transpose", 1, 1, "perm:is", ShapeRules.Transpose);
        Add("Unsqueeze", 1, 2, "axes:is", ShapeRules.Unsqueeze);

        const string window = "auto_pad:s kernel_shape:is pads:is strides:is ";
        Add("Conv", 2, 3, window + "dilations:is group:i", ImageRules.Conv);
        Add("ConvInteger", 2, 4, window + "dilations:is group:i", ImageRules.ConvInteger);
        Add("ConvTranspose", 2, 3, window + "dilations:is group:i output_padding:is", ImageRules.ConvTranspose);
        Add("MaxPool", 1, 1, window + "dilations:is ceil_mode:b storage_order:b", ImageRules.Pool);
        Add("AveragePool", 1, 1, window + "ceil_mode:b count_include_pad:b", ImageRules.Pool);
        Add("GlobalAveragePool GlobalMaxPool", 1, 1, "", ImageRules.GlobalPool);
        Add("Resize", 1, 4,
            "antialias:b axes:is coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:b extrapolation_value:f " +
            "keep_aspect_ratio_policy:s mode:s nearest_mode:s", ImageRules.Resize);

        Add("QuantizeLinear", 2, 3, "axis:i saturate:b", QuantizationRules.Quantize);
        Add("DequantizeLinear", 2, 3, "axis:i", QuantizationRules.Dequantize);
        Add("DynamicQuantizeLinear", 1, 1, "", QuantizationRules.QuantizeDynamically);

        AddMl("FeatureVectorizer", Many, "inputdimensions:is", ColumnRules.FeatureVectorizer);
        AddMl("Imputer", 1, "imputed_value_floats:fs imputed_value_int64s:is replaced_value_float:f replaced_value_int64:i",
            ColumnRules.Imputer);
        AddMl("Scaler", 1, "offset:fs scale:fs", ColumnRules.Scaler);
        AddMl("LabelEncoder", 1,
            "default_float:f default_int64:i default_string:s keys_floats:fs keys_int64s:is keys_strings:ss values_floats:fs " +
            "values_int64s:is values_strings:ss", ColumnRules.LabelEncoder);
        AddMl("OneHotEncoder", 1, "cats_int64s:is cats_strings:ss zeros:b", ColumnRules.OneHotEncoder);
        return rules;
    }
}
