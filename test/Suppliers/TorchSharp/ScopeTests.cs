using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
[DoNotParallelize]
public sealed class ScopeTests
{
    [TestMethod]
    public void Scope_FreesItsTensorsAtOnce()
    {
        Tensor inside, kept, outside = ones(2);
        using (DisposeScope scope = NewDisposeScope())
        {
            inside = ones(2);
            kept = inside.add(1).DetachFromDisposeScope();
            Assert.AreEqual(1, scope.DisposablesCount);
            Assert.IsTrue(scope.Contains(inside));
            Assert.IsFalse(scope.Contains(kept));
        }

        Assert.IsTrue(inside.IsInvalid);
        Assert.IsFalse(kept.IsInvalid);
        Assert.IsFalse(outside.IsInvalid);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => inside.add(1));
        StringAssert.Contains(error.Message, "empty handle");
        kept.Dispose();
        kept.Dispose();
        outside.Dispose();
    }

    [TestMethod]
    public void Operators_LeaveTheirResultInTheScope_AndNothingElse()
    {
        using DisposeScope outer = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor x = Sample.Steps([2, 3, 4, 4]).requires_grad_(), weight = Sample.Steps([3, 3, 2, 2]);
        Tensor rows = Sample.Steps([4, 3]), cube = Sample.Steps([2, 3, 3]);
        Tensor mean = zeros(3), variance = ones(3), classes = tensor([2L, 0, 1, 1]), rates = full([3], 0.5);
        (string Name, Func<Tensor> Call)[] operators =
        [
            ("conv2d", () => nn.functional.conv2d(x, weight)), ("conv_transpose2d", () => nn.functional.conv_transpose2d(x, weight)),
            ("max_pool2d", () => nn.functional.max_pool2d(x, 2)), ("batch_norm", () => nn.functional.batch_norm(x, mean, variance, training: true)),
            ("layer_norm", () => nn.functional.layer_norm(x, [4])), ("normalize", () => nn.functional.normalize(x)),
            ("log_softmax", () => nn.functional.log_softmax(x, 1)), ("cross_entropy", () => nn.functional.cross_entropy(rows, classes)),
            ("one_hot", () => nn.functional.one_hot(classes)), ("bernoulli", () => bernoulli(rates, generator)),
            ("randn", () => randn(2, 2, generator: generator)), ("nan_to_num", () => x.nan_to_num()), ("clamp_min", () => x.clamp_min(0)),
            ("masked_fill", () => rows.masked_fill(mean.isnan(), 1)), ("bmm", () => bmm(cube, cube)), ("norm", () => x.norm(1)),
            ("sum", () => x.sum([0, 2])), ("mean", () => x.mean([0, 2])), ("var", () => x.var([0, 2])), ("repeat", () => rows.repeat(2, 1)),
            ("repeat_interleave", () => rows.repeat_interleave(2)), ("expand", () => rows.expand([2, -1, -1])), ("cat", () => cat([rows, rows])),
            ("full_like", () => full_like(x, 1)), ("zeros_like", () => zeros_like(x)), ("gradient", () => autograd.grad([x.sum()], [x])[0]),
        ];
        foreach (var (name, call) in operators)
        {
            int inputs = name is "masked_fill" or "gradient" ? 1 : 0;
            Tensor result;
            using (DisposeScope scope = NewDisposeScope())
            {
                result = call();
                Assert.AreEqual(inputs + 1, scope.DisposablesCount, name);
                Assert.IsTrue(scope.Contains(result), name);
            }

            Assert.IsTrue(result.IsInvalid, name);
        }
    }

    [TestMethod]
    public void NestedScopes_PassTensorsOutwards()
    {
        Tensor a, b, c;
        using (NewDisposeScope())
        {
            using (DisposeScope inner = NewDisposeScope())
            {
                a = inner.MoveToOuter(ones(1));
                b = ones(1).MoveToOuterDisposeScope();
                c = ones(1);
            }

            Assert.IsFalse(a.IsInvalid);
            Assert.IsFalse(b.IsInvalid);
            Assert.IsTrue(c.IsInvalid);
        }

        Assert.IsTrue(a.IsInvalid);
        Assert.IsTrue(b.IsInvalid);
    }

    [TestMethod]
    public void Attach_TakesATensorFromAnotherScope()
    {
        using DisposeScope outer = NewDisposeScope();
        Tensor t = ones(1);
        using (DisposeScope inner = NewDisposeScope())
        {
            inner.Attach(t);
            Assert.AreEqual(0, outer.DisposablesCount);
        }

        Assert.IsTrue(t.IsInvalid);
    }

    [TestMethod]
    public void DisposedTensor_LeavesItsScope()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = ones(1), b = ones(1), c = ones(1);
        b.Dispose();
        Assert.AreEqual(2, scope.DisposablesCount);
        scope.DisposeEverything();
        Assert.IsTrue(a.IsInvalid && c.IsInvalid);
        Assert.AreEqual(0, scope.DisposablesCount);
    }

    [TestMethod]
    public void Scopes_BelongToTheirThread()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor? other = null;
        var thread = new Thread(() => other = ones(1));
        thread.Start();
        thread.Join();
        Assert.AreEqual(0, scope.DisposablesCount);
        Assert.IsFalse(other!.IsInvalid);
        other.Dispose();
    }

    [TestMethod]
    public void Threads_ComputeSideBySide()
    {
        float[] results = new float[8];
        Parallel.For(0, results.Length, i =>
        {
            for (int repeat = 0; repeat < 50; repeat++)
            {
                using DisposeScope scope = NewDisposeScope();
                using var generator = new Generator((ulong)i);
                Tensor weight = rand([20, 20], generator: generator).requires_grad_();
                Tensor loss = weight.mm(weight).square().mean();
                loss.backward();
                results[i] = weight.grad!.sum().item<float>();
            }
        });
        for (int i = 0; i < results.Length; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            using var generator = new Generator((ulong)i);
            Tensor weight = rand([20, 20], generator: generator).requires_grad_();
            weight.mm(weight).square().mean().backward();
            Assert.AreEqual(weight.grad!.sum().item<float>(), results[i]);
        }
    }

    [TestMethod]
    public void TrainingInScopes_KeepsMemoryFlat()
    {
        using var model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 64));
        using var optimizer = optim.Adam(model.parameters());
        using Tensor rows = rand(1024, 64);
        Train(300);
        long resident = Resident(), tensors = Tensor.TotalCount;
        Train(2000);
        long grown = Resident() - resident;
        Assert.IsTrue(Tensor.TotalCount <= tensors, $"{Tensor.TotalCount - tensors} tensors stayed.");
        // Without scopes it would be gigabytes: a step makes ten tensors of 128 or 256 KiB. What there is comes from the allocator's own ways.
        Assert.IsTrue(grown < 512L << 20, $"2,000 steps took {grown >> 20} MiB.");

        void Train(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                model.zero_grad();
                nn.functional.mse_loss(model.call(rows), rows).backward();
                optimizer.step();
            }
        }

        static long Resident()
        {
            using Process process = Process.GetCurrentProcess();
            return process.WorkingSet64;
        }
    }
}
