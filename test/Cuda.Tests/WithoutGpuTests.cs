using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Cuda;

/// <summary>What the GPU package of ONNX Runtime does on a machine without a GPU.</summary>
[TestClass]
public sealed class WithoutGpuTests
{
    private const string NotUsed = "The CUDA device 0 was asked for and cannot be used: ";

    private static readonly ScoringOptions s_onCpu = new() { FallbackToCpu = true };

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Every_variant_runs_on_the_CPU_and_the_same_by_falling_back(string variant)
    {
        Gpu.RequireNone();
        var rows = EveryVariant.Rows(60);
        using var onCpu = FittedModels.Load(variant, s_onCpu);
        var (ml, warnings) = Gpu.Context(device: 0, fallback: true);
        using var fallenBack = FittedModels.Load(variant, ml: ml);
        var expected = Outputs.Read(onCpu, rows);
        Outputs.AssertNear(expected, Outputs.Read(fallenBack, rows), variant, tolerance: 0);
        Assert.IsTrue(expected["Score"].All(float.IsFinite), "every row has a score");
        Assert.AreEqual(1, warnings.Count, "one warning for a model");
    }

    [TestMethod]
    public void Falling_back_warns_once_for_each_model_with_the_reason()
    {
        Gpu.RequireNone();
        var (ml, warnings) = Gpu.Context(device: 0, fallback: true);
        var rows = EveryVariant.Rows(20);
        // The second model in a process is told the same as the first.
        for (int model = 1; model <= 2; model++)
        {
            using var transformer = FittedModels.Load("dense", ml: ml);
            Outputs.Read(transformer, rows);
            Outputs.Read(transformer.Encoder, rows);
            Outputs.Read(transformer, rows);
            Assert.AreEqual(model, warnings.Count);
            AssertExplained(warnings[^1]);
            StringAssert.EndsWith(warnings[^1], ". The autoencoder runs on the CPU.");
            Assert.DoesNotContain('\n', warnings[^1]);
        }
    }

    [TestMethod]
    public void Without_falling_back_the_device_is_refused_by_name()
    {
        Gpu.RequireNone();
        var (ml, warnings) = Gpu.Context(device: 0, fallback: false);
        using var model = FittedModels.Load("dense", ml: ml);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Outputs.Read(model, EveryVariant.Rows(20)));
        AssertExplained(error.Message);
        StringAssert.EndsWith(error.Message, "Or set FallbackToCpu, or GpuDeviceId to null, to run on the CPU.");
        Assert.AreEqual(0, warnings.Count);
    }

    [TestMethod]
    public void A_model_fitted_with_a_device_in_its_options_loads_and_falls_back()
    {
        Gpu.RequireNone();
        using var folder = new TestFolder();
        var (ml, warnings) = Gpu.Context(device: 0, fallback: true);
        var view = Rows.View(ml, 20);
        var scoring = new ScoringOptions { GpuDeviceId = 0, FallbackToCpu = true };
        using var model = Rows.Fit(ml, options => (options.Device, options.Scoring) = (TrainingDevice.Cpu, scoring));
        ml.Model.Save(model, view.Schema, folder["model.zip"]);
        var expected = Outputs.Read(model, view);
        warnings.Clear();
        using var again = (AutoencoderTransformer)ml.Autoencoders().Load(folder["model.zip"], out _);
        Outputs.AssertNear(expected, Outputs.Read(again, view), "loaded", tolerance: 0);
        Assert.HasCount(1, warnings, string.Join('\n', warnings));
        AssertExplained(warnings[0]);
    }

    [TestMethod]
    public void The_stock_model_opens_without_this_library()
    {
        var ml = new MLContext(seed: 1);
        var rows = EveryVariant.Rows(20);
        using var expected = FittedModels.Load("dense", s_onCpu);
        var stock = ml.Model.Load(FittedModels.FileOf("dense"), out _);
        Outputs.AssertNear(Outputs.Read(expected, rows), Outputs.Read(stock, rows), "ML.NET's own transformers", tolerance: 1e-6);
        ((IDisposable)stock).Dispose();
    }

    [TestMethod]
    public void Training_on_CUDA_is_refused_and_Auto_trains_on_the_CPU_with_one_warning()
    {
        Gpu.RequireNone();
        var (ml, warnings) = Gpu.Context(device: 0, fallback: true);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.Fit(ml, options => options.Device = TrainingDevice.Cuda));
        StringAssert.Contains(error.Message, "The option Device is Cuda, and TorchSharp finds no CUDA device");
        warnings.Clear();
        using var model = Rows.Fit(ml);
        string[] ofTraining = [.. warnings.Where(warning => !warning.StartsWith(NotUsed, StringComparison.Ordinal))];
        Assert.HasCount(1, ofTraining, string.Join('\n', warnings));
        StringAssert.Contains(ofTraining[0], "TorchSharp finds no CUDA device: the network is trained on the CPU");
    }

    [TestMethod]
    public void Another_systems_libraries_are_not_beside_the_program()
    {
        string[] foreign = OperatingSystem.IsWindows() ? [] : [.. Directory.GetFiles(AppContext.BaseDirectory, "onnxruntime*.dll")];
        Assert.AreEqual(0, foreign.Length, string.Join(", ", foreign));
    }

    /// <summary>Texts of ONNX Runtime 1.31, from Linux but for the last, after what stands before all of them.</summary>
    [TestMethod]
    [DataRow("/a/libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file\n",
        "the CUDA library libcublasLt.so.13 is missing. Install the runtime libraries of CUDA 13 and put it where")]
    [DataRow("/cudnn/libonnxruntime_providers_cuda.so with error: libcurand.so.10: cannot open shared object file: No such file",
        "the CUDA library libcurand.so.10 is missing. Install the runtime libraries of the CUDA that the provider was built for")]
    [DataRow("/app/libonnxruntime_providers_cuda.so with error: libcuda.so.1: cannot open shared object file: No such file or directory",
        "the NVIDIA driver's library libcuda.so.1 is missing. Install the driver")]
    [DataRow("x.so with error: /app/libonnxruntime_providers_cuda.so: cannot open shared object file: No such file or directory",
        "the ONNX Runtime library libonnxruntime_providers_cuda.so is missing. Add the package Microsoft.ML.OnnxRuntime.Gpu")]
    [DataRow("CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=driver", "there is no such device.")]
    [DataRow("CUDA failure 101: invalid device ordinal ; GPU=0 ; hostname=h", "there is no such device.")]
    [DataRow("provider option \"device_id\": Invalid device ID: 99, must be between 0 (inclusive) and 1 (exclusive).",
        "there is no such device.")]
    [DataRow("provider option \"device_id\": CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0",
        "the NVIDIA driver is missing or too old.")]
    [DataRow("CUDA execution provider is not enabled in this build. ", "ONNX Runtime's native library was built without CUDA.")]
    [DataRow("Error loading \"C:\\app\\onnxruntime_providers_cuda.dll\" which depends on \"cudnn64_9.dll\" which is missing. (Error 126)",
        "the cuDNN library cudnn64_9.dll is missing. Install cuDNN of the version in its name")]
    public void What_ONNX_Runtime_says_is_explained(string message, string advice)
    {
        string text = OnnxRuntimeLibrary.Explain(message, isLoadFailure: false);
        StringAssert.StartsWith(text, advice);
        StringAssert.EndsWith(text, $" ONNX Runtime said: {message.Trim().TrimEnd('.')}.");
    }

    private static void AssertExplained(string message)
    {
        StringAssert.StartsWith(message, NotUsed);
        // Which library the loader misses first depends on what is installed.
        string reason = message[NotUsed.Length..];
        StringAssert.Matches(reason, new(@"^the ((CUDA|cuDNN|NVIDIA driver's) library \S+ is missing\. Install|NVIDIA driver is missing)"));
        StringAssert.Contains(message, "ONNX Runtime said: ");
    }
}
