using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class DataViewSchemaTests
{
    [TestMethod]
    public void A_later_column_hides_an_earlier_one_of_its_name()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", NumberDataViewType.Single);
        builder.AddColumn("A", NumberDataViewType.Double);
        DataViewSchema schema = builder.ToSchema();

        Assert.IsTrue(schema[0].IsHidden);
        Assert.IsFalse(schema[1].IsHidden);
        Assert.AreEqual(1, schema["A"].Index);
        Assert.AreSame(NumberDataViewType.Double, schema.GetColumnOrNull("A")!.Value.Type);
    }

    [TestMethod]
    public void Missing_columns_are_refused_or_null()
    {
        DataViewSchema schema = new DataViewSchema.Builder().ToSchema();
        var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => schema["A"]);
        StringAssert.Contains(e.Message, "Column 'A' not found", StringComparison.Ordinal);
        Assert.IsNull(schema.GetColumnOrNull("A"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => schema[0]);
        Assert.ThrowsExactly<ArgumentNullException>(() => schema[""]);
    }

    [TestMethod]
    public void Annotations_give_their_values_by_kind()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("ScoreValueKind", TextDataViewType.Instance, "Score".AsMemory());
        builder.Add<VBuffer<ReadOnlyMemory<char>>>("SlotNames", new VectorDataViewType(TextDataViewType.Instance, 2), GetNames);
        DataViewSchema.Annotations annotations = builder.ToAnnotations();
        var schemaBuilder = new DataViewSchema.Builder();
        schemaBuilder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, 2), annotations);
        DataViewSchema.Column column = schemaBuilder.ToSchema()[0];

        ReadOnlyMemory<char> kind = default;
        column.Annotations.GetValue("ScoreValueKind", ref kind);
        Assert.AreEqual("Score", kind.ToString());
        Assert.IsTrue(column.HasSlotNames());
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        CollectionAssert.AreEqual(new[] { "a", "b" }, names.DenseValues().Select(name => name.ToString()).ToArray());
        Assert.AreEqual("Features: Vector<Single, 2> {ScoreValueKind, SlotNames}", column.ToString());
        float wrong = 0;
        Assert.ThrowsExactly<InvalidOperationException>(() => column.Annotations.GetValue("ScoreValueKind", ref wrong));
        Assert.ThrowsExactly<InvalidOperationException>(() => column.Annotations.GetValue("Other", ref wrong));
        Assert.ThrowsExactly<ArgumentException>(() => builder.AddPrimitiveValue("Bad", TextDataViewType.Instance, 1f));

        static void GetNames(ref VBuffer<ReadOnlyMemory<char>> target) =>
            target = new VBuffer<ReadOnlyMemory<char>>(2, ["a".AsMemory(), "b".AsMemory()]);
    }

    [TestMethod]
    public void Getters_of_annotations_may_come_as_delegates_of_the_right_type()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        Delegate getter = (ValueGetter<float>)((ref float target) => target = 3);
        builder.Add("Three", NumberDataViewType.Single, getter);
        float three = 0;
        builder.ToAnnotations().GetValue("Three", ref three);
        Assert.AreEqual(3f, three);
        Assert.Throws<Exception>(() => builder.Add("Bad", NumberDataViewType.Double, getter));

        var copy = new DataViewSchema.Annotations.Builder();
        copy.Add(builder.ToAnnotations(), kind => kind == "Three");
        copy.Add(builder.ToAnnotations(), kind => kind == "Other");
        Assert.AreEqual(1, copy.ToAnnotations().Schema.Count);
    }

    [TestMethod]
    public void Slot_names_count_only_where_their_number_is_right()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add("SlotNames", new VectorDataViewType(TextDataViewType.Instance, 3), (ref VBuffer<ReadOnlyMemory<char>> _) => { });
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, 2), annotations.ToAnnotations());
        Assert.IsFalse(builder.ToSchema()[0].HasSlotNames());
    }

    [TestMethod]
    public void Normalized_is_what_the_annotation_says()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.AddPrimitiveValue("IsNormalized", BooleanDataViewType.Instance, true);
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", NumberDataViewType.Single, annotations.ToAnnotations());
        builder.AddColumn("B", NumberDataViewType.Single);
        DataViewSchema schema = builder.ToSchema();
        Assert.IsTrue(schema["A"].IsNormalized());
        Assert.IsFalse(schema["B"].IsNormalized());
    }

    [TestMethod]
    public void Types_print_and_compare()
    {
        Assert.AreEqual("Single", NumberDataViewType.Single.ToString());
        Assert.AreEqual("String", TextDataViewType.Instance.ToString());
        Assert.AreEqual("Boolean", BooleanDataViewType.Instance.ToString());
        Assert.AreEqual("Key<UInt32, 0-2>", new KeyDataViewType(typeof(uint), 3).ToString());
        Assert.AreEqual("Vector<Single, 4>", new VectorDataViewType(NumberDataViewType.Single, 4).ToString());
        Assert.AreEqual("Vector<Single>", new VectorDataViewType(NumberDataViewType.Single).ToString());
        Assert.AreEqual("Vector<Single, 1, 2>", new VectorDataViewType(NumberDataViewType.Single, 1, 2).ToString());
        Assert.AreEqual("Vector<Single, 1, *>", new VectorDataViewType(NumberDataViewType.Single, 1, 0).ToString());
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 4), new VectorDataViewType(NumberDataViewType.Single, 4));
        Assert.AreNotEqual(new VectorDataViewType(NumberDataViewType.Single, 1, 4), new VectorDataViewType(NumberDataViewType.Single, 4));
        Assert.AreEqual(new KeyDataViewType(typeof(uint), 3), new KeyDataViewType(typeof(uint), 3ul));
        Assert.AreNotEqual(new KeyDataViewType(typeof(uint), 3), new KeyDataViewType(typeof(uint), 4));
        Assert.AreEqual(typeof(VBuffer<float>), new VectorDataViewType(NumberDataViewType.Single, 4).RawType);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(int), 3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(byte), 256));
    }

    [TestMethod]
    public void Key_values_count_only_for_keys_of_that_number()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add("KeyValues", new VectorDataViewType(TextDataViewType.Instance, 2), (ref VBuffer<ReadOnlyMemory<char>> target) =>
            target = new VBuffer<ReadOnlyMemory<char>>(2, ["no".AsMemory(), "yes".AsMemory()]));
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", new KeyDataViewType(typeof(uint), 2), annotations.ToAnnotations());
        builder.AddColumn("B", new KeyDataViewType(typeof(uint), 3), annotations.ToAnnotations());
        DataViewSchema schema = builder.ToSchema();
        Assert.IsTrue(schema["A"].HasKeyValues());
        Assert.IsFalse(schema["A"].HasKeyValues(NumberDataViewType.Single));
        Assert.IsFalse(schema["B"].HasKeyValues());
        VBuffer<ReadOnlyMemory<char>> values = default;
        schema["A"].GetKeyValues(ref values);
        Assert.AreEqual("yes", values.GetItemOrDefault(1).ToString());
    }
}
