using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
public sealed class ShapeTests
{
    private static Tensor M => arange(12, dtype: ScalarType.Float32).reshape(3, 4);

    [TestMethod]
    public void Factories_MakeWhatTheirNamesSay()
    {
        using DisposeScope scope = NewDisposeScope();
        Expect.Close([0, 0, 0, 0], zeros(2, 2));
        Expect.Close([1, 1, 1], ones(3));
        Expect.Close([2.5f, 2.5f], full([2], 2.5));
        Assert.AreEqual(ScalarType.Int64, full([2], 2).dtype);
        long[] shape = M.shape;
        Expect.Shape(shape, zeros(shape));
        Expect.Shape(shape, ones(shape));
        Expect.Shape(shape, full(shape, 2.5));
        Expect.Close([1, 0, 0, 1], eye(2));
        CollectionAssert.AreEqual(new[] { 0L, 1, 2 }, arange(3).data<long>().ToArray());
        Expect.Close([1, 1.5f], arange(1.0, 2.0, 0.5));
        CollectionAssert.AreEqual(new[] { 2L, 3, 4 }, arange(2, 5).data<long>().ToArray());
        Expect.Shape([2, 3, 4], empty(2, 3, 4));
        Expect.Shape([], tensor(1f));
        Expect.Shape([2, 2], tensor(new float[,] { { 1, 2 }, { 3, 4 } }));
        Assert.AreEqual(ScalarType.Float64, zeros([2], ScalarType.Float64).dtype);
        Tensor like = ones_like(M, requires_grad: true);
        Expect.Shape([3, 4], like);
        Assert.IsTrue(like.requires_grad);
        Assert.IsTrue(zeros_like(M).Equals(zeros(3, 4)));
        Assert.IsTrue(full_like(M, 1).Equals(ones(3, 4)));
        Assert.AreEqual(ScalarType.Int32, tensor(1).dtype);
        Assert.AreEqual(ScalarType.Bool, zeros_like(M, ScalarType.Bool).dtype);
        Assert.AreEqual(DeviceType.CPU, like.device.type);
    }

    [TestMethod]
    public void Views_ShareMemoryAndRearrange()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor m = M;
        Expect.Shape([4, 3], m.t());
        Expect.Shape([4, 3], m.permute(1, 0));
        Expect.Shape([2, 6], m.view(2, 6));
        Expect.Shape([12], m.flatten());
        Expect.Shape([1, 3, 4], m.unsqueeze(0));
        Expect.Shape([3, 4], m.unsqueeze(0).squeeze());
        Expect.Shape([3, 4], m.unsqueeze(0).squeeze(0));
        Expect.Shape([2, 3, 4], m.expand(2, 3, 4));
        Expect.Shape([2, 3, 4], m.expand([2, -1, -1]));
        Expect.Close([4, 5, 6, 7, 8, 9, 10, 11], m.narrow(0, 1, 2));
        Expect.Close([1, 3, 5, 7, 9, 11], m.slice(1, 1, 4, 2));
        Expect.Close([8, 9, 10, 11, 0, 1, 2, 3], m.index_select(0, tensor([2L, 0])));
        Expect.Close([3, 4, 9], m.gather(1, tensor([3L, 0, 1]).unsqueeze(1)));
        m.narrow(0, 0, 1).zero_();
        Expect.Close([0, 0, 0, 0, 4, 5, 6, 7, 8, 9, 10, 11], m);
        Assert.IsFalse(m.t().is_contiguous());
        Assert.IsTrue(m.t().contiguous().is_contiguous());
        CollectionAssert.AreEqual(new[] { 1L, 4 }, m.t().stride());
        Assert.AreEqual(4, m.size(-1));
    }

    [TestMethod]
    public void Indexers_TakeNumbersSlicesAndTensors()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor m = M;
        Assert.AreEqual(6f, m[1, 2].item<float>());
        Expect.Close([4, 5, 6, 7], m[1]);
        Expect.Close([1, 5, 9], m[TensorIndex.Colon, TensorIndex.Single(1)]);
        Expect.Close([8, 10], m[TensorIndex.Single(-1), TensorIndex.Slice(0, 3, 2)]);
        Expect.Shape([3, 1, 4], m[TensorIndex.Colon, TensorIndex.None]);
        Expect.Close([3, 7, 11], m[TensorIndex.Ellipsis, TensorIndex.Single(3)]);
        Expect.Close([8, 9, 10, 11, 0, 1, 2, 3], m[tensor([2L, 0])]);
        Expect.Close([9, 10, 11], m[m > 8]);
        m[0] = tensor([-1f, -2, -3, -4]);
        m[TensorIndex.Colon, TensorIndex.Single(0)] = zeros(3);
        Expect.Close([0, -2, -3, -4, 0, 5, 6, 7, 0, 9, 10, 11], m);
    }

    [TestMethod]
    public void CatAndStack_Join()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = ones(1, 2), b = zeros(1, 2);
        Expect.Close([1, 1, 0, 0], cat([a, b], 0));
        Expect.Shape([1, 4], cat([a, b], dim: 1));
        Expect.Shape([2, 1, 2], stack([a, b]));
        Tensor[] array = [a, b];
        List<Tensor> list = [b, a];
        Expect.Close([1, 1, 0, 0], cat(array));
        Expect.Close([0, 0, 1, 1], cat(list, 1));
    }

    [TestMethod]
    public void Repeats_CopyWholesOrElements()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor m = tensor([1f, 2, 3, 4], [2, 2]);
        Expect.Close([1, 2, 1, 2, 3, 4, 3, 4], m.repeat(1, 2));
        Expect.Shape([3, 2, 2], m.repeat(3, 1, 1));
        Expect.Close([1, 2, 1, 2, 3, 4, 3, 4], m.repeat_interleave(2, 0));
        Expect.Shape([4, 2], m.repeat_interleave(2, 0));
        Expect.Close([1, 1, 2, 2, 3, 3, 4, 4], m.repeat_interleave(2));
    }

    [TestMethod]
    public void Conversions_ChangeTheType()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor t = tensor([0f, 1.7f, -2.7f]);
        CollectionAssert.AreEqual(new[] { 0L, 1, -2 }, t.to(ScalarType.Int64).data<long>().ToArray());
        CollectionAssert.AreEqual(new[] { false, true, true }, t.to(ScalarType.Bool).data<bool>().ToArray());
        Assert.AreEqual(1.7f, (float)t.to_type(ScalarType.Float64)[1].item<double>());
        Assert.AreEqual(2.5, (double)tensor(2.5f));
        Assert.AreEqual(2.5f, (float)tensor(2.5));
        Assert.AreEqual(7, (int)tensor(7L));
        Assert.AreEqual(7L, (long)tensor(7));
        Assert.AreEqual(7L, tensor(7L).ToInt64());
        Assert.AreEqual(2.5f, tensor(2.5).ToSingle());
        Assert.IsTrue(t.to(CPU).Equals(t));
        Assert.IsTrue(t.clone().detach().Equals(t));
    }
}
