using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
public sealed class AutogradTests
{
    [TestMethod]
    public void Backward_AccumulatesInLeaves()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([1f, 2, 3], requires_grad: true);
        Assert.IsNull(x.grad);
        (x * x).sum().backward();
        Expect.Close([2, 4, 6], x.grad!);
        (x * x).sum().backward();
        Expect.Close([4, 8, 12], x.grad!);
        x.grad = null;
        Assert.IsNull(x.grad);
        x.grad = ones(3);
        Expect.Close([1, 1, 1], x.grad!);
        Assert.IsTrue(x.is_leaf);
        Assert.IsFalse((x * 2).is_leaf);
        Assert.IsFalse(x.detach().requires_grad);
    }

    [TestMethod]
    public void Grad_LeavesTheLeavesAlone()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([1f, 2, 3], requires_grad: true), y = tensor([4f, 5, 6], requires_grad: true);
        IList<Tensor> gradients = autograd.grad([(x * y).sum()], [x, y]);
        Expect.Close([4, 5, 6], gradients[0]);
        Expect.Close([1, 2, 3], gradients[1]);
        Assert.IsNull(x.grad);
        Tensor[] weighted = [.. autograd.grad([x * x], [x], [tensor([1f, 10, 100])])];
        Expect.Close([2, 40, 600], weighted[0]);
    }

    [TestMethod]
    public void Grad_OfAGrad_MatchesTheClosedForm()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([0.3f, -1.2f, 2], requires_grad: true);
        Tensor cube = x.pow(3).sum();
        Tensor first = autograd.grad([cube], [x], retain_graph: true, create_graph: true)[0];
        Tensor second = autograd.grad([first.sum()], [x], retain_graph: true)[0];
        Expect.Close([0.27f, 4.32f, 12], first, tolerance: 1e-5);
        Expect.Close([1.8f, -7.2f, 12], second, tolerance: 1e-5);
    }

    /// <summary>The contractive penalty: the squared Frobenius norm of a sigmoid layer's Jacobian, sum_j (h_j (1 - h_j))^2 |w_j|^2 (Rifai et al., 2011, equation 4).</summary>
    [TestMethod]
    public void JacobianPenalty_MatchesItsClosedForm_AndItsGradientFiniteDifferences()
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(7);
        Tensor x = randn([1, 5], ScalarType.Float64, generator: generator).requires_grad_();
        Tensor weight = randn([3, 5], ScalarType.Float64, generator: generator).requires_grad_();
        Tensor h = sigmoid(x.mm(weight.t()));
        Tensor closed = (h * (1.0 - h)).square().mul(weight.square().sum(1)).sum();
        Tensor penalty = Penalty(weight);
        Assert.AreEqual(closed.item<double>(), penalty.item<double>(), 1e-12);

        penalty.backward();
        Tensor analytic = weight.grad!;
        const double step = 1e-5;
        for (long i = 0; i < 3; i++)
            for (long j = 0; j < 5; j++)
            {
                double up = Nudged(i, j, step), down = Nudged(i, j, -step);
                Assert.AreEqual((up - down) / (2 * step), analytic[i, j].item<double>(), 1e-8);
            }

        Tensor Penalty(Tensor w)
        {
            Tensor code = sigmoid(x.mm(w.t()));
            Tensor total = zeros([], ScalarType.Float64);
            for (long j = 0; j < 3; j++)
                total = total + autograd.grad([code[0, j]], [x], retain_graph: true, create_graph: true)[0].square().sum();
            return total;
        }

        double Nudged(long i, long j, double by)
        {
            Tensor moved = weight.detach().clone();
            moved[i, j] = moved[i, j] + by;
            return Penalty(moved.requires_grad_()).item<double>();
        }
    }

    [TestMethod]
    public void UnusedInput_IsAnError_OrAnInvalidTensor()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones([2], requires_grad: true), unused = ones([2], requires_grad: true);
        IList<Tensor> gradients = autograd.grad([(x * 3).sum()], [x, unused], allow_unused: true);
        Expect.Close([3, 3], gradients[0]);
        Assert.IsTrue(gradients[1].IsInvalid);
    }

    [TestMethod]
    public void BackwardTwice_IsAnError_UnlessTheGraphIsRetained()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones([2], requires_grad: true);
        Tensor loss = (x * x).sum();
        loss.backward(retain_graph: true);
        loss.backward();
        Expect.Close([4, 4], x.grad!);
        var error = Assert.ThrowsExactly<ExternalException>(() => loss.backward());
        StringAssert.Contains(error.Message, "backward through the graph a second time");
    }

    [TestMethod]
    public void BackwardOfManyElements_NeedsAGradient()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones([2], requires_grad: true);
        Tensor y = x * 2;
        var error = Assert.ThrowsExactly<ExternalException>(() => y.backward());
        StringAssert.Contains(error.Message, "grad can be implicitly created only for scalar outputs");
        y.backward([tensor([1f, 2])]);
        Expect.Close([2, 4], x.grad!);
        autograd.backward((x * 2).sum(), retain_graph: false, inputs: [x]);
        Expect.Close([4, 6], x.grad!);
    }

    [TestMethod]
    public void ChangingWhatTheGraphNeeds_IsAnError()
    {
        using DisposeScope scope = NewDisposeScope();
        using var weight = nn.Parameter(ones(2));
        using var optimizer = optim.Adam([weight]);
        Tensor loss = (weight * weight).sum();
        loss.backward(retain_graph: true);
        optimizer.step();
        var error = Assert.ThrowsExactly<ExternalException>(() => loss.backward());
        StringAssert.Contains(error.Message, "modified by an inplace operation");
    }

    [TestMethod]
    public void NoGrad_StopsRecording_UntilDisposed()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones([2], requires_grad: true);
        using (no_grad())
        {
            Assert.IsFalse(is_grad_enabled());
            Assert.IsFalse((x * 2).requires_grad);
            using (enable_grad())
                Assert.IsTrue((x * 2).requires_grad);
            x.add_(1);
        }

        Assert.IsTrue(is_grad_enabled());
        Assert.IsTrue((x * 2).requires_grad);
        var error = Assert.ThrowsExactly<ExternalException>(() => x.add_(1));
        StringAssert.Contains(error.Message, "leaf Variable that requires grad");
    }
}
