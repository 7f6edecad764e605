using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
public sealed class MemoryTests
{
    [TestMethod]
    public void Tensor_CopiesItsArray()
    {
        float[] values = [1, 2, 3, 4];
        using Tensor t = tensor(values, [2, 2]);
        values[0] = 9;
        Expect.Close([1, 2, 3, 4], t);
    }

    [TestMethod]
    public void FromArray_SharesItsArray_AndCopiesForAnotherType()
    {
        float[] values = [1, 2, 3, 4];
        using Tensor shared = from_array(values);
        using Tensor copied = from_array(values, ScalarType.Float64);
        values[0] = 9;
        shared[1] = tensor(7f);
        Expect.Close([9, 7, 3, 4], shared);
        Assert.AreEqual(7f, values[1]);
        Assert.AreEqual(1.0, copied[0].item<double>());
        using Tensor matrix = from_array(new float[,] { { 1, 2 }, { 3, 4 } });
        Expect.Shape([2, 2], matrix);
    }

    [TestMethod]
    public void FromBuffer_SharesAPartOfItsArray()
    {
        float[] values = [1, 2, 3, 4];
        using (Tensor part = frombuffer(values, ScalarType.Float32, count: 2, offset: 1))
        {
            Expect.Close([2, 3], part);
            part.mul_(10);
        }

        CollectionAssert.AreEqual(new float[] { 1, 20, 30, 4 }, values);
        Assert.ThrowsExactly<ArgumentException>(() => frombuffer(values, ScalarType.Float32, offset: 4));
        Assert.ThrowsExactly<IndexOutOfRangeException>(() => frombuffer(values, ScalarType.Float32, count: 4, offset: 1));
    }

    [TestMethod]
    public void SharedArray_OutlivesItsTensors_InAGraph()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = ones([3], requires_grad: true);
        Tensor loss = Product(weight);
        // What the graph keeps is the tensor over an array that nothing managed refers to any more.
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        loss.backward();
        Expect.Close([1, 2, 3], weight.grad!);

        static Tensor Product(Tensor weight)
        {
            using Tensor values = from_array(new float[] { 1, 2, 3 });
            return (weight * values).sum();
        }
    }

    [TestMethod]
    public void Bytes_AreTheTensorsOwnMemory()
    {
        using Tensor t = tensor([1f, 2, 3, 4], [2, 2]);
        MemoryMarshal.Cast<byte, float>(t.bytes)[3] = 8;
        Expect.Close([1, 2, 3, 8], t);
        t.bytes = MemoryMarshal.AsBytes(new float[] { 5, 6, 7, 8 }.AsSpan());
        Expect.Close([5, 6, 7, 8], t);
        using Tensor row = t[1];
        Assert.AreEqual(7f, MemoryMarshal.Cast<byte, float>(row.bytes)[0]);
        using Tensor turned = t.t();
        Assert.ThrowsExactly<InvalidOperationException>(() => _ = turned.bytes.Length);
        Assert.ThrowsExactly<ArgumentException>(() => t.bytes = new byte[3]);
    }

    [TestMethod]
    public void Data_FollowsTheStrides()
    {
        using Tensor t = tensor([1f, 2, 3, 4, 5, 6], [2, 3]);
        using Tensor turned = t.t();
        CollectionAssert.AreEqual(new float[] { 1, 4, 2, 5, 3, 6 }, turned.data<float>().ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 4, 2, 5, 3, 6 }, turned.data<float>().ToList());
        Assert.AreEqual(5f, turned.data<float>()[1, 1]);
        Assert.AreEqual(6, turned.data<float>().Count);
        float[] target = new float[4];
        t.data<float>().CopyTo(target, arrayIndex: 1, tensorIndex: 3);
        CollectionAssert.AreEqual(new float[] { 0, 4, 5, 6 }, target);
        t.data<float>()[0, 2] = 30;
        Assert.AreEqual(30f, t[0, 2].item<float>());
        Assert.ThrowsExactly<ArgumentException>(() => t.data<double>());
        Assert.ThrowsExactly<ArgumentException>(() => t.item<float>());
        Assert.ThrowsExactly<ArgumentException>(() => t[0, 0].item<double>());
    }

    [TestMethod]
    public void EmptyTensors_HaveNoElements()
    {
        using Tensor none = tensor(Array.Empty<float>());
        Expect.Shape([0], none);
        Assert.AreEqual(0, none.bytes.Length);
        Assert.AreEqual(0, none.data<float>().ToArray().Length);
        using Tensor rows = zeros(0, 3);
        Expect.Shape([0, 3], rows);
        using Tensor sum = rows.sum();
        Assert.AreEqual(0f, sum.item<float>());
    }

    [TestMethod]
    public void MissingElements_AreRefused()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => tensor([1f, 2, 3], [2, 2]));
        StringAssert.Contains(error.Message, "4 vs. 3");
    }
}
