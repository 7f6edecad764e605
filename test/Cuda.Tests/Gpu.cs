using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Cuda;

/// <summary>What this machine can do on a GPU; a test that needs more is skipped with the reason.</summary>
internal static class Gpu
{
    private static readonly Lazy<string?> s_cannotScore = new(() => ReasonOf(() =>
    {
        using var model = FittedModels.Load("vanilla", Strict());
        Outputs.Read(model, EveryVariant.Rows(1));
    }));

    private static readonly Lazy<string?> s_cannotTrain = new(() => ReasonOf(() =>
    {
        if (!torch.cuda.is_available())
            throw new InvalidOperationException("TorchSharp finds no CUDA device.");
    }));

    public static void RequireScoring() => Require(s_cannotScore.Value);

    public static void RequireTraining() => Require(s_cannotTrain.Value);

    public static void RequireNone()
    {
        if (s_cannotScore.Value is null || s_cannotTrain.Value is null)
            Assert.Inconclusive("shows what happens without a GPU, and this machine has one");
    }

    /// <summary>The first GPU, and nothing else.</summary>
    public static ScoringOptions Strict(int? batchSize = null) => new() { GpuDeviceId = 0, FallbackToCpu = false, BatchSize = batchSize };

    /// <summary>A context that asks for a device, and a list of its warnings.</summary>
    public static (MLContext Context, List<string> Warnings) Context(int device, bool fallback)
    {
        var ml = new MLContext(seed: 1) { GpuDeviceId = device, FallbackToCpu = fallback };
        var warnings = new List<string>();
        ml.Log += (_, e) =>
        {
            if (e.Kind == ChannelMessageKind.Warning)
                warnings.Add(e.RawMessage);
        };
        return (ml, warnings);
    }

    private static void Require(string? reason)
    {
        if (reason is not null)
            Assert.Inconclusive($"needs a GPU: {reason}");
    }

    private static string? ReasonOf(Action action)
    {
        try
        {
            action();
            return null;
        }
        // Whatever a missing native library leads to.
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException or TypeInitializationException)
        {
            return (e is InvalidOperationException ? e : e.GetBaseException()).Message;
        }
    }
}
