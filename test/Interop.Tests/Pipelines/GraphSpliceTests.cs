using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using OnnxFile = MLNetAutoencoder.Onnx.OnnxFile;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>Graphs joined to the two files that ML.NET's own packages wrote.</summary>
[TestClass]
public sealed class GraphSpliceTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly Dictionary<string, string> s_columns =
        new() { [GraphNames.Features] = "Features", [GraphNames.Score] = "Score" };
    private static IDataView s_rows = null!;
    private static TransformerChain<AutoencoderTransformer> s_chain = null!;
    private static AutoencoderModel s_model = null!;

    [ClassInitialize]
    public static void Fit(TestContext _)
    {
        s_rows = s_ml.Data.LoadFromEnumerable(ExportedChain.Rows);
        s_chain = ExportedChain.Estimator(s_ml).Append(s_ml.Autoencoders().Dense("Features", hidden: [6], code: 2, epochs: 4, seed: 1))
            .Fit(s_rows);
        s_model = s_chain.LastTransformer.Model;
    }

    [ClassCleanup]
    public static void Dispose() => s_chain.Dispose();

    [TestMethod]
    [DataRow(true, 1)]
    [DataRow(true, 20)]
    [DataRow(false, 1)]
    [DataRow(false, 20)]
    public void The_packages_files_give_the_chains_scores(bool allColumns, int batch)
    {
        byte[] bytes = GraphSplice.Join(allColumns ? ExportedChain.AllColumns : ExportedChain.FeaturesOnly, s_model, s_columns,
            [.. s_model.Outputs]);
        var rows = s_ml.Data.LoadFromEnumerable(ExportedChain.Rows.Append(
            new ExportedChain.Raw { A = float.NaN, B = -3, Cat = "violet", N = 7, D = -1 }));
        float[] expected = [.. s_chain.Transform(rows).GetColumn<float>("Score")];
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(expected, OnnxPipelines.Run(bytes, rows, batch)["score"]));
    }

    [TestMethod]
    public void Both_files_give_one_graph_with_the_leftovers_gone()
    {
        byte[] bytes = GraphSplice.Join(ExportedChain.AllColumns, s_model, s_columns, [.. s_model.Outputs]);
        CollectionAssert.AreEqual(bytes, GraphSplice.Join(ExportedChain.FeaturesOnly, s_model, s_columns, [.. s_model.Outputs]));
        var graph = OnnxFile.Parse(bytes, "The pipeline").Graph;
        Assert.AreEqual("A B Cat N D", string.Join(' ', graph.Input.Select(input => input.Name)));
        Assert.AreEqual("score is_anomaly feature_errors reconstruction code",
            string.Join(' ', graph.Output.Select(output => output.Name)));

        // Of the 18 nodes, there and back from Int64 to an unsigned key, Cast of what is Single already and Identity
        // are gone; a Reshape brings [rows, 1, 3] to [rows, 3].
        Assert.AreEqual("Imputer Cast Cast LabelEncoder OneHotEncoder FeatureVectorizer Scaler Scaler Reshape FeatureVectorizer",
            string.Join(' ', graph.Node.Where(node => node.Name.StartsWith(StockGraph.Folder, StringComparison.Ordinal))
                .Select(node => node.OpType)));
        var labels = graph.Node.Single(node => node.OpType == "LabelEncoder");
        Assert.HasCount(3, labels.Attribute.Single(attribute => attribute.Name == "keys_strings").Strings);
        Assert.AreEqual(
            "pipeline/A2:1[1] pipeline/N2:1[1] pipeline/D2:1[1] pipeline/LabelEncoderOutput:7[1] pipeline/CatV0:1[1,3] " +
            "pipeline/VectorFeaturizerOutput:1[4] pipeline/F1:1[4] pipeline/F2:1[4] pipeline/CatV0/vector:1[3] features:1[7] " +
            "threshold/is_normal:9[1]",
            string.Join(' ', graph.ValueInfo.Select(value => $"{value.Name}:{value.Type.TensorType.ElemType}" +
                $"[{string.Join(',', value.Type.TensorType.Shape.Dim.Skip(1).Select(axis => axis.DimValue))}]")));
        Assert.IsTrue(
            graph.Node.All(node => node.Input.All(
            input => graph.Input.Any(value => value.Name == input) || graph.Initializer.Any(tensor => tensor.Name == input)
            || graph.Node.Any(maker => maker.Output.Contains(input)))));
        Assert.AreEqual(graph.Node.Count, graph.Node.Select(node => node.Name).Distinct().Count());
    }

    [TestMethod]
    public void Cut_at_the_features_the_pipeline_is_the_scorer_again()
    {
        var joined = OnnxFile.Parse(GraphSplice.Join(ExportedChain.FeaturesOnly, s_model, s_columns, [.. s_model.Outputs]), "The pipeline");
        var scorer = OpsetForms.Convert(OnnxFile.Parse(s_model.ToBytes(), "The scorer"), 12);
        joined.Graph.Output.Add(scorer.Graph.Input[0].Clone());
        var cut = OnnxFile.Cut(joined, [GraphNames.Features], [.. scorer.Graph.Output.Select(output => output.Name)]);
        Assert.AreEqual(scorer.Graph.Node, cut.Graph.Node);
        Assert.AreEqual(scorer.Graph.Initializer, cut.Graph.Initializer);
    }

    [TestMethod]
    public void Graphs_that_do_not_fit_are_refused()
    {
        Refuses<InvalidDataException>(_ => { }, new() { [GraphNames.Features] = "Others" }, "no output 'Others.output'");
        Refuses<InvalidDataException>(graph => graph.OpsetImport[1].Version = 11, s_columns, "opset 11; expected 12");
        Refuses<NotSupportedException>(graph => graph.Graph.Node.Single(node => node.Name == "Scaler0").OpType = "Normalizer", s_columns,
            "operator Normalizer ('Scaler0')");
        Refuses<NotSupportedException>(graph => graph.Graph.Input.Single(
            input => input.Name == "B").Type.TensorType.Shape.Dim[1] = new TensorShapeProto.Types.Dimension { DimParam = "None" },
            s_columns, "'B' has vectors of unknown size");
        Refuses<InvalidDataException>(graph => graph.Graph.Input.Single(input => input.Name == "B").Type.TensorType.ElemType = 8, s_columns,
            "FeatureVectorizer");
        Refuses<ArgumentException>(_ => { }, new() { [GraphNames.Features] = "F2" },
            "'F2' has 4 values; the autoencoder's input 'features' takes 7", ExportedChain.AllColumns);
        Refuses<ArgumentException>(_ => { }, new() { [GraphNames.Features] = "Cat" }, "'Cat' has the ONNX element type 8",
            ExportedChain.AllColumns);

        static void Refuses<TException>(Action<ModelProto> spoil, Dictionary<string, string> columns, string expected, byte[]? file = null)
            where TException : Exception
        {
            var graph = ModelProto.Parser.ParseFrom(file ?? ExportedChain.FeaturesOnly);
            spoil(graph);
            Fails.With<TException>(expected, () => GraphSplice.Join(graph.ToByteArray(), s_model, columns, [.. s_model.Outputs]));
        }
    }
}
