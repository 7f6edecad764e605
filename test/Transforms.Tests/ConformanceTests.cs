using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// What every transformer of this library does, whichever it is and however it came to be: run over each of them,
/// fitted, loaded and upgraded.
/// </summary>
[TestClass]
public sealed class ConformanceTests
{
    private const int RowCount = 600;
    private const string Classifier = "classifier", Plainest = "dense";

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly TestFolder s_folder = new();
    private static readonly Dictionary<string, AutoencoderTransformer> s_models = [];
    private static readonly Dictionary<string, StackedClassifierTransformer> s_classifiers = [];

    /// <summary>Each transformer, by the model that it is a part of.</summary>
    private static readonly Dictionary<string, Func<AutoencoderTransformer, AutoencoderTransformer>> s_parts = new()
    {
        ["model"] = model => model,
        ["encoder"] = model => model.Encoder,
        ["decoder"] = model => model.Decoder,
        ["reconstructor"] = model => model.Reconstructor,
        ["scorer"] = model => model.Scorer,
        ["other threshold"] = model => model.WithThreshold(ThresholdRule.MeanPlusDeviations(1)),
        ["fixed batches"] = model => model.WithScoring(new ScoringOptions { BatchSize = 50, IntraOpThreads = 1 }),
        ["top features"] = model => model.TopFeatures(2),
    };

    /// <summary>Autoencoders, from the plainest to one with everything: how each is fitted, and a view with all that it reads.</summary>
    private static readonly Dictionary<string, (Func<AutoencoderTransformer> Fit, Func<int, IDataView> View)> s_subjects = new()
    {
        [Plainest] = (() => Rows.Fit(s_ml, options => options.ProbabilityColumnName = "Probability"), count =>
            Rows.View(s_ml, count, seed: 41)),
        ["convolutional"] = (() => FitWithEverything(options =>
        {
            options.Network = new ConvolutionalNetworkOptions { Height = 3, Width = 4, Filters = [4] };
            (options.ConditionColumnName, options.CodeLogVarianceColumnName, options.Code) = (null, null, new CodeOptions { Size = 2 });
        }), count => VariantRows.View(s_ml, count, seed: 41)),
        ["stacked denoising sparse"] = (() => FitWithEverything(options =>
        {
            options.Network = new DenseNetworkOptions { Hidden = [10, 6], Activation = Activation.GELU, Normalization = Normalization.Batch,
                Dropout = 0.1, TiedWeights = true };
            (options.ConditionColumnName, options.CodeLogVarianceColumnName) = (null, null);
            options.Code = new CodeOptions { Size = 3, Activation = Activation.Sigmoid, Normalization = CodeNormalization.None,
                NoiseDeviation = 0.1 };
            options.Penalties = [new KullbackLeiblerPenalty(0.1), new ContractivePenalty(0.01), new BinaryCodePenalty(0.1)];
            (options.Corruption, options.Pretraining) = (new MaskingCorruption(0.2), new PretrainingOptions { Epochs = 1 });
            (options.Loss, options.FeatureWeights, options.WeightColumnName) = (
                ReconstructionLoss.Huber, [.. Enumerable.Range(1, VariantRow.FeatureCount).Select(j => (float)j)], "Weight");
        }), count => VariantRows.View(s_ml, count, seed: 41)),
        ["conditional variational"] = (() => FitWithEverything(), count => VariantRows.View(s_ml, count, seed: 41)),
    };

    public static IEnumerable<object[]> All =>
        from part in s_parts.Keys.Append(Classifier)
        from subject in s_subjects.Keys
        where part != Classifier || subject == Plainest
        from origin in new[] { "fitted", "loaded", "upgraded" }
        select new object[] { part, $"{subject}, {origin}" };

    public static IEnumerable<object[]> Savable => All.Where(row => (string)row[0] != "top features");

    [ClassInitialize]
    public static void MakeModels(TestContext _)
    {
        foreach (var (name, subject) in s_subjects)
        {
            var model = subject.Fit();
            string path = s_folder[$"{name}.zip"];
            s_ml.Model.Save(model, subject.View(1).Schema, path);
            s_models[$"{name}, fitted"] = model;
            s_models[$"{name}, loaded"] = (AutoencoderTransformer)s_ml.Autoencoders().Load(path, out DataViewSchema? _);
            s_models[$"{name}, upgraded"] = (AutoencoderTransformer)s_ml.Autoencoders()
                .Upgrade(s_ml.Model.Load(path, out DataViewSchema _));
        }

        // On the rows of the plainest autoencoder.
        var classifier = FitClassifier();
        s_ml.Model.Save(classifier, Rows.View(s_ml, 1).Schema, s_folder["classifier.zip"]);
        s_classifiers[$"{Plainest}, fitted"] = classifier;
        s_classifiers[$"{Plainest}, loaded"] = (StackedClassifierTransformer)s_ml.Autoencoders()
            .Load(s_folder["classifier.zip"], out DataViewSchema? _);
        s_classifiers[$"{Plainest}, upgraded"] = (StackedClassifierTransformer)s_ml.Autoencoders()
            .Upgrade(s_ml.Model.Load(s_folder["classifier.zip"], out DataViewSchema _));
    }

    [ClassCleanup]
    public static void DisposeModels()
    {
        foreach (var model in s_models.Values.Concat<IDisposable>(s_classifiers.Values))
            model.Dispose();
        s_folder.Dispose();
    }

    private static AutoencoderTransformer FitWithEverything(Action<AutoencoderEstimator.Options>? change = null)
    {
        var options = VariantRows.Options();
        options.ConditionColumnName = "Key";
        options.Code = options.Code with { OffsetColumnName = "Offset",
            Variational = new VariationalOptions { Score = VariationalScore.NegativeElbo, ScoreSamples = 3 } };
        options.ProbabilityColumnName = "Probability";
        options.CodeColumnName = "Code";
        options.CodeLogVarianceColumnName = "CodeLogVariance";
        options.ReconstructionColumnName = "Reconstruction";
        options.FeatureErrorsColumnName = "FeatureErrors";
        change?.Invoke(options);
        return s_ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(s_ml, 200));
    }

    private static StackedClassifierTransformer FitClassifier()
    {
        var view = Rows.View(s_ml, 200);
        return s_ml.Autoencoders().StackedClassifier(new StackedClassifierEstimator.Options
        {
            LabelColumnName = "Class",
            CodeColumnName = "ClassCode",
            Hidden = [6],
            Code = 3,
            PretrainingEpochs = 2,
            Epochs = 5,
            Seed = 3,
        }).Fit(s_ml.Transforms.Conversion.MapValueToKey("Class", "Label").Fit(view).Transform(view));
    }

    private static ITransformer Make(string part, string origin) =>
        part == Classifier ? s_classifiers[origin] : s_parts[part](s_models[origin]);

    private static string Fitted(string origin) => $"{origin.Split(',')[0]}, fitted";

    /// <summary>Rows with every column that any part reads: features, what stands beside them, and codes.</summary>
    private static IDataView Input(string origin, int count = RowCount) =>
        s_models[Fitted(origin)].Encoder.Transform(s_subjects[origin.Split(',')[0]].View(count));

    [TestMethod]
    [DynamicData(nameof(All))]
    public void The_promised_schema_is_the_delivered_one(string part, string origin)
    {
        var transformer = Make(part, origin);
        var input = Input(origin);
        string promised = Describe(transformer.GetOutputSchema(input.Schema));
        Assert.AreEqual(promised, Describe(transformer.Transform(input).Schema));
        Assert.AreEqual(promised, Describe(transformer.GetRowToRowMapper(input.Schema).OutputSchema));
        Assert.AreEqual(Describe(Make(part, Fitted(origin)).GetOutputSchema(input.Schema)), promised, "as the fitted one promises");
        Assert.IsTrue(transformer.IsRowToRowMapper);
    }

    [TestMethod]
    [DynamicData(nameof(All))]
    public void Every_column_can_be_read_and_equals_the_fitted_models(string part, string origin)
    {
        var input = Input(origin);
        var expected = ReadAll(Make(part, Fitted(origin)).Transform(input));
        var actual = ReadAll(Make(part, origin).Transform(input));
        CollectionAssert.AreEqual(expected, actual);
        Assert.AreEqual(RowCount, actual.Length);
    }

    [TestMethod]
    [DynamicData(nameof(All))]
    public void Each_column_alone_equals_itself_among_all(string part, string origin)
    {
        var view = Make(part, origin).Transform(Input(origin));
        foreach (var column in view.Schema)
        {
            // Another set of outputs is another session, whose kernels may be fused differently: a few units in the last place.
            var alone = Numbers(view, [column], column);
            var amongAll = Numbers(view, [.. view.Schema], column);
            Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(amongAll, alone), column.Name);
        }
    }

    [TestMethod]
    [DynamicData(nameof(All))]
    public void Several_cursors_give_every_row_once(string part, string origin)
    {
        var view = Make(part, origin).Transform(Input(origin));
        var column = view.Schema[view.Schema.Count - 1];
        var ids = new HashSet<(ulong, ulong)>();
        int rows = 0;
        foreach (var cursor in view.GetRowCursorSet([column], 4))
        {
            using (cursor)
            {
                var id = cursor.GetIdGetter();
                while (cursor.MoveNext())
                {
                    DataViewRowId value = default;
                    id(ref value);
                    ids.Add((value.Low, value.High));
                    rows++;
                }
            }
        }
        Assert.AreEqual(RowCount, rows);
        Assert.AreEqual(RowCount, ids.Count);
    }

    [TestMethod]
    [DynamicData(nameof(All))]
    public void A_row_mapper_gives_what_a_cursor_gives(string part, string origin)
    {
        var transformer = Make(part, origin);
        var input = Input(origin, 40);
        var view = transformer.Transform(input);
        var mapper = transformer.GetRowToRowMapper(input.Schema);
        var added = mapper.OutputSchema.Where(column => column.Index >= input.Schema.Count).ToArray();
        using var cursor = input.GetRowCursor(mapper.GetDependencies(added));
        using var row = mapper.GetRow(cursor, added);
        Assert.AreSame(mapper.OutputSchema, row.Schema);
        var readers = added.Select(column => NumberReader(row, column)).ToArray();
        var expected = added.Select(column => Numbers(view, [.. view.Schema.Skip(input.Schema.Count)], view.Schema[column.Index]))
            .ToArray();
        var actual = added.Select(_ => new List<float>()).ToArray();
        while (cursor.MoveNext())
        {
            for (int i = 0; i < added.Length; i++)
                actual[i].AddRange(readers[i]());
        }
        for (int i = 0; i < added.Length; i++)
            Assert.IsLessThanOrEqualTo(1e-4, Rows.Difference(expected[i], actual[i]), added[i].Name);
    }

    [TestMethod]
    [DynamicData(nameof(All))]
    public void Wrong_input_is_refused_by_the_name_of_the_column(string part, string origin)
    {
        var transformer = Make(part, origin);
        string column = part == "decoder" ? "Code" : "Features";
        var missing = s_ml.Transforms.DropColumns(column).Fit(Input(origin, 1)).Transform(Input(origin, 1));
        Fails.With<ArgumentOutOfRangeException>($"'{column}'", () => transformer.Transform(missing));
        Fails.With<ArgumentOutOfRangeException>($"'{column}'", () => transformer.GetOutputSchema(missing.Schema));
        var mistyped = s_ml.Transforms.CopyColumns(column, origin.StartsWith("dense", StringComparison.Ordinal) ? "Name" : "Group")
            .Fit(Input(origin, 1)).Transform(Input(origin, 1));
        Fails.With<ArgumentOutOfRangeException>($"'{column}' is String", () => transformer.Transform(mistyped));
    }

    [TestMethod]
    [DynamicData(nameof(Savable))]
    public void Saved_and_loaded_it_is_the_same_and_saved_again_it_has_the_same_graph(string part, string origin)
    {
        using var folder = new TestFolder();
        var transformer = Make(part, origin);
        var input = Input(origin);
        s_ml.Model.Save(transformer, input.Schema, folder["1.zip"]);
        var again = s_ml.Autoencoders().Load(folder["1.zip"], out DataViewSchema? _);
        using var opened = (IDisposable)again;
        Assert.AreSame(transformer.GetType(), again.GetType());
        // How a model is run is no part of it; kernels for other batches round otherwise.
        var alike = part == "fixed batches" ? s_parts[part]((AutoencoderTransformer)again) : again;
        CollectionAssert.AreEqual(ReadAll(transformer.Transform(input)), ReadAll(alike.Transform(input)));
        s_ml.Model.Save(again, input.Schema, folder["2.zip"]);
        CollectionAssert.AreEqual(Graph(folder["1.zip"]), Graph(folder["2.zip"]));
    }

    [TestMethod]
    [DataRow("dense, loaded")]
    [DataRow("dense, upgraded")]
    [DataRow("conditional variational, loaded")]
    [DataRow("conditional variational, upgraded")]
    [DataRow("convolutional, loaded")]
    [DataRow("convolutional, upgraded")]
    [DataRow("stacked denoising sparse, loaded")]
    [DataRow("stacked denoising sparse, upgraded")]
    public void Exported_it_is_the_same_three_files(string origin)
    {
        using var folder = new TestFolder();
        s_models[Fitted(origin)].ExportOnnx(folder["e1"], folder["d1"], folder["s1"]);
        s_models[origin].ExportOnnx(folder["e2"], folder["d2"], folder["s2"]);
        foreach (string graph in new[] { "e", "d", "s" })
            CollectionAssert.AreEqual(File.ReadAllBytes(folder[graph + "1"]), File.ReadAllBytes(folder[graph + "2"]), graph);
    }

    [TestMethod]
    [DataRow("dense, loaded")]
    [DataRow("dense, upgraded")]
    public void An_exported_classifier_is_the_same_file(string origin)
    {
        using var folder = new TestFolder();
        s_classifiers[Fitted(origin)].ExportOnnx(folder["1"]);
        s_classifiers[origin].ExportOnnx(folder["2"]);
        CollectionAssert.AreEqual(File.ReadAllBytes(folder["1"]), File.ReadAllBytes(folder["2"]));
    }

    [TestMethod]
    [DynamicData(nameof(All))]
    public void A_cursor_may_be_disposed_midway_and_twice(string part, string origin)
    {
        var view = Make(part, origin).Transform(Input(origin));
        for (int i = 0; i < 50; i++)
        {
            var cursor = view.GetRowCursor(view.Schema);
            for (int row = 0; row <= i; row++)
                Assert.IsTrue(cursor.MoveNext());
            cursor.Dispose();
            cursor.Dispose();
        }
    }

    [TestMethod]
    [DataRow("model")]
    [DataRow("other threshold")]
    [DataRow("fixed batches")]
    [DataRow(Classifier)]
    public void Disposed_it_says_so(string part)
    {
        const string origin = "dense, fitted";
        using var whole = Rows.Fit(s_ml, options => options.Epochs = 0);
        ITransformer transformer = part == Classifier ? FitClassifier() : s_parts[part](whole);
        var view = transformer.Transform(Input(origin));
        using var open = view.GetRowCursor(view.Schema);
        Assert.IsTrue(open.MoveNext());
        ((IDisposable)transformer).Dispose();
        ((IDisposable)transformer).Dispose();
        Fails.With<ObjectDisposedException>("has been disposed", () => transformer.Transform(Input(origin)));
        Fails.With<ObjectDisposedException>("has been disposed", () => view.GetRowCursor(view.Schema));
        StringAssert.Contains(Assert.ThrowsExactly<ObjectDisposedException>(() =>
        {
            while (open.MoveNext())
            {
            }
        }).Message, "has been disposed");
    }

    private static string Describe(DataViewSchema schema) => string.Join('\n', schema.Select(column =>
        $"{column.Name}:{column.Type}:{column.IsHidden} " +
            $"[{string.Join(", ", column.Annotations.Schema.Select(annotation => $"{annotation.Name}:{annotation.Type}").Order())}]"));

    /// <summary>Every row as text, bits and all.</summary>
    private static string[] ReadAll(IDataView view)
    {
        var columns = view.Schema.Where(column => !column.IsHidden).ToArray();
        using var cursor = view.GetRowCursor(columns);
        var readers = columns.Select(column => NumberReader(cursor, column)).ToArray();
        var rows = new List<string>();
        while (cursor.MoveNext())
            rows.Add(string.Join('|', readers.Select(
                read => string.Join(',', read().Select(value => BitConverter.SingleToInt32Bits(value))))));
        return [.. rows];
    }

    private static float[] Numbers(IDataView view, DataViewSchema.Column[] active, DataViewSchema.Column column)
    {
        using var cursor = view.GetRowCursor(active);
        var read = NumberReader(cursor, column);
        var values = new List<float>();
        while (cursor.MoveNext())
            values.AddRange(read());
        return [.. values];
    }

    /// <summary>Reads a column of any of the types here as numbers; text by its hash.</summary>
    private static Func<float[]> NumberReader(DataViewRow row, DataViewSchema.Column column)
    {
        var raw = column.Type.RawType;
        if (raw == typeof(float))
            return Read<float>(row, column, value => [value]);
        if (raw == typeof(uint))
            return Read<uint>(row, column, value => [value]);
        if (raw == typeof(bool))
            return Read<bool>(row, column, value => [value ? 1 : 0]);
        if (raw == typeof(ReadOnlyMemory<char>))
            return Read<ReadOnlyMemory<char>>(row, column, value => [Hash(value)]);
        return raw == typeof(VBuffer<float>)
            ? Read<VBuffer<float>>(row, column, value => [.. value.DenseValues()])
            : Read<VBuffer<ReadOnlyMemory<char>>>(row, column, value => [.. value.DenseValues().Select(Hash)]);

        static float Hash(ReadOnlyMemory<char> text)
        {
            int hash = 17;
            foreach (char c in text.Span)
                hash = unchecked(hash * 31 + c) & 0xFFFFFF;
            return hash;
        }
    }

    private static Func<float[]> Read<T>(DataViewRow row, DataViewSchema.Column column, Func<T, float[]> convert)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return convert(value);
        };
    }

    private static byte[] Graph(string path)
    {
        using var zip = System.IO.Compression.ZipFile.OpenRead(path);
        using var stream = zip.Entries.Single(entry => entry.FullName.EndsWith("OnnxModel", StringComparison.Ordinal)).Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
