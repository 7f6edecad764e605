using Google.Protobuf;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;
using static MLNetAutoencoder.Onnx.AttributeProto.Types;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>What is refused of a graph of this library before ONNX Runtime sees it, and what of a foreign one.</summary>
[TestClass]
public sealed class GraphCheckTests
{
    private static readonly byte[] s_scorer = Scorer();

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Graphs_of_every_variant_pass(string name)
    {
        using var folder = new TestFolder();
        EveryVariant.Fitted(name).ExportOnnx(folder["encoder"], folder["decoder"], folder["scorer"]);
        foreach (string part in new[] { "encoder", "decoder", "scorer" })
        {
            byte[] bytes = File.ReadAllBytes(folder[part]);
            using var model = new AutoencoderModel(bytes, part);
            Assert.AreEqual(part, AutoencoderOnnxInfo.Read(bytes, part).Graph);
        }
    }

    [TestMethod]
    public void Versions_beyond_those_that_are_written_are_refused()
    {
        Refused(model => model.IrVersion = 11, "has the IR version 11");
        Refused(model => model.OpsetImport[0].Version = 22, "uses version 22 of the operator set ai.onnx; expected ai.onnx 12 to 21");
        Refused(model => model.OpsetImport[0].Version = 11, "uses version 11");
        Refused(model => model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 }),
            "uses version 1 of the operator set com.microsoft");
        Refused(model => model.OpsetImport.Clear(), "and 0 operator sets");
        Refused(model => model.OpsetImport.Add(model.OpsetImport[0].Clone()), "each once");
    }

    [TestMethod]
    public void Operators_and_forms_that_no_graph_of_this_library_has_are_refused()
    {
        Refused(model => Node(model, "Gemm").OpType = "If", "with the operator ai.onnx.If, which is none of this library's");
        Refused(model => Node(model, "Gemm").Domain = "com.microsoft", "com.microsoft.Gemm");
        Refused(model => Node(model, "Gemm").Attribute.Add(
            new AttributeProto { Name = "body", Type = AttributeType.Graph, G = new GraphProto() }),
            "with the attribute 'body' of the type Graph");
        Refused(model => Node(model, "Gemm").Attribute.Add(Node(model, "Gemm").Attribute[0].Clone()), "with the attribute 'transB' twice");
        Refused(model => model.Functions.Add(new FunctionProto { Name = "f" }), "has 1 functions");
        Refused(model => model.Graph.SparseInitializer.Add(
            new SparseTensorProto { Values = new TensorProto { DataType = 1, Dims = { 0 } },
            Indices = new TensorProto { DataType = 7, Dims = { 0 } } }), "1 sparse initializers");
        Refused(model => model.Graph.Input[0].Name = new string('x', 5000), "with a name of 5000 characters");
        Refused(model => model.MetadataProps.Add(model.MetadataProps[0].Clone()), "has two metadata with one key");
    }

    [TestMethod]
    public void Initializers_that_do_not_hold_what_they_say_are_refused()
    {
        Refused(model => Weight(model).Dims[0] = 7,
            "says that it is Single [7, 5], 35 elements, and holds 120 bytes, where 140 bytes are expected");
        Refused(model => Weight(model).Dims[0] = -6, "has an axis of length -6");
        Refused(model => Weight(model).Dims.Add(long.MaxValue), "has an axis of length 9223372036854775807");
        Refused(model => Weight(model).Dims.Add([int.MaxValue, int.MaxValue, int.MaxValue]), "which is more elements than a file can hold");
        Refused(model => Weight(model).Dims.Add([0, int.MaxValue, int.MaxValue]), "which is more elements than a file can hold");
        Refused(model => Weight(model).DataType = (int)OnnxElementType.Int64,
            "says that it is Int64 [6, 5], 30 elements, and holds 120 bytes");
        Refused(model => Weight(model).DataType = 99, "has elements of the unknown type 99");
        Refused(model => Weight(model).DataType = TensorTypes.UInt32, "as UInt32 [6, 5], which this library's graphs do not have");
        Refused(model => Weight(model).FloatData.Add(1), "holds 120 bytes and 1 numbers");
        Refused(model => Weight(model).StringData.Add(ByteString.Empty), "holds 1 texts");
        Refused(model => Weight(model).DataLocation = TensorProto.Types.DataLocation.External, "lies in another file");
        Refused(model => Weight(model).ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "/etc/passwd" }),
            "lies in another file");

        // The same numbers in the other form that the format has are as good.
        var other = Model();
        float[] values = Array.ConvertAll(Weight(other).RawData.ToByteArray().Chunk(4).ToArray(), bytes => BitConverter.ToSingle(bytes));
        Weight(other).RawData = ByteString.Empty;
        Weight(other).FloatData.Add(values);
        Score(other);
    }

    [TestMethod]
    public void Values_that_are_made_twice_or_not_or_too_late_are_refused()
    {
        Refused(model => model.Graph.Node.Add(model.Graph.Node[0].Clone()), "has two nodes with the name");
        Refused(model => model.Graph.Node.Add(new NodeProto { OpType = "Relu", Input = { "features" }, Output = { "score" } }),
            "makes the value 'score' twice");
        Refused(model => model.Graph.Initializer.Add(model.Graph.Initializer[0].Clone()), "twice");
        Refused(model => model.Graph.Node.Remove(Node(model, "Gemm")), "before anything makes it");
        Refused(model => model.Graph.Node.Insert(0, model.Graph.Node[^1].Clone()), "before anything makes it");
        Refused(model => Node(model, "Gemm").Input[0] = "", "has 2 inputs; expected 2 to 3");
        Refused(model => Node(model, "Gemm").Output.Add("more"), "has 2 outputs; expected 1");
        Refused(model => model.Graph.Output[0].Name = "features", "'features', which no node makes");
        Refused(model => model.Graph.Output.Add(model.Graph.Output[0].Clone()), "which no node makes, or twice");
    }

    [TestMethod]
    public void Inputs_and_outputs_that_are_not_what_the_nodes_make_or_the_metadata_say_are_refused()
    {
        Refused(model => Output(model, "code").Type.TensorType.Shape.Dim[1].DimValue = 3,
            "has the output 'code', which is declared as Single [batch, 3]; its nodes make Single [batch, 2]");
        Refused(model => Output(model, "is_anomaly").Type.TensorType.ElemType = 1,
            "declared as Single [batch, 1]; its nodes make Boolean [batch, 1]");
        Refused(model => Output(model, "code").Type.TensorType.Shape.Dim[0].DimValue = 1, "with the shape [1, 2]; expected [batch, n]");
        Refused(model => Output(model, "code").Type = null, "that is no tensor");
        Refused(model => model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 6, "which do not fit");
        Refused(model => Rename(model, "features", "rows"), "has the inputs rows; expected features");
        Refused(model => Rename(model, "score", "predicted_label"), "neither an autoencoder's nor a classifier's");
        Refused(model => Rename(model, "score", "code_log_variance"), "has 'code_log_variance' of width 1; its metadata say 2");
        Refused(model => Change(model, "condition_size", "3"), "its metadata say that the condition has 3 values");
        Refused(model => Change(model, "threshold", "17"), "has another threshold in its graph than in its metadata, 17");
    }

    [TestMethod]
    public void A_reconstruction_that_is_not_made_of_the_code_is_refused()
    {
        // The decoder's last layer has six units; so has a layer on the features.
        Refused(model =>
        {
            var weight = new TensorProto { Name = "w", DataType = 1, Dims = { 5, 6 }, RawData = ByteString.CopyFrom(new byte[120]) };
            model.Graph.Initializer.Add(weight);
            model.Graph.Node.Insert(0, new NodeProto { OpType = "MatMul", Name = "shortcut", Input = { "features", "w" },
                Output = { "shortcut" } });
            Node(model, "Gemm", last: true).Input[0] = "shortcut";
        }, "has a reconstruction that is not made of the code alone: it takes 'features' besides");
    }

    [TestMethod]
    public void Nodes_for_missing_values_that_do_more_than_replace_them_are_refused()
    {
        Refused(model => model.Graph.Node.First(node => node.Name == "missing/feature_or_mean").Input[2] = "missing/mean",
            "does not give its third input through");
        Refused(model =>
        {
            // The value that would be left is an input, which cannot take an output's name.
            var node = model.Graph.Node.First(candidate => candidate.Name == "missing/feature_or_mean");
            model.Graph.Output.Add(new ValueInfoProto { Name = node.Output[0], Type = Output(model, "reconstruction").Type.Clone() });
        }, "does not give its third input through");
    }

    [TestMethod]
    public void A_graph_that_asks_for_endless_memory_or_time_is_refused()
    {
        Refused(model => Insert(model, 4096, 4096 * 4097L), "makes");
        Refused(model =>
        {
            for (int i = 0; i < 20_001; i++)
                model.Graph.Node.Add(new NodeProto { OpType = "Relu", Name = $"n{i}", Input = { "features" }, Output = { $"n{i}" } });
        }, "at most 20000 of the others");
        Refused(model =>
        {
            // Three values of 2^24 elements each, one after another, times eight and more.
            Insert(model, 1 << 22, 1 << 24);
            for (int i = 0; i < 8; i++)
                model.Graph.Node.Add(new NodeProto { OpType = "Relu", Name = $"r{i}", Input = { "wide" }, Output = { $"r{i}" } });
        }, "elements for one row");
        Refused(model =>
        {
            Insert(model, 2048, 1 << 22);
            model.Graph.Initializer.Add(new TensorProto { Name = "wide_shape", DataType = 7, Dims = { 3 },
                Int64Data = { -1, 2048, 2048 } });
            model.Graph.Node.Add(new NodeProto { OpType = "Reshape", Name = "square", Input = { "wide", "wide_shape" },
                Output = { "square" } });
            model.Graph.Node.Add(new NodeProto { OpType = "MatMul", Name = "product", Input = { "square", "square" },
                Output = { "product" } });
            model.Graph.Node.Add(new NodeProto { OpType = "MatMul", Name = "product2", Input = { "product", "square" },
                Output = { "product2" } });
        }, "multiplications up to the node 'product2'");
    }

    [TestMethod]
    public void What_this_library_does_not_know_of_the_format_goes_no_farther()
    {
        // Field 20 of a model is training information: two graphs that nothing here looks at.
        byte[] more = [.. s_scorer, 0xA2, 0x01, 0x02, 0x12, 0x00];
        using var model = new AutoencoderModel(more, "The graph");
        CollectionAssert.AreEqual(s_scorer, model.ToBytes());
        Assert.HasCount(s_scorer.Length, model.CutAndRename(model.Inputs, [.. model.Outputs], name => name));
    }

    [TestMethod]
    public void A_foreign_graph_gets_the_checks_that_any_file_gets()
    {
        var foreign = Model();
        foreign.MetadataProps.Clear();
        Node(foreign, "Gemm").OpType = "Foreign";
        Node(foreign, "Gemm", last: true).Attribute.Add(
            new AttributeProto { Name = "branch", Type = AttributeType.Graph,
            G = new GraphProto { Initializer = { Weight(foreign).Clone() } } });
        Assert.IsNull(AutoencoderOnnxInfo.Read(foreign.ToByteArray(), "The graph").Metadata);

        void Refused(Action<ModelProto> change, string message)
        {
            var changed = foreign.Clone();
            change(changed);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(
                () => AutoencoderOnnxInfo.Read(changed.ToByteArray(), "The file 'x.onnx'")).Message, message);
        }
        Refused(model => Weight(model).Dims[0] = 7,
            "The file 'x.onnx' has the initializer 'encoder/dense1/weight', which says that it is Single [7, 5]");
        Refused(model => Node(model, "Gemm", last: true).Attribute[^1].G.Initializer[0].Dims[0] = 8, "says that it is Single [8, 5]");
        Refused(model => Node(model, "Gemm").Attribute.Add(
            new AttributeProto { Name = "value", Type = AttributeType.Tensor,
            T = new TensorProto { DataType = 1, DataLocation = TensorProto.Types.DataLocation.External } }),
            "whose tensor lies in another file");
        Refused(model =>
            model.Functions.Add(new FunctionProto { Name = "f",
            Node = { new NodeProto { OpType = "Constant",
            Attribute = { new AttributeProto { Name = "value", T = new TensorProto { DataType = 1, Dims = { 5 } } } } } } }),
            "says that it is Single [5], 5 elements, and holds 0 bytes");
        Refused(model => model.OpsetImport[0].Version = -1, "expected versions from 1 to 1,000");
    }

    /// <summary>Adds a value of so many elements for one row: the features, stretched.</summary>
    private static void Insert(ModelProto model, long width, long elements)
    {
        model.Graph.Initializer.Add(new TensorProto { Name = "stretch", DataType = 7, Dims = { 3 },
            Int64Data = { 1, elements / width, width } });
        model.Graph.Initializer.Add(new TensorProto { Name = "axis", DataType = 7, Dims = { 1 }, Int64Data = { 1 } });
        model.Graph.Initializer.Add(new TensorProto { Name = "flat", DataType = 7, Dims = { 3 }, Int64Data = { -1, 1, 1 } });
        model.Graph.Node.Add(new NodeProto { OpType = "ReduceMean", Name = "narrow", Input = { "features" }, Output = { "narrow" },
            Attribute = { new AttributeProto { Name = "axes", Type = AttributeType.Ints, Ints = { 1 } } } });
        model.Graph.Node.Add(new NodeProto { OpType = "Reshape", Name = "cube", Input = { "narrow", "flat" }, Output = { "cube" } });
        model.Graph.Node.Add(new NodeProto { OpType = "Expand", Name = "wide", Input = { "cube", "stretch" }, Output = { "wide" } });
    }

    private static void Refused(Action<ModelProto> change, string message)
    {
        var model = Model();
        change(model);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(
            () => new AutoencoderModel(model.ToByteArray(), "The file 'x.onnx'").Dispose()).Message, message);
    }

    private static void Score(ModelProto changed)
    {
        using var model = new AutoencoderModel(changed.ToByteArray(), "The graph");
        using var runner = model.CreateRunner(model.Inputs, [GraphNames.Score], 1);
        runner.Run(1);
        Assert.IsTrue(float.IsFinite(runner.OutputRow<float>(0, 0)[0]));
    }

    private static void Rename(ModelProto model, string from, string to)
    {
        var renamed = OnnxFile.RenameBorder(model, name => name == from ? to : name);
        model.Graph = renamed.Graph;
    }

    private static void Change(ModelProto model, string key, string value) =>
        model.MetadataProps.Single(entry => entry.Key == AutoencoderMetadata.Prefix + key).Value = value;

    private static NodeProto Node(ModelProto model, string operation, bool last = false) =>
        last ? model.Graph.Node.Last(node => node.OpType == operation) : model.Graph.Node.First(node => node.OpType == operation);

    private static TensorProto Weight(ModelProto model) => model.Graph.Initializer.Single(tensor => tensor.Name == "encoder/dense1/weight");

    private static ValueInfoProto Output(ModelProto model, string name) => model.Graph.Output.Single(output => output.Name == name);

    private static ModelProto Model() => OnnxFile.Parse(s_scorer, "The graph");

    private static byte[] Scorer()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(new MLContext(seed: 1), options => options.Epochs = 0);
        model.ExportOnnx(null, null, folder["s"]);
        return File.ReadAllBytes(folder["s"]);
    }
}
