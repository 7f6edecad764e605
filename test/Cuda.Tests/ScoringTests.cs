using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Cuda;

/// <summary>Scoring on a GPU.</summary>
[TestClass]
[TestCategory("Cuda")]
public sealed class ScoringTests
{
    private static readonly ScoringOptions s_onCpu = new() { FallbackToCpu = true };

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Every_variant_computes_what_it_does_on_the_CPU(string variant)
    {
        Gpu.RequireScoring();
        // Several whole batches of each size, and a part of one.
        var rows = EveryVariant.Rows(600);
        using var onCpu = FittedModels.Load(variant, s_onCpu);
        var expected = Outputs.Read(onCpu, rows);
        Assert.IsGreaterThan(3, expected.Count, "score, code, reconstruction, feature errors");
        foreach (int batchSize in new[] { 1, 7, 256 })
        {
            using var onGpu = FittedModels.Load(variant, Gpu.Strict(batchSize));
            Outputs.AssertNear(expected, Outputs.Read(onGpu, rows), $"{variant}, batches of {batchSize}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Every_variant_takes_missing_values_as_it_does_on_the_CPU(string variant)
    {
        Gpu.RequireScoring();
        var made = VariantRows.Make(40);
        for (int i = 0; i < made.Length; i += 3)
            made[i].Features[i % VariantRow.FeatureCount] = i % 2 == 0 ? float.NaN : float.PositiveInfinity;
        var rows = VariantRows.View(new MLContext(seed: 1), made);
        using var onCpu = FittedModels.Load(variant, s_onCpu);
        using var onGpu = FittedModels.Load(variant, Gpu.Strict(batchSize: 7));
        Outputs.AssertNear(Outputs.Read(onCpu, rows), Outputs.Read(onGpu, rows), variant);
    }

    [TestMethod]
    public void Encoder_reconstructor_and_prediction_engine_run_on_the_device()
    {
        Gpu.RequireScoring();
        var ml = new MLContext(seed: 1);
        var rows = EveryVariant.Rows(50);
        using var onCpu = FittedModels.Load("convolutional", s_onCpu);
        using var onGpu = FittedModels.Load("convolutional", Gpu.Strict());
        Outputs.AssertNear(Outputs.Read(onCpu.Encoder, rows), Outputs.Read(onGpu.Encoder, rows), "encoder");
        Outputs.AssertNear(Outputs.Read(onCpu.Reconstructor, rows), Outputs.Read(onGpu.Reconstructor, rows), "reconstructor");
        using var engine = ml.Model.CreatePredictionEngine<VariantRow, Prediction>(onGpu);
        float[] predicted = [.. VariantRows.Make(50).Select(row => engine.Predict(row).Score)];
        Outputs.AssertNear(Outputs.Read(onCpu, rows)["Score"], predicted, "prediction engine");
    }

    [TestMethod]
    public void The_device_of_the_context_is_kept_after_save_and_load()
    {
        Gpu.RequireScoring();
        using var folder = new TestFolder();
        var rows = EveryVariant.Rows(50);
        using var onCpu = FittedModels.Load("dense", s_onCpu);
        var expected = Outputs.Read(onCpu, rows);
        var (ml, warnings) = Gpu.Context(device: 0, fallback: false);
        using var first = FittedModels.Load("dense", ml: ml);
        ml.Model.Save(first, rows.Schema, folder["again.zip"]);
        using var again = (AutoencoderTransformer)ml.Autoencoders().Load(folder["again.zip"], out _);
        Assert.AreEqual(0, again.Model.Scoring.GpuDeviceId);
        Outputs.AssertNear(expected, Outputs.Read(again, rows), "saved and loaded");
        using var upgraded = (AutoencoderTransformer)ml.Autoencoders().Upgrade(ml.Model.Load(folder["again.zip"], out _));
        Assert.AreEqual(0, upgraded.Model.Scoring.GpuDeviceId);
        Outputs.AssertNear(expected, Outputs.Read(upgraded, rows), "opened by ML.NET and upgraded");
        Assert.AreEqual(0, warnings.Count, string.Join('\n', warnings));
    }

    [TestMethod]
    public void The_stock_model_runs_on_the_device()
    {
        Gpu.RequireScoring();
        var (ml, _) = Gpu.Context(device: 0, fallback: false);
        var rows = EveryVariant.Rows(50);
        using var onCpu = FittedModels.Load("dense", s_onCpu);
        var stock = ml.Model.Load(FittedModels.FileOf("dense"), out _);
        // ML.NET leaves TF32 on, which rounds the factors of a product to 10 bits.
        Outputs.AssertNear(Outputs.Read(onCpu, rows), Outputs.Read(stock, rows), "ML.NET's own transformers", tolerance: 0.02);
        ((IDisposable)stock).Dispose();
    }

    [TestMethod]
    public void A_device_that_does_not_exist_is_refused_by_name()
    {
        Gpu.RequireScoring();
        using var model = FittedModels.Load("dense", new ScoringOptions { GpuDeviceId = 99, FallbackToCpu = false });
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Outputs.Read(model, EveryVariant.Rows(5)));
        StringAssert.StartsWith(error.Message, "The CUDA device 99 was asked for and cannot be used: there is no such device.");
        StringAssert.EndsWith(error.Message, "Or set FallbackToCpu, or GpuDeviceId to null, to run on the CPU.");
    }

    [TestMethod]
    public void A_device_that_does_not_exist_falls_back_with_one_warning()
    {
        Gpu.RequireScoring();
        var rows = EveryVariant.Rows(50);
        var (ml, warnings) = Gpu.Context(device: 99, fallback: true);
        using var onCpu = FittedModels.Load("dense", s_onCpu);
        using var model = FittedModels.Load("dense", ml: ml);
        Outputs.AssertNear(Outputs.Read(onCpu, rows), Outputs.Read(model, rows), "device 99", tolerance: 0);
        Outputs.Read(model.Encoder, rows);
        Assert.AreEqual(1, warnings.Count, string.Join('\n', warnings));
        StringAssert.StartsWith(warnings[0], "The CUDA device 99 was asked for and cannot be used: there is no such device.");
        StringAssert.EndsWith(warnings[0], ". The autoencoder runs on the CPU.");
    }

    [TestMethod]
    public void Several_cursors_run_at_once()
    {
        Gpu.RequireScoring();
        using var onCpu = FittedModels.Load("dense", s_onCpu);
        using var onGpu = FittedModels.Load("dense", Gpu.Strict());
        var expected = Outputs.Read(onCpu, EveryVariant.Rows(2000));
        var found = new Dictionary<string, float[]>[4];
        var threads = found.Select((_, i) => new Thread(() => found[i] = Outputs.Read(onGpu, EveryVariant.Rows(2000)))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        foreach (var one in found)
            Outputs.AssertNear(expected, one, "one of four cursors");
    }

    private sealed class Prediction
    {
        public float Score { get; set; }
    }
}
