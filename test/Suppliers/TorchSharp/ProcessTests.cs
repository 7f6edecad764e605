using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

/// <summary>What concerns the whole process: threads, devices, and errors that must not end it.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ProcessTests
{
    [TestMethod]
    public void ThreadCount_IsSetAndRead()
    {
        int before = get_num_threads();
        try
        {
            set_num_threads(1);
            Assert.AreEqual(1, get_num_threads());
            set_num_threads(2);
            Assert.AreEqual(2, get_num_threads());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [TestMethod]
    public void WrongShapes_AreManagedErrors()
    {
        using DisposeScope scope = NewDisposeScope();
        var error = Assert.ThrowsExactly<ExternalException>(() => ones(2, 3).mm(ones(2, 3)));
        StringAssert.Contains(error.Message, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
        using var linear = nn.Linear(4, 2);
        Assert.ThrowsExactly<ExternalException>(() => linear.call(ones(1, 3)));
        Assert.ThrowsExactly<ExternalException>(() => ones(2).add(ones(3)));
        Assert.ThrowsExactly<ExternalException>(() => ones(6).reshape(4, 2));
        Assert.ThrowsExactly<ExternalException>(() => ones(2).index_select(0, tensor([5L])));
        // An error is told once: the next call is judged by itself.
        Expect.Close([2, 2], ones(2).add(ones(2)));
    }

    [TestMethod]
    public void MissingCuda_IsAManagedError()
    {
        if (cuda.is_available())
        {
            Assert.IsTrue(cuda.device_count() > 0);
            return;
        }

        using Tensor t = ones(1);
        Assert.AreEqual(0, cuda.device_count());
        Assert.ThrowsExactly<InvalidOperationException>(() => t.to(new Device("cuda:0")));
        Assert.ThrowsExactly<InvalidOperationException>(() => device("cuda"));
        Assert.AreEqual("cuda:1", new Device("cuda:1").ToString());
        Assert.AreEqual("cpu", CPU.ToString());
    }
}
