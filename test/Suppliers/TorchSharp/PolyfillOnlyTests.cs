using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

/// <summary>Errors that the polyfill reports and for which the package ends the process: compiled with the polyfills only.</summary>
[TestClass]
public sealed class PolyfillOnlyTests
{
    [TestMethod]
    public void GradOfAFreedGraph_IsAManagedError()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones([2], requires_grad: true);
        Tensor loss = (x * x).sum();
        autograd.grad([loss], [x], create_graph: true);
        var error = Assert.ThrowsExactly<ExternalException>(() => autograd.grad([loss], [x]));
        StringAssert.Contains(error.Message, "backward through the graph a second time");
    }

    [TestMethod]
    public void GradOfAnUnusedInput_IsAManagedError()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones([2], requires_grad: true), unused = ones([2], requires_grad: true);
        var error = Assert.ThrowsExactly<ExternalException>(() => autograd.grad([x.sum()], [unused]));
        StringAssert.Contains(error.Message, "not have been used in the graph");
    }

    [TestMethod]
    public void MatmulOfWrongShapes_IsAManagedError()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.ThrowsExactly<ExternalException>(() => matmul(ones(2, 3), ones(2, 3)));
    }

    [TestMethod]
    public void DimensionThatIsNotThere_IsAManagedError()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.ThrowsExactly<ExternalException>(() => ones(2).sum(3));
        Assert.ThrowsExactly<ExternalException>(() => ones(2).size(3));
        Assert.ThrowsExactly<ExternalException>(() => ones(2).narrow(0, 1, 5));
    }
}
