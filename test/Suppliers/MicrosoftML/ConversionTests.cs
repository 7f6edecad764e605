using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class ConversionTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Texts_become_keys_with_their_values()
    {
        IDataView data = Data();
        ITransformer model = _ml.Transforms.Conversion.MapValueToKey("K", "Text").Fit(data);
        IDataView keyed = Again(model).Transform(data);
        Assert.AreEqual("Key<UInt32, 0-1>", keyed.Schema["K"].Type.ToString());
        Assert.IsTrue(keyed.Schema["K"].HasKeyValues());
        CollectionAssert.AreEqual(new uint[] { 1u, 2, 1, 0 }, keyed.GetColumn<uint>("K").ToArray());
        IDataView ordered = _ml.Transforms.Conversion.MapValueToKey("K", "Text", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(data).Transform(data);
        CollectionAssert.AreEqual(new uint[] { 2u, 1, 2, 0 }, ordered.GetColumn<uint>("K").ToArray());
        IDataView back = _ml.Transforms.Conversion.MapKeyToValue("T", "K").Fit(keyed).Transform(keyed);
        CollectionAssert.AreEqual(new[] { "b", "a", "b", "" }, back.GetColumn<string>("T").ToArray());
    }

    [TestMethod]
    public void Numbers_become_keys_too()
    {
        IDataView data = Data();
        IDataView keyed = Again(_ml.Transforms.Conversion.MapValueToKey("K", "Number").Fit(data)).Transform(data);
        CollectionAssert.AreEqual(new uint[] { 1u, 2, 0, 1 }, keyed.GetColumn<uint>("K").ToArray());
        VBuffer<float> values = default;
        keyed.Schema["K"].GetKeyValues(ref values);
        CollectionAssert.AreEqual(new[] { 1.5f, 3 }, values.DenseValues().ToArray());
        float[] back = [.. _ml.Transforms.Conversion.MapKeyToValue("N", "K").Fit(keyed).Transform(keyed).GetColumn<float>("N")];
        Assert.AreEqual(3f, back[1]);
        Assert.IsTrue(float.IsNaN(back[2]));
    }

    [TestMethod]
    public void A_key_becomes_a_unit_vector_and_a_missing_one_zeros()
    {
        IDataView data = Data();
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("K", "Text").Append(_ml.Transforms.Conversion.MapKeyToVector("V", "K")).Fit(data).Transform(data);
        DataViewSchema.Column vector = keyed.Schema["V"];
        Assert.AreEqual("Vector<Single, 2>", vector.Type.ToString());
        Assert.IsTrue(vector.IsNormalized());
        VBuffer<ReadOnlyMemory<char>> names = default;
        vector.GetSlotNames(ref names);
        Assert.AreEqual("b,a", string.Join(",", names.DenseValues()));
        float[][] rows = [.. keyed.GetColumn<float[]>("V")];
        CollectionAssert.AreEqual(new[] { 1f, 0 }, rows[0]);
        CollectionAssert.AreEqual(new[] { 0f, 1 }, rows[1]);
        CollectionAssert.AreEqual(new[] { 0f, 0 }, rows[3]);
    }

    [TestMethod]
    public void Keys_without_values_give_vectors_without_names_that_survive_saving()
    {
        IDataView data = Data();
        IDataView mapped = Again(_ml.Transforms.Conversion.MapKeyToVector("V", "Key").Fit(data)).Transform(data);
        Assert.IsFalse(mapped.Schema["V"].HasSlotNames());
        CollectionAssert.AreEqual(new[] { 0f, 0, 1 }, mapped.GetColumn<float[]>("V").First());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.Conversion.MapKeyToVector("V", "Number").Fit(data));
    }

    [TestMethod]
    public void Vectors_of_keys_follow_each_other_or_are_counted()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Keys { K = ["b", "a", "b"] } });
        EstimatorChain<ITransformer> keys = new EstimatorChain<ITransformer>().Append<ITransformer>(_ml.Transforms.Conversion.MapValueToKey("K"));
        IDataView placed = keys.Append(_ml.Transforms.Conversion.MapKeyToVector("V", "K")).Fit(data).Transform(data);
        Assert.AreEqual("Vector<Single, 3, 2>", placed.Schema["V"].Type.ToString());
        CollectionAssert.AreEqual(new[] { 1f, 0, 0, 1, 1, 0 }, placed.GetColumn<float[]>("V").Single());
        VBuffer<ReadOnlyMemory<char>> names = default;
        placed.Schema["V"].Annotations.GetValue("SlotNames", ref names);
        Assert.AreEqual("[0].b,[0].a,[1].b,[1].a,[2].b,[2].a", string.Join(",", names.DenseValues()));
        Assert.AreEqual("Vector<String, 3, 2>", placed.Schema["V"].Annotations.Schema["SlotNames"].Type.ToString());
        IDataView counted = keys.Append(_ml.Transforms.Conversion.MapKeyToVector("V", "K", outputCountVector: true)).Fit(data).Transform(data);
        CollectionAssert.AreEqual(new[] { 2f, 1 }, counted.GetColumn<float[]>("V").Single());
    }

    [TestMethod]
    public void Vectors_of_values_become_vectors_of_keys_and_come_back()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Keys { K = ["b", "", "a"] }, new Keys { K = ["a", "b", "c"] } });
        ITransformer model = _ml.Transforms.Conversion.MapValueToKey("N", "K").Append(_ml.Transforms.Conversion.MapKeyToValue("T", "N")).Fit(data);
        IDataView mapped = Again(model).Transform(data);
        Assert.AreEqual("Vector<Key<UInt32, 0-2>, 3>", mapped.Schema["N"].Type.ToString());
        Assert.AreEqual("Vector<String, 3>", mapped.Schema["T"].Type.ToString());
        VBuffer<ReadOnlyMemory<char>> values = default;
        mapped.Schema["N"].GetKeyValues(ref values);
        Assert.AreEqual("b,a,c", string.Join(",", values.DenseValues()));
        CollectionAssert.AreEqual(new uint[] { 1, 0, 2 }, mapped.GetColumn<uint[]>("N").First());
        CollectionAssert.AreEqual(new uint[] { 2, 1, 3 }, mapped.GetColumn<uint[]>("N").Last());
        CollectionAssert.AreEqual(new[] { "b", "", "a" }, mapped.GetColumn<string[]>("T").First());

        // Without anything to learn there is one key, which no value has.
        IDataView none = _ml.Transforms.Conversion.MapValueToKey("N", "K").Fit(_ml.Data.LoadFromEnumerable(Array.Empty<Keys>())).Transform(data);
        CollectionAssert.AreEqual(new uint[] { 0, 0, 0 }, none.GetColumn<uint[]>("N").First());
    }

    [TestMethod]
    public void By_value_means_by_code_unit_and_by_number()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { "b", "B", " a", "a", "C", "10", "9" }.Select(text => new Row { Text = text, Number = text[0] }));
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("K", "Text", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(data).Transform(data);
        VBuffer<ReadOnlyMemory<char>> texts = default;
        keyed.Schema["K"].GetKeyValues(ref texts);
        Assert.AreEqual(" a|10|9|B|C|a|b", string.Join("|", texts.DenseValues()));
        keyed = _ml.Transforms.Conversion.MapValueToKey("K", "Number", 3, ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(data).Transform(data);
        VBuffer<float> numbers = default;
        keyed.Schema["K"].GetKeyValues(ref numbers);
        CollectionAssert.AreEqual(new[] { 32f, 66, 98 }, numbers.DenseValues().ToArray(), "the first three, in order");
    }

    [TestMethod]
    public void Engines_read_keys_and_their_vectors()
    {
        IDataView data = Data();
        ITransformer model = _ml.Transforms.Conversion.MapValueToKey("K", "Text")
            .Append(_ml.Transforms.Conversion.MapKeyToVector("V", "K"))
            .Append(_ml.Transforms.Conversion.MapKeyToVector("W", "Key"))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("T", "K"))
            .Fit(data);
        using PredictionEngine<Row, Mapped> engine = _ml.Model.CreatePredictionEngine<Row, Mapped>(Again(model));
        Mapped a = engine.Predict(new Row { Text = "a", Key = 1 });
        Assert.AreEqual(2u, a.K);
        Assert.AreEqual("a", a.T);
        Assert.AreEqual(2u, a.Key, "keys of objects count from 0, those read from 1");
        CollectionAssert.AreEqual(new[] { 0f, 1 }, a.V);
        CollectionAssert.AreEqual(new[] { 0f, 1, 0 }, a.W);

        Mapped unseen = engine.Predict(new Row { Text = "z", Key = 3 });
        Assert.AreEqual(0u, unseen.K);
        Assert.AreEqual("", unseen.T);
        Assert.AreEqual(0u, unseen.Key);
        CollectionAssert.AreEqual(new[] { 0f, 0 }, unseen.V);
        CollectionAssert.AreEqual(new[] { 0f, 0, 0 }, unseen.W);

        uint[] keys = [.. _ml.Data.CreateEnumerable<Mapped>(model.Transform(data), reuseRowObject: false).Select(row => row.K)];
        CollectionAssert.AreEqual(new uint[] { 1, 2, 1, 0 }, keys);
    }

    [TestMethod]
    public void Keys_of_objects_may_bring_their_values()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Row));
        definition["Key"].AddAnnotation("KeyValues", new[] { "low", "middle", "high" }, new VectorDataViewType(TextDataViewType.Instance, 3));
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Row { Key = 2 }, new Row { Key = 3 } }, definition);
        Assert.IsTrue(data.Schema["Key"].HasKeyValues());
        IDataView mapped = _ml.Transforms.Conversion.MapKeyToValue("T", "Key").Append(_ml.Transforms.Conversion.MapKeyToVector("V", "Key")).Fit(data).Transform(data);
        CollectionAssert.AreEqual(new[] { "high", "" }, mapped.GetColumn<string>("T").ToArray());
        VBuffer<ReadOnlyMemory<char>> names = default;
        mapped.Schema["V"].GetSlotNames(ref names);
        Assert.AreEqual("low,middle,high", string.Join(",", names.DenseValues()));
    }

    [TestMethod]
    public void Keys_without_values_have_none_to_come_back_to()
    {
        IDataView data = Data();
        Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Transforms.Conversion.MapKeyToValue("T", "Key").Fit(data));
    }

    [TestMethod]
    public void Promises_agree_with_what_is_delivered()
    {
        IDataView data = Data();
        var chain = new EstimatorChain<ITransformer>()
            .Append(_ml.Transforms.Conversion.MapValueToKey("K", "Text"))
            .Append(_ml.Transforms.Conversion.MapKeyToVector("V", "K"))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("T", "K"))
            .Append(_ml.Transforms.NormalizeMinMax("N", "Number"))
            .Append(_ml.Transforms.Concatenate("F", "N", "V"));
        static string Describe(SchemaShape.Column column) =>
            $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey} [{string.Join(",", column.Annotations.Select(a => a.Name).Order())}]";
        static SchemaShape Shape(DataViewSchema schema) => new SchemaLoader(schema).Append(new GivenEstimator(null)).GetOutputSchema();
        CollectionAssert.AreEquivalent(
            Shape(chain.Fit(data).Transform(data).Schema).Select(Describe).ToArray(), chain.GetOutputSchema(Shape(data.Schema)).Select(Describe).ToArray());
    }

    [TestMethod]
    public void Normalizers_scale_and_skip_what_is_missing()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[]
        {
            new Numbers { V = [1, -4, 7] }, new Numbers { V = [3, 2, 7] }, new Numbers { V = [float.NaN, 0, 7] },
        });
        Check(_ml.Transforms.NormalizeMinMax("N", "V"), [1 / 3f, -1, 0], [1, 0.5f, 0]);
        Check(_ml.Transforms.NormalizeMinMax("N", "V", fixZero: false), [0, 0, 0], [1, 1, 0]);
        Check(_ml.Transforms.NormalizeMeanVariance("N", "V", fixZero: false), [-1, -1.33630621f, 0], [1, 1.06904497f, 0]);
        Check(_ml.Transforms.NormalizeMeanVariance("N", "V"), [0.4472136f, -1.54919334f, 0], [1.3416408f, 0.7745967f, 0]);

        void Check(IEstimator<ITransformer> estimator, float?[] first, float?[] second)
        {
            IDataView scaled = Again(estimator.Fit(data)).Transform(data);
            Assert.IsTrue(scaled.Schema["N"].IsNormalized());
            float[][] rows = [.. scaled.GetColumn<float[]>("N")];
            for (int i = 0; i < 3; i++)
            {
                if (first[i] is float a)
                    Assert.AreEqual(a, rows[0][i], 1e-5f);
                if (second[i] is float b)
                    Assert.AreEqual(b, rows[1][i], 1e-5f);
            }

            Assert.IsTrue(float.IsNaN(rows[2][0]));
        }
    }

    private ITransformer Again(ITransformer model)
    {
        var stream = new MemoryStream();
        _ml.Model.Save(model, null, stream);
        return _ml.Model.Load(stream, out _);
    }

    private IDataView Data() => _ml.Data.LoadFromEnumerable(new[]
    {
        new Row { Text = "b", Number = 1.5f, Key = 2 }, new Row { Text = "a", Number = 3 },
        new Row { Text = "b", Number = float.NaN }, new Row { Text = "", Number = 1.5f },
    });

    private sealed class Row
    {
        public string? Text { get; set; }

        public float Number { get; set; }

        [KeyType(3)]
        public uint Key { get; set; }
    }

    private sealed class Mapped
    {
        public uint K { get; set; }

        public uint Key { get; set; }

        public string? T { get; set; }

        public float[]? V { get; set; }

        public float[]? W { get; set; }
    }

    private sealed class Keys
    {
        [VectorType(3)]
        public string[]? K { get; set; }
    }

    private sealed class Numbers
    {
        [VectorType(3)]
        public float[]? V { get; set; }
    }
}
