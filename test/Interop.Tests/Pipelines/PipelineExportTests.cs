using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Samples;
using OnnxFile = MLNetAutoencoder.Onnx.OnnxFile;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>Whole pipelines as ONNX files: the numbers of the chain, from raw columns, in a graph without ML.NET's leftovers.</summary>
[TestClass]
public sealed class PipelineExportTests
{
    private const string Outputs = "score is_anomaly feature_errors reconstruction code";

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly Lazy<TransformerChain<AutoencoderTransformer>> s_customers = new(
        () => Customers.Preparation(s_ml).Append(s_ml.Autoencoders().Dense(Options())).Fit(Customers.View(s_ml, 200)));

    private static AutoencoderEstimator.Options Options() => new()
    {
        Network = new DenseNetworkOptions { Hidden = [8] },
        Code = new CodeOptions { Size = 3 },
        Epochs = 4,
        Seed = 3,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
        FeatureErrorsColumnName = "FeatureErrors",
    };

    /// <summary>Pipelines as bytes, by name: for whoever wants to look at such files with other tools.</summary>
    internal static IEnumerable<(string Name, Func<byte[]> Bytes)> Files =>
    [
        ("pipeline of customers", () => s_ml.Autoencoders().ExportPipelineToOnnx(s_customers.Value, Customers.View(s_ml, 1).Schema)),
        ("pipeline of breast cancer", () => BreastCancer(out _, out _)),
        ("pipeline of a text condition", () => s_ml.Autoencoders()
            .ExportPipelineToOnnx(Conditional(), s_ml.Data.LoadFromEnumerable(VariantRows.Make(1)).Schema)),
        .. EveryVariant.Names.Select(name => (name,
            (Func<byte[]>)(() => s_ml.Autoencoders().ExportPipelineToOnnx(EveryVariant.Fitted(name), EveryVariant.Rows(1).Schema)))),
    ];

    [TestMethod]
    [DataRow(1)]
    [DataRow(50)]
    [DataRow(1000)]
    public void Breast_cancer_has_the_scores_of_the_chain(int batch)
    {
        byte[] bytes = BreastCancer(out var model, out var data);
        AssertSame(model, bytes, data.Test, batch);
        var graph = OnnxFile.Parse(bytes, "The pipeline").Graph;
        CollectionAssert.AreEqual(data.Features, graph.Input.Select(input => input.Name).ToArray());
        Assert.AreEqual("FeatureVectorizer Scaler", string.Join(' ', graph.Node.Select(node => node.OpType).Take(2)));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(37)]
    [DataRow(200)]
    public void Categories_missing_values_and_every_type_have_the_scores_of_the_chain(int batch)
    {
        var rows = Customers.View(s_ml, 200, seed: 4, toScore: true);
        byte[] bytes = s_ml.Autoencoders().ExportPipelineToOnnx(s_customers.Value, rows.Schema);
        AssertSame(s_customers.Value, bytes, rows, batch);
        float[] scores = [.. s_customers.Value.Transform(rows).GetColumn<float>("Score")];
        Assert.AreEqual(11, scores.Count(float.IsNaN), "the rows whose missing income nothing replaces");
    }

    [TestMethod]
    public void The_graph_goes_from_raw_columns_to_our_outputs_and_holds_nothing_else()
    {
        var model = OnnxFile.Parse(s_ml.Autoencoders().ExportPipelineToOnnx(s_customers.Value, Customers.View(s_ml, 1).Schema),
            "The pipeline");
        Assert.AreEqual("'' 12, 'ai.onnx.ml' 2", string.Join(", ", model.OpsetImport.Select(opset => $"'{opset.Domain}' {opset.Version}")));
        Assert.AreEqual(7, model.IrVersion);
        Assert.AreEqual(
            "Age:1[batch,1] Income:11[batch,1] Visits:6[batch,1] Clicks:7[batch,1] Member:9[batch,1] City:8[batch,1] Plan:8[batch,1] " +
            "Region:6[batch,1] Sensors:1[batch,3] Tags:8[batch,2]",
            string.Join(' ', model.Graph.Input.Select(value => $"{value.Name}:{value.Type.TensorType.ElemType}[{Axes(value)}]")));
        Assert.AreEqual(Outputs, string.Join(' ', model.Graph.Output.Select(value => value.Name)));
        Assert.IsTrue(model.Graph.Input.Concat(model.Graph.Output).All(value => value.DocString.Length > 0));
        Assert.IsFalse(model.Graph.Node.Any(node => node.OpType == "Identity" || node.Name.StartsWith("mlnet.", StringComparison.Ordinal)));
        Assert.IsTrue(model.Graph.ValueInfo.All(value =>
            value.Type.TensorType.Shape.Dim is [{ DimParam: "batch" }, ..] dims && dims.Skip(1).All(axis => axis.DimValue > 0)));
        Assert.IsTrue(model.Graph.Node.TakeWhile(node => node.Output[0] != GraphNames.Features)
            .All(node => node.Name.StartsWith(StockGraph.Folder, StringComparison.Ordinal)));

        var metadata = AutoencoderMetadata.Read(OnnxFile.GetMetadata(model), "The pipeline");
        Assert.AreEqual("pipeline", metadata.Graph);
        Assert.AreEqual(s_customers.Value.LastTransformer.Threshold, metadata.Threshold);
        Assert.AreEqual("City", metadata.Columns["City"]);
        Assert.AreEqual("Score", metadata.Columns["score"]);
        Assert.AreEqual("PredictedLabel", metadata.Columns["is_anomaly"]);
        Assert.IsFalse(metadata.Columns.ContainsKey("features"));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(60)]
    public void A_key_becomes_one_hot_and_an_unseen_one_zeros(int batch)
    {
        var model = Conditional();
        var raw = VariantRows.Make(60, seed: 9);
        for (int i = 0; i < raw.Length; i += 7)
            raw[i].Group = i % 2 == 0 ? "violet" : "";
        var rows = s_ml.Data.LoadFromEnumerable(raw);
        byte[] bytes = s_ml.Autoencoders().ExportPipelineToOnnx(model, rows.Schema);
        AssertSame(model, bytes, rows, batch);
        var graph = OnnxFile.Parse(bytes, "The pipeline").Graph;
        Assert.AreEqual("Features Group Offset", string.Join(' ', graph.Input.Select(input => input.Name)));
        Assert.AreEqual("LabelEncoder Equal Cast",
            string.Join(' ', graph.Node.Where(node => node.Name.StartsWith(StockGraph.Folder, StringComparison.Ordinal))
            .Select(node => node.OpType)));
    }

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Every_variant_alone_is_a_pipeline_too(string name)
    {
        var model = EveryVariant.Fitted(name);
        var rows = EveryVariant.Rows(40);
        byte[] bytes = s_ml.Autoencoders().ExportPipelineToOnnx(model, rows.Schema);
        AssertSame(model, bytes, rows, 16);
        Assert.AreEqual(model.Columns.ContainsKey(GraphNames.Condition) && model.Metadata.ConditionValues.Count > 0,
            OnnxFile.Parse(bytes, "The pipeline").Graph.Node.Any(node => node.OpType == "Equal"));
    }

    [TestMethod]
    public void One_column_may_feed_two_inputs_and_stand_under_two_names()
    {
        var options = VariantRows.Options();
        (options.FeatureColumnName, options.ConditionColumnName, options.Code) = (
            "Twice", "Twice", options.Code with { OffsetColumnName = "Again", Size = 5 });
        var rows = s_ml.Data.LoadFromEnumerable(VariantRows.Make(40));
        AssertSame(s_ml.Transforms.Concatenate("Twice", "Offset", "Side").Append(s_ml.Transforms.CopyColumns("Again", "Twice"))
            .Append(s_ml.Autoencoders().Autoencoder(options)).Fit(rows), null, rows, 16);
    }

    [TestMethod]
    public void Columns_may_have_the_names_of_our_values()
    {
        var rows = s_ml.Data.LoadFromEnumerable(Rows.Make(60)
            .Select(row => new Awkward { Features = row.Features, Score = row.Features[0], Weight = row.Features[1], Stock = row.Extra })
            .ToArray());
        string[] names = ["features", "score", "encoder/dense1/weight", "pipeline/features"];
        var chain = new EstimatorChain<ITransformer>();
        foreach (var (name, column) in names.Zip([nameof(Awkward.Features), nameof(Awkward.Score), nameof(Awkward.Weight),
            nameof(Awkward.Stock)]))
            chain = chain.Append<ITransformer>(s_ml.Transforms.CopyColumns(name, column));
        var named = chain.Append<ITransformer>(s_ml.Transforms.SelectColumns(names)).Fit(rows).Transform(rows);
        var options = Options();
        (options.FeatureColumnName, options.ScoreColumnName) = ("code", "Score");
        var model = s_ml.Transforms.Concatenate("code", names).Append(s_ml.Autoencoders().Dense(options)).Fit(named);
        byte[] bytes = s_ml.Autoencoders().ExportPipelineToOnnx(model, named.Schema);
        var graph = OnnxFile.Parse(bytes, "The pipeline");
        string[] inputs = [.. graph.Graph.Input.Select(input => input.Name)];
        CollectionAssert.AreEqual(new[] { "features", "pipeline/score", "pipeline/encoder/dense1/weight", "pipeline/features" }, inputs);
        var columns = AutoencoderMetadata.Read(OnnxFile.GetMetadata(graph), "The pipeline").Columns;
        CollectionAssert.AreEqual(names, inputs.Select(input => columns[input]).ToArray());

        // The inputs that had to change carry other names than the columns.
        var renamed = s_ml.Transforms.CopyColumns("pipeline/score", "score")
            .Append(s_ml.Transforms.CopyColumns("pipeline/encoder/dense1/weight", "encoder/dense1/weight")).Fit(named).Transform(named);
        AssertSame(model, bytes, renamed, 16);
    }

    [TestMethod]
    public void A_loaded_model_exports_the_same_file()
    {
        using var folder = new TestFolder();
        s_ml.Model.Save(s_customers.Value, Customers.View(s_ml, 1).Schema, folder["model.zip"]);
        var model = s_ml.Autoencoders().Load(folder["model.zip"], out var schema);
        s_ml.Autoencoders().ExportPipelineToOnnx(model, schema!, folder["pipeline.onnx"]);
        CollectionAssert.AreEqual(s_ml.Autoencoders().ExportPipelineToOnnx(s_customers.Value, Customers.View(s_ml, 1).Schema),
            File.ReadAllBytes(folder["pipeline.onnx"]));
        Assert.HasCount(2, Directory.GetFiles(folder.Path));

        // A model of ours to be scored in batches is something else.
        Fails.With<InvalidDataException>("The file 'pipeline.onnx' is a whole pipeline from raw columns (Age, Income",
            () => new AutoencoderModel(File.ReadAllBytes(folder["pipeline.onnx"]), "The file 'pipeline.onnx'"));
    }

    [TestMethod]
    public void Parts_for_training_and_columns_that_the_score_does_not_need_are_left_out()
    {
        var data = Rows.View(s_ml, 60);
        var model = new EstimatorChain<ITransformer>()
            .Append<ITransformer>(s_ml.Transforms.Conversion.MapValueToKey("NameKey", "Name"))
            .Append<ITransformer>(s_ml.Transforms.NormalizeMinMax("Features"), TransformerScope.TrainTest)
            .Append<ITransformer>(s_ml.Transforms.Conversion.MapKeyToValue("Name", "NameKey"))
            .Append(s_ml.Autoencoders().Dense(Rows.Options())).Fit(data);
        byte[] bytes = s_ml.Autoencoders().ExportPipelineToOnnx(model, data.Schema);
        var parsed = OnnxFile.Parse(bytes, "The pipeline");
        Assert.AreEqual("Features", parsed.Graph.Input.Single().Name);
        Assert.AreEqual("'' 12", string.Join(", ", parsed.OpsetImport.Select(opset => $"'{opset.Domain}' {opset.Version}")));
        AssertSame(model, bytes, data, 16);
    }

    [TestMethod]
    public void Nested_chains_encoders_and_classifiers_are_exported()
    {
        var rows = Customers.View(s_ml, 30, seed: 5, toScore: true);
        var whole = s_customers.Value;
        var preparation = new TransformerChain<ITransformer>([.. whole.SkipLast(1)]);
        AssertSame(new TransformerChain<ITransformer>(new TransformerChain<ITransformer>(preparation), whole.LastTransformer),
            null, rows, 16);
        var encoder = preparation.Append(whole.LastTransformer.Encoder);
        byte[] bytes = s_ml.Autoencoders().ExportPipelineToOnnx(encoder, rows.Schema);
        Assert.AreEqual("code", OnnxFile.Parse(bytes, "The pipeline").Graph.Output.Single().Name);
        AssertSame(encoder, bytes, rows, 16);

        var digits = DigitRows.View(s_ml, DigitRows.Read(seed: 5).Take(200));
        var classifier = s_ml.Transforms.NormalizeMinMax("Features")
            .Append(s_ml.Autoencoders().StackedClassifier(hidden: [8], code: 4, seed: 1)).Fit(digits);
        var result = OnnxPipelines.Run(s_ml.Autoencoders().ExportPipelineToOnnx(classifier, digits.Schema), digits, 64);
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(
            classifier.Transform(digits).GetColumn<float[]>("Score").SelectMany(row => row), result["class_probabilities"]));
    }

    [TestMethod]
    public void What_stands_after_the_autoencoder_is_refused_by_name()
    {
        var data = Rows.View(s_ml, 60);
        var model = s_ml.Transforms.CopyColumns("F", "Features").Fit(data).Append(Fitted())
            .Append(s_ml.Transforms.CopyColumns("Result", "Score").Fit(Fitted().Transform(data)));
        Refuses<NotSupportedException>(model, data, "After the autoencoder stands the ColumnCopyingTransformer, which makes 'Result'");
        Refuses<ArgumentException>(new TransformerChain<ITransformer>(Fitted(), Fitted()), data, "holds 2 autoencoders");
        Refuses<ArgumentException>(s_ml.Transforms.CopyColumns("F", "Features").Fit(data), data,
            "The model (ColumnCopyingTransformer) holds no autoencoder");
        Refuses<NotSupportedException>(Fitted().TopFeatures(2), data, "top features are not in the graph");
        Refuses<NotSupportedException>(s_ml.Autoencoders().TimeSeries(new TimeSeriesEstimator.Options
        {
            FeatureColumnName = "Features", Width = WindowWidth.Steps(4), Steps = 1,
        }).Fit(data), data, "A time series is scored by windows of 4 rows");
    }

    [TestMethod]
    public void What_cannot_be_written_before_it_is_refused_by_name()
    {
        var data = Customers.View(s_ml, 30);
        Case("MapKeyToValue", s_ml.Transforms.Conversion.MapValueToKey("K", "Region")
            .Append(s_ml.Transforms.Conversion.MapKeyToValue("R", "K")).Append(s_ml.Transforms.Conversion.ConvertType("F", "R")),
            "KeyToValueMappingTransformer, which makes 'R', from 'K' (Key<UInt32, 0-2>) cannot be exported, and the score depends on it");
        Case("outside",
            new GivenEstimator(new WrappingTransformer(s_ml.Transforms.Conversion.ConvertType("F", "Income").Fit(data), _ => { }),
            s_ml.Transforms.Conversion.ConvertType("F", "Income").GetOutputSchema), "WrappingTransformer, which makes 'F',");
        Case("Double", s_ml.Transforms.NormalizeMinMax("Income").Append(s_ml.Transforms.Conversion.ConvertType("F", "Income")),
            "NormalizingTransformer, which makes 'Income', from 'Income' (Double) cannot be exported: ML.NET writes it for Single only");
        Case("Double", s_ml.Transforms.ReplaceMissingValues("I", "Income").Append(s_ml.Transforms.Conversion.ConvertType("F", "I")),
            "MissingValueReplacingTransformer, which makes 'I', from 'Income' (Double)");
        Case("Boolean", s_ml.Transforms.Concatenate("B", "Member", "Member").Append(s_ml.Transforms.Conversion.ConvertType("F", "B")),
            "ColumnConcatenatingTransformer, which makes 'B', from 'Member' (Boolean) cannot be exported: ONNX joins");
        Case("Double", s_ml.Transforms.Categorical.OneHotEncoding("F", "Spare"),
            "OneHotEncodingTransformer, which makes 'F', from 'Spare' (Double) cannot be exported: expected text");

        void Case(string name, IEstimator<ITransformer> before, string expected)
        {
            var options = Options();
            (options.FeatureColumnName, options.Network) = ("F", new DenseNetworkOptions { Hidden = [] });
            Refuses<NotSupportedException>(before.Append(s_ml.Autoencoders().Dense(options)).Fit(data), data, expected);
        }
    }

    [TestMethod]
    public void What_does_not_make_columns_row_by_row_is_refused_by_name()
    {
        var data = Rows.View(s_ml, 60);
        Refuses<NotSupportedException>(new TransformerChain<ITransformer>(new RowsFromOutside(), Fitted()), data,
            "The RowsFromOutside before the autoencoder does more than to add columns");
    }

    [TestMethod]
    public void Other_data_are_refused_by_column_and_a_refused_export_leaves_the_file_as_it_was()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["pipeline.onnx"], "old");
        Fails.With<ArgumentOutOfRangeException>("Age",
            () => s_ml.Autoencoders().ExportPipelineToOnnx(s_customers.Value, Rows.View(s_ml, 1).Schema, folder["pipeline.onnx"]));
        Assert.ThrowsExactly<IOException>(() => s_ml.Autoencoders()
            .ExportPipelineToOnnx(s_customers.Value, Customers.View(s_ml, 1).Schema, folder["none/pipeline.onnx"]));
        Assert.ThrowsExactly<ArgumentNullException>(() => s_ml.Autoencoders().ExportPipelineToOnnx(null!, Customers.View(s_ml, 1).Schema));
        Assert.AreEqual("old", File.ReadAllText(folder["pipeline.onnx"]));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void The_stock_export_of_a_chain_with_ours_leaves_ours_out_without_a_word()
    {
        using var stream = new MemoryStream();
        var data = Rows.View(s_ml, 60);
        s_ml.Model.ConvertToOnnx(s_ml.Transforms.NormalizeMinMax("Features").Fit(data).Append(Fitted()), data, stream, "Score");
        var graph = OnnxFile.Parse(stream.ToArray(), "The stock export").Graph;
        Assert.AreEqual("Identity", graph.Node.Single().OpType);
        Assert.IsTrue(graph.Input.Any(input => input.Name == "Score"), "the score is an input, not a result");
    }

    private static AutoencoderTransformer Fitted() => EveryFive.Value;

    private static readonly Lazy<AutoencoderTransformer> EveryFive = new(() => Rows.Fit(s_ml));

    private static TransformerChain<AutoencoderTransformer> Conditional()
    {
        var options = VariantRows.Options();
        (options.ConditionColumnName, options.Code) = ("Key", options.Code with { OffsetColumnName = "Offset" });
        (options.CodeColumnName, options.ReconstructionColumnName, options.FeatureErrorsColumnName) = (
            "Code", "Reconstruction", "FeatureErrors");
        return s_ml.Transforms.Conversion.MapValueToKey("Key", "Group").Append(s_ml.Autoencoders().Autoencoder(options))
            .Fit(s_ml.Data.LoadFromEnumerable(VariantRows.Make(200)));
    }

    private static byte[] BreastCancer(out TransformerChain<AutoencoderTransformer> model, out DataSet data)
    {
        data = DataSets.BreastCancer(s_ml);
        var options = Options();
        options.Scaling = InputScaling.None;
        model = s_ml.Transforms.Concatenate("Features", data.Features)
            .Append(s_ml.Transforms.NormalizeMeanVariance("Features", fixZero: false)).Append(s_ml.Autoencoders().Dense(options))
            .Fit(data.Train);
        return s_ml.Autoencoders().ExportPipelineToOnnx(model, data.Train.Schema);
    }

    /// <summary>
    /// Every output that the model has a column for is that column's, to 1e-5 of the larger of 1 and its magnitude:
    /// kernels for other batches round otherwise.
    /// </summary>
    private static void AssertSame(ITransformer model, byte[]? exported, IDataView rows, int batch)
    {
        byte[] bytes = exported ?? s_ml.Autoencoders().ExportPipelineToOnnx(model, rows.Schema);
        var found = OnnxPipelines.Run(bytes, rows, batch);
        var scored = model.Transform(rows);
        var columns = AutoencoderMetadata.Read(OnnxFile.GetMetadata(OnnxFile.Parse(bytes, "The pipeline")), "The pipeline").Columns;
        int compared = 0;
        foreach (var (output, values) in found)
        {
            if (!columns.TryGetValue(output, out string? name))
                continue;
            var column = scored.Schema[name];
            float[] expected = column.Type switch
            {
                BooleanDataViewType => [.. scored.GetColumn<bool>(column).Select(value => value ? 1f : 0)],
                VectorDataViewType => [.. scored.GetColumn<float[]>(column).SelectMany(row => row)],
                _ => [.. scored.GetColumn<float>(column)],
            };
            Assert.HasCount(expected.Length, values, output);
            Assert.IsLessThanOrEqualTo(output == GraphNames.IsAnomaly ? 0 : 1e-5, Rows.Difference(expected, values), output);
            compared++;
        }
        Assert.IsGreaterThan(0, compared);
    }

    private static void Refuses<TException>(ITransformer model, IDataView data, string expected)
        where TException : Exception
    {
        Fails.With<TException>(expected, () => s_ml.Autoencoders().ExportPipelineToOnnx(model, data.Schema));
    }

    private sealed class Awkward
    {
        [VectorType(Row.FeatureCount)]
        public float[] Features { get; set; } = [];

        public float Score { get; set; }

        public float Weight { get; set; }

        [VectorType(2)]
        public float[] Stock { get; set; } = [];
    }

    /// <summary>A transformer that says it does something to rows as a whole.</summary>
    private sealed class RowsFromOutside : ITransformer
    {
        public bool IsRowToRowMapper => false;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new NotSupportedException();

        public IDataView Transform(IDataView input) => input;

        void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException();
    }

    private static string Axes(ValueInfoProto value) => string.Join(',', value.Type.TensorType.Shape.Dim.Select(axis =>
        axis.DimParam.Length > 0 ? axis.DimParam : $"{axis.DimValue}"));
}
