using Google.Protobuf;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Foreign graphs made by hand: what is taken of them, and what is refused.</summary>
[TestClass]
public sealed class ImportedGraphTests
{
    private const int Half = 10;

    [TestMethod]
    public void Only_what_leads_from_the_input_to_the_output_is_taken()
    {
        var model = Linear(opset: 17, rows: 3, columns: 2);
        model.Graph.Node.Add(Node("RandomNormalLike", "noise", "y"));
        model.Graph.Node.Add(Node("Custom", "other", "y"));
        model.Graph.Node[^1].Domain = "com.example";
        model.Graph.Output.Add(Value("other", 1, "n", 2));
        StringAssert.Contains(Refused(() => Made(Graph(model))), "has 2 outputs ('y', 'other'). Say which one is wanted");
        var taken = Graph(model, output: "y");
        Assert.AreEqual("x y 3 2", $"{taken.Input} {taken.Output} {taken.InputWidth} {taken.OutputWidth}");
        StringAssert.Contains(Refused(() => Made(Graph(model, output: "other"))),
            "The file 'x.onnx' has the node 'other' (Custom) of the domain 'com.example'; expected ONNX's own operators");
        StringAssert.Contains(Refused(() => Made(Graph(model, output: "noise"))), "(RandomNormalLike), whose result is drawn at random");
    }

    [TestMethod]
    public void Sizes_come_from_the_declared_shapes()
    {
        var images = Linear(opset: 17, rows: 12, columns: 2);
        images.Graph.Input[0] = Value("x", 1, null, 1, 3, 4);
        images.Graph.Node.Insert(0, Node("Flatten", "flat", "x"));
        images.Graph.Node[1].Input[0] = "flat";
        images.Graph.Output[0] = Value("y", 1, "n", 0);
        var graph = Graph(images);
        Assert.AreEqual("12 0", $"{graph.InputWidth} {graph.OutputWidth}");

        images.Graph.Input[0] = Value("x", 1, null, 1, 0, 4);
        StringAssert.Contains(Refused(() => Made(Graph(images))),
            "has 'x' of the shape [?, 1, ?, 4]; expected fixed lengths of all axes but the first");
        images.Graph.Input[0] = Value("x", 1, null, 1 << 20, 1 << 20, 4);
        StringAssert.Contains(Refused(() => Made(Graph(images))), "expected at most 16777216 values for each row");
        images.Graph.Input[0] = Value("x", 1, null, long.MaxValue, long.MaxValue, long.MaxValue);
        StringAssert.Contains(Refused(() => Made(Graph(images))), "expected at most 16777216 values for each row");
        images.Graph.Input[0] = Value("x", 1, null);
        StringAssert.Contains(Refused(() => Made(Graph(images))), "has 'x' of the shape [?]; expected [batch, n]");
        images.Graph.Input[0] = Value("x", Half, null, 12);
        StringAssert.Contains(Refused(() => Made(Graph(images))), "elements of ONNX's type 10 (float16); expected 1, float");
        images.Graph.Input[0].Type = new TypeProto { SequenceType = new TypeProto.Types.Other() };
        StringAssert.Contains(Refused(() => Made(Graph(images))), "has 'x', which is no tensor");
    }

    [TestMethod]
    public void A_fixed_batch_is_refused_with_the_way_out()
    {
        var model = Linear(opset: 17, rows: 3, columns: 2);
        model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimValue = 1;
        StringAssert.Contains(Refused(() => Made(Graph(model))),
            "has 'x' of the shape [1, 3], whose first axis is fixed. Export it with a batch of any size (in PyTorch: dynamic_axes={'x': " +
            "{0: 'batch'}})");
    }

    [TestMethod]
    public void What_cannot_be_taken_over_is_refused_by_its_name()
    {
        void Changed(Action<ModelProto> change, string message, string? input = null)
        {
            var model = Linear(opset: 17, rows: 3, columns: 2);
            change(model);
            StringAssert.Contains(Refused(() => Made(Graph(model, input))), message);
        }
        Changed(model => model.OpsetImport[0].Version = 11,
            "is of opset 11 of ONNX's operators; expected 12 to 21. Export it with opset 17");
        Changed(model => model.OpsetImport[0].Version = 22, "is of opset 22");
        Changed(model => model.OpsetImport.Clear(), "is of opset 0");
        Changed(model => model.Graph.Node[0].Input[2] = "c", "has a node that takes 'c', which nothing makes");
        Changed(model => model.Graph.Input.Add(Value("c", 1, "n", 2)), "has no input or value 'd'; its inputs are 'x', 'c'", input: "d");
        Changed(model =>
        {
            model.Graph.Input.Add(Value("c", 1, "n", 2));
            model.Graph.Node[0].Input[2] = "c";
        }, "needs 2 inputs for the output 'y' ('c', 'x')");
        Changed(model => model.Graph.Output[0].Name = "z", "has no node that makes 'z'");
        Changed(model => model.Graph.Node[0].Input[0] = "w", "which does not depend on any input");
        Changed(model => model.Graph.Node.Add(Node("Relu", "y", "x")), "makes 'y' twice");
        Changed(model => model.Graph.Initializer.Add(model.Graph.Initializer[0].Clone()), "has two initializers 'w'");
        Changed(model =>
        {
            model.Graph.Node.Add(Node("Relu", "late", "x"));
            model.Graph.Node[0].Input[0] = "late";
        }, "(Gemm), which takes 'late' before it is made");
        Changed(model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "then_branch", G = new GraphProto() }),
            "which holds a graph of its own. Export it without branches and loops");
        Changed(model => model.Graph.Initializer[0].DataLocation = TensorProto.Types.DataLocation.External,
            "'w', which lies in another file");
        Changed(model => model.Graph.Initializer[0].ExternalData.Add(
            new StringStringEntryProto { Key = "location", Value = "../../secret" }), "'w', which lies in another file");
        Changed(model => Replace(model, "BatchNormalization", ["x", "w", "w", "w", "w"]).Attribute.Add(
            OnnxAttribute.Int64("training_mode", 1)), "with 'training_mode' of 1; expected 0. Export it in evaluation mode");
        Changed(model => Replace(model, "Dropout", ["x", "", "mode"]), "has a node that takes 'mode', which nothing makes");
        Changed(model =>
        {
            model.Graph.Initializer.Add(new TensorProto { Name = "mode", DataType = 9, RawData = ByteString.CopyFrom(1) });
            Replace(model, "Dropout", ["x", "", "mode"]);
        }, "(Dropout), which drops values by chance, as in training. Export it in evaluation mode");
    }

    [TestMethod]
    public void Bytes_that_are_no_model_are_refused()
    {
        StringAssert.Contains(Refused(() => Made(new ImportedGraph([1, 2, 3], "The file 'x.onnx'"))),
            "The file 'x.onnx' is not an ONNX model");
        using var folder = new TestFolder();
        Fails.With<FileNotFoundException>(folder["none.onnx"], () => Made(new ImportedGraph(folder["none.onnx"])));
        Fails.With<FileNotFoundException>("is a folder", () => Made(new ImportedGraph(folder.Path)));
    }

    [TestMethod]
    public void A_damaged_file_is_refused_or_taken_but_never_anything_else()
    {
        var random = new Random(3);
        int refused = 0, count = 0;
        string[] files = [.. Directory.GetFiles(Repository.PathOf("test", "Interop.Tests", "Import", "data"), "*-encoder.onnx")
            .Order(StringComparer.Ordinal)];
        foreach (byte[] good in files.Select(File.ReadAllBytes))
        {
            for (int i = 0; i < 300; i++, count++)
            {
                byte[] bytes = random.Next(5) == 0 ? good[..random.Next(good.Length)] : (byte[])good.Clone();
                for (int changes = random.Next(1, 6); changes > 0 && bytes.Length > 0; changes--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                try
                {
                    // Nothing is run: only what this library itself does with the file is tried here.
                    var graph = new ImportedGraph(bytes, "The file", output: "z");
                    ImportedScorerGraph.Build(graph, Graph(Linear(17, 3, 3)), Metadata() with { CodeSize = 3 });
                }
                catch (InvalidDataException)
                {
                    refused++;
                }
            }
        }
        Console.WriteLine($"{refused} of {count} damaged files are refused.");
        Assert.IsGreaterThan(count / 4, refused);
        Assert.IsLessThan(count, refused);
    }

    [TestMethod]
    [DataRow(12, 12)]
    [DataRow(13, 17)]
    [DataRow(17, 12)]
    [DataRow(18, 18)]
    [DataRow(21, 12)]
    [DataRow(12, 21)]
    public void Two_graphs_of_any_opsets_are_brought_to_this_librarys(int encoder, int decoder)
    {
        var model = OnnxFile.Parse(ImportedScorerGraph.Build(Graph(Linear(encoder, 3, 2)), Graph(Linear(decoder, 2, 3)), Metadata()),
            "The graph");
        Assert.AreEqual("17 8", $"{model.OpsetImport.Single().Version} {model.IrVersion}");
        AssertScores(model);
    }

    [TestMethod]
    [DataRow(12, 7)]
    [DataRow(16, 8)]
    [DataRow(18, 8)]
    [DataRow(20, 9)]
    [DataRow(21, 10)]
    public void An_operator_of_no_known_form_keeps_the_graph_in_the_opset_of_the_two(int opset, int irVersion)
    {
        var encoder = Linear(opset, 3, 2);
        AddCelu(encoder);
        var model = OnnxFile.Parse(ImportedScorerGraph.Build(Graph(encoder), Graph(Linear(opset, 2, 3)), Metadata()), "The graph");
        Assert.AreEqual($"{opset} {irVersion}", $"{model.OpsetImport.Single().Version} {model.IrVersion}");
        AssertScores(model, code => code > 0 ? code : Math.Exp(code) - 1);

        // The later opset is that of the two where the earlier one's half can be brought to it.
        Assert.AreEqual(
            21, OnnxFile.Parse(ImportedScorerGraph.Build(Graph(Linear(opset, 3, 2)), Graph(AddCelu(Linear(21, 2, 3))), Metadata()),
            "The graph").OpsetImport.Single().Version);
    }

    [TestMethod]
    [DataRow(12)]
    [DataRow(13)]
    [DataRow(17)]
    [DataRow(18)]
    [DataRow(21)]
    public void Operators_that_change_with_the_opset_mean_the_same_in_every_one(int opset)
    {
        foreach (int other in new[] { 12, 15, 21 })
        {
            // A decoder with an operator of no known form keeps the graph in its opset: the encoder goes there.
            foreach (bool own in new[] { true, false })
            {
                var decoder = Linear(other, 3, 3);
                var graph = OnnxFile.Parse(ImportedScorerGraph.Build(
                    Graph(Changing(opset)), Graph(own ? decoder : AddCelu(decoder)), Metadata() with { CodeSize = 3 }), "The graph");
                Assert.AreEqual(own ? 17 : other, graph.OpsetImport.Single().Version);
                using var model = new AutoencoderModel(graph.ToByteArray(), "The graph");
                using var runner = model.CreateRunner([GraphNames.Features], [GraphNames.Code, GraphNames.Score], capacity: 2);
                float[] row = [3, -1, 5];
                row.CopyTo(runner.InputRow(0, 0));
                row.CopyTo(runner.InputRow(0, 1));
                runner.Run(2);

                // Scaled (1, -1, 2): squares 1, 1, 4 with the sum 6 and the largest 4; 1 / (x + 6 + 4).
                foreach (var (expected, found) in new[] { 1 / 11.0, 1 / 9.0, 1 / 12.0 }.Zip(runner.OutputRow<float>(0, 1).ToArray()))
                    Assert.AreEqual(expected, found, 1e-6, $"{opset} with {other}");
            }
        }
    }

    [TestMethod]
    public void Constants_are_read_in_each_of_their_forms()
    {
        ModelProto Encoder(string attribute)
        {
            var model = Linear(17, 3, 2);
            NodeProto Constant(string name, AttributeProto value) =>
                new() { OpType = "Constant", Name = name, Output = { name }, Attribute = { value } };
            model.Graph.Node.Add(Constant("half", attribute == "value_float" ? OnnxAttribute.Single(attribute, 0.5f)
                : new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Floats, Floats = { 0.5f } }));
            model.Graph.Node.Add(Constant("rows", OnnxAttribute.Int64s("value_ints", 0, 2)));
            model.Graph.Node.Add(Constant("one", OnnxAttribute.Int64("value_int", 1)));
            model.Graph.Node.Add(Node("Mul", "product", "y", "half"));
            model.Graph.Node.Add(Node("Reshape", "shaped", "product", "rows"));
            model.Graph.Node.Add(Node("Cast", "single", "one"));
            model.Graph.Node[^1].Attribute.Add(OnnxAttribute.Int64("to", 1));
            model.Graph.Node.Add(Node("Add", "code", "shaped", "single"));
            model.Graph.Output[0].Name = "code";
            return model;
        }
        foreach (string attribute in new[] { "value_float", "value_floats" })
        {
            var graph = ImportedScorerGraph.Build(Graph(Encoder(attribute)), Graph(Linear(17, 2, 3)), Metadata());
            AssertScores(OnnxFile.Parse(graph, "The graph"), code => code / 2 + 1);
        }
        StringAssert.Contains(Refused(() => Made(Graph(Encoder("sparse_value")))),
            "the node 'half' (Constant), which is not among the operators that are run");
    }

    [TestMethod]
    public void Opsets_that_cannot_be_brought_to_one_are_refused()
    {
        var encoder = Graph(AddCelu(Linear(13, 3, 2)));
        StringAssert.Contains(Refused(() => ImportedScorerGraph.Build(encoder, Graph(AddCelu(Linear(15, 2, 3))), Metadata())),
            "is of opset 13 and cannot be brought to opset 15, in which the other half is");
    }

    [TestMethod]
    public void A_graph_that_mixes_the_rows_of_a_batch_is_refused()
    {
        // Behind a shape that only a run tells, nobody knows which axis is the second from the end.
        ModelProto Centered(string of, long axis)
        {
            var encoder = Linear(17, 3, 2);
            encoder.Graph.Node.Add(Node("Shape", "shape", "y"));
            encoder.Graph.Node.Add(Node("Reshape", "same", "y", "shape"));
            encoder.Graph.Node.Add(Node("ReduceMean", "mean", of));
            encoder.Graph.Node[^1].Attribute.Add(OnnxAttribute.Int64s("axes", axis));
            encoder.Graph.Node.Add(Node("Sub", "centered", "y", "mean"));
            encoder.Graph.Output[0].Name = "centered";
            return encoder;
        }
        StringAssert.Contains(Refused(() => Made(Graph(Centered("y", -2)))),
            "'x.onnx' has the node 'mean' (ReduceMean), which works along the first axis, so that a row would depend on those beside it");

        var (one, other) = (Graph(Centered("same", -2)), Graph(Linear(17, 2, 3)));
        using var model = new AutoencoderModel(ImportedScorerGraph.Build(one, other, Metadata()), "The graph");
        string said = Refused(() => ImportedScorerGraph.TryOut(model, one, other));
        StringAssert.Contains(said, "gives a row another code alone than beside other rows");
        StringAssert.Contains(said, "'x.onnx' ('x' to 'centered')");

        var harmless = Graph(Centered("same", -1));
        using var each = new AutoencoderModel(ImportedScorerGraph.Build(harmless, other, Metadata()), "The graph");
        ImportedScorerGraph.TryOut(each, harmless, other);
    }

    [TestMethod]
    public void A_graph_that_cannot_be_run_is_refused_with_both_names()
    {
        var encoder = Linear(17, 3, 2);
        encoder.Graph.Initializer[0].Dims[0] = 6;
        encoder.Graph.Initializer[0].Dims[1] = 1;
        var (one, other) = (Graph(encoder), Graph(Linear(17, 2, 3)));
        using var model = new AutoencoderModel(ImportedScorerGraph.Build(one, other, Metadata()), "The graph");
        StringAssert.Contains(Refused(() => ImportedScorerGraph.TryOut(model, one, other)),
            "The two graphs cannot be run together, The file 'x.onnx' ('x' to 'y')");
    }

    [TestMethod]
    public void Names_of_the_two_graphs_and_of_this_librarys_do_not_collide()
    {
        // Both halves call everything by the same names, and by those of the contract.
        var encoder = Renamed(Linear(17, 3, 2), ("x", "code"), ("y", "features"), ("w", "score"), ("b", "threshold/value"));
        var decoder = Renamed(Linear(17, 2, 3), ("x", "code"), ("y", "features"), ("w", "score"), ("b", "threshold/value"));
        AssertScores(OnnxFile.Parse(ImportedScorerGraph.Build(Graph(encoder), Graph(decoder), Metadata()), "The graph"));
    }

    /// <summary>The scores are those of the two layers: encoder weights i + 1, decoder weights likewise, biases 0.5.</summary>
    private static void AssertScores(ModelProto graph, Func<double, double>? ofCode = null)
    {
        using var model = new AutoencoderModel(graph.ToByteArray(), "The graph");
        using var runner = model.CreateRunner([GraphNames.Features], [GraphNames.Score, GraphNames.Code, GraphNames.Reconstruction],
            capacity: 1);
        double[] x = [0.5, -1, 2];
        for (int j = 0; j < x.Length; j++)
            runner.InputRow(0, 0)[j] = (float)x[j];
        runner.Run(1);
        double[] scaled = [.. x.Select(value => (value - 1) / 2)];
        double[] code = [.. Apply(scaled, 2).Select(ofCode ?? (value => value))], reconstruction = Apply(code, 3);
        double score = scaled.Zip(reconstruction, (a, b) => (a - b) * (a - b)).Average();
        Assert.AreEqual(score, runner.OutputRow<float>(0, 0)[0], 1e-5 * score);
        Assert.AreEqual(code[1], runner.OutputRow<float>(1, 0)[1], 1e-5);
        Assert.AreEqual(reconstruction[2] * 2 + 1, runner.OutputRow<float>(2, 0)[2], 1e-4);
    }

    private static double[] Apply(double[] x, int outputs) =>
        [.. Enumerable.Range(0, outputs).Select(j => 0.5 + x.Select((value, i) => value * (i * outputs + j + 1)).Sum())];

    private static AutoencoderMetadata Metadata() => MadeMetadata.Plain(3, 2) with
    {
        Variant = AutoencoderMetadata.Imported,
        Scaling = "given",
        ScalingOffsets = [1, 1, 1],
        ScalingScales = [2, 2, 2],
        FeatureMeans = [1, 1, 1],
    };

    /// <summary>y = x w + b, with the numbers of the weight in the field for floats.</summary>
    private static ModelProto Linear(int opset, int rows, int columns) => new()
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Domain = "ai.onnx", Version = opset },
            new OperatorSetIdProto { Domain = "com.example", Version = 1 } },
        Graph = new GraphProto
        {
            Name = "linear",
            Node = { Node("Gemm", "y", "x", "w", "b") },
            Initializer =
            {
                new TensorProto { Name = "w", DataType = 1, Dims = { rows, columns },
                    FloatData = { Enumerable.Range(1, rows * columns).Select(i => (float)i) } },
                new TensorProto { Name = "b", DataType = 1, Dims = { columns }, FloatData = { Enumerable.Repeat(0.5f, columns) } },
            },
            Input = { Value("x", 1, "n", rows) },
            Output = { Value("y", 1, "n", columns) },
        },
    };

    /// <summary>1 / (x + sum of squares + largest square), with axes as the opset has them.</summary>
    private static ModelProto Changing(int opset)
    {
        var model = Linear(opset, 3, 3);
        var graph = model.Graph;
        graph.Node.Clear();
        graph.Initializer.Clear();
        graph.Initializer.Add(new TensorProto { Name = "axis", DataType = 7, Dims = { 1 }, Int64Data = { 1 } });
        graph.Node.Add(new NodeProto { OpType = "Constant", Output = { "two" },
            Attribute = { new AttributeProto { Name = "value", T = new TensorProto { DataType = 1, FloatData = { 2 } } } } });
        Add("Pow", "squares", 0, "x", "two");
        Add("ReduceSum", "sum", 13, "squares");
        Add("Squeeze", "squeezed", 13, "sum");
        Add("Unsqueeze", "unsqueezed", 13, "squeezed");
        Add("ReduceMax", "largest", 18, "squares");
        Add("Sum", "all", 0, "x", "unsqueezed", "largest");
        Add("Identity", "same", 0, "all");
        Add("Reciprocal", "y", 0, "same");
        return model;

        void Add(string operation, string output, int axesAreInput, params string[] inputs)
        {
            // Without names, as some exporters leave them.
            var node = new NodeProto { OpType = operation, Input = { inputs }, Output = { output } };
            if (axesAreInput > 0 && opset >= axesAreInput)
                node.Input.Add("axis");
            else if (axesAreInput > 0)
                node.Attribute.Add(new AttributeProto { Name = "axes", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1 } });
            graph.Node.Add(node);
        }
    }

    /// <summary>An operator whose forms this library does not know.</summary>
    private static ModelProto AddCelu(ModelProto model)
    {
        model.Graph.Node.Add(Node("Celu", "celu", "y"));
        model.Graph.Output[0].Name = "celu";
        return model;
    }

    private static ModelProto Renamed(ModelProto model, params (string From, string To)[] names)
    {
        string New(string name) => names.FirstOrDefault(pair => pair.From == name).To ?? name;
        foreach (var node in model.Graph.Node)
        {
            for (int i = 0; i < node.Input.Count; i++)
                node.Input[i] = New(node.Input[i]);
            node.Output[0] = New(node.Output[0]);
        }
        foreach (var tensor in model.Graph.Initializer)
            tensor.Name = New(tensor.Name);
        foreach (var value in model.Graph.Input.Concat(model.Graph.Output))
            value.Name = New(value.Name);
        return model;
    }

    private static NodeProto Replace(ModelProto model, string operation, string[] inputs)
    {
        model.Graph.Node[0] = Node(operation, "y", inputs);
        return model.Graph.Node[0];
    }

    private static NodeProto Node(string operation, string output, params string[] inputs) =>
        new() { OpType = operation, Name = output, Input = { inputs }, Output = { output } };

    private static ValueInfoProto Value(string name, int type, string? batch, params long[] lengths)
    {
        var shape = new TensorShapeProto { Dim = { batch is null ? new TensorShapeProto.Types.Dimension()
            : new TensorShapeProto.Types.Dimension { DimParam = batch } } };
        shape.Dim.AddRange(lengths.Select(length =>
            length == 0 ? new TensorShapeProto.Types.Dimension() : new TensorShapeProto.Types.Dimension { DimValue = length }));
        return new ValueInfoProto { Name = name, Type =
            new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape } } };
    }

    private static ImportedGraph Graph(ModelProto model, string? input = null, string? output = null) =>
        new(model.ToByteArray(), "The file 'x.onnx'", input, output);

    private static void Made(ImportedGraph graph) => Assert.Fail($"{graph} was taken.");

    private static string Refused(Action action)
    {
        string said = Assert.ThrowsExactly<InvalidDataException>(action).Message;
        StringAssert.Contains(said, "'x.onnx'");
        return said;
    }
}
