using Google.Protobuf.Collections;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using MLNetAutoencoder.Onnx.Graphs;
using MLNetAutoencoder.Tests.Transforms.Pipelines;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class OnnxExportTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void The_export_of_a_chain_is_the_file_that_the_package_wrote(bool allColumns)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(ExportedChain.Rows);
        ITransformer model = ExportedChain.Estimator(_ml).Fit(data);
        ModelProto expected = ModelProto.Parser.ParseFrom(allColumns ? ExportedChain.AllColumns : ExportedChain.FeaturesOnly);
        ModelProto found = ModelProto.Parser.ParseFrom(allColumns ? Export(model, data) : Export(model, data, "Features"));

        // Sums of 50 values in another order, rounded to Single.
        foreach (var (a, b) in Scalers(expected).Zip(Scalers(found), (a, b) => (a.Floats, b.Floats)))
        {
            Assert.IsLessThanOrEqualTo(1e-6, Tests.Rows.Difference(a, b));
            Copy(a, b);
        }
        Assert.AreEqual(expected.ToString(), found.ToString());
        Assert.AreEqual(expected, found);

        static IEnumerable<AttributeProto> Scalers(ModelProto file) => file.Graph.Node.Where(node => node.OpType == "Scaler").SelectMany(node => node.Attribute);
        static void Copy(RepeatedField<float> from, RepeatedField<float> to)
        {
            to.Clear();
            to.Add(from);
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(17)]
    public void An_exported_chain_computes_what_the_chain_does(int batch)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(ExportedChain.Rows);
        ITransformer model = ExportedChain.Estimator(_ml).Fit(data);
        IDataView rows = _ml.Data.LoadFromEnumerable(ExportedChain.Rows.Append(new ExportedChain.Raw { A = float.NaN, B = -3, Cat = "violet", N = 7, D = -1e6 }));
        float[] expected = [.. model.Transform(rows).GetColumn<float[]>("Features").SelectMany(row => row)];
        Assert.IsLessThanOrEqualTo(1e-6, Tests.Rows.Difference(expected, OnnxPipelines.Run(Export(model, data, "Features"), rows, batch)["Features.output"]));
        Assert.IsLessThanOrEqualTo(1e-6, Tests.Rows.Difference(expected, OnnxPipelines.Run(ExportedChain.FeaturesOnly, rows, batch)["Features.output"]), "the package's own file");
    }

    [TestMethod]
    public void Of_a_chain_with_a_transformer_from_outside_only_what_follows_it_is_exported()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(ExportedChain.Rows);
        ITransformer first = _ml.Transforms.Conversion.ConvertType("N2", "N").Fit(data);
        ITransformer last = _ml.Transforms.Concatenate("F", "N2", "B").Fit(first.Transform(data));
        var graph = Graph(Export(new TransformerChain<ITransformer>(new OutsideTransformer(first), last), data));
        Assert.AreEqual("A B Cat N D N2", string.Join(' ', graph.Input.Select(input => input.Name)));
        Assert.AreEqual("FeatureVectorizer Cast", string.Join(' ', graph.Node.Select(node => node.OpType).Except(["Identity", "LabelEncoder"])));
        graph = Graph(Export(new TransformerChain<ITransformer>(last, new OutsideTransformer(first)), first.Transform(data)));
        Assert.AreEqual("A B Cat D F N N2 N2", string.Join(' ', graph.Input.Select(input => input.Name.TrimEnd('0')).Order(StringComparer.Ordinal)));
        Assert.IsFalse(graph.Node.Any(node => node.OpType == "FeatureVectorizer"));
    }

    [TestMethod]
    public void The_export_starts_with_the_data_before_the_first_step_of_all()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(ExportedChain.Rows);
        IDataView converted = _ml.Transforms.Conversion.ConvertType("N2", "N").Fit(data).Transform(data);
        ITransformer model = _ml.Transforms.CopyColumns("C", "N2").Append(_ml.Transforms.DropColumns("N", "A")).Fit(converted);
        var graph = Graph(Export(model, converted, "C", "B"));
        Assert.AreEqual("A B Cat N D", string.Join(' ', graph.Input.Select(input => input.Name)));
        Assert.AreEqual("B.output C.output", string.Join(' ', graph.Output.Select(output => output.Name)));
        Assert.IsTrue(graph.Node.Any(node => node.OpType == "Cast"), "the step of the data is exported along");

        // A step that cannot be written ends the way back; what lies before it is lost, and a column that was made there is missed.
        Assert.ThrowsExactly<InvalidOperationException>(() => Export(model, _ml.Data.TakeRows(converted, 10), "C"));
    }

    [TestMethod]
    public void What_cannot_be_written_takes_what_depends_on_it_along()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(ExportedChain.Rows);
        IEstimator<ITransformer> doubles = _ml.Transforms.ReplaceMissingValues("D2", "D"), texts = _ml.Transforms.Concatenate("T", "Cat");
        foreach (string column in new[] { "D2", "D3", "T" })
        {
            ITransformer model = doubles.Append(_ml.Transforms.Conversion.ConvertType("D3", "D2")).Append(texts).Fit(data);
            Assert.ThrowsExactly<InvalidOperationException>(() => Export(model, data, column), column);
            Assert.AreEqual("B.output", Graph(Export(model, data, "B")).Output.Single().Name);
        }
    }

    [TestMethod]
    [DataRow("Cat", "LabelEncoder")]
    [DataRow("N", "Cast LabelEncoder")]
    [DataRow("A", "LabelEncoder")]
    [DataRow("D", "Cast LabelEncoder")]
    public void Keys_of_every_kind_are_looked_up(string column, string operations)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(ExportedChain.Rows);
        ITransformer model = _ml.Transforms.Conversion.MapValueToKey("K", column).Append(_ml.Transforms.Conversion.MapKeyToVector("V", "K")).Fit(data);
        byte[] file = Export(model, data, "V");
        StringAssert.StartsWith(string.Join(' ', Graph(file).Node.Select(node => node.OpType)), operations + " Cast Cast OneHotEncoder");
        CollectionAssert.AreEqual(model.Transform(data).GetColumn<float[]>("V").SelectMany(row => row).ToArray(), OnnxPipelines.Run(file, data, 50)["V.output"]);
    }

    [TestMethod]
    public void Vectors_of_keys_are_encoded_one_by_one_or_added_up()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Words { W = ["b", "a", "b"] }, new Words { W = ["c", "", "b"] } });
        foreach (bool counts in new[] { false, true })
        {
            ITransformer model = _ml.Transforms.Conversion.MapValueToKey("K", "W").Append(_ml.Transforms.Conversion.MapKeyToVector("V", "K", counts)).Fit(data);
            byte[] file = Export(model, data, "V");
            Assert.AreEqual(counts ? "-1,3" : "-1,3,3", string.Join(',', Graph(file).Output[0].Type.TensorType.Shape.Dim.Select(axis => axis.DimValue)));
            CollectionAssert.AreEqual(model.Transform(data).GetColumn<float[]>("V").SelectMany(row => row).ToArray(), OnnxPipelines.Run(file, data, 2)["V.output"]);
        }
    }

    private byte[] Export(ITransformer model, IDataView data, params string[] columns)
    {
        using var stream = new MemoryStream();
        if (columns.Length == 0)
            _ml.Model.ConvertToOnnx(model, data, stream);
        else
            _ml.Model.ConvertToOnnx(model, data, stream, columns);
        return stream.ToArray();
    }

    private static GraphProto Graph(byte[] file) => ModelProto.Parser.ParseFrom(file).Graph;

    /// <summary>A transformer outside the package, whose views are its own too.</summary>
    private sealed class OutsideTransformer(ITransformer inner) : ITransformer
    {
        public bool IsRowToRowMapper => inner.IsRowToRowMapper;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inner.GetOutputSchema(inputSchema);

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => inner.GetRowToRowMapper(inputSchema);

        public IDataView Transform(IDataView input) => new SpyView(inner.Transform(input));

        void ICanSaveModel.Save(ModelSaveContext ctx) => inner.Save(ctx);
    }

    private sealed class Words
    {
        [VectorType(3)]
        public string[] W { get; set; } = [];
    }
}
