using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class PredictionEngineTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Predictions_follow_their_examples()
    {
        using PredictionEngine<Row, Joined> engine = _ml.Model.CreatePredictionEngine<Row, Joined>(Model());
        CollectionAssert.AreEqual(new[] { 1f, 2 }, engine.Predict(new Row { A = 1, B = 2 }).F);
        Joined kept = engine.Predict(new Row { A = 3, B = 4 });
        Joined other = engine.Predict(new Row { A = 5, B = 6 });
        CollectionAssert.AreEqual(new[] { 3f, 4 }, kept.F);
        CollectionAssert.AreEqual(new[] { 5f, 6 }, other.F);

        float[]? array = other.F;
        engine.Predict(new Row { A = 7, B = 8 }, ref other);
        Assert.AreSame(array, other.F, "arrays of the right length are filled again");
        CollectionAssert.AreEqual(new[] { 7f, 8 }, other.F);
        Assert.IsNotNull(engine.OutputSchema.GetColumnOrNull("F"));
        Assert.ThrowsExactly<ArgumentNullException>(() => engine.Predict(null!));
    }

    [TestMethod]
    public void Only_row_mappers_will_do()
    {
        var filter = new NotAMapper();
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Model.CreatePredictionEngine<Row, Joined>(filter));
        StringAssert.Contains(e.Message, "Must be a row to row mapper", StringComparison.Ordinal);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _ml.Model.CreatePredictionEngine<Row, Joined>(new TransformerChain<ITransformer>(Model(), filter)));
    }

    [TestMethod]
    public void Disposing_an_engine_disposes_its_transformer_unless_told_not_to()
    {
        var model = new WrappingTransformer(Model(), _ => { });
        _ml.Model.CreatePredictionEngine<Row, Joined>(model, new PredictionEngineOptions { OwnsTransformer = false }).Dispose();
        Assert.AreEqual(0, model.Disposals);
        PredictionEngine<Row, Joined> engine = _ml.Model.CreatePredictionEngine<Row, Joined>(model);
        engine.Dispose();
        engine.Dispose();
        Assert.AreEqual(1, model.Disposals);
        new TransformerChain<ITransformer>(model).Dispose();
        Assert.AreEqual(2, model.Disposals);
    }

    [TestMethod]
    public void Missing_outputs_are_left_alone_or_refused()
    {
        Other other = _ml.Model.CreatePredictionEngine<Row, Other>(Model()).Predict(new Row { A = 1 });
        Assert.AreEqual(0f, other.Nope);
        Assert.AreEqual(1f, other.A);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Model.CreatePredictionEngine<Row, Other>(Model(), ignoreMissingColumns: false));
    }

    [TestMethod]
    public void Sizes_may_come_from_a_definition_or_a_schema()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Sized { V = [1, 2] } });
        ITransformer model = _ml.Transforms.CopyColumns("W", "V").Fit(data);
        PredictionEngine<Loose, Copied> engine = _ml.Model.CreatePredictionEngine<Loose, Copied>(model, data.Schema);
        Assert.AreEqual("Vector<Single, 2>", engine.OutputSchema["W"].Type.ToString());
        CollectionAssert.AreEqual(new[] { 3f, 4 }, engine.Predict(new Loose { V = [3, 4] }).W);

        SchemaDefinition definition = SchemaDefinition.Create(typeof(Loose));
        definition["V"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 2);
        engine = _ml.Model.CreatePredictionEngine<Loose, Copied>(model, inputSchemaDefinition: definition);
        Assert.AreEqual("Vector<Single, 2>", engine.OutputSchema["W"].Type.ToString());
    }

    private ITransformer Model() => _ml.Transforms.Concatenate("F", "A", "B").Fit(_ml.Data.LoadFromEnumerable(Array.Empty<Row>()));

    private sealed class NotAMapper : ITransformer
    {
        public bool IsRowToRowMapper => false;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new NotSupportedException();

        public IDataView Transform(IDataView input) => input;

        public void Save(ModelSaveContext ctx) => throw new NotSupportedException();
    }

    private sealed class Row
    {
        public float A { get; set; }

        public float B { get; set; }
    }

    private sealed class Joined
    {
        public float[]? F { get; set; }
    }

    private sealed class Other
    {
        public float A { get; set; }

        public float Nope { get; set; }
    }

    private sealed class Sized
    {
        [VectorType(2)]
        public float[]? V { get; set; }
    }

    private sealed class Loose
    {
        public float[]? V { get; set; }
    }

    private sealed class Copied
    {
        public float[]? W { get; set; }
    }
}
