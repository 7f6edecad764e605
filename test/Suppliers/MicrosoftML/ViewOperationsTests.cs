using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class ViewOperationsTests
{
    private readonly MLContext _ml = new(1);

    [TestMethod]
    public void Filters_keep_the_lower_bound_and_drop_the_upper_one_and_what_is_missing()
    {
        IDataView view = Numbers([1, 2, float.NaN, 3, 4]);
        Assert.AreEqual("2 3", Values(_ml.Data.FilterRowsByColumn(view, "Value", 2, 4)));
        Assert.AreEqual("1 2 3 4", Values(_ml.Data.FilterRowsByMissingValues(view, "Value")));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.FilterRowsByColumn(view, "Name"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.FilterRowsByMissingValues(view, "Name"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.FilterRowsByColumn(view, "Value", 3, 2));
    }

    [TestMethod]
    public void Filters_look_at_every_slot_of_a_vector()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(new[] { new Vectors { Values = [1, 2] }, new Vectors { Values = [1, float.NaN] } });
        Assert.AreEqual(1, _ml.Data.FilterRowsByMissingValues(view, "Values").GetColumn<float[]>("Values").Count());
    }

    [TestMethod]
    public void Filtered_rows_keep_their_identity_and_are_counted_anew()
    {
        IDataView view = _ml.Data.FilterRowsByColumn(Numbers([1, 2, 3]), "Value", 2);
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Name"]]);
        ValueGetter<DataViewRowId> getId = cursor.GetIdGetter();
        ValueGetter<ReadOnlyMemory<char>> getName = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Name"]);
        Assert.IsTrue(cursor.MoveNext());
        DataViewRowId id = default;
        ReadOnlyMemory<char> name = default;
        getId(ref id);
        getName(ref name);
        Assert.AreEqual(1ul, id.Low);
        Assert.AreEqual(0, cursor.Position);
        Assert.AreEqual("n2", name.ToString());
        Assert.IsNull(view.GetRowCount());
    }

    [TestMethod]
    public void Take_and_skip_count_rows()
    {
        IDataView view = Numbers([1, 2, 3, 4]);
        Assert.AreEqual("1 2", Values(_ml.Data.TakeRows(view, 2)));
        Assert.AreEqual("3 4", Values(_ml.Data.SkipRows(view, 2)));
        Assert.AreEqual("", Values(_ml.Data.SkipRows(view, 9)));
        Assert.AreEqual(2L, _ml.Data.TakeRows(view, 2).GetRowCount());
        Assert.AreEqual(1L, _ml.Data.SkipRows(view, 3).GetRowCount());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.TakeRows(view, 0));
    }

    [TestMethod]
    public void A_shuffle_keeps_every_row_and_repeats_with_its_seed()
    {
        IDataView view = Numbers([.. Enumerable.Range(0, 500).Select(i => (float)i)]);
        IDataView shuffled = _ml.Data.ShuffleRows(view, seed: 5, shufflePoolSize: 50);
        float[] first = [.. shuffled.GetColumn<float>("Value")];
        CollectionAssert.AreEquivalent(view.GetColumn<float>("Value").ToArray(), first);
        CollectionAssert.AreNotEqual(view.GetColumn<float>("Value").ToArray(), first);
        CollectionAssert.AreEqual(first, _ml.Data.ShuffleRows(view, seed: 5, shufflePoolSize: 50).GetColumn<float>("Value").ToArray());
        using DataViewRowCursor cursor = shuffled.GetRowCursor(shuffled.Schema);
        ValueGetter<float> value = cursor.GetGetter<float>(shuffled.Schema["Value"]);
        ValueGetter<ReadOnlyMemory<char>> name = cursor.GetGetter<ReadOnlyMemory<char>>(shuffled.Schema["Name"]);
        float number = 0;
        ReadOnlyMemory<char> text = default;
        while (cursor.MoveNext())
        {
            value(ref number);
            name(ref text);
            Assert.AreEqual(FormattableString.Invariant($"n{number}"), text.ToString());
        }
    }

    [TestMethod]
    public void A_cache_reads_its_source_once()
    {
        var spy = new SpyView(Numbers([1, 2, 3]));
        IDataView cached = _ml.Data.Cache(spy);
        Assert.AreEqual("1 2 3", Values(cached));
        Assert.AreEqual("1 2 3", Values(cached));
        Assert.AreEqual(3, spy.RowsRead);
        Assert.AreEqual(3L, cached.GetRowCount());
        Assert.IsTrue(cached.CanShuffle);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.Cache(spy, "Missing"));
    }

    [TestMethod]
    public void A_split_parts_the_rows_in_the_fraction_asked_for()
    {
        IDataView view = Numbers([.. Enumerable.Range(0, 2000).Select(i => (float)i)]);
        DataOperationsCatalog.TrainTestData split = _ml.Data.TrainTestSplit(view, testFraction: 0.25, seed: 3);
        float[] train = [.. split.TrainSet.GetColumn<float>("Value")];
        float[] test = [.. split.TestSet.GetColumn<float>("Value")];
        Assert.AreEqual(0.25, test.Length / 2000.0, 0.05);
        CollectionAssert.AreEquivalent(view.GetColumn<float>("Value").ToArray(), train.Concat(test).ToArray());
        CollectionAssert.AreEqual(test, _ml.Data.TrainTestSplit(view, 0.25, seed: 3).TestSet.GetColumn<float>("Value").ToArray());
        CollectionAssert.AreEqual(new[] { "Value", "Name" }, split.TestSet.Schema.Where(c => !c.IsHidden).Select(c => c.Name).ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.TrainTestSplit(view, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.TrainTestSplit(view, 0.5, "Missing"));
    }

    [TestMethod]
    public void A_split_by_a_key_keeps_rows_of_one_key_together()
    {
        IDataView view = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 1000).Select(i => new Number { Value = i, Name = "group" + (i % 50) }));
        DataOperationsCatalog.TrainTestData split = _ml.Data.TrainTestSplit(view, 0.3, "Name", seed: 3);
        string[] train = [.. split.TrainSet.GetColumn<string>("Name").Distinct()];
        string[] test = [.. split.TestSet.GetColumn<string>("Name").Distinct()];
        Assert.IsEmpty(train.Intersect(test));
        Assert.HasCount(50, train.Concat(test));
    }

    [TestMethod]
    public void Folds_test_each_row_once()
    {
        IDataView view = Numbers([.. Enumerable.Range(0, 300).Select(i => (float)i)]);
        IReadOnlyList<DataOperationsCatalog.TrainTestData> folds = _ml.Data.CrossValidationSplit(view, 3, seed: 2);
        Assert.HasCount(3, folds);
        CollectionAssert.AreEquivalent(
            view.GetColumn<float>("Value").ToArray(), folds.SelectMany(fold => fold.TestSet.GetColumn<float>("Value")).ToArray());
        foreach (DataOperationsCatalog.TrainTestData fold in folds)
            Assert.IsEmpty(fold.TrainSet.GetColumn<float>("Value").Intersect(fold.TestSet.GetColumn<float>("Value")));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Data.CrossValidationSplit(view, 1));
    }

    private static string Values(IDataView view) => string.Join(" ", view.GetColumn<float>("Value").Select(value => value.ToString(CultureInfo.InvariantCulture)));

    private IDataView Numbers(float[] values) =>
        _ml.Data.LoadFromEnumerable(values.Select(value => new Number { Value = value, Name = FormattableString.Invariant($"n{value}") }).ToArray());

    private sealed class Number
    {
        public float Value { get; set; }

        public string? Name { get; set; }
    }

    private sealed class Vectors
    {
        public float[]? Values { get; set; }
    }
}
