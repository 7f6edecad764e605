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
    public void Versions_beyond_those_that_are_run_are_refused()
    {
        Refused(model => model.IrVersion = 11, "has the IR version 11");
        Refused(model => model.OpsetImport[0].Version = 22, "'' 22; expected IR 6 to 10 and ONNX's own operators, 12 to 21");
        Refused(model => model.OpsetImport[0].Version = 11, "'' 11");
        Refused(model => model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 }), "'com.microsoft' 1");
        Refused(model => model.OpsetImport.Clear(), "has the IR version 8 and the operator sets ;");
        Refused(model => model.OpsetImport.Add(model.OpsetImport[0].Clone()), "and no others");
    }

    [TestMethod]
    [DataRow("dense")]
    [DataRow(AutoencoderMetadata.Imported)]
    public void What_is_not_run_from_files_is_refused_whatever_the_metadata_say(string variant)
    {
        void Refused(Action<ModelProto> change, string message) => GraphCheckTests.Refused(model =>
        {
            Change(model, "variant", variant);
            change(model);
        }, message);
        Refused(model => Node(model, "Gemm").OpType = "If", "(If), which is not among the operators that are run in opset 17");
        Refused(model => Node(model, "Gemm").Domain = "com.microsoft", "(Gemm) of the domain 'com.microsoft'");
        Refused(model => Node(model, "Gemm").Attribute.Add(
            new AttributeProto { Name = "body", Type = AttributeType.Graph, G = new GraphProto() }), "which holds a graph of its own");
        Refused(model => Node(model, "Gemm").Attribute.Add(Node(model, "Gemm").Attribute[0].Clone()), "with the attribute 'transB' twice");
        Refused(model => Node(model, "Gemm").Output.Add("more"), "with 2 outputs; expected 1 to 1");
        Refused(model => Node(model, "ReduceMean").Attribute[0].Type = AttributeType.Float,
            "has the attribute 'axes' of the type Float; expected Ints");
        Refused(model => model.Functions.Add(new FunctionProto { Name = "f" }), "has 1 functions");
        Refused(model => model.Graph.SparseInitializer.Add(
            new SparseTensorProto { Values = new TensorProto { DataType = 1, Dims = { 0 } },
            Indices = new TensorProto { DataType = 7, Dims = { 0 } } }), "1 sparse initializers");
        Refused(model => model.Graph.Input[0].Name = new string('x', 5000), "has a name of 5000 characters");
        Refused(model => model.MetadataProps.Add(model.MetadataProps[0].Clone()), "has two metadata with the key");
        Refused(model =>
        {
            for (int i = 0; i < 20_001; i++)
                model.Graph.Node.Add(new NodeProto { OpType = "Relu", Name = $"n{i}", Input = { "features" }, Output = { $"n{i}" } });
        }, "at most 20000 of the others");
    }

    [TestMethod]
    public void Initializers_that_do_not_hold_what_they_say_are_refused()
    {
        Refused(model => Weight(model).Dims[0] = 7,
            "says that it is Single [7, 5], 35 elements, and holds 120 bytes, 0 numbers and 0 texts, where 140 bytes are expected");
        Refused(model => Weight(model).Dims[0] = -6, "has an axis of length -6");
        Refused(model => Weight(model).Dims.Add(long.MaxValue), "has an axis of length 9223372036854775807");
        Refused(model => Weight(model).Dims.Add([int.MaxValue, int.MaxValue, int.MaxValue]), "which is more elements than a file can hold");
        Refused(model => Weight(model).Dims.Add([0, int.MaxValue, int.MaxValue]), "which is more elements than a file can hold");
        Refused(model => Weight(model).DataType = TensorTypes.Int64,
            "says that it is Int64 [6, 5], 30 elements, and holds 120 bytes");
        Refused(model => Weight(model).DataType = 99, "has elements of the unknown type 99");
        Refused(model => Weight(model).DataType = TensorTypes.UInt32, "as UInt32 with 2 axes, which is not run");
        Refused(model => Weight(model).FloatData.Add(1), "holds 120 bytes, 1 numbers");
        Refused(model => Weight(model).StringData.Add(ByteString.Empty), "0 numbers and 1 texts");
        Refused(model => Weight(model).DataLocation = TensorProto.Types.DataLocation.External, "lies in another file");
        Refused(model => Weight(model).ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "/etc/passwd" }),
            "lies in another file");
    }

    [TestMethod]
    public void Numbers_in_the_other_form_that_the_format_has_are_as_good()
    {
        var typed = Model();
        foreach (var tensor in typed.Graph.Initializer.Where(tensor => tensor.DataType == TensorTypes.Single))
        {
            tensor.FloatData.Add(tensor.ToSingles());
            tensor.RawData = ByteString.Empty;
        }
        using var model = new AutoencoderModel(typed.ToByteArray(), "The graph");
        using var other = new AutoencoderModel(s_scorer, "The graph");
        CollectionAssert.AreEqual(s_scorer, model.ToBytes());
        CollectionAssert.AreEqual(other.ToTorchWeights().ToBytes(), model.ToTorchWeights().ToBytes());
        using var changed = model.WithThreshold(ThresholdRule.Fixed(3));
        CollectionAssert.AreEqual(other.WithThreshold(ThresholdRule.Fixed(3)).ToBytes(), changed.ToBytes());
        using var runner = changed.CreateRunner(model.Inputs, [GraphNames.Score], 1);
        runner.Run(1);
        Assert.IsTrue(float.IsFinite(runner.OutputRow<float>(0, 0)[0]));
    }

    [TestMethod]
    public void Values_that_are_made_twice_or_not_or_too_late_are_refused()
    {
        Refused(model => model.Graph.Node.Add(model.Graph.Node[0].Clone()), "has two nodes with the name");
        Refused(model => model.Graph.Node.Add(new NodeProto { OpType = "Relu", Input = { "features" }, Output = { "score" } }),
            "makes the value 'score' twice");
        Refused(model => model.Graph.Initializer.Add(model.Graph.Initializer[0].Clone()), "twice");
        Refused(model => model.Graph.Node.Remove(Node(model, "Gemm")), "before it is made");
        Refused(model => model.Graph.Node.Insert(0, Node(model, "Gemm", last: true)), "has two nodes");
        Refused(model => Node(model, "Gemm").Input[0] = "", "lacks its input 1");
        Refused(model => model.Graph.Output[0].Name = "features", "'features', which no node makes");
        Refused(model => model.Graph.Output.Add(model.Graph.Output[0].Clone()), "which no node makes, or twice");
    }

    [TestMethod]
    public void Inputs_and_outputs_that_are_not_what_the_nodes_make_or_the_metadata_say_are_refused()
    {
        Refused(model => Output(model, "code").Type.TensorType.Shape.Dim[1].DimValue = 3,
            "has 'code' as 3 of Single, and makes Single; its metadata say 2 of Single");
        Refused(model => Output(model, "is_anomaly").Type.TensorType.ElemType = 1, "as 1 of Single, and makes Boolean");
        Refused(model => Output(model, "code").Type.TensorType.Shape.Dim[0].DimValue = 1, "the shape [1, 2]; expected [batch, n]");
        Refused(model => Output(model, "code").Type = null, "which is no tensor");
        Refused(model => model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 6, "its metadata say 5 of Single");
        Refused(model => Rename(model, "features", "rows"), "has the inputs rows; expected");
        Refused(model => Rename(model, "score", "predicted_label"), "neither an autoencoder's nor a classifier's");
        Refused(model => Rename(model, "score", "code_log_variance"), "its metadata say 2 of Single");
        Refused(model => Change(model, "condition_size", "3"), "its metadata say that the condition has 3 values");
        Refused(model => Change(model, "threshold", "17"), "has another threshold in its graph than in its metadata, 17");
    }

    [TestMethod]
    public void Shapes_that_do_not_fit_are_refused_when_a_session_is_made()
    {
        void Refused(Action<ModelProto> change, string message)
        {
            var changed = Model();
            change(changed);
            using var model = new AutoencoderModel(changed.ToByteArray(), "The file 'x.onnx'");
            Fails.With<InvalidDataException>(message,
                () => model.CreateRunner(model.Inputs, [GraphNames.Score, GraphNames.Code], 1).Dispose());
        }
        Refused(model =>
        {
            var weight = Weight(model);
            (weight.Dims[0], weight.Dims[1]) = (weight.Dims[1], weight.Dims[0]);
        }, "ONNX Runtime");
        Refused(model =>
        {
            // Rows of the code's width, one for each number.
            var code = model.Graph.Node.Single(node => node.Output.Contains("code"));
            code.Output[0] = "narrow";
            model.Graph.Initializer.Add(TensorProtoExtensions.Int64s("twice", 1, 3));
            model.Graph.Node.Insert(model.Graph.Node.IndexOf(code) + 1,
                new NodeProto { OpType = "Tile", Name = "wide", Input = { "narrow", "twice" }, Output = { "code" } });
        }, "ONNX Runtime");
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
        }, "need the input 'features', which is not among code");
    }

    [TestMethod]
    public void Nodes_for_missing_values_that_cannot_be_taken_out_are_refused()
    {
        Refused(model =>
        {
            // The value that would be left is an input, which cannot take an output's name.
            var node = model.Graph.Node.First(candidate => candidate.Name == "missing/feature_or_mean");
            model.Graph.Output.Add(new ValueInfoProto { Name = node.Output[0], Type = Output(model, "reconstruction").Type.Clone() });
        }, "no graph without nodes for missing values, that can be cut off");
        Refused(model => model.Graph.Node.First(node => node.Name == "missing/feature_or_mean").Input.RemoveAt(2), "cut off");
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
            Fails.With<InvalidDataException>(message, () => AutoencoderOnnxInfo.Read(changed.ToByteArray(), "The file 'x.onnx'"));
        }
        Refused(model => Weight(model).Dims[0] = 7,
            "The file 'x.onnx' has the tensor 'encoder/dense1/weight', which says that it is Single [7, 5]");
        Refused(model => Node(model, "Gemm", last: true).Attribute[^1].G.Initializer[0].Dims[0] = 8, "says that it is Single [8, 5]");
        Refused(model => Node(model, "Gemm").Attribute.Add(
            new AttributeProto { Name = "value", Type = AttributeType.Tensor,
            T = new TensorProto { DataType = 1, DataLocation = TensorProto.Types.DataLocation.External } }),
            "has the tensor '', which lies in another file");
        Refused(model =>
            model.Functions.Add(new FunctionProto { Name = "f",
            Node = { new NodeProto { OpType = "Constant",
            Attribute = { new AttributeProto { Name = "value", T = new TensorProto { DataType = 1, Dims = { 5 } } } } } } }),
            "says that it is Single [5], 5 elements, and holds 0 bytes");
    }

    private static void Refused(Action<ModelProto> change, string message)
    {
        var model = Model();
        change(model);
        Fails.With<InvalidDataException>(message, () => new AutoencoderModel(model.ToByteArray(), "The file 'x.onnx'").Dispose());
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
        using var model = Rows.Fit(new MLContext(seed: 1), options => options.Epochs = 0);
        return model.ToOnnx(OnnxGraph.Scorer);
    }
}
