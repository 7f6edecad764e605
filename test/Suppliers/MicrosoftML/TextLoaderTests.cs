using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class TextLoaderTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Columns_are_fields_or_ranges_of_fields()
    {
        using var folder = new TestFolder();
        IDataView view = _ml.Data.LoadFromTextFile(
            folder.File("data.csv", "a,b,c,d,e\n1,2.5,-3e2,one,true\n\n// a comment\n4,NaN,6,two,0\n"),
            [
                new TextLoader.Column("First", DataKind.Int32, 0),
                new TextLoader.Column("Values", DataKind.Single, 1, 2),
                new TextLoader.Column("Mixed", DataKind.Single, [new TextLoader.Range(2), new TextLoader.Range(0)]),
                new TextLoader.Column("Name", DataKind.String, 3),
                new TextLoader.Column("Flag", DataKind.Boolean, 4),
                new TextLoader.Column("One", DataKind.Single, 0, 0),
            ],
            separatorChar: ',',
            hasHeader: true);
        CollectionAssert.AreEqual(
            new[] { "First: Int32", "Values: Vector<Single, 2>", "Mixed: Vector<Single, 2>", "Name: String", "Flag: Boolean", "One: Vector<Single, 1>" },
            view.Schema.Select(column => column.ToString()).ToArray());
        CollectionAssert.AreEqual(new[] { 1, 4 }, view.GetColumn<int>("First").ToArray());
        CollectionAssert.AreEqual(new[] { 2.5f, -300 }, view.GetColumn<float[]>("Values").First());
        Assert.IsTrue(float.IsNaN(view.GetColumn<float[]>("Values").Last()[0]));
        CollectionAssert.AreEqual(new[] { 6f, 4 }, view.GetColumn<float[]>("Mixed").Last());
        CollectionAssert.AreEqual(new[] { "one", "two" }, view.GetColumn<string>("Name").ToArray());
        CollectionAssert.AreEqual(new[] { true, false }, view.GetColumn<bool>("Flag").ToArray());
        Assert.IsNull(view.GetRowCount());
        Assert.IsFalse(view.Schema["Values"].HasSlotNames(), "this overload takes no sample, and so no names");
    }

    [TestMethod]
    public void Names_of_slots_come_from_the_header_of_a_sample()
    {
        using var folder = new TestFolder();
        string file = folder.File("data.tsv", "x\t y \tz\n1\t2\t3\n");
        var options = new TextLoader.Options { HasHeader = true, Columns = [new TextLoader.Column("Features", DataKind.Single, 0, 2)] };
        Assert.AreEqual("x,y,z", Names(_ml.Data.LoadFromTextFile(file, options)));
        TextLoader loader = _ml.Data.CreateTextLoader(options, new MultiFileSource(file));
        Assert.AreEqual("x,y,z", Names(loader.Load(file)));
        Assert.IsFalse(_ml.Data.CreateTextLoader(options).Load(file).Schema["Features"].HasSlotNames());
    }

    [TestMethod]
    public void An_open_range_takes_its_end_from_the_sample()
    {
        using var folder = new TestFolder();
        string file = folder.File("data.csv", "0,1,2,3\n1,4,5,6\n");
        var options = new TextLoader.Options
        {
            Separators = [','],
            Columns = [new TextLoader.Column("Label", DataKind.Single, 0), new TextLoader.Column("Features", DataKind.Single, [new TextLoader.Range(1, null)])],
        };
        IDataView view = _ml.Data.LoadFromTextFile(file, options);
        Assert.AreEqual("Vector<Single, 3>", view.Schema["Features"].Type.ToString());
        CollectionAssert.AreEqual(new[] { 4f, 5, 6 }, view.GetColumn<float[]>("Features").Last());
    }

    [TestMethod]
    public void Empty_fields_are_zero_unless_asked_to_be_missing()
    {
        using var folder = new TestFolder();
        string file = folder.File("data.csv", "1,,3,,,\n,,,,,\n");
        var options = new TextLoader.Options
        {
            Separators = [','], Columns = [new TextLoader.Column("V", DataKind.Single, 0, 5), new TextLoader.Column("S", DataKind.Single, 1)],
        };
        IDataView view = _ml.Data.LoadFromTextFile(file, options);
        CollectionAssert.AreEqual(new[] { 1f, 0, 3, 0, 0, 0 }, view.GetColumn<float[]>("V").First());
        Assert.AreEqual(0f, view.GetColumn<float>("S").First());
        VBuffer<float> value = default;
        using (DataViewRowCursor cursor = view.GetRowCursor(view.Schema))
        {
            ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(view.Schema["V"]);
            Assert.IsTrue(cursor.MoveNext());
            getter(ref value);
        }

        Assert.IsFalse(value.IsDense, "what is empty is not stored");
        options.MissingRealsAsNaNs = true;
        view = _ml.Data.LoadFromTextFile(file, options);
        Assert.AreEqual(4, view.GetColumn<float[]>("V").First().Count(float.IsNaN));
        Assert.IsTrue(float.IsNaN(view.GetColumn<float>("S").First()));
    }

    [TestMethod]
    public void What_is_no_number_is_missing_or_an_error()
    {
        using var folder = new TestFolder();
        string file = folder.File("data.csv", "one,1\n");
        IDataView view = _ml.Data.LoadFromTextFile(file, [new TextLoader.Column("V", DataKind.Single, 0)], ',');
        Assert.IsTrue(float.IsNaN(view.GetColumn<float>("V").Single()));
        view = _ml.Data.LoadFromTextFile(file, [new TextLoader.Column("V", DataKind.Int32, 0)], ',');
        var e = Assert.ThrowsExactly<FormatException>(() => view.GetColumn<int>("V").ToArray());
        StringAssert.Contains(e.Message, "Could not parse value one in line 1, column V", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Quotes_spaces_and_separators()
    {
        using var folder = new TestFolder();
        string file = folder.File("data.csv", "\"a, \"\"b\"\"\" ; 2;  c  \n");
        TextLoader.Column[] columns = [new TextLoader.Column("T", DataKind.String, 0), new TextLoader.Column("N", DataKind.Single, 1), new TextLoader.Column("U", DataKind.String, 2)];
        IDataView view = _ml.Data.LoadFromTextFile(file, columns, ';', allowQuoting: true, trimWhitespace: true);
        Assert.AreEqual("a, \"b\"", view.GetColumn<string>("T").Single());
        Assert.AreEqual(2f, view.GetColumn<float>("N").Single());
        Assert.AreEqual("c", view.GetColumn<string>("U").Single());
        view = _ml.Data.LoadFromTextFile(file, columns, ';');
        Assert.AreEqual("c  ", view.GetColumn<string>("U").Single());
        Assert.AreEqual("\"a, \"\"b\"\"\" ", view.GetColumn<string>("T").Single());
    }

    [TestMethod]
    public void Lines_may_name_the_fields_that_they_fill()
    {
        using var folder = new TestFolder();
        string file = folder.File("data.txt", "1 6 1:2.5 4:3\n0 6 0:1\n");
        IDataView view = _ml.Data.LoadFromTextFile(
            file, [new TextLoader.Column("L", DataKind.Single, 0), new TextLoader.Column("F", DataKind.Single, 1, 6)], ' ', allowSparse: true);
        CollectionAssert.AreEqual(new[] { 0, 2.5f, 0, 0, 3, 0 }, view.GetColumn<float[]>("F").First());
        CollectionAssert.AreEqual(new[] { 1f, 0, 0, 0, 0, 0 }, view.GetColumn<float[]>("F").Last());
        CollectionAssert.AreEqual(new[] { 1f, 0 }, view.GetColumn<float>("L").ToArray());
    }

    [TestMethod]
    public void Members_say_where_their_values_are()
    {
        using var folder = new TestFolder();
        string file = folder.File("data.csv", "x,y,z,k\n1,2,3,1\n4,5,6,7\n");
        IDataView view = _ml.Data.LoadFromTextFile<Row>(file, ',', hasHeader: true);
        CollectionAssert.AreEqual(
            new[] { "Values: Vector<Single, 2>", "Renamed: Single", "Key: Key<UInt32, 0-2>" }, view.Schema.Select(column => column.ToString()).ToArray());
        CollectionAssert.AreEqual(new[] { 4f, 5 }, view.GetColumn<float[]>("Values").Last());
        CollectionAssert.AreEqual(new uint[] { 2u, 0 }, view.GetColumn<uint>("Key").ToArray());
        Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Data.LoadFromTextFile<Unmarked>(file));
    }

    [TestMethod]
    public void Missing_files_are_refused_and_rows_may_be_limited()
    {
        using var folder = new TestFolder();
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromTextFile(folder.File("nope"), [new TextLoader.Column("V", DataKind.Single, 0)]));
        string file = folder.File("data.csv", "1\n2\n3\n");
        IDataView view = _ml.Data.LoadFromTextFile(file, new TextLoader.Options { MaxRows = 2, Columns = [new TextLoader.Column("V", DataKind.Single, 0)] });
        Assert.AreEqual(2, view.GetColumn<float>("V").Count());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.CreateTextLoader(
            [new TextLoader.Column("V", DataKind.Single, [new TextLoader.Range(0, 2), new TextLoader.Range(1, 3)])]));
    }

    private static string Names(IDataView view)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["Features"].GetSlotNames(ref names);
        return string.Join(",", names.DenseValues());
    }

    private sealed class Row
    {
        [LoadColumn(0, 1)]
        public float[]? Values { get; set; }

        [LoadColumn(2)]
        [ColumnName("Renamed")]
        public float Number { get; set; }

        [LoadColumn(3)]
        [KeyType(3)]
        public uint Key { get; set; }
    }

    private sealed class Unmarked
    {
        public float Value { get; set; }
    }
}
