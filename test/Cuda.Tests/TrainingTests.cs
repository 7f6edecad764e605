using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Cuda;

/// <summary>Training on a GPU, by the loop that trains on the CPU. It needs TorchSharp's CUDA package.</summary>
[TestClass]
[TestCategory("Cuda")]
public sealed class TrainingTests
{
    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_kinds = new()
    {
        ["dense"] = _ => { },
        ["convolutional"] = options => options.Network = new ConvolutionalNetworkOptions { Height = 3, Width = 4, Filters = [4] },
        ["variational"] = options => options.Code = options.Code with { Variational = new VariationalOptions() },
    };

    private static IEnumerable<object[]> Kinds => s_kinds.Keys.Select(kind => new object[] { kind });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void The_loss_falls_to_where_it_falls_on_the_CPU(string kind)
    {
        Gpu.RequireTraining();
        using var onGpu = Fit(kind, TrainingDevice.Cuda);
        using var onCpu = Fit(kind, TrainingDevice.Cpu);
        double first = onGpu.History[0].Loss, last = onGpu.History[^1].Loss, expected = onCpu.History[^1].Loss;
        Assert.IsLessThan(0.9 * first, last, "the loss falls");
        // A GPU draws other random numbers from the same seed: these are two trainings of one kind, whose losses are alike and not equal.
        Assert.AreEqual(expected, last, 0.25 * Math.Abs(expected), "the last epoch's loss");
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void A_training_goes_on_from_its_checkpoint(string kind)
    {
        Gpu.RequireTraining();
        using var folder = new TestFolder();
        using var whole = Fit(kind, TrainingDevice.Cuda);
        var checkpoint = new CheckpointOptions { Folder = folder.Path, Continue = true };
        Fit(kind, TrainingDevice.Cuda, options => (options.Epochs, options.Checkpoint) = (15, checkpoint)).Dispose();
        using var resumed = Fit(kind, TrainingDevice.Cuda, options => options.Checkpoint = checkpoint);
        Assert.HasCount(whole.History.Count, resumed.History);
        // The sums of a GPU may come out in another order each time.
        foreach (var (expected, found) in whole.History.Zip(resumed.History))
            Assert.AreEqual(expected.Loss, found.Loss, 0.01 * Math.Abs(expected.Loss), $"epoch {expected.Epoch}");
    }

    [TestMethod]
    public void Auto_trains_on_the_device_of_the_context_and_a_device_that_does_not_exist_is_refused()
    {
        Gpu.RequireTraining();
        var (ml, warnings) = Gpu.Context(device: 0, fallback: true);
        var told = new List<string>();
        ml.Log += (_, e) => told.Add(e.RawMessage);
        Rows.Fit(ml, options => options.Scoring = new ScoringOptions { IntraOpThreads = 1 }).Dispose();
        StringAssert.Contains(string.Join('\n', told), "The network is trained on the CUDA device 0.");
        Assert.DoesNotContain("trained on the CPU", string.Join('\n', warnings));

        var (other, _) = Gpu.Context(device: 99, fallback: true);
        Fails.With<InvalidOperationException>("not 99", () => Rows.Fit(other, options => options.Device = TrainingDevice.Cuda));
    }

    private static AutoencoderTransformer Fit(string kind, TrainingDevice device, Action<AutoencoderEstimator.Options>? change = null)
    {
        var ml = new MLContext(seed: 1);
        var options = VariantRows.Options();
        (options.Device, options.Epochs) = (device, 30);
        s_kinds[kind](options);
        change?.Invoke(options);
        return ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(ml, 600));
    }
}
