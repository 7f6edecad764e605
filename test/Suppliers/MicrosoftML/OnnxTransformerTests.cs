using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Transforms.Onnx;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class OnnxTransformerTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Every_row_is_a_run_of_its_own()
    {
        using var folder = new TestFolder();
        string file = folder.File("shape.onnx", OnnxFile.Model(
            [OnnxFile.Node("Shape", ["x"], ["y"])], [OnnxFile.Value("x", OnnxFile.Float, 0, 3)], [OnnxFile.Value("y", OnnxFile.Int64, 2)]));
        IDataView view = Rows(200);
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", file).Fit(view);
        foreach (long[] shape in model.Transform(view).GetColumn<long[]>("y"))
            CollectionAssert.AreEqual(new long[] { 1, 3 }, shape);
    }

    [TestMethod]
    public void Rows_keep_their_order_and_their_columns()
    {
        using var folder = new TestFolder();
        IDataView view = Rows(1000);
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel(folder.File("m.onnx", OnnxFile.Doubling(3))).Fit(view);
        IDataView scored = model.Transform(view);
        CollectionAssert.AreEqual(new[] { "x", "Id", "y" }, scored.Schema.Select(column => column.Name).ToArray());
        Assert.AreEqual("Vector<Single, 1, 3>", scored.Schema["y"].Type.ToString());
        int i = 0;
        foreach (Scored row in _ml.Data.CreateEnumerable<Scored>(scored, reuseRowObject: false))
        {
            Assert.AreEqual(i, row.Id);
            CollectionAssert.AreEqual(new[] { 2f * i, 2, 4 }, row.y);
            i++;
        }

        Assert.AreEqual(1000, i);
        Assert.AreEqual(1000L, scored.GetRowCount());
    }

    [TestMethod]
    public void The_promise_names_vectors()
    {
        using var folder = new TestFolder();
        OnnxScoringEstimator estimator = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(3)));
        SchemaShape.Column y = Promise(estimator, Rows(1)).Single(column => column.Name == "y");
        Assert.AreEqual(SchemaShape.Column.VectorKind.Vector, y.Kind);
        Assert.AreSame(NumberDataViewType.Single, y.ItemType);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Promise(estimator, _ml.Data.LoadFromEnumerable(new[] { new Doubles() })));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Promise(estimator, _ml.Data.LoadFromEnumerable(new[] { new Named() })));
    }

    [TestMethod]
    public void Every_fit_returns_the_same_transformer()
    {
        using var folder = new TestFolder();
        OnnxScoringEstimator estimator = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(3)));
        using OnnxTransformer model = estimator.Fit(Rows(1));
        Assert.AreSame(model, estimator.Fit(Rows(2)));
    }

    [TestMethod]
    public void Element_types_lengths_and_names_have_to_match()
    {
        using var folder = new TestFolder();
        OnnxScoringEstimator estimator = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(3)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(_ml.Data.LoadFromEnumerable(new[] { new Doubles() })));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(_ml.Data.LoadFromEnumerable(new[] { new Named() })));
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => estimator.Fit(_ml.Data.LoadFromEnumerable(new[] { new Four() })));
        StringAssert.Contains(e.Message, "Input shape mismatch: Input 'x' has shape 1,3, but input data is of length 4.", StringComparison.Ordinal);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.ApplyOnnxModel("nope", "x", folder.File("m.onnx")));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.ApplyOnnxModel("y", "nope", folder.File("m.onnx")).Fit(Rows(1)));
    }

    [TestMethod]
    public void Only_a_multiple_of_the_length_passes_the_check_and_fails_while_reading()
    {
        using var folder = new TestFolder();
        IDataView twelve = _ml.Data.LoadFromEnumerable(new[] { new Twelve() });
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(3))).Fit(twelve);
        // Rows are computed on other threads, which wrap what goes wrong.
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => model.Transform(twelve).GetColumn<float[]>("y").ToArray());
        Assert.AreEqual("Splitter/consolidator worker encountered exception while consuming source data", e.Message);
        StringAssert.Contains(
            e.InnerException!.Message, "Length of memory (12) must match product of dimensions (3)", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Shapes_of_ones_own_pack_rows_and_are_saved()
    {
        using var folder = new TestFolder();
        IDataView twelve = _ml.Data.LoadFromEnumerable(new[] { new Twelve() });
        var shapes = new Dictionary<string, int[]> { ["x"] = [4, 3], ["y"] = [4, 3] };
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel(
            ["y"], ["x"], folder.File("m.onnx", OnnxFile.Doubling(3)), shapes, recursionLimit: 100).Fit(twelve);
        Assert.AreEqual("Vector<Single, 4, 3>", model.GetOutputSchema(twelve.Schema)["y"].Type.ToString());
        using var again = (OnnxTransformer)SaveAndLoad(model);
        Assert.AreEqual(24f, again.Transform(twelve).GetColumn<float[]>("y").Single().Sum());
        var wrong = new Dictionary<string, int[]> { ["x"] = [4, 2] };
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _ml.Transforms.ApplyOnnxModel(["y"], ["x"], folder.File("m.onnx"), wrong, recursionLimit: 100));
    }

    [TestMethod]
    public void Shapes_of_outputs_become_types_of_columns()
    {
        using var folder = new TestFolder();
        string file = folder.File("m.onnx", OnnxFile.Model(
            [
                OnnxFile.Node("ReduceSum", ["x", "axes"], ["flat"], OnnxFile.IntegerAttribute("keepdims", 0)),
                OnnxFile.Node("ReduceSum", ["x"], ["scalar"], OnnxFile.IntegerAttribute("keepdims", 0)),
                OnnxFile.Node("Greater", ["x", "one"], ["flags"]),
                OnnxFile.Node("Identity", ["x"], ["col.output"]),
            ],
            [OnnxFile.Value("x", OnnxFile.Float, 0, 3)],
            [
                OnnxFile.Value("flat", OnnxFile.Float, 0), OnnxFile.Value("scalar", OnnxFile.Float), OnnxFile.Value("flags", OnnxFile.Bool, 0, 3),
                OnnxFile.Value("col.output", OnnxFile.Float, 0, 3),
            ],
            [OnnxFile.Constant("one", [1], 1), OnnxFile.Integers("axes", [1], 1)]));
        IDataView view = Rows(3);
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel(["flat", "scalar", "flags", "col.output"], ["x"], file).Fit(view);
        IDataView scored = model.Transform(view);
        Assert.AreEqual("Vector<Single, 1>", scored.Schema["flat"].Type.ToString());
        Assert.AreEqual("Single", scored.Schema["scalar"].Type.ToString());
        Assert.AreEqual("Vector<Boolean, 1, 3>", scored.Schema["flags"].Type.ToString());
        Assert.AreEqual("Vector<Single, 1, 3>", scored.Schema["col"].Type.ToString());
        CollectionAssert.AreEqual(new[] { true, false, true }, scored.GetColumn<bool[]>("flags").Last());
        Assert.AreEqual(5f, scored.GetColumn<float[]>("flat").Last().Single());
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => scored.GetColumn<float>("scalar").ToArray());
        Assert.IsInstanceOfType<ArgumentNullException>(e.InnerException);
    }

    [TestMethod]
    public void A_scalar_feeds_an_input_of_one_element_only()
    {
        using var folder = new TestFolder();
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Scalar { x = 3 } });
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("one.onnx", OnnxFile.Doubling(1))).Fit(view);
        Assert.AreEqual(6f, model.Transform(view).GetColumn<float[]>("y").Single().Single());
        Assert.ThrowsExactly<InvalidOperationException>(
            () => _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("two.onnx", OnnxFile.Doubling(2))).Fit(view));
    }

    [TestMethod]
    public void Vectors_of_any_length_fill_the_one_open_axis()
    {
        using var folder = new TestFolder();
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Loose { x = [1, 2, 3] }, new Loose { x = [4, 5] }, new Loose { x = [6, 7] } });
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(-1))).Fit(view);
        Assert.AreEqual("Vector<Single>", model.GetOutputSchema(view.Schema)["y"].Type.ToString());
        float[][] scored = [.. model.Transform(view).GetColumn<float[]>("y")];
        CollectionAssert.AreEqual(new[] { 2f, 4, 6 }, scored[0]);
        CollectionAssert.AreEqual(new[] { 12f, 14 }, scored[2]);
        Assert.ThrowsExactly<InvalidOperationException>(() => model.Transform(Rows(1)).GetColumn<float[]>("y").ToArray());

        // And where no axis is open they fit nowhere, which shows only while reading.
        using OnnxTransformer fixedSize = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("3.onnx", OnnxFile.Doubling(3))).Fit(view);
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => fixedSize.Transform(view).GetColumn<float[]>("y").ToArray());
        Assert.IsInstanceOfType<ArgumentOutOfRangeException>(e.InnerException);
    }

    [TestMethod]
    public void Sparse_rows_and_text_are_fed_too()
    {
        using var folder = new TestFolder();
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Sparse { x = new(3, 1, [5], [1]), t = "a" }, new Sparse { x = new(3, [1, 2, 3]), t = "b" } });
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(-1))).Fit(view);
        CollectionAssert.AreEqual(new[] { 0f, 10, 0 }, model.Transform(view).GetColumn<float[]>("y").First());
        string file = folder.File("t.onnx", OnnxFile.Model(
            [OnnxFile.Node("Identity", ["t"], ["u"])], [OnnxFile.Value("t", OnnxFile.Text, 0, 1)], [OnnxFile.Value("u", OnnxFile.Text, 0, 1)]));
        using OnnxTransformer text = _ml.Transforms.ApplyOnnxModel("u", "t", file).Fit(view);
        CollectionAssert.AreEqual(new[] { "a", "b" }, text.Transform(view).GetColumn<string[]>("u").Select(value => value[0]).ToArray());
    }

    [TestMethod]
    public void Only_asked_for_outputs_are_computed_and_only_needed_columns_read()
    {
        using var folder = new TestFolder();
        var spy = new SpyView(Rows(3));
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(3))).Fit(spy);
        IDataView scored = model.Transform(spy);
        _ = scored.GetColumn<int>("Id").ToArray();
        CollectionAssert.AreEqual(new[] { "Id" }, spy.Asked[^1]);
        _ = scored.GetColumn<float[]>("y").ToArray();
        CollectionAssert.AreEqual(new[] { "x" }, spy.Asked[^1]);
        Assert.AreEqual(spy.Asked.Count, spy.CursorsDisposed);
    }

    [TestMethod]
    public void The_model_file_holds_the_onnx_file_as_it_is_when_saving()
    {
        using var folder = new TestFolder();
        byte[] bytes = OnnxFile.Doubling(3);
        string file = folder.File("m.onnx", bytes);
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", file).Fit(Rows(1));
        CollectionAssert.AreEqual(bytes, Embedded(model));
        CollectionAssert.AreEqual(bytes, Embedded(new TransformerChain<ITransformer>(model)));

        // Not as it was when the session opened: another file in its place is what gets saved.
        byte[] other = OnnxFile.Doubling(3, batch: 1);
        File.Delete(file);
        Assert.ThrowsExactly<FileNotFoundException>(() => Embedded(model));
        File.WriteAllBytes(file, other);
        CollectionAssert.AreEqual(other, Embedded(model));
    }

    [TestMethod]
    public void A_loaded_model_lives_in_a_temporary_file_until_it_is_disposed()
    {
        using var folder = new TestFolder();
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(3))).Fit(Rows(1));
        var stream = new MemoryStream();
        _ml.Model.Save(new TransformerChain<ITransformer>(model), null, stream);
        Directory.CreateDirectory(folder.File("temporary"));
        var other = new MLContext { TempFilePath = folder.File("temporary") };
        ITransformer loaded = other.Model.Load(stream, out _);
        Assert.HasCount(1, Directory.GetFiles(other.TempFilePath));
        Assert.AreEqual(6f, loaded.Transform(Rows(1)).GetColumn<float[]>("y").Single().Sum());
        ((IDisposable)loaded).Dispose();
        Assert.IsEmpty(Directory.GetFiles(other.TempFilePath));
        Assert.ThrowsExactly<FileNotFoundException>(() => Embedded(loaded));
    }

    [TestMethod]
    public void A_model_from_a_stream_leaves_its_file_behind()
    {
        using var folder = new TestFolder();
        _ml.TempFilePath = folder.Path;
        using (var stream = new MemoryStream(OnnxFile.Doubling(3)))
        using (OnnxTransformer model = _ml.Transforms.ApplyOnnxModel(stream).Fit(Rows(1)))
            Assert.AreEqual(6f, model.Transform(Rows(1)).GetColumn<float[]>("y").Single().Sum());
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void Bad_files_are_refused()
    {
        using var folder = new TestFolder();
        Assert.ThrowsExactly<IOException>(() => _ml.Transforms.ApplyOnnxModel(folder.File("nope.onnx")));
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Transforms.ApplyOnnxModel(folder.File("bad.onnx", "no model")));
        Assert.IsInstanceOfType<OnnxRuntimeException>(e.InnerException);
    }

    [TestMethod]
    public void Newer_opsets_and_file_versions_open()
    {
        using var folder = new TestFolder();
        byte[] bytes = OnnxFile.Model(
            [OnnxFile.Node("Identity", ["x"], ["y"])],
            [OnnxFile.Value("x", OnnxFile.Float, 0, 3)],
            [OnnxFile.Value("y", OnnxFile.Float, 0, 3)],
            opset: 21,
            ir: 10);
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel(folder.File("m.onnx", bytes)).Fit(Rows(2));
        using var again = (OnnxTransformer)SaveAndLoad(model);
        Assert.AreEqual(4f, again.Transform(Rows(2)).GetColumn<float[]>("y").Last().Sum());
    }

    [TestMethod]
    public void A_prediction_engine_runs_once_for_several_outputs()
    {
        using var folder = new TestFolder();
        string file = folder.File("m.onnx", OnnxFile.Model(
            [OnnxFile.Node("RandomNormalLike", ["x"], ["y"]), OnnxFile.Node("Identity", ["y"], ["z"])],
            [OnnxFile.Value("x", OnnxFile.Float, 0, 3)],
            [OnnxFile.Value("y", OnnxFile.Float, 0, 3), OnnxFile.Value("z", OnnxFile.Float, 0, 3)]));
        OnnxTransformer model = _ml.Transforms.ApplyOnnxModel(file).Fit(Rows(1));
        using PredictionEngine<Row, Two> engine = _ml.Model.CreatePredictionEngine<Row, Two>(model);
        Two first = engine.Predict(new Row()), second = engine.Predict(new Row());
        CollectionAssert.AreEqual(first.y, first.z);
        CollectionAssert.AreEqual(second.y, second.z);
        CollectionAssert.AreNotEqual(first.y, second.y);
    }

    [TestMethod]
    public void A_chain_around_a_model_hides_its_helpers_and_shows_vectors()
    {
        using var folder = new TestFolder();
        string file = folder.File("m.onnx", OnnxFile.Model(
            [
                OnnxFile.Node("ReduceSum", ["x"], ["score"], OnnxFile.IntegerAttribute("keepdims", 1)),
                OnnxFile.Node("Greater", ["score", "limit"], ["flag"]),
            ],
            [OnnxFile.Value("x", OnnxFile.Float, 0, 3)],
            [OnnxFile.Value("score", OnnxFile.Float, 0, 1), OnnxFile.Value("flag", OnnxFile.Bool, 0, 1)],
            [OnnxFile.Constant("limit", [100], 1)]));
        IDataView data = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 300).Select(i => new Wide { Features = [i, 1, 2] }).ToArray());
        ITransformer stock = _ml.Transforms.CopyColumns("x", "Features")
            .Append(_ml.Transforms.ApplyOnnxModel(["score", "flag"], ["x"], file))
            .Append(_ml.Transforms.CopyColumns("Score", "score"))
            .Append(_ml.Transforms.CopyColumns("PredictedLabel", "flag"))
            .Append(_ml.Transforms.DropColumns("x", "score", "flag"))
            .Fit(data);
        var wrapper = new WrappingTransformer(stock, ((ICanSaveModel)stock).Save);
        ITransformer again = SaveAndLoad(new TransformerChain<ITransformer>(wrapper));

        IDataView scored = again.Transform(data);
        CollectionAssert.AreEqual(
            new[] { "Features: Vector<Single, 3>", "Score: Vector<Single, 1, 1>", "PredictedLabel: Vector<Boolean, 1, 1>" },
            scored.Schema.Select(column => column.ToString()).ToArray());
        int row = 0;
        foreach (Judged judged in _ml.Data.CreateEnumerable<Judged>(scored, reuseRowObject: true))
        {
            Assert.AreEqual(row + 3f, judged.Score!.Single());
            Assert.AreEqual(row + 3 > 100, judged.PredictedLabel!.Single());
            row++;
        }

        Assert.AreEqual(300, row);
        using PredictionEngine<Wide, Judged> engine = _ml.Model.CreatePredictionEngine<Wide, Judged>(again);
        Assert.IsTrue(engine.Predict(new Wide { Features = [100, 1, 2] }).PredictedLabel!.Single());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.AnomalyDetection.Evaluate(scored, labelColumnName: "Score"));
    }

    [TestMethod]
    public void Slot_names_in_the_file_become_those_of_the_column()
    {
        using var folder = new TestFolder();
        string file = folder.File("m.onnx", OnnxFile.Model(
            [OnnxFile.Node("Identity", ["x"], ["y.output"]), OnnxFile.SlotNames("y", "t", "unused", "a", "b", "c")],
            [OnnxFile.Value("x", OnnxFile.Float, 0, 3), OnnxFile.Value("t", OnnxFile.Text, 0, 1)],
            [OnnxFile.Value("y.output", OnnxFile.Float, 0, 3), OnnxFile.Value("unused", OnnxFile.Int64, 0, 1)]));
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Worded { x = [1, 2, 3], t = "a" } });
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel(["y.output"], ["x", "t"], file).Fit(view);
        VBuffer<ReadOnlyMemory<char>> names = default;
        model.GetOutputSchema(view.Schema)["y"].Annotations.GetValue("SlotNames", ref names);
        Assert.AreEqual("a,b,c", string.Join(",", names.DenseValues()));
        CollectionAssert.AreEqual(new[] { 1f, 2, 3 }, model.Transform(view).GetColumn<float[]>("y").Single());
    }

    [TestMethod]
    public void Options_of_the_context_make_the_sessions()
    {
        using var folder = new TestFolder();
        int made = 0;
        _ml.SetOnnxSessionOption(new OnnxSessionOptions
        {
            CreateSessionOptions = () =>
            {
                made++;
                return new SessionOptions();
            },
        });
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", folder.File("m.onnx", OnnxFile.Doubling(3)), gpuDeviceId: 0).Fit(Rows(1));
        Assert.AreEqual(1, made, "even where a device was asked for");
        using var again = (OnnxTransformer)SaveAndLoad(model);
        Assert.AreEqual(2, made);
        Assert.IsNotNull(_ml.GetOnnxSessionOption());
    }

    [TestMethod]
    public void Threads_are_an_option_of_the_model()
    {
        using var folder = new TestFolder();
        var options = new OnnxOptions
        {
            ModelFile = folder.File("m.onnx", OnnxFile.Doubling(3)), InputColumns = ["x"], OutputColumns = ["y"], IntraOpNumThreads = 1, InterOpNumThreads = 1,
        };
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel(options).Fit(Rows(1));
        Assert.AreEqual(6f, model.Transform(Rows(1)).GetColumn<float[]>("y").Single().Sum());
    }

    [TestMethod]
    public void Without_cuda_in_the_native_library_falling_back_does_not_help()
    {
        using var folder = new TestFolder();
        string file = folder.File("m.onnx", OnnxFile.Doubling(3));
        try
        {
            SessionOptions.MakeSessionOptionWithCudaProvider(0).Dispose();
            Assert.Inconclusive("The native library of ONNX Runtime has CUDA here.");
        }
        catch (OnnxRuntimeException)
        {
            _ml.Transforms.ApplyOnnxModel("y", "x", file, gpuDeviceId: 0, fallbackToCpu: true).Fit(Rows(1)).Dispose();
            Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Transforms.ApplyOnnxModel("y", "x", file, gpuDeviceId: 0));
            return;
        }
        catch (EntryPointNotFoundException)
        {
        }

        Assert.ThrowsExactly<EntryPointNotFoundException>(() => _ml.Transforms.ApplyOnnxModel("y", "x", file, gpuDeviceId: 0, fallbackToCpu: true));
        using OnnxTransformer model = _ml.Transforms.ApplyOnnxModel("y", "x", file).Fit(Rows(1));
        var stream = new MemoryStream();
        _ml.Model.Save(model, null, stream);
        // The device of a loaded model is the context's.
        var gpu = new MLContext { GpuDeviceId = 0, FallbackToCpu = true };
        var e = Assert.ThrowsExactly<TargetInvocationException>(() => gpu.Model.Load(stream, out _));
        Assert.IsInstanceOfType<EntryPointNotFoundException>(e.InnerException);
        Assert.ThrowsExactly<EntryPointNotFoundException>(() => gpu.Transforms.ApplyOnnxModel("y", "x", file));
    }

    private static SchemaShape Promise(IEstimator<ITransformer> estimator, IDataView view) =>
        new SchemaLoader(view.Schema).Append(estimator).GetOutputSchema();

    private static byte[] Embedded(ITransformer model)
    {
        var stream = new MemoryStream();
        new MLContext().Model.Save(model, null, stream);
        using var zip = new ZipArchive(stream, ZipArchiveMode.Read);
        ZipArchiveEntry entry = zip.Entries.Single(e => e.FullName.Replace('\\', '/').EndsWith("/OnnxModel", StringComparison.Ordinal));
        using Stream content = entry.Open();
        var bytes = new byte[entry.Length];
        content.ReadExactly(bytes);
        Assert.AreEqual(bytes.Length - 4, BinaryPrimitives.ReadInt32LittleEndian(bytes));
        return bytes[4..];
    }

    private ITransformer SaveAndLoad(ITransformer model)
    {
        var stream = new MemoryStream();
        _ml.Model.Save(model, null, stream);
        return _ml.Model.Load(stream, out _);
    }

    private IDataView Rows(int count) => _ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new Row { x = [i, 1, 2], Id = i }).ToArray());

#pragma warning disable IDE1006 // columns are named like the inputs of the models
    private sealed class Row
    {
        [VectorType(3)]
        public float[] x { get; set; } = [0, 0, 0];

        public int Id { get; set; }
    }

    private sealed class Scored
    {
        public int Id { get; set; }

        public float[]? y { get; set; }
    }

    private sealed class Two
    {
        public float[]? y { get; set; }

        public float[]? z { get; set; }
    }

    private sealed class Wide
    {
        [VectorType(3)]
        public float[]? Features { get; set; }
    }

    private sealed class Judged
    {
        public float[]? Score { get; set; }

        public bool[]? PredictedLabel { get; set; }
    }

    private sealed class Worded
    {
        [VectorType(3)]
        public float[]? x { get; set; }

        public string? t { get; set; }
    }

    private sealed class Doubles
    {
        [VectorType(3)]
        public double[]? x { get; set; }
    }

    private sealed class Named
    {
        [VectorType(3)]
        public float[]? other { get; set; }
    }

    private sealed class Four
    {
        [VectorType(4)]
        public float[]? x { get; set; }
    }

    private sealed class Twelve
    {
        [VectorType(12)]
        public float[] x { get; set; } = [.. Enumerable.Repeat(1f, 12)];
    }

    private sealed class Scalar
    {
        public float x { get; set; }
    }

    private sealed class Loose
    {
        public float[]? x { get; set; }
    }

    private sealed class Sparse
    {
        public VBuffer<float> x { get; set; }

        public string? t { get; set; }
    }
#pragma warning restore IDE1006
}
