using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static Microsoft.ML.Transforms.MissingValueReplacingEstimator;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

/// <summary>Missing values, types and categories.</summary>
[TestClass]
public sealed class PreparationTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    [DataRow(nameof(ReplacementMode.DefaultValue), 0f)]
    [DataRow(nameof(ReplacementMode.Mean), 2.5f)]
    [DataRow(nameof(ReplacementMode.Minimum), 0f)]
    [DataRow(nameof(ReplacementMode.Maximum), 4f)]
    [DataRow(nameof(ReplacementMode.Mode), 4f)]
    public void A_missing_number_is_replaced(string name, float expected)
    {
        var mode = Enum.Parse<ReplacementMode>(name);
        IDataView data = Data();
        IDataView replaced = Again(_ml.Transforms.ReplaceMissingValues("R", "Number", mode).Fit(data)).Transform(data);
        CollectionAssert.AreEqual(new[] { 4, expected, 0, 4, 2 }, replaced.GetColumn<float>("R").ToArray());
        Assert.AreEqual("Single", replaced.Schema["R"].Type.ToString());
        CollectionAssert.AreEqual(new double[] { 4, expected, 0, 4, 2 }, Again(_ml.Transforms.ReplaceMissingValues("Double", replacementMode: mode).Fit(data)).Transform(data).GetColumn<double>("Double").ToArray());
    }

    [TestMethod]
    public void Vectors_are_replaced_by_slot_or_as_a_whole()
    {
        IDataView data = Data();
        float[][] bySlot = [.. Again(_ml.Transforms.ReplaceMissingValues("R", "Vector", ReplacementMode.Mean).Fit(data)).Transform(data).GetColumn<float[]>("R")];
        CollectionAssert.AreEqual(new[] { 1, 2, 0f }, bySlot[0]);
        CollectionAssert.AreEqual(new[] { 2, 5, 0f }, bySlot[1], "the mean of slot 1; a slot without values gets 0");
        float[][] whole = [.. _ml.Transforms.ReplaceMissingValues("R", "Vector", ReplacementMode.Mean, imputeBySlot: false).Fit(data).Transform(data).GetColumn<float[]>("R")];
        CollectionAssert.AreEqual(new[] { 1, 2, (float)(28 / 9.0) }, whole[0], "28 is the sum of the 9 values");
        float[][] defaults = [.. _ml.Transforms.ReplaceMissingValues("R", "Vector").Fit(data).Transform(data).GetColumn<float[]>("R")];
        CollectionAssert.AreEqual(new[] { 0, 5, 0f }, defaults[1]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.ReplaceMissingValues("R", "Whole").Fit(data));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.ReplaceMissingValues("R", "None").Fit(data));
    }

    [TestMethod]
    public void Zeros_that_a_sparse_vector_leaves_out_count_and_it_stays_sparse()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Sparse { V = new VBuffer<float>(4, 1, [float.NaN], [2]) }, new Sparse { V = new VBuffer<float>(4, 1, [6], [2]) }, new Sparse { V = new VBuffer<float>(4, 0, [], []) } });
        VBuffer<float> first = _ml.Transforms.ReplaceMissingValues("R", "V", ReplacementMode.Mean).Fit(data).Transform(data).GetColumn<VBuffer<float>>("R").First();
        CollectionAssert.AreEqual(new[] { 0f, 0, 3, 0 }, first.DenseValues().ToArray());
        Assert.IsFalse(first.IsDense);
        Assert.AreEqual(0, _ml.Transforms.ReplaceMissingValues("R", "V").Fit(data).Transform(data).GetColumn<VBuffer<float>>("R").First().GetValues().Length);
        Assert.AreEqual(0f, _ml.Transforms.ReplaceMissingValues("R", "V", ReplacementMode.Minimum).Fit(data).Transform(data).GetColumn<VBuffer<float>>("R").First().GetItemOrDefault(2));
    }

    [TestMethod]
    public void Replacing_keeps_slot_names()
    {
        IDataView data = Data();
        IDataView joined = _ml.Transforms.Concatenate("V", "Number", "Vector").Append(_ml.Transforms.ReplaceMissingValues("V")).Fit(data).Transform(data);
        VBuffer<ReadOnlyMemory<char>> names = default;
        joined.Schema["V"].GetSlotNames(ref names);
        Assert.AreEqual("Number", names.GetItemOrDefault(0).ToString());
    }

    [TestMethod]
    public void Numbers_and_truth_values_are_converted()
    {
        IDataView data = Data();
        var chain = _ml.Transforms.Conversion.ConvertType("W", "Whole").Append(_ml.Transforms.Conversion.ConvertType("D", "Double")).Append(_ml.Transforms.Conversion.ConvertType("T", "Truth"))
            .Append(_ml.Transforms.Conversion.ConvertType("V", "Vector", DataKind.Double));
        IDataView converted = Again(chain.Fit(data)).Transform(data);
        CollectionAssert.AreEqual(new[] { -3f, 0, 16777216, 7, 1 }, converted.GetColumn<float>("W").ToArray(), "rounded to what Single can tell apart");
        CollectionAssert.AreEqual(new[] { 4, float.NaN, 0, 4, 2 }, converted.GetColumn<float>("D").ToArray());
        CollectionAssert.AreEqual(new[] { 1f, 0, 1, 0, 0 }, converted.GetColumn<float>("T").ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, double.NaN }, converted.GetColumn<double[]>("V").First());
        Assert.AreEqual("Vector<Double, 3>", converted.Schema["V"].Type.ToString());
        Assert.IsTrue(converted.Schema["T"].IsNormalized());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.Conversion.ConvertType("K", "Key").Fit(data));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.Conversion.ConvertType("N", "None").Fit(data));
    }

    [TestMethod]
    public void Texts_and_numbers_are_encoded()
    {
        IDataView data = Data();
        ITransformer model = Again(_ml.Transforms.Categorical.OneHotEncoding("T", "Text").Append(_ml.Transforms.Categorical.OneHotEncoding("Whole", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)).Fit(data));
        IDataView encoded = model.Transform(data);
        Assert.AreEqual("Vector<Single, 2>", encoded.Schema["T"].Type.ToString());
        Assert.AreEqual("b,a", Names(encoded.Schema["T"]));
        CollectionAssert.AreEqual(new[] { 1f, 0 }, encoded.GetColumn<float[]>("T").First());
        CollectionAssert.AreEqual(new[] { 0f, 0 }, encoded.GetColumn<float[]>("T").Last(), "an empty text is missing");
        Assert.AreEqual("-3,0,1,7,16777217", Names(encoded.Schema["Whole"]), "numbers are named too");
        CollectionAssert.AreEqual(new[] { 1f, 0, 0, 0, 0 }, encoded.GetColumn<float[]>("Whole").First());
        IDataView unseen = model.Transform(_ml.Data.LoadFromEnumerable(new[] { new Row { Text = "z", Whole = 99 } }));
        CollectionAssert.AreEqual(new[] { 0f, 0 }, unseen.GetColumn<float[]>("T").Single());
        CollectionAssert.AreEqual(new float[5], unseen.GetColumn<float[]>("Whole").Single());
    }

    [TestMethod]
    public void Encoding_gives_keys_or_bags_too()
    {
        IDataView data = Data();
        IDataView keys = Again(_ml.Transforms.Categorical.OneHotEncoding("K", "Text", OneHotEncodingEstimator.OutputKind.Key).Fit(data)).Transform(data);
        Assert.AreEqual("Key<UInt32, 0-1>", keys.Schema["K"].Type.ToString());
        CollectionAssert.AreEqual(new uint[] { 1, 2, 1, 1, 0 }, keys.GetColumn<uint>("K").ToArray());
        IDataView bags = _ml.Transforms.Categorical.OneHotEncoding("B", "Words", OneHotEncodingEstimator.OutputKind.Bag).Fit(data).Transform(data);
        CollectionAssert.AreEqual(new[] { 2f, 1 }, bags.GetColumn<float[]>("B").First());
        IDataView placed = _ml.Transforms.Categorical.OneHotEncoding("B", "Words").Fit(data).Transform(data);
        CollectionAssert.AreEqual(new[] { 1f, 0, 0, 1, 1, 0 }, placed.GetColumn<float[]>("B").First());
    }

    [TestMethod]
    public void What_is_promised_is_what_comes()
    {
        IDataView data = Data();
        foreach (IEstimator<ITransformer> estimator in new IEstimator<ITransformer>[]
        {
            _ml.Transforms.ReplaceMissingValues("Vector"), _ml.Transforms.Conversion.ConvertType("New", "Whole"), _ml.Transforms.Categorical.OneHotEncoding("New", "Text"),
            _ml.Transforms.Categorical.OneHotEncoding("New", "Whole", OneHotEncodingEstimator.OutputKind.Key),
        })
        {
            ITransformer model = estimator.Fit(data);
            var promised = new SchemaLoader(data.Schema).Append(estimator).GetOutputSchema();
            var delivered = new SchemaLoader(model.GetOutputSchema(data.Schema)).Append(new GivenEstimator(null)).GetOutputSchema();
            Assert.AreEqual(Text(delivered), Text(promised));
        }

        static string Text(SchemaShape shape) => string.Join('\n', shape.OrderBy(column => column.Name, StringComparer.Ordinal).Select(column =>
            $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey} {string.Join(',', column.Annotations.Select(annotation => annotation.Name).Order(StringComparer.Ordinal))}"));
    }

    private static string Names(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return string.Join(',', names.DenseValues());
    }

    private ITransformer Again(ITransformer model)
    {
        using var stream = new MemoryStream();
        _ml.Model.Save(model, (DataViewSchema?)null, stream);
        stream.Position = 0;
        return _ml.Model.Load(stream, out _);
    }

    private IDataView Data() => _ml.Data.LoadFromEnumerable(new[]
    {
        new Row { Text = "b", Number = 4, Double = 4, Whole = -3, Truth = true, Vector = [1, 2, float.NaN], Words = ["b", "a", "b"], Key = 1 },
        new Row { Text = "a", Number = float.NaN, Double = double.NaN, Whole = 0, Truth = false, Vector = [float.NaN, 5, float.NaN], Words = ["b", "b", "b"], Key = 0 },
        new Row { Text = "b", Number = 0, Double = 0, Whole = 16777217, Truth = true, Vector = [3, 8, float.NaN], Words = ["a", "a", "a"], Key = 1 },
        new Row { Text = "b", Number = 4, Double = 4, Whole = 7, Truth = false, Vector = [2, 1, float.NaN], Words = ["", "", ""], Key = 1 },
        new Row { Text = "", Number = 2, Double = 2, Whole = 1, Truth = false, Vector = [2, 4, float.NaN], Words = ["a", "b", ""], Key = 1 },
    });

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public float Number { get; set; }

        public double Double { get; set; }

        public int Whole { get; set; }

        public bool Truth { get; set; }

        [VectorType(3)]
        public float[] Vector { get; set; } = [];

        [VectorType(3)]
        public string[] Words { get; set; } = [];

        [KeyType(2)]
        public uint Key { get; set; }
    }

    private sealed class Sparse
    {
        [VectorType(4)]
        public VBuffer<float> V { get; set; }
    }
}
