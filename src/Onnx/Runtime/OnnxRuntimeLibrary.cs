using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;

namespace MLNetAutoencoder.Onnx;

/// <summary>Opens sessions on the device asked for, and explains a missing or wrong native library.</summary>
internal static partial class OnnxRuntimeLibrary
{
    private const string PutLibrary = "put it where the loader looks (LD_LIBRARY_PATH on Linux, PATH on Windows)";

    /// <summary>Opens a session.</summary>
    /// <param name="model">The content of an ONNX file.</param>
    /// <param name="options">Device and threads.</param>
    /// <param name="configure">Adds the model's shared weights to the options of a session on the CPU. One on a GPU has
    /// copies there.</param>
    /// <param name="warn">Is told why the CPU is used where CUDA was asked for.</param>
    /// <param name="prepacked">Weights in the form that the kernels want, shared by the sessions of one model.</param>
    public static InferenceSession OpenSession(byte[] model, ScoringOptions options, Action<SessionOptions> configure, Action<string>? warn,
        PrePackedWeightsContainer prepacked)
    {
        if (options.GpuDeviceId is { } device)
        {
            try
            {
                return Open(model, options, configure, prepacked, device);
            }
            catch (Exception e) when (e is OnnxRuntimeException || FindLoadFailure(e) is not null)
            {
                string reason = FormattableString.Invariant($"The CUDA device {device} was asked for and cannot be used: {Explain(e)}");
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
                "ONNX Runtime's native library is missing or does not fit its managed half " +
                    $"({PackageVersion.Of(typeof(InferenceSession))}). "
                + "This library references the managed half only; add the package "
                + "Microsoft.ML.OnnxRuntime (CPU) or Microsoft.ML.OnnxRuntime.Gpu (CPU and CUDA) of the same version to the application. "
                + $"The loader said: {failure.Message}", e);
        }
    }

    private static InferenceSession Open(byte[] model, ScoringOptions options, Action<SessionOptions> configure,
        PrePackedWeightsContainer prepacked, int? device)
    {
        using var sessionOptions = new SessionOptions();
        if (options.IntraOpThreads is { } threads)
            sessionOptions.IntraOpNumThreads = threads;
        if (device is { } id)
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string>
            {
                ["device_id"] = id.ToString(CultureInfo.InvariantCulture),
                // The exhaustive search, which is the default, would run again for every new batch size.
                ["cudnn_conv_algo_search"] = "HEURISTIC",
                // TF32, the default, keeps 10 bits of a factor's 23: scores would differ from the CPU's in the third digit.
                ["use_tf32"] = "0",
            });
            sessionOptions.AppendExecutionProvider_CUDA(cuda);
        }
        else
        {
            configure(sessionOptions);
        }
        return new InferenceSession(model, sessionOptions, prepacked);
    }

    /// <summary>What is missing, and what to install.</summary>
    private static string Explain(Exception e)
    {
        var failure = FindLoadFailure(e);
        return Explain((failure ?? e).Message, isLoadFailure: failure is not null);
    }

    /// <summary>The same of what ONNX Runtime or the loader said.</summary>
    internal static string Explain(string message, bool isLoadFailure)
    {
        message = WhiteSpace().Replace(message, " ").Trim().TrimEnd('.');
        string advice = message switch
        {
            _ when isLoadFailure || Says("not enabled in this build") =>
                "ONNX Runtime's native library was built without CUDA. "
                + "Replace the package Microsoft.ML.OnnxRuntime by Microsoft.ML.OnnxRuntime.Gpu of the same version.",
            _ when MissingFile().Match(message) is { Success: true } match => ExplainMissing(match.Groups["file"].Value),
            _ when Says("no CUDA-capable device") || Says("invalid device ordinal") || Says("invalid device id") =>
                "there is no such device.",
            _ when Says("driver") => "the NVIDIA driver is missing or too old. Install a driver that fits the CUDA version.",
            _ when Says("cudnn") => $"cuDNN is missing or does not fit. Install the one that the provider was built for and {PutLibrary}.",
            _ => "",
        };
        return $"{advice} ONNX Runtime said: {message}.".TrimStart();

        bool Says(string text) => message.Contains(text, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Where a library that the loader did not find comes from.</summary>
    private static string ExplainMissing(string file)
    {
        return file switch
        {
            _ when Is("onnxruntime") =>
                Missing("ONNX Runtime library", "Add the package Microsoft.ML.OnnxRuntime.Gpu of the same version, which brings it."),
            // Not of the toolkit, as its name would have it.
            "libcuda.so.1" or "nvcuda.dll" =>
                Missing("NVIDIA driver's library", "Install the driver; start a container with access to the GPU."),
            _ when Is("cudnn") => Missing("cuDNN library", $"Install cuDNN of the version in its name and {PutLibrary}."),
            // The number in the names of these is that of CUDA; those of others count for themselves.
            _ when CudaLibrary().Match(file) is { Success: true } match =>
                Missing("CUDA library", $"Install the runtime libraries of CUDA {match.Groups["version"].Value} and {PutLibrary}."),
            _ when Is("cu") || Is("nv") =>
                Missing("CUDA library", $"Install the runtime libraries of the CUDA that the provider was built for and {PutLibrary}."),
            _ => Missing("library", $"Install it and {PutLibrary}."),
        };

        string Missing(string kind, string advice) => $"the {kind} {file} is missing. {advice}";

        bool Is(string start) => file.StartsWith(start, StringComparison.Ordinal)
            || file.StartsWith($"lib{start}", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    /// <summary>The loader's words on Linux, and ONNX Runtime's on Windows.</summary>
    [GeneratedRegex(@"(?<file>[^\s/\\:""']+)""?(: cannot open shared object file| which is missing)")]
    private static partial Regex MissingFile();

    [GeneratedRegex(@"^(lib)?cu(blas(Lt)?|dart)(64_|\.so\.)(?<version>\d+)")]
    private static partial Regex CudaLibrary();

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
