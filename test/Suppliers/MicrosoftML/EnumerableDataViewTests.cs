using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class EnumerableDataViewTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Members_become_columns_fields_first()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(Rows());
        CollectionAssert.AreEqual(
            new[] { "Values: Vector<Single, 3>", "Sparse: Vector<Single>", "Number: Single", "Renamed: String", "Category: Key<UInt32, 0-1>", "Flag: Boolean", "Words: Vector<String>" },
            view.Schema.Select(column => column.ToString()).ToArray());
        Assert.AreEqual(2L, view.GetRowCount());
        Assert.IsFalse(view.CanShuffle);
    }

    [TestMethod]
    public void Cursors_read_every_kind_of_member()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(Rows());
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        ValueGetter<VBuffer<float>> values = cursor.GetGetter<VBuffer<float>>(view.Schema["Values"]);
        ValueGetter<VBuffer<float>> sparse = cursor.GetGetter<VBuffer<float>>(view.Schema["Sparse"]);
        ValueGetter<ReadOnlyMemory<char>> text = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Renamed"]);
        ValueGetter<uint> key = cursor.GetGetter<uint>(view.Schema["Category"]);
        ValueGetter<bool> flag = cursor.GetGetter<bool>(view.Schema["Flag"]);
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> words = cursor.GetGetter<VBuffer<ReadOnlyMemory<char>>>(view.Schema["Words"]);
        ValueGetter<DataViewRowId> id = cursor.GetIdGetter();
        Assert.AreEqual(-1, cursor.Position);

        VBuffer<float> vector = default, sparseVector = default;
        ReadOnlyMemory<char> name = default;
        uint category = 9;
        bool isSet = false;
        VBuffer<ReadOnlyMemory<char>> list = default;
        DataViewRowId rowId = default;
        Assert.IsTrue(cursor.MoveNext());
        values(ref vector);
        sparse(ref sparseVector);
        text(ref name);
        key(ref category);
        flag(ref isSet);
        words(ref list);
        CollectionAssert.AreEqual(new[] { 1f, 2, 3 }, vector.DenseValues().ToArray());
        Assert.IsFalse(sparseVector.IsDense);
        Assert.AreEqual(5f, sparseVector.GetItemOrDefault(2));
        Assert.AreEqual("one", name.ToString());
        // Keys of objects count from 0, keys of views from 1.
        Assert.AreEqual(1u, category);
        Assert.IsTrue(isSet);
        Assert.AreEqual("b", list.GetItemOrDefault(1).ToString());
        Assert.IsTrue(cursor.MoveNext());
        key(ref category);
        id(ref rowId);
        Assert.AreEqual(0u, category, "out of range is missing");
        Assert.AreEqual(1ul, rowId.Low);
        Assert.AreEqual(1, cursor.Position);
        Assert.AreEqual(0, cursor.Batch);
        Assert.IsFalse(cursor.MoveNext());
        Assert.IsFalse(cursor.MoveNext());
    }

    [TestMethod]
    public void Getters_are_refused_for_wrong_types_and_for_columns_not_asked_for()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(Rows());
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Number"]]);
        Assert.IsTrue(cursor.IsColumnActive(view.Schema["Number"]));
        Assert.IsFalse(cursor.IsColumnActive(view.Schema["Flag"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<double>(view.Schema["Number"]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => cursor.GetGetter<bool>(view.Schema["Flag"]));
    }

    [TestMethod]
    public void Objects_come_back_as_they_went_in()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(Rows());
        Row[] rows = [.. _ml.Data.CreateEnumerable<Row>(view, reuseRowObject: false)];
        CollectionAssert.AreEqual(new[] { 4f, 5, 6 }, rows[1].Values);
        Assert.AreEqual("two", rows[1].Name);
        Assert.AreEqual(1.5f, rows[0].Number);
        CollectionAssert.AreEqual(new[] { "a", "b" }, rows[0].Words);
        Assert.AreEqual(1u, rows[0].Category, "keys are not mapped back");

        Row[] same = [.. _ml.Data.CreateEnumerable<Row>(view, reuseRowObject: true)];
        Assert.AreSame(same[0], same[1]);
    }

    [TestMethod]
    public void Missing_columns_are_refused_or_left_alone()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Other { Number = 2 } });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.CreateEnumerable<Row>(view, false));
        Row row = _ml.Data.CreateEnumerable<Row>(view, false, ignoreMissingColumns: true).Single();
        Assert.AreEqual(2f, row.Number);
        Assert.IsNull(row.Values);
    }

    [TestMethod]
    public void Members_of_another_type_are_refused()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Other() });
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Data.CreateEnumerable<WrongNumber>(view, false));
        StringAssert.Contains(e.Message, "Can't bind the IDataView column 'Number' of type 'Single'", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_definition_gives_sizes_names_and_annotations()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Loose));
        definition["Values"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 2);
        definition["Values"].AddAnnotation("SlotNames", new[] { "left", "right" }, new VectorDataViewType(TextDataViewType.Instance, 2));
        definition["Values"].ColumnName = "Features";
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Loose { Values = [1, 2] } }, definition);
        DataViewSchema.Column column = view.Schema["Features"];
        Assert.AreEqual("Vector<Single, 2>", column.Type.ToString());
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        Assert.AreEqual("right", names.GetItemOrDefault(1).ToString());
        CollectionAssert.AreEqual(new[] { 1f, 2 }, view.GetColumn<float[]>("Features").Single());

        definition["Features"].ColumnType = NumberDataViewType.Single;
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromEnumerable(Array.Empty<Loose>(), definition));
    }

    [TestMethod]
    public void A_schema_gives_sizes_and_annotations()
    {
        IDataView first = _ml.Data.LoadFromEnumerable(Rows());
        DataViewSchema.Column values = first.Schema["Values"];
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Values", values.Type, values.Annotations);
        IDataView second = _ml.Data.LoadFromEnumerable(new[] { new Loose { Values = [1, 2, 3] } }, builder.ToSchema());
        Assert.AreEqual("Vector<Single, 3>", second.Schema["Values"].Type.ToString());
        Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Data.LoadFromEnumerable(Array.Empty<Other>(), builder.ToSchema()));
    }

    [TestMethod]
    public void Columns_read_as_sequences()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(Rows());
        CollectionAssert.AreEqual(new[] { 1.5f, 2.5f }, view.GetColumn<float>("Number").ToArray());
        CollectionAssert.AreEqual(new[] { "one", "two" }, view.GetColumn<string>(view.Schema["Renamed"]).ToArray());
        CollectionAssert.AreEqual(new[] { 4f, 5, 6 }, view.GetColumn<float[]>("Values").Last());
        CollectionAssert.AreEqual(new[] { "a", "b" }, view.GetColumn<string[]>("Words").First());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => view.GetColumn<double>("Number"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => view.GetColumn<float>("Missing"));
    }

    [TestMethod]
    public void Null_rows_are_refused_while_reading()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(new Other?[] { new(), null }!);
        Assert.ThrowsExactly<InvalidOperationException>(() => view.GetColumn<float>("Number").ToArray());
    }

    [TestMethod]
    public void Names_are_unique_and_types_known()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromEnumerable(Array.Empty<Twice>()));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromEnumerable(Array.Empty<Unknown>()));
        Assert.ThrowsExactly<NotSupportedException>(() => new KeyTypeAttribute());
    }

    [TestMethod]
    public void Reading_allocates_nothing_for_a_row()
    {
        Row row = Rows()[0];
        IDataView view = _ml.Data.LoadFromEnumerable(Enumerable.Repeat(row, 1100));
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        ValueGetter<VBuffer<float>> values = cursor.GetGetter<VBuffer<float>>(view.Schema["Values"]);
        ValueGetter<float> number = cursor.GetGetter<float>(view.Schema["Number"]);
        VBuffer<float> vector = default;
        float scalar = 0;
        long before = 0;
        for (int i = 0; cursor.MoveNext(); i++)
        {
            values(ref vector);
            number(ref scalar);
            if (i == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
        }

        Assert.IsLessThan(10_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Row[] Rows() =>
    [
        new() { Values = [1, 2, 3], Sparse = new(4, 1, [5], [2]), Number = 1.5f, Name = "one", Category = 0, Flag = true, Words = ["a", "b"] },
        new() { Values = [4, 5, 6], Sparse = new(4, 1, [6], [3]), Number = 2.5f, Name = "two", Category = 2, Words = [] },
    ];

    private sealed class Row
    {
        public const int Ignored = 3;

        [VectorType(3)]
        public float[]? Values;

        public VBuffer<float> Sparse;

        public float Number { get; set; }

        [ColumnName("Renamed")]
        public string? Name { get; set; }

        [KeyType(2)]
        public uint Category { get; set; }

        public bool Flag { get; set; }

        public string[]? Words { get; set; }

        [NoColumn]
        public object? Tag { get; set; }
    }

    private sealed class Other
    {
        public float Number { get; set; }
    }

    private sealed class WrongNumber
    {
        public double Number { get; set; }
    }

    private sealed class Loose
    {
        public float[]? Values { get; set; }
    }

    private sealed class Twice
    {
        [ColumnName("B")]
        public float A { get; set; }

        public float B { get; set; }
    }

    private sealed class Unknown
    {
        public object? Value { get; set; }
    }
}
