using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Onnx;

/// <summary>A model, its columns, and how to run it.</summary>
public sealed class OnnxOptions
{
    public string ModelFile;
    public string[] InputColumns;
    public string[] OutputColumns;
    internal int? GpuDeviceId;
    internal bool FallbackToCpu;
    internal IDictionary<string, int[]> ShapeDictionary;
    internal int RecursionLimit = 100;
    public int? InterOpNumThreads;
    public int? IntraOpNumThreads;
}

/// <summary>The sessions that a context makes.</summary>
public sealed class OnnxSessionOptions
{
    public delegate SessionOptions CreateOnnxSessionOptions();

    /// <summary>Makes the options of each session; decides over any device asked for.</summary>
    public CreateOnnxSessionOptions CreateSessionOptions { get; set; }
}

public static class OnnxSessionOptionsExtensions
{
    private const string Name = "OnnxSessionOptions";

    public static OnnxSessionOptions GetOnnxSessionOption(this IHostEnvironment env) => Internal(env).GetOptionOrDefault<OnnxSessionOptions>(Name);

    public static void SetOnnxSessionOption(this IHostEnvironment env, OnnxSessionOptions onnxSessionOptions) =>
        Internal(env).SetOption(Name, onnxSessionOptions);

    private static IHostEnvironmentInternal Internal(IHostEnvironment env) =>
        env as IHostEnvironmentInternal ?? throw new ArgumentException("No Onnx Session Options");
}

/// <summary>Where a session runs: a CUDA device, or the CPU; and whether the CPU will do where the device fails.</summary>
internal readonly record struct OnnxDevice(int? GpuDeviceId, bool FallbackToCpu);
