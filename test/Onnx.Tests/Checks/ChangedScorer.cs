using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;
using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>
/// A scorer of this library with more nodes between the code as it was and the code that the file gives, and with metadata that say what
/// they like.
/// </summary>
internal sealed class ChangedScorer
{
    /// <summary>The code as it was: [batch, 2].</summary>
    public const string Code = "code_before";

    private static readonly Lazy<byte[]> s_scorer = new(() =>
    {
        using var model = Rows.Fit(new MLContext(seed: 1), options => options.Epochs = 0);
        return model.ToOnnx(OnnxGraph.Scorer);
    });

    private readonly ModelProto _model = OnnxFile.Parse(s_scorer.Value, "The graph");
    private int _place;

    /// <param name="variant">What the metadata say it is; null for what it is.</param>
    public ChangedScorer(string? variant)
    {
        if (variant is not null)
            _model.MetadataProps.Single(entry => entry.Key == $"{AutoencoderMetadata.Prefix}variant").Value = variant;
        var maker = _model.Graph.Node.Single(node => node.Output.Contains(GraphNames.Code));
        OnnxFile.Replace(maker.Output, GraphNames.Code, Code);
        _place = _model.Graph.Node.IndexOf(maker) + 1;
    }

    /// <summary>Adds a node and gives the name of what it makes, which is the node's.</summary>
    public string Node(string operation, string name, string[] inputs, params AttributeProto[] attributes)
    {
        Nodes(operation, name, inputs, [name], attributes);
        return name;
    }

    /// <summary>Adds a node that makes more than one value.</summary>
    public void Nodes(string operation, string name, string[] inputs, string[] outputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = operation, Name = name, Input = { inputs }, Output = { outputs }, Attribute = { attributes } };
        _model.Graph.Node.Insert(_place++, node);
    }

    /// <summary>Adds a stored list of whole numbers, or one number where there are no lengths.</summary>
    public string Integers(string name, long[] values, params long[] lengths) =>
        Store(name, TensorTypes.Int64, MemoryMarshal.AsBytes(values.AsSpan()), lengths);

    /// <summary>Adds stored numbers.</summary>
    public string Singles(string name, float[] values, params long[] lengths) =>
        Store(name, TensorTypes.Single, MemoryMarshal.AsBytes(values.AsSpan()), lengths);

    /// <summary>The file; its code is a value [batch, 2].</summary>
    public byte[] Build(string code)
    {
        Node("Identity", GraphNames.Code, [code]);
        return _model.ToByteArray();
    }

    /// <summary>The file; to its code is added a value of one number, which counts for nothing unless it is no number.</summary>
    public byte[] BuildWith(string number) =>
        Build(Node("Add", "code_and_nothing", [Code, Node("Mul", "nothing", [number, Singles("zero", [0])])]));

    public static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    public static AttributeProto Attribute(string name, params long[] values) =>
        new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    private string Store(string name, int type, ReadOnlySpan<byte> bytes, long[] lengths)
    {
        var tensor = new TensorProto { Name = name, DataType = type, Dims = { lengths }, RawData = ByteString.CopyFrom(bytes) };
        _model.Graph.Initializer.Add(tensor);
        return name;
    }
}
