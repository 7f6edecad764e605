using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
public sealed class OperatorTests
{
    private static Tensor X => tensor([-2.0f, -0.5f, 0, 0.25f, 1.5f, 30]);

    private static Tensor Y => tensor([0.5f, 1, 2, 9]);

    [TestMethod]
    public void Activations_GivePyTorchsValues()
    {
        using DisposeScope scope = NewDisposeScope();
        Expect.Close([0, 0, 0, 0.25f, 1.5f, 30], nn.functional.relu(X), "relu");
        Expect.Close([-0.2f, -0.05f, 0, 0.25f, 1.5f, 30], nn.functional.leaky_relu(X, 0.1), "leaky_relu 0.1");
        Expect.Close([-0.605265319f, -0.275428534f, 0, 0.25f, 1.5f, 30], nn.functional.elu(X, 0.7), "elu 0.7");
        Expect.Close([-1.52016652f, -0.691758156f, 0, 0.262675256f, 1.57605147f, 31.5210304f], nn.functional.selu(X), "selu");
        Expect.Close([-0.0455000997f, -0.154268786f, 0, 0.149676561f, 1.39978909f, 30], nn.functional.gelu(X), "gelu");
        Expect.Close([-0.238405839f, -0.188770339f, 0, 0.140544131f, 1.22636163f, 30], nn.functional.silu(X), "silu");
        Expect.Close([0.00907496456f, 0.156630844f, 0.346573591f, 0.487038493f, 1.52429366f, 30], nn.functional.softplus(X, 2), "softplus 2");
        Expect.Close([-0.964027584f, -0.462117165f, 0, 0.244918659f, 0.905148268f, 1], nn.functional.tanh(X), "tanh");
        Expect.Close([0.119202919f, 0.377540678f, 0.5f, 0.562176526f, 0.817574441f, 1], nn.functional.sigmoid(X), "sigmoid");
        Expect.Close([0.0900305733f, 0.244728476f, 0.665240943f], nn.functional.softmax(tensor([1f, 2, 3]), 0), "softmax");
        Expect.Close([-2.407606f, -1.4076059f, -0.40760595f], nn.functional.log_softmax(tensor([1f, 2, 3]), 0), "log_softmax");
    }

    [TestMethod]
    public void Modules_GiveTheFunctionsValues()
    {
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> Module, Tensor Expected)[] pairs =
        [
            (nn.ReLU(), X.relu()), (nn.LeakyReLU(0.1), X.leaky_relu(0.1)), (nn.ELU(0.7), X.elu(0.7)), (nn.SELU(), X.selu()), (nn.GELU(), X.gelu()),
            (nn.SiLU(), X.silu()), (nn.Tanh(), X.tanh()), (nn.Sigmoid(), X.sigmoid()), (nn.Softplus(2), X.softplus(2)), (nn.Identity(), X),
        ];
        foreach (var (module, expected) in pairs)
        {
            Assert.IsTrue(module.call(X).Equals(expected), module.GetName());
            module.Dispose();
        }
    }

    [TestMethod]
    public void OneOperand_GivesPyTorchsValues()
    {
        using DisposeScope scope = NewDisposeScope();
        Expect.Close([0.135335281f, 0.606530666f, 1, 1.28402543f, 4.48168898f, 1.06864742e13f], X.exp(), "exp");
        Expect.Close([-0.864664733f, -0.393469334f, 0, 0.284025431f, 3.48168898f, 1.06864742e13f], X.expm1(), "expm1");
        Expect.Close([-0.693147182f, 0, 0.693147182f, 2.19722462f], Y.log(), "log");
        Expect.Close([0.405465096f, 0.693147182f, 1.09861231f, 2.30258512f], Y.log1p(), "log1p");
        Expect.Close([0.707106769f, 1, 1.41421354f, 3], Y.sqrt(), "sqrt");
        Expect.Close([1.41421354f, 1, 0.707106769f, 0.333333343f], Y.rsqrt(), "rsqrt");
        Expect.Close([0.25f, 1, 4, 81], Y.square(), "square");
        Expect.Close([2, 1, 0.5f, 0.111111112f], Y.reciprocal(), "reciprocal");
        Expect.Close([2, 0.5f, 0, 0.25f, 1.5f, 30], X.abs(), "abs");
        Expect.Close([2, 0.5f, 0, -0.25f, -1.5f, -30], -X, "neg");
        Expect.Close([-1, -1, 0, 1, 1, 1], X.sign(), "sign");
        Expect.Close([-1, -0.5f, 0, 0.25f, 1, 1], X.clamp(-1, 1), "clamp");
        Expect.Close([0, 0, 0, 0.25f, 1.5f, 30], X.clamp(min: 0.0), "clamp from below");
        Expect.Close([-0.5f, -0.5f, 0, 0.25f, 1.5f, 30], X.clamp_min(-0.5), "clamp_min");
        Expect.Close([2, 0.5f, 0, -0.25f, -1.5f, -30], X.neg(), "neg");
        Tensor odd = tensor([1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity]);
        Expect.Close([1, 0, float.MaxValue, float.MinValue], odd.nan_to_num(), "nan_to_num");
        Expect.Close([1, 0.5f, 7, -7], odd.nan_to_num(0.5, 7, -7), "nan_to_num of three");
        Expect.Close([1, 0, 7, float.MinValue], odd.nan_to_num(posinf: 7), "nan_to_num of one");
        Expect.Close([1, -1, float.PositiveInfinity, float.NegativeInfinity], odd.masked_fill(odd.isnan(), -1), "masked_fill");
    }

    [TestMethod]
    public void Arithmetic_TakesTensorsAndNumbers()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor([1f, 2, 3]), b = tensor([4f, 5, 6]);
        Expect.Close([5, 7, 9], a + b);
        Expect.Close([-3, -3, -3], a - b);
        Expect.Close([4, 10, 18], a * b);
        Expect.Close([0.25f, 0.4f, 0.5f], a / b);
        Expect.Close([0.5f, 1, 1.5f], a.mul(0.5f));
        Expect.Close([1, 4, 9], a.pow(2));
        Expect.Close([1, 32, 729], a.pow(b));
        Expect.Close([9, 12, 15], a.add(b, alpha: 2));
        Expect.Close([3, 7, 12], a.addcmul(a, b, value: 0.5));
        Expect.Close([1.5f, 2.8f, 4], a.addcdiv(a, b, value: 2));
        Expect.Close([2.5f, 3.5f, 4.5f], a.lerp(b, tensor(0.5f)));
        Expect.Close([4, 5, 6], maximum(a, b));
        Expect.Close([1, 2, 3], minimum(a, b));
        Expect.Close([1, 5, 6], torch.where(a < 2, a, b));
    }

    [TestMethod]
    public void Arithmetic_TakesEachKindOfNumberOnEitherSide()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor([1f, 2, 4]), whole = tensor([1L, 2]);
        Each([3, 4, 6], a + 2, a + 2L, a + 2f, a + 2.0, 2 + a, 2L + a, 2f + a, 2.0 + a);
        Each([-1, 0, 2], a - 2, a - 2L, a - 2f, a - 2.0);
        Each([1, 0, -2], 2 - a, 2L - a, 2f - a, 2.0 - a);
        Each([2, 4, 8], a * 2, a * 2L, a * 2f, a * 2.0, 2 * a, 2L * a, 2f * a, 2.0 * a);
        Each([0.5f, 1, 2], a / 2, a / 2L, a / 2f, a / 2.0);
        Each([2, 1, 0.5f], 2 / a, 2L / a, 2f / a, 2.0 / a);
        foreach (Tensor still in new[] { whole + 1, whole * 2L, whole.mul(2L), 1 - whole, 2 * whole })
            Assert.AreEqual(ScalarType.Int64, still.dtype);
        foreach (Tensor real in new[] { whole + 1f, whole * 2.5, 1.0 - whole, whole / 2, 2 / whole })
            Assert.AreEqual(ScalarType.Float32, real.dtype);

        static void Each(float[] expected, params Tensor[] results)
        {
            foreach (Tensor result in results)
                Expect.Close(expected, result);
        }
    }

    [TestMethod]
    public void InPlaceOperators_ChangeTheirTensorAndReturnIt()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor([1f, 2, 3]);
        Assert.AreSame(a, a.add_(1).mul_(2).sub_(1).div_(2));
        Expect.Close([1.5f, 2.5f, 3.5f], a);
        a.add_(tensor([1f, 1, 1]), alpha: -0.5).mul_(tensor([1f, 2, 3]));
        Expect.Close([1, 4, 9], a);
        a.addcmul_(a, a, value: 1).addcdiv_(a, a, value: -1);
        Expect.Close([1, 19, 89], a);
        a.lerp_(tensor([0f, 0, 0]), tensor(0.5f)).neg_().abs_().sqrt_();
        Expect.Close([0.707106769f, 3.08220696f, 6.67083216f], a);
        Expect.Close([2, 2, 2], a.fill_(2));
        Expect.Close([0, 0, 0], a.zero_());
        Expect.Close([7, 8, 9], a.copy_(tensor([7f, 8, 9])));
        Expect.Close([7, 8, 8], a.clamp_(max: 8));
        Expect.Close([6, 6, 5], a.sub_(tensor([1f, 2, 3])));
        Expect.Close([3, 2, 2.5f], a.div_(tensor([2f, 3, 2])));
        Expect.Close([1, 0, 1], a.div_(tensor([2f, 3, 2]), RoundingMode.floor));
    }

    [TestMethod]
    public void Comparisons_GiveBooleans()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor([1f, 2, float.NaN, float.PositiveInfinity]), b = tensor([2f, 2, 2, 2]);
        CollectionAssert.AreEqual(new[] { true, false, false, false }, (a < b).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { true, true, false, false }, a.le(b).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { false, false, false, true }, (a > 2).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { false, true, false, true }, (a >= 2).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { true, true, false, false }, (a <= 2).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { true, true, false, false }, (a <= b).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { false, true, false, false }, (a == 2).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { true, false, true, true }, (a != 2).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { true, false, false, false }, a.lt(2).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { false, true, false, true }, a.ge(b).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { false, true, false, false }, (a == b).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { true, false, true, true }, a.ne(2).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { false, false, true, false }, a.isnan().data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { true, true, false, false }, a.isfinite().data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { false, false, false, true }, a.isinf().data<bool>().ToArray());
        Assert.IsTrue(a.isnan().any().item<bool>());
        Assert.IsFalse(a.isfinite().all().item<bool>());
        Assert.IsFalse(a.isfinite().logical_not().all().item<bool>());
    }

    [TestMethod]
    public void Reductions_GivePyTorchsValues()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor m = tensor([1f, 2, 3, 4, 5, 7], [2, 3]);
        Expect.Close([22], m.sum());
        Expect.Close([5, 7, 10], m.sum([0]));
        Expect.Close([6, 16], m.sum([1], keepdim: true));
        Expect.Shape([2, 1], m.sum([1], keepdim: true));
        Assert.AreEqual(ScalarType.Float64, m.sum(ScalarType.Float64).dtype);
        Expect.Close([3.66666675f], m.mean());
        Expect.Close([2.5f, 3.5f, 5], m.mean([0]));
        Expect.Close([2.16024685f], m.std());
        Expect.Close([2.12132025f, 2.12132025f, 2.82842708f], m.std(0));
        Expect.Close([0.666666687f, 1.55555558f], m.var(1, unbiased: false));
        Expect.Close([10.1980391f], m.norm());
        Expect.Close([3.7416575f, 9.486833f], m.norm(1));
        Expect.Close([6, 16], m.norm(1, keepdim: true, p: 1));
        Expect.Shape([2, 1], m.norm(1, keepdim: true, p: 1));
        Tensor blocks = Sample.Steps([2, 3, 2]);
        long[] ends = [0, 2];
        Expect.Close([0.25f, 0.5f, -2], blocks.sum(ends), "sum over an array's axes");
        Expect.Close([0.0625f, 0.125f, -0.5f], blocks.mean(ends, keepdim: true), "mean over two axes");
        Expect.Shape([1, 3, 1], blocks.mean(ends, keepdim: true));
        Expect.Close([0.69921875f, 0.828125f, 0.3125f], blocks.var([0, 2], unbiased: false), "var over two axes");
        Expect.Close([0.93229169f, 1.1041666f, 0.41666666f], blocks.var(ends), "var over an array's axes");
        Expect.Close([3.40760589f, 7.16984606f], m.logsumexp(1));
        Expect.Close([7], m.max());
        Expect.Close([1], m.min());
        var (values, indexes) = m.max(1);
        Expect.Close([3, 7], values);
        CollectionAssert.AreEqual(new[] { 2L, 2 }, indexes.data<long>().ToArray());
        CollectionAssert.AreEqual(new[] { 0L, 0 }, m.argmin(1).data<long>().ToArray());
        Assert.AreEqual(5, m.argmax().item<long>());
    }

    [TestMethod]
    public void MatricesAndDecompositions_GivePyTorchsValues()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor([1f, 2, 3, 4, 5, 7], [2, 3]);
        Expect.Close([14, 35, 35, 90], a.mm(a.t()));
        Expect.Close([14, 35, 35, 90], matmul(a, a.transpose(0, 1)));
        Expect.Close([1.125f, 1.8125f, -3, 0, 0.25f, 0.25f, 0.125f, 0.375f], Sample.Steps([2, 2, 3]).bmm(Sample.Steps([2, 3, 2], 3, 13)), "bmm");
        Expect.Close([15, 37], nn.functional.linear(tensor([1f, 2, 3]).unsqueeze(0), a, tensor([1f, 2])));
        var (u, s, vh) = linalg.svd(a, fullMatrices: false);
        Expect.Shape([2, 2], u);
        Expect.Shape([2, 3], vh);
        Assert.IsTrue(s[0].item<float>() > s[1].item<float>());
        Assert.IsTrue(u.mul(s).mm(vh).allclose(a, rtol: 1e-5, atol: 1e-5));
        var (full, _, right) = linalg.svd(a);
        Expect.Shape([2, 2], full);
        Expect.Shape([3, 3], right);
    }
}
