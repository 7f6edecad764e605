using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>What the rules say that a node makes is what it makes when ONNX Runtime runs it, for one row and for three.</summary>
[TestClass]
public sealed class OperatorRuleTests
{
    [TestMethod]
    [DynamicData(nameof(OneNode.Data), typeof(OneNode))]
    public void A_rule_says_what_ONNX_Runtime_makes(string operation, int opset, string inputs, string attributes)
    {
        var (domain, node, values) = OneNode.Made(operation, inputs, attributes);
        var expected = OperatorList.Find(domain, node.OpType)!.Apply(node, values, opset, "The node", out _);
        foreach (int rows in new[] { 1, 3 })
        {
            using var session = new InferenceSession(OneNode.Model(domain, opset, node, values, expected).ToByteArray());
            var feeds = Enumerable.Range(0, values.Length).Where(i => values[i] is { Stored: null })
                .ToDictionary(i => node.Input[i], i => Feed(values[i]!, rows));
            try
            {
                using var run = new RunOptions();
                using var results = session.Run(run, feeds, [.. node.Output]);
                for (int i = 0; i < expected.Length; i++)
                {
                    var found = results[i].GetTensorTypeAndShape();
                    Assert.AreEqual(
                        $"{expected[i].Type} " +
                        $"[{string.Join(", ", expected[i].Shape.Select(axis => axis.OfBatch ? axis.Length * rows : axis.Length))}]",
                        $"{(int)found.ElementDataType} [{string.Join(", ", found.Shape)}]", $"{rows} rows");
                }
            }
            finally
            {
                foreach (var feed in feeds.Values)
                    feed.Dispose();
            }
        }
    }

    [TestMethod]
    [DataRow("Relu", 17, "l:b,3", "", "takes Int64 [batch, 3]; expected floating-point numbers")]
    [DataRow("Relu", 17, "f:b,3", "alpha=1.0", "with the attribute 'alpha'")]
    [DataRow("Mish", 17, "f:b,3", "", "is an operator since version 18")]
    [DataRow("Add", 17, "f:b,3|=f:4", "", "which do not fit")]
    [DataRow("Add", 17, "f:b,3|l:b,3", "", "of different types")]
    [DataRow("Add", 17, "f:b,3|=f:2,3", "", "which do not fit")]
    [DataRow("Add", 17, "f:b,3", "", "has 1 inputs; expected 2")]
    [DataRow("Div", 17, "l:b,3|=l:", "", "expected floating-point numbers")]
    [DataRow("Cast", 17, "f:b,3", "to=16", "casts to the type 16")]
    [DataRow("Gemm", 17, "f:b,3|=f:5,3", "transB=2", "expected 0 or 1")]
    [DataRow("Gemm", 17, "f:b,3|=f:5,4", "transB=1", "which do not fit")]
    [DataRow("Gemm", 17, "=f:4,3|f:b,3", "transB=1", "which do not fit")]
    [DataRow("Gemm", 17, "f:b,3|=f:5,3|=f:4", "transB=1", "which do not fit")]
    [DataRow("ReduceMean", 17, "f:b,3", "axes=[0]", "mixes the rows of a batch")]
    [DataRow("ReduceMean", 17, "f:b,3", "", "names no axes")]
    [DataRow("ReduceMean", 18, "f:b,3", "axes=[1]", "names its axes as opset 18 does not")]
    [DataRow("ReduceMean", 18, "f:b,3|l:1", "", "that is stored in the file")]
    [DataRow("Softmax", 17, "f:b,3", "axis=0", "mixes the rows of a batch")]
    [DataRow("Softmax", 12, "f:2,b,3", "axis=0", "that mix the rows of a batch")]
    [DataRow("Reshape", 17, "f:b,6|=l:2=-1,4", "", "which does not fit")]
    [DataRow("Reshape", 17, "f:b,6|=l:2=2,3", "", "which does not fit")]
    [DataRow("Reshape", 17, "f:b,6|l:2", "", "that is stored in the file")]
    [DataRow("Slice", 17, "f:b,6|=l:1=6|=l:1=9|=l:1=1", "", "leaves nothing of the axis 1")]
    [DataRow("Slice", 17, "f:b,6|=l:1=0|=l:1=1|=l:1=0", "", "mixes the rows of a batch")]
    [DataRow("Slice", 17, "f:b,6|=l:1=5|=l:1=0|=l:1=1|=l:1=-1", "", "takes every -1th element")]
    [DataRow("Concat", 17, "f:b,3|f:b,2", "axis=0", "mixes the rows of a batch")]
    [DataRow("Gather", 17, "f:b,3|l:b,1", "axis=0", "mixes the rows of a batch")]
    [DataRow("TopK", 17, "f:b,5|=l:1=6", "", "expected a number from 1 to 5")]
    [DataRow("Conv", 17, OneNode.Image + "|=f:6,3,3,3", "", "in 1 groups, which do not fit")]
    [DataRow("Conv", 17, OneNode.Image + "|=f:6,4,3,3", "pads=[1,1,1,-1]", "pads [1, 1, 1, -1]")]
    [DataRow("Conv", 17, OneNode.Image + "|=f:6,4,3,3", "strides=[0,1]", "strides [0, 1]")]
    [DataRow("Conv", 17, OneNode.Image + "|=f:6,4,3,3", "kernel_shape=[2,2]", "has windows [2, 2]")]
    [DataRow("Conv", 17, OneNode.Image + "|=f:6,4,3,3", "auto_pad='SAME_UPPER'", "chooses its border itself")]
    [DataRow("Conv", 17, OneNode.Image + "|=f:6,4,9,9", "", "has a window of 9 over an axis of 5")]
    [DataRow("Conv", 17, OneNode.Image + "|=f:6,4,3,3|=f:5", "", "adds Single [5] to 6 filters")]
    [DataRow("ConvTranspose", 17, OneNode.Image + "|=f:4,3,3,3", "output_padding=[1,1]", "has the output padding 1")]
    [DataRow("ConvTranspose", 17, OneNode.Image + "|=f:4,3,3,3", "strides=[65537,1]", "strides [65537, 1]")]
    [DataRow("MaxPool", 17, OneNode.Image, "kernel_shape=[2,2] pads=[2,2,2,2]", "has a border of 2 and 2 with windows of 2")]
    [DataRow("Resize", 17, OneNode.Image + "|-|=f:4=1,1,10000000,10000000", "", "makes an axis of length")]
    [DataRow("Resize", 17, OneNode.Image + "|-|=f:4=2,1,1,1", "", "which is not one of its images'")]
    [DataRow("Resize", 17, OneNode.Image + "|-|=f:4=1,1,0,1", "", "makes an axis of length 0")]
    [DataRow("Resize", 17, OneNode.Image + "|-|=f:4=1,1,2,2", "coordinate_transformation_mode='tf_crop_and_resize'", "tf_crop_and_resize")]
    [DataRow("Expand", 17, "f:b,1|=l:2=1,2000000000", "", "stretches to [1, 2000000000]")]
    [DataRow("QuantizeLinear", 17, "f:b,3|=f:2|=u:2", "axis=1", "the scale Single [2]")]
    [DataRow("ml.FeatureVectorizer", 1, "f:b,2|f:b,3", "inputdimensions=[2,4]", "joins Single [batch, 3] as 4 columns")]
    [DataRow("ml.LabelEncoder", 2, "t:b,1", "keys_strings=['a','b'] values_int64s=[0]", "has not one value for each of its keys")]
    public void What_does_not_fit_is_refused(string operation, int opset, string inputs, string attributes, string message)
    {
        var (domain, node, values) = OneNode.Made(operation, inputs, attributes);
        var error = Assert.ThrowsExactly<InvalidDataException>(
            () => OperatorList.Find(domain, node.OpType)!.Apply(node, values, opset, "The node", out _));
        StringAssert.Contains(error.Message, message);
    }

    private static OrtValue Feed(GraphValue value, int rows)
    {
        long[] shape = [.. value.Shape.Select(axis => axis.OfBatch ? axis.Length * rows : axis.Length)];
        int count = (int)shape.Aggregate(1L, (product, length) => product * length);
        return value.Type switch
        {
            TensorTypes.Single => Of(Enumerable.Range(0, count).Select(i => i * 0.25f - 1)),
            TensorTypes.UInt8 => Of(Enumerable.Range(0, count).Select(i => (byte)i)),
            TensorTypes.Int64 => Of(Enumerable.Range(0, count).Select(i => (long)(i % 2))),
            TensorTypes.Boolean => Of(Enumerable.Range(0, count).Select(i => i % 2 == 0)),
            _ => OrtValue.CreateFromStringTensor(new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<string>(
                Enumerable.Range(0, count).Select(i => i % 2 == 0 ? "a" : "c").ToArray(), [.. shape.Select(length => (int)length)])),
        };

        OrtValue Of<T>(IEnumerable<T> values) where T : unmanaged => OrtValue.CreateTensorValueFromMemory(values.ToArray(), shape);
    }
}
