using System.IO.Compression;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class ModelFileTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void A_chain_comes_back_with_its_schema()
    {
        using var folder = new TestFolder();
        IDataView data = Data();
        ITransformer model = Chain().Fit(data);
        _ml.Model.Save(model, data.Schema, folder.File("model.zip"));
        ITransformer again = new MLContext().Model.Load(folder.File("model.zip"), out DataViewSchema schema);

        CollectionAssert.AreEqual(data.Schema.Select(c => c.ToString()).ToArray(), schema.Select(c => c.ToString()).ToArray());
        VBuffer<ReadOnlyMemory<char>> names = default;
        schema["V"].GetSlotNames(ref names);
        Assert.AreEqual("y", names.GetItemOrDefault(1).ToString());
        Assert.HasCount(3, (TransformerChain<ITransformer>)again);
        IDataView expected = model.Transform(data), actual = again.Transform(data);
        CollectionAssert.AreEqual(expected.Schema.Select(c => c.ToString()).ToArray(), actual.Schema.Select(c => c.ToString()).ToArray());
        CollectionAssert.AreEqual(expected.GetColumn<float[]>("F").First(), actual.GetColumn<float[]>("F").First());
    }

    [TestMethod]
    public void A_single_transformer_comes_back_as_itself_and_without_a_schema()
    {
        ITransformer copy = _ml.Transforms.CopyColumns("C", "A").Fit(Data());
        ITransformer again = Load(Save(copy), out DataViewSchema schema);
        Assert.IsNull(schema);
        Assert.AreEqual(copy.GetType(), again.GetType());
        Assert.IsNotNull(again.GetOutputSchema(Data().Schema).GetColumnOrNull("C"));
    }

    [TestMethod]
    public void A_model_saved_with_a_loader_comes_back_with_it()
    {
        using var folder = new TestFolder();
        string csv = folder.File("data.csv", "a,b\n1,2\n3,4\n");
        TextLoader loader = _ml.Data.CreateTextLoader(
            [new TextLoader.Column("V", DataKind.Single, 0, 1)], separatorChar: ',', hasHeader: true, dataSample: new MultiFileSource(csv));
        ITransformer model = _ml.Transforms.CopyColumns("C", "V").Fit(loader.Load(new MultiFileSource(csv)));
        _ml.Model.Save(model, loader, folder.File("model.zip"));

        ITransformer again = _ml.Model.LoadWithDataLoader(folder.File("model.zip"), out IDataLoader<IMultiStreamSource> loaded);
        CollectionAssert.AreEqual(new[] { 3f, 4 }, again.Transform(loaded.Load(new MultiFileSource(csv))).GetColumn<float[]>("C").Last());
        VBuffer<ReadOnlyMemory<char>> names = default;
        loaded.GetOutputSchema()["V"].GetSlotNames(ref names);
        Assert.AreEqual("b", names.GetItemOrDefault(1).ToString());

        _ = _ml.Model.Load(folder.File("model.zip"), out DataViewSchema schema);
        Assert.AreEqual("V", schema.Single().Name);
        _ml.Model.Save(model, schema, folder.File("other.zip"));
        Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Model.LoadWithDataLoader(folder.File("other.zip"), out _));
    }

    [TestMethod]
    public void Each_component_has_a_directory_of_its_own()
    {
        using var zip = new ZipArchive(Save(Chain().Fit(Data())), ZipArchiveMode.Read);
        string[] names = [.. zip.Entries.Select(entry => entry.FullName.Replace('\\', '/'))];
        CollectionAssert.IsSubsetOf(
            new[] { "TransformerChain/Model.key", "TransformerChain/Transform_000/Model.key", "TransformerChain/Transform_002/Model.key" }, names);
    }

    [TestMethod]
    public void A_third_party_may_pass_the_context_on_to_one_stock_transformer()
    {
        IDataView data = Data();
        ITransformer stock = Chain().Fit(data);
        var wrapper = new WrappingTransformer(stock, ((ICanSaveModel)stock).Save);
        var model = new TransformerChain<ITransformer>(_ml.Transforms.CopyColumns("Z", "A").Fit(data), wrapper);

        var again = (TransformerChain<ITransformer>)Load(Save(model), out _);
        Assert.IsInstanceOfType<TransformerChain<ITransformer>>(again.Last());
        CollectionAssert.AreEqual(
            model.Transform(data).GetColumn<float[]>("F").First(), again.Transform(data).GetColumn<float[]>("F").First());
        CollectionAssert.AreEqual(
            stock.Transform(data).GetColumn<float[]>("F").First(), Load(Save(wrapper), out _).Transform(data).GetColumn<float[]>("F").First());
    }

    [TestMethod]
    public void A_third_party_that_writes_nothing_is_refused()
    {
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => Save(new WrappingTransformer(new TransformerChain<ITransformer>(), _ => { })));
        StringAssert.Contains(e.Message, "ModelSignature not specified!", StringComparison.Ordinal);
    }

    [TestMethod]
    public void What_a_third_party_throws_reaches_the_caller()
    {
        var wrapper = new WrappingTransformer(new TransformerChain<ITransformer>(), _ => throw new NotSupportedException("no"));
        Assert.ThrowsExactly<NotSupportedException>(() => Save(new TransformerChain<ITransformer>(wrapper)));
    }

    [TestMethod]
    public void Two_calls_on_one_context_make_a_file_that_does_not_load()
    {
        ITransformer a = _ml.Transforms.CopyColumns("C", "A").Fit(Data()), b = _ml.Transforms.CopyColumns("D", "A").Fit(Data());
        Stream file = Save(new WrappingTransformer(a, ctx =>
        {
            ((ICanSaveModel)a).Save(ctx);
            ((ICanSaveModel)b).Save(ctx);
        }));
        Assert.ThrowsExactly<FormatException>(() => Load(file, out _));

        // Inside of a chain the same failure is wrapped, for each level.
        file = Save(new TransformerChain<ITransformer>(new WrappingTransformer(a, ctx =>
        {
            ((ICanSaveModel)a).Save(ctx);
            ((ICanSaveModel)b).Save(ctx);
        })));
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => Load(file, out _));
        Assert.AreEqual("Error during class instantiation", e.Message);
        Assert.IsInstanceOfType<TargetInvocationException>(e.InnerException);
        Assert.IsInstanceOfType<FormatException>(e.InnerException.InnerException);

        ITransformer chain = Chain().Fit(Data());
        Assert.ThrowsExactly<InvalidOperationException>(() => Save(new WrappingTransformer(a, ctx =>
        {
            ((ICanSaveModel)chain).Save(ctx);
            ((ICanSaveModel)chain).Save(ctx);
        })));
    }

    [TestMethod]
    public void Foreign_and_damaged_files_are_refused()
    {
        Assert.ThrowsExactly<FormatException>(() => Load(new MemoryStream([1, 2, 3]), out _));
        var empty = new MemoryStream();
        using (new ZipArchive(empty, ZipArchiveMode.Create, leaveOpen: true))
        {
        }

        empty.Position = 0;
        Assert.ThrowsExactly<InvalidOperationException>(() => Load(empty, out _));

        var cut = new MemoryStream();
        Save(Chain().Fit(Data()), Data().Schema).CopyTo(cut);
        using (var zip = new ZipArchive(cut, ZipArchiveMode.Update, leaveOpen: true))
            zip.Entries.Single(entry => entry.FullName.Replace('\\', '/') == "TransformerChain/Model.key").Delete();
        cut.Position = 0;
        Assert.ThrowsExactly<FormatException>(() => Load(cut, out _));
    }

    private EstimatorChain<ColumnConcatenatingTransformer> Chain() => _ml.Transforms.CopyColumns("C", "A")
        .Append(_ml.Transforms.SelectColumns("C", "V", "Text"))
        .Append(_ml.Transforms.Concatenate("F", "C", "V"));

    private Stream Save(ITransformer model, DataViewSchema? schema = null)
    {
        var stream = new MemoryStream();
        _ml.Model.Save(model, schema, stream);
        stream.Position = 0;
        return stream;
    }

    private ITransformer Load(Stream stream, out DataViewSchema schema) => _ml.Model.Load(stream, out schema);

    private IDataView Data()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Row));
        definition["V"].AddAnnotation("SlotNames", new[] { "x", "y" }, new VectorDataViewType(TextDataViewType.Instance, 2));
        return _ml.Data.LoadFromEnumerable(new[] { new Row { A = 1, V = [3, 4], Key = 1, Text = "one" } }, definition);
    }

    private sealed class Row
    {
        public float A { get; set; }

        [VectorType(2)]
        public float[]? V { get; set; }

        [KeyType(3)]
        public uint Key { get; set; }

        public string? Text { get; set; }
    }
}
