using Microsoft.ML;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Where a network is trained. What needs a GPU is not shown here.</summary>
[TestClass]
public sealed class TrainingDeviceTests
{
    [TestMethod]
    public void Cuda_without_a_device_is_refused_with_what_to_install()
    {
        RequireNoCuda();
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Rows.Fit(new MLContext(seed: 1), options => options.Device = TrainingDevice.Cuda));
        StringAssert.Contains(error.Message, "The option Device is Cuda, and TorchSharp finds no CUDA device");
        StringAssert.Contains(error.Message, "TorchSharp-cuda-linux");
    }

    [TestMethod]
    public void Auto_trains_on_the_CPU_and_warns_where_the_context_names_a_device_that_is_not_there()
    {
        RequireNoCuda();
        var ml = new MLContext(seed: 1) { GpuDeviceId = 0, FallbackToCpu = true };
        var log = new List<string>();
        ml.Log += (_, e) => log.Add(e.RawMessage);
        using var model = Rows.Fit(ml);
        Assert.IsTrue(
            log.Any(message =>
            message.Contains("The context names the GPU 0, and TorchSharp finds no CUDA device: the network is trained on the CPU",
            StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Auto_is_the_CPU_where_the_context_names_no_device()
    {
        var ml = new MLContext(seed: 1);
        byte[] auto = DenseTests.Scorer(Rows.Fit(ml));
        CollectionAssert.AreEqual(auto, DenseTests.Scorer(Rows.Fit(ml, options => options.Device = TrainingDevice.Cpu)));
        Fails.With<ArgumentOutOfRangeException>("The option Device is 7; expected one of Auto, Cpu, Cuda",
            () => Rows.Fit(ml, options => options.Device = (TrainingDevice)7));
    }

    private static void RequireNoCuda() => Assert.IsFalse(
        torch.cuda.is_available(), "this machine has a CUDA device: run the tests that need none elsewhere");
}
