using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class VBufferTests
{
    private static VBuffer<float> Sparse => new(5, 2, [1f, 2f], [1, 4]);

    [TestMethod]
    public void Sparse_values_read_as_dense_ones()
    {
        Assert.IsFalse(Sparse.IsDense);
        CollectionAssert.AreEqual(new[] { 0f, 1, 0, 0, 2 }, Sparse.DenseValues().ToArray());
        CollectionAssert.AreEqual(new[] { 1f, 2 }, Sparse.GetValues().ToArray());
        CollectionAssert.AreEqual(new[] { 1, 4 }, Sparse.GetIndices().ToArray());
        Assert.AreEqual(2f, Sparse.GetItemOrDefault(4));
        Assert.AreEqual(0f, Sparse.GetItemOrDefault(3));
        CollectionAssert.AreEqual(new[] { 1, 4 }, Sparse.Items().Select(item => item.Key).ToArray());
        Assert.AreEqual(5, Sparse.Items(all: true).Count());
        Assert.AreEqual("Sparse vector of size 5, 2 explicit values", Sparse.ToString());
    }

    [TestMethod]
    public void Copies_keep_or_fill_what_is_not_explicit()
    {
        VBuffer<float> copy = default;
        Sparse.CopyTo(ref copy);
        Assert.IsFalse(copy.IsDense);
        Sparse.CopyToDense(ref copy);
        Assert.IsTrue(copy.IsDense);
        Assert.IsTrue(copy.GetIndices().IsEmpty);
        CollectionAssert.AreEqual(new[] { 0f, 1, 0, 0, 2 }, copy.GetValues().ToArray());

        var array = new float[7];
        Sparse.CopyTo(array, 1, -1);
        CollectionAssert.AreEqual(new[] { 0f, -1, 1, -1, -1, 2, 0 }, array);
        Sparse.CopyTo(ref copy, 1, 3);
        CollectionAssert.AreEqual(new[] { 1f, 0, 0 }, copy.DenseValues().ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Sparse.CopyTo(new float[4]));
    }

    [TestMethod]
    public void Editors_use_the_arrays_again()
    {
        var array = new float[4];
        var buffer = new VBuffer<float>(4, array);
        VBufferEditor<float> editor = VBufferEditor.Create(ref buffer, 3);
        Assert.IsFalse(editor.CreatedNewValues);
        editor.Values[2] = 9;
        buffer = editor.Commit();
        Assert.AreEqual(3, buffer.Length);
        Assert.AreEqual(9f, array[2]);

        editor = VBufferEditor.Create(ref buffer, 10, 5);
        Assert.IsTrue(editor.CreatedNewValues);
        Assert.AreEqual(5, editor.Indices.Length);
        editor.Values[0] = 1;
        editor.Indices[0] = 8;
        buffer = editor.CommitTruncated(1);
        Assert.AreEqual(1f, buffer.GetItemOrDefault(8));
        Assert.AreEqual(1, buffer.GetValues().Length);
    }

    [TestMethod]
    public void Wrong_sizes_are_refused()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(-1, []));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(3, [1f]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(3, 2, [1f, 2f], [1]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Sparse.GetItemOrDefault(5));
        VBuffer<float> buffer = default;
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => VBufferEditor.Create(ref buffer, 2, 3));
    }

    [TestMethod]
    public void Filling_a_buffer_again_allocates_nothing()
    {
        VBuffer<float> target = default;
        Sparse.CopyToDense(ref target);
        VBuffer<float> source = Sparse;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            source.CopyToDense(ref target);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
