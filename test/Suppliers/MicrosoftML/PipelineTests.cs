using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class PipelineTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Concatenate_joins_scalars_and_vectors_and_their_names()
    {
        IDataView view = Data();
        IDataView joined = _ml.Transforms.Concatenate("Features", "A", "V", "B").Fit(view).Transform(view);

        DataViewSchema.Column features = joined.Schema["Features"];
        Assert.AreEqual("Vector<Single, 4>", features.Type.ToString());
        Assert.AreEqual("A,V.x,V.y,B", Names(features));
        CollectionAssert.AreEqual(new[] { 1f, 3, 4, 2 }, joined.GetColumn<float[]>("Features").First());
        Assert.IsFalse(features.IsNormalized());
    }

    [TestMethod]
    public void Vectors_without_slot_names_leave_theirs_empty()
    {
        IDataView view = _ml.Transforms.CopyColumns("W", "V").Append(_ml.Transforms.Concatenate("F", "A", "Bare")).Fit(Data()).Transform(Data());
        Assert.AreEqual("A,,", Names(view.Schema["F"]));
        view = _ml.Transforms.Concatenate("F", "Bare", "Bare").Fit(Data()).Transform(Data());
        Assert.IsFalse(view.Schema["F"].HasSlotNames());
    }

    [TestMethod]
    public void Concatenate_of_one_vector_passes_it_on()
    {
        IDataView view = _ml.Transforms.Concatenate("F", "V").Fit(Data()).Transform(Data());
        Assert.AreEqual("x,y", Names(view.Schema["F"]));
    }

    [TestMethod]
    public void Concatenate_of_sparse_vectors_keeps_values_in_their_places()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(new[]
        {
            new Sparse { S = new(6, 1, [7], [4]), T = new(3, 1, [8], [0]) },
            new Sparse { S = new(6, [1, 2, 3, 4, 5, 6]), T = new(3, 0, [], []) },
        });
        IDataView joined = _ml.Transforms.Concatenate("F", "S", "T").Fit(view).Transform(view);
        Assert.AreEqual("Vector<Single>", joined.Schema["F"].Type.ToString());
        float[][] rows = [.. joined.GetColumn<float[]>("F")];
        CollectionAssert.AreEqual(new float[] { 0, 0, 0, 0, 7, 0, 8, 0, 0 }, rows[0]);
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4, 5, 6, 0, 0, 0 }, rows[1]);
        using DataViewRowCursor cursor = joined.GetRowCursor([joined.Schema["F"]]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(joined.Schema["F"]);
        VBuffer<float> value = default;
        cursor.MoveNext();
        getter(ref value);
        Assert.IsFalse(value.IsDense);
    }

    [TestMethod]
    public void Concatenate_refuses_missing_columns_keys_and_mixed_types()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.Concatenate("F"));
        var missing = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Promise(_ml.Transforms.Concatenate("F", "Nope")));
        StringAssert.Contains(missing.Message, "Could not find input column 'Nope'", StringComparison.Ordinal);
        var mixed = Assert.ThrowsExactly<InvalidOperationException>(() => Promise(_ml.Transforms.Concatenate("F", "A", "Text")));
        StringAssert.Contains(mixed.Message, "Concatenated columns should have the same type. Column 'Text' has type of String", StringComparison.Ordinal);
        Assert.ThrowsExactly<InvalidOperationException>(() => Promise(_ml.Transforms.Concatenate("F", "Key")));
        var fitted = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.Concatenate("F", "A", "Text").Fit(Data()).Transform(Data()));
        StringAssert.Contains(fitted.Message, "Schema mismatch for input column 'Text': expected Single, got String", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Promises_agree_with_what_is_delivered()
    {
        EstimatorChain<ITransformer> chain = new EstimatorChain<ITransformer>()
            .Append(_ml.Transforms.Concatenate("F", "A", "V"))
            .Append(_ml.Transforms.CopyColumns("K", "Key"))
            .Append(_ml.Transforms.DropColumns("B"))
            .Append<ITransformer>(_ml.Transforms.SelectColumns("K", "F", "Text"));
        SchemaShape promised = chain.GetOutputSchema(Shape(Data().Schema));
        IDataView delivered = chain.Fit(Data()).Transform(Data());
        CollectionAssert.AreEquivalent(
            Shape(delivered.Schema).Select(Describe).ToArray(), promised.Select(Describe).ToArray());
        CollectionAssert.AreEqual(new[] { "K", "F", "Text" }, delivered.Schema.Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void A_shape_of_any_schema_can_be_had_through_a_loader()
    {
        SchemaShape.Column[] shape = [.. Shape(Data().Schema)];
        Assert.AreEqual(SchemaShape.Column.VectorKind.Vector, shape.Single(c => c.Name == "V").Kind);
        Assert.AreEqual("SlotNames", shape.Single(c => c.Name == "V").Annotations.Single().Name);
        SchemaShape.Column key = shape.Single(c => c.Name == "Key");
        Assert.IsTrue(key.IsKey);
        Assert.AreSame(NumberDataViewType.UInt32, key.ItemType);
    }

    [TestMethod]
    public void New_columns_go_to_the_end_or_right_after_what_they_hide()
    {
        IDataView view = _ml.Transforms.CopyColumns("A", "B").Append(_ml.Transforms.CopyColumns("New", "A")).Fit(Data()).Transform(Data());
        string[] names = [.. view.Schema.Select(column => column.Name + (column.IsHidden ? "-" : ""))];
        Assert.AreEqual("A-", names[0]);
        Assert.AreEqual("A", names[1]);
        Assert.AreEqual("New", names[^1]);
        Assert.AreEqual(2f, view.GetColumn<float>("New").First());
    }

    [TestMethod]
    public void Dropping_a_name_drops_the_columns_that_it_hides_too()
    {
        IDataView view = _ml.Transforms.CopyColumns("A", "B").Append(_ml.Transforms.DropColumns("A", "Text")).Fit(Data()).Transform(Data());
        Assert.IsEmpty(view.Schema.Where(column => column.Name is "A" or "Text"));
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.DropColumns("Nope", "No").Fit(Data()));
        StringAssert.Contains(e.Message, "Could not find input column 'Nope,No'", StringComparison.Ordinal);
        Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Transforms.DropColumns());
    }

    [TestMethod]
    public void Transforms_ask_only_for_what_is_needed()
    {
        var spy = new SpyView(Data());
        IDataView view = _ml.Transforms.Concatenate("F", "A", "V").Append(_ml.Transforms.CopyColumns("C", "B")).Fit(spy).Transform(spy);
        Assert.IsEmpty(spy.Asked, "nothing is read before it is asked for");
        _ = view.GetColumn<float>("C").ToArray();
        CollectionAssert.AreEqual(new[] { "B" }, spy.Asked[^1]);
        _ = view.GetColumn<float[]>("F").ToArray();
        CollectionAssert.AreEqual(new[] { "A", "V" }, spy.Asked[^1]);
        Assert.AreEqual(spy.Asked.Count, spy.CursorsDisposed);
    }

    [TestMethod]
    public void Cursors_refuse_columns_not_asked_for_and_wrong_types()
    {
        IDataView view = _ml.Transforms.Concatenate("F", "A", "V").Fit(Data()).Transform(Data());
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["F"]]);
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<VBuffer<double>>(view.Schema["F"]));
        Assert.IsFalse(cursor.IsColumnActive(view.Schema["A"]));
    }

    [TestMethod]
    public void A_chain_checks_its_schema_before_it_trains()
    {
        bool trained = false;
        IEstimator<ITransformer> first = ((IEstimator<ITransformer>)_ml.Transforms.CopyColumns("C", "A")).WithOnFitDelegate(_ => trained = true);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => first.Append(_ml.Transforms.CopyColumns("D", "Nope")).Fit(Data()));
        Assert.IsFalse(trained);
        _ = first.Append(_ml.Transforms.CopyColumns("D", "C")).Fit(Data());
        Assert.IsTrue(trained);
    }

    [TestMethod]
    public void A_chain_does_not_compare_promises_with_what_third_parties_deliver()
    {
        ITransformer copy = _ml.Transforms.CopyColumns("C", "A").Fit(Data());
        var estimator = new GivenEstimator(copy, shape => new SchemaShape(shape.Take(1)));
        TransformerChain<ITransformer> model = new EstimatorChain<ITransformer>().Append(estimator).Fit(Data());
        Assert.IsNotNull(model.Transform(Data()).Schema.GetColumnOrNull("C"));
        Assert.AreSame(copy, model.LastTransformer);
        Assert.AreSame(copy, model.Single());
    }

    [TestMethod]
    public void Chains_know_their_parts_scopes_and_kinds()
    {
        ITransformer a = _ml.Transforms.CopyColumns("C", "A").Fit(Data()), b = _ml.Transforms.CopyColumns("D", "B").Fit(Data());
        var chain = new TransformerChain<ITransformer>(a, b);
        Assert.AreEqual(2, chain.Count());
        Assert.IsTrue(((ITransformer)chain).IsRowToRowMapper);
        TransformerChain<ITransformer> partial = new TransformerChain<ITransformer>(a).Append(b, TransformerScope.Training);
        Assert.AreEqual(1, partial.GetModelFor(TransformerScope.Scoring).Count());
        Assert.IsNull(partial.GetOutputSchema(Data().Schema).GetColumnOrNull("D"));
        Assert.IsNotNull(partial.GetOutputSchema(Data().Schema, TransformerScope.Training).GetColumnOrNull("D"));
        Assert.IsEmpty(new TransformerChain<ITransformer>());
        Assert.ThrowsExactly<InvalidOperationException>(() => new TransformerChain<TransformerChain<ITransformer>>(a));
    }

    [TestMethod]
    public void Row_mappers_of_chains_map_rows_of_their_very_schema()
    {
        ITransformer chain = _ml.Transforms.CopyColumns("C", "A").Append(_ml.Transforms.Concatenate("F", "C", "B")).Fit(Data());
        IDataView data = Data();
        IRowToRowMapper mapper = chain.GetRowToRowMapper(data.Schema);
        Assert.AreSame(data.Schema, mapper.InputSchema);
        CollectionAssert.AreEquivalent(
            new[] { "A", "B" }, mapper.GetDependencies([mapper.OutputSchema["F"]]).Select(column => column.Name).ToArray());

        using DataViewRowCursor cursor = data.GetRowCursor(data.Schema);
        using DataViewRow row = mapper.GetRow(cursor, [mapper.OutputSchema["F"]]);
        Assert.AreSame(mapper.OutputSchema, row.Schema);
        ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(mapper.OutputSchema["F"]);
        VBuffer<float> value = default;
        Assert.IsTrue(cursor.MoveNext());
        getter(ref value);
        CollectionAssert.AreEqual(new[] { 1f, 2 }, value.DenseValues().ToArray());
        Assert.AreEqual(0, row.Position);

        using DataViewRowCursor other = Data().GetRowCursor(Data().Schema);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => mapper.GetRow(other, mapper.OutputSchema));
    }

    [TestMethod]
    public void A_cursor_may_be_left_before_its_end()
    {
        var spy = new SpyView(_ml.Data.LoadFromEnumerable(Enumerable.Repeat(new Row { A = 1, B = 2, V = [3, 4] }, 100_000)));
        IDataView view = _ml.Transforms.Concatenate("F", "A", "V").Fit(spy).Transform(spy);
        for (int rows = 0; rows < 300; rows += 50)
            Assert.AreEqual(rows, view.GetColumn<float[]>("F").Take(rows).Count());
        Assert.AreEqual(spy.Asked.Count, spy.CursorsDisposed);
        Assert.IsLessThan(100_000, spy.RowsRead);
    }

    [TestMethod]
    public void What_goes_wrong_while_reading_reaches_the_caller()
    {
        IDataView broken = _ml.Data.LoadFromEnumerable(Rows());
        IDataView view = _ml.Transforms.Concatenate("F", "A", "V").Fit(broken).Transform(broken);
        Exception? e = Assert.ThrowsExactly<InvalidOperationException>(() => view.GetColumn<float[]>("F").Count());
        while (e is not null and not NotSupportedException)
            e = e.InnerException;
        Assert.IsNotNull(e);

        static IEnumerable<Row> Rows()
        {
            for (int i = 0; i < 1000; i++)
                yield return new Row { V = [1, 2] };
            throw new NotSupportedException();
        }
    }

    [TestMethod]
    public void Cache_checkpoints_keep_later_estimators_from_reading_again()
    {
        var spy = new SpyView(Data());
        int reads = 0;
        IEstimator<ITransformer> reader = new Reading(data => reads += data.GetColumn<float>("C").Count() + data.GetColumn<float>("C").Count());
        _ = _ml.Transforms.CopyColumns("C", "A").AppendCacheCheckpoint(_ml).Append(reader).Fit(spy);
        Assert.AreEqual(4, reads);
        Assert.AreEqual(2, spy.RowsRead);
        Assert.ThrowsExactly<InvalidOperationException>(() => new EstimatorChain<ITransformer>().AppendCacheCheckpoint(_ml));
    }

    [TestMethod]
    public void Passing_columns_through_allocates_nothing_for_a_row()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Enumerable.Repeat(new Row { A = 1, B = 2, V = [3, 4] }, 3000));
        IDataView view = _ml.Transforms.SelectColumns("A", "V").Fit(data).Transform(data);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(view.Schema["V"]);
        VBuffer<float> value = default;
        long before = 0;
        for (int i = 0; cursor.MoveNext(); i++)
        {
            getter(ref value);
            if (i == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
        }

        Assert.IsLessThan(10_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Describe(SchemaShape.Column column) =>
        $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey} [{string.Join(",", column.Annotations.Select(a => a.Name).Order())}]";

    private static string Names(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return string.Join(",", names.DenseValues());
    }

    private static SchemaShape Shape(DataViewSchema schema) => new SchemaLoader(schema).Append(new GivenEstimator(null)).GetOutputSchema();

    private static SchemaShape Promise(IEstimator<ITransformer> estimator) => estimator.GetOutputSchema(Shape(new PipelineTests().Data().Schema));

    private IDataView Data()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Row));
        definition["V"].AddAnnotation("SlotNames", new[] { "x", "y" }, new VectorDataViewType(TextDataViewType.Instance, 2));
        return _ml.Data.LoadFromEnumerable(
            new[]
            {
                new Row { A = 1, B = 2, V = [3, 4], Bare = [5, 6], Key = 1, Text = "one" },
                new Row { A = 10, B = 20, V = [30, 40], Bare = [50, 60], Key = 0, Text = "two" },
            },
            definition);
    }

    private sealed class Reading(Action<IDataView> read) : IEstimator<ITransformer>
    {
        public ITransformer Fit(IDataView input)
        {
            read(input);
            return new TransformerChain<ITransformer>();
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema;
    }

    private sealed class Row
    {
        public float A { get; set; }

        public float B { get; set; }

        [VectorType(2)]
        public float[]? V { get; set; }

        [VectorType(2)]
        public float[]? Bare { get; set; }

        [KeyType(3)]
        public uint Key { get; set; }

        public string? Text { get; set; }
    }

    private sealed class Sparse
    {
        public VBuffer<float> S { get; set; }

        public VBuffer<float> T { get; set; }
    }
}
