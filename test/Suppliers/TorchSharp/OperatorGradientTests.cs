using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

/// <summary>The gradients that operators pass back, with those that PyTorch gives for the same input and the same gradient of the output.</summary>
[TestClass]
public sealed class OperatorGradientTests
{
    [TestMethod]
    public void OneOperand()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([0.5f, 1, 2, 9], requires_grad: true);
        Expect.Close([0.4121803f, 4.0774226f, 7.389056f, 4051.542f], Gradient(x.exp()), "exp");
        Expect.Close([0.4121803f, 4.0774226f, 7.389056f, 4051.542f], Gradient(x.expm1()), "expm1");
        Expect.Close([0.5f, 1.5f, 0.5f, 0.055555556f], Gradient(x.log()), "log");
        Expect.Close([0.16666667f, 0.75f, 0.33333334f, 0.05f], Gradient(x.log1p()), "log1p");
        Expect.Close([0.17677669f, 0.75f, 0.35355338f, 0.083333336f], Gradient(x.sqrt()), "sqrt");
        Expect.Close([-0.35355335f, -0.75f, -0.17677668f, -0.00925926f], Gradient(x.rsqrt()), "rsqrt");
        Expect.Close([0.25f, 3, 4, 9], Gradient(x.square()), "square");
        Expect.Close([0.25f, 1.5f, 1, 0.5f], Gradient(x.abs()), "abs");
        Expect.Close([-0.25f, -1.5f, -1, -0.5f], Gradient(x.neg()), "neg");
        Expect.Close([0, 0, 0, 0], Gradient(x.sign()), "sign");
        x = tensor([-2f, -0.5f, 0.25f, 1.5f], requires_grad: true);
        Expect.Close([3, 1.125f, 0.1875f, 3.375f], Gradient(x.pow(3)), "pow");
        Expect.Close([0, 1.5f, 1, 0], Gradient(x.clamp(-1, 1)), "clamp");
        Expect.Close([0, 0, 1, 0.5f], Gradient(x.clamp_min(0)), "clamp_min");
        x = tensor([1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity], requires_grad: true);
        Expect.Close([0.25f, 0, 0, 0], Gradient(x.nan_to_num()), "nan_to_num");

        Tensor Gradient(Tensor output) => Sample.Gradients(output, x)[0];
    }

    [TestMethod]
    public void Choices()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor([1f, 5, 3], requires_grad: true), b = tensor([4f, 2, 3], requires_grad: true), first = tensor([1f, 0, 1]) > 0;
        IList<Tensor> gradients = Sample.Gradients(maximum(a, b), a, b);
        Expect.Close([0, 1.5f, 0.5f], gradients[0], "maximum, halved where both are the largest");
        Expect.Close([0.25f, 0, 0.5f], gradients[1], "maximum");
        gradients = Sample.Gradients(torch.where(first, a, b), a, b);
        Expect.Close([0.25f, 0, 1], gradients[0], "where");
        Expect.Close([0, 1.5f, 0], gradients[1], "where not");
        Expect.Close([0, 1.5f, 0], Sample.Gradients(a.masked_fill(first, 9), a)[0], "masked_fill");
    }

    [TestMethod]
    public void Activations()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([-2f, -0.5f, 0, 0.25f, 1.5f, 30], requires_grad: true);
        Expect.Close([-0.021307968f, 0.19875737f, 0.5f, 0.34768665f, 1.9730711f, 1.25f], Sample.Gradients(nn.functional.gelu(x), x)[0], "gelu");
        Tensor logits = tensor([1f, 2, 3, -1, 0.5f, 4], [2, 3], requires_grad: true);
        Expect.Close(
            [0.002415903f, 0.8269966f, -0.82941276f, 0.4772572f, 1.6480738f, -2.1253312f],
            Sample.Gradients(nn.functional.log_softmax(logits, 1), logits)[0], "log_softmax");
        Expect.Close(
            [-0.07246032f, 0.108943015f, -0.036482666f, -0.0049364064f, 0.014278763f, -0.009342476f],
            Sample.Gradients(nn.functional.softmax(logits, 1), logits)[0], "softmax");
        Expect.Close(
            [0.022507645f, 0.061182123f, 0.16631025f, 0.009746915f, 0.04368264f, 1.4465703f],
            Sample.Gradients(logits.logsumexp(1), logits)[0], "logsumexp");
    }

    [TestMethod]
    public void Reductions()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([2, 3, 2]).requires_grad_();
        Expect.Close([0.25f, 0.25f, 1.5f, 1.5f, 1, 1, 0.25f, 0.25f, 1.5f, 1.5f, 1, 1], Gradient(x.sum([0, 2])), "sum");
        Expect.Close(
            [0.0625f, 0.0625f, 0.375f, 0.375f, 0.25f, 0.25f, 0.0625f, 0.0625f, 0.375f, 0.375f, 0.25f, 0.25f],
            Gradient(x.mean([0, 2], keepdim: true)), "mean");
        Expect.Close(
            [-0.1640625f, 0.0546875f, -0.46875f, 0.84375f, 0.375f, -0.125f, 0.1171875f, -0.0078125f, -0.84375f, 0.46875f, 0.125f, -0.375f],
            Gradient(x.var([0, 2], unbiased: false, keepdim: true)), "var");
        Expect.Close(
            [
                -0.22821772f, 0.48666424f, -0.09128709f, 1.2166606f, 0.045643546f, -0.7299964f, 0.69631064f, 0, -0.69631064f, 0.2572479f, -0.17407766f,
                -0.4287465f,
            ],
            Gradient(x.norm(1, keepdim: true)), "norm");
        Expect.Close([-0.25f, 1.5f, -0.25f, 1.5f, 0.25f, -1.5f, 1, 0, -1, 0.5f, -1, -0.5f], Gradient(x.norm(1, p: 1)), "norm of p = 1");

        Tensor Gradient(Tensor output) => Sample.Gradients(output, x)[0];
    }

    [TestMethod]
    public void Shapes()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = Sample.Steps([2, 2, 3]).requires_grad_(), b = Sample.Steps([2, 3, 2], 3, 13).requires_grad_();
        IList<Tensor> products = Sample.Gradients(bmm(a, b), a, b);
        Expect.Close([-1.5f, 1.125f, -1.125f, -1.875f, 0.375f, 1, 0.1875f, 0.625f, -0.5625f, -0.0625f, 0.625f, -0.3125f], products[0], "bmm");
        Expect.Close([0.9375f, -1.25f, 0.375f, 0.875f, -0.875f, -1.125f, 2.3125f, 1.4375f, -0.1875f, -0.0625f, -2.6875f, -1.5625f], products[1], "bmm");
        Tensor x = tensor([1f, 2, 3, 4], [2, 2], requires_grad: true);
        Expect.Close([3.25f, 4.75f, 4, 3.75f], Gradient(x.repeat(2, 1, 2)), "repeat");
        Expect.Close([1.25f, 2, 2.5f, 1.5f], Gradient(x.repeat_interleave(2, 0)), "repeat_interleave");
        Expect.Close([2, 2.75f, 1.75f, 0.75f], Gradient(x.unsqueeze(0).expand(2, 2, 2)), "expand");
        Expect.Close([2.25f, 2.5f, 3.25f, 1.75f], Gradient(cat([x, x * 2], 1)), "cat");
        Expect.Close([3.75f, 4, 2.5f, 1], Gradient(stack([x, x * 2])), "stack");
        Expect.Close([1.75f, 1.25f, 1.25f, 2], Gradient(x.index_select(0, tensor([1L, 1, 0]))), "index_select");
        Expect.Close([0, 0.25f, 0, 1.5f], Gradient(x.narrow(1, 1, 1)), "narrow");

        Tensor Gradient(Tensor output) => Sample.Gradients(output, x)[0];
    }
}
