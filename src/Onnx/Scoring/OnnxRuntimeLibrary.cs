using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace MLNetAutoencoder.Onnx;

/// <summary>Opens sessions on the device asked for, and explains a missing or wrong native library.</summary>
internal static class OnnxRuntimeLibrary
{
    /// <summary>Opens a session.</summary>
    /// <param name="model">The content of an ONNX file.</param>
    /// <param name="options">Device and threads.</param>
    /// <param name="configure">Adds what belongs to the model to the session's options.</param>
    /// <param name="warn">Is told why the CPU is used where CUDA was asked for.</param>
    /// <param name="prepacked">Weights in the form that the kernels want, shared by the sessions of one model.</param>
    public static InferenceSession OpenSession(byte[] model, ScoringOptions options, Action<SessionOptions> configure, Action<string>? warn, PrePackedWeightsContainer prepacked)
    {
        if (options.GpuDeviceId is { } device)
        {
            try
            {
                return Open(model, options, configure, prepacked, device);
            }
            catch (Exception e) when (e is OnnxRuntimeException || FindLoadFailure(e) is not null)
            {
                string reason = $"The CUDA device {device} was asked for and cannot be used: {Explain(e)}";
                if (options.FallbackToCpu != true)
                    throw new InvalidOperationException($"{reason} Or set FallbackToCpu, or GpuDeviceId to null, to run on the CPU.", e);
                warn?.Invoke($"{reason} The autoencoder runs on the CPU.");
            }
        }
        try
        {
            return Open(model, options, configure, prepacked, device: null);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"ONNX Runtime refused the graph: {e.Message}", e);
        }
    }

    /// <summary>Makes ONNX Runtime load its native library now.</summary>
    /// <exception cref="InvalidOperationException">It cannot be loaded; the message says which package to add.</exception>
    public static void Require()
    {
        try
        {
            OrtEnv.Instance();
        }
        catch (Exception e) when (FindLoadFailure(e) is { } failure)
        {
            throw new InvalidOperationException(
                $"ONNX Runtime's native library is missing or does not fit its managed half ({PackageVersion.Of(typeof(InferenceSession))}). "
                + "This library references the managed half only; add the package "
                + "Microsoft.ML.OnnxRuntime (CPU) or Microsoft.ML.OnnxRuntime.Gpu (CPU and CUDA) of the same version to the application. "
                + $"The loader said: {failure.Message}", e);
        }
    }

    private static InferenceSession Open(byte[] model, ScoringOptions options, Action<SessionOptions> configure, PrePackedWeightsContainer prepacked, int? device)
    {
        using var sessionOptions = new SessionOptions();
        if (options.IntraOpThreads is { } threads)
            sessionOptions.IntraOpNumThreads = threads;
        configure(sessionOptions);
        if (device is { } id)
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string>
            {
                ["device_id"] = id.ToString(CultureInfo.InvariantCulture),
                // The exhaustive search, which is the default, would run again for every new batch size.
                ["cudnn_conv_algo_search"] = "HEURISTIC",
            });
            sessionOptions.AppendExecutionProvider_CUDA(cuda);
        }
        return new InferenceSession(model, sessionOptions, prepacked);
    }

    /// <summary>What is missing, and what to install.</summary>
    private static string Explain(Exception e)
    {
        string message = FindLoadFailure(e)?.Message ?? e.Message;
        string advice = message switch
        {
            _ when FindLoadFailure(e) is not null || Says("not enabled in this build") =>
                "ONNX Runtime's native library was built without CUDA. Replace the package Microsoft.ML.OnnxRuntime by Microsoft.ML.OnnxRuntime.Gpu of the same version.",
            _ when Says("providers_cuda") && (Says("No such file") || Says("cannot open shared object") || Says("Failed to load") || Says("LoadLibrary")) && !Says("libcu") && !Says("cudnn") =>
                "the CUDA provider library of ONNX Runtime is missing. Add the package Microsoft.ML.OnnxRuntime.Gpu of the same version, which brings it.",
            _ when Says("libcudnn") || Says("cudnn64") => "a cuDNN library is missing. Install cuDNN 9 and put it where the loader looks.",
            _ when Says("libcu") || Says("cublas") || Says("cudart") || Says("cufft") => "a CUDA library is missing. Install the CUDA toolkit that the provider was built for and put it where the loader looks.",
            _ when Says("driver") => "the NVIDIA driver is missing or too old. Install a driver that fits the CUDA version.",
            _ when Says("no CUDA-capable device") || Says("invalid device ordinal") || Says("device_id") => "there is no such device.",
            _ => "",
        };
        return $"{advice} ONNX Runtime said: {message.TrimEnd('.')}.".TrimStart();

        bool Says(string text) => message.Contains(text, StringComparison.OrdinalIgnoreCase);
    }

    private static Exception? FindLoadFailure(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
                return e;
        }
        return null;
    }
}
