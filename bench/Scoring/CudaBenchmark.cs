using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>
/// The transformer's cursor on a GPU against a hand-written loop over ONNX Runtime on the same GPU, and against the
/// cursor on all cores of the CPU. Needs <c>-p:Gpu=true</c> and a GPU.
/// </summary>
internal static class CudaBenchmark
{
    private const int BlockRows = 2048;

    private static readonly int[] s_batches = [64, 256, 1024, 2048];

    public static int Run()
    {
        var ml = new MLContext(seed: 1);
        using var large = BenchModel.Untrained(ml, "large", [784, 128, 64], [64, 128, 784], BlockRows);
        using var wide = BenchModel.Untrained(ml, "wide", [784, 2048, 512], [512, 2048, 784], BlockRows);
        if (WhyNot(large) is { } reason)
        {
            Console.WriteLine($"cuda: not measured. {reason}");
            return 0;
        }
        Console.WriteLine($"cuda: large is {large.Shape}, wide {wide.Shape}; score; device 0; {Environment.ProcessorCount} processors");
        Console.WriteLine();

        List<(string Name, double Value)> ratios = [];
        Duel.PrintHead();
        foreach (var (model, suffix) in new[] { (large, ""), (wide, ".wide") })
        {
            int batch = FastestBatch(model);
            ratios.Add(($"cuda.score-vs-onnxruntime{suffix}", AgainstOnnxRuntime(model, batch)));
            ratios.Add(($"cuda.score-vs-cpu{suffix}", AgainstCpu(model, batch)));
            AgainstCpu(model, batch: null);
        }

        Console.WriteLine();
        foreach (var (name, value) in ratios)
            Report.Ratio(name, value);
        return 0;
    }

    /// <summary>Why there is nothing to measure; null where there is a GPU.</summary>
    private static string? WhyNot(BenchModel model)
    {
        try
        {
            using var onGpu = OnGpu(model, batch: null);
            using var reader = model.Open(Outputs.Score, onGpu);
            reader.Read(1);
            return null;
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    private static int FastestBatch(BenchModel model)
    {
        var loops = Array.ConvertAll(s_batches, batch => Loop(model, batch));
        int batch = Duel.Fastest(loops, loop => loop.Side).Batch;
        foreach (var loop in loops)
            loop.Dispose();
        return batch;
    }

    private static double AgainstOnnxRuntime(BenchModel model, int batch)
    {
        using var loop = Loop(model, batch);
        using var onGpu = OnGpu(model, batch);
        using var reader = model.Open(Outputs.Score, onGpu);
        return Duel.Measure($"{model.Name}, GPU, batch {batch}", new Side("cursor", reader.Read), loop.Side);
    }

    /// <summary>With a batch size for the GPU, or with the default, which is made for a CPU's caches. The CPU has its default.</summary>
    private static double AgainstCpu(BenchModel model, int? batch)
    {
        using var onGpu = OnGpu(model, batch);
        using ColumnReader gpu = model.Open(Outputs.Score, onGpu), cpu = model.Open(Outputs.Score, threads: null);
        string size = batch is { } rows ? $"batch {rows}" : "default batch";
        return Duel.Measure($"{model.Name}, GPU, {size}, and CPU", new Side("GPU", gpu.Read), new Side("CPU", cpu.Read));
    }

    private static OnnxRuntimeLoop Loop(BenchModel model, int batch) =>
        new(model, Outputs.Score, model.Block, batch, threads: null, onGpu: true);

    private static AutoencoderTransformer OnGpu(BenchModel model, int? batch) =>
        model.Transformer(threads: null).WithScoring(new ScoringOptions { GpuDeviceId = 0, FallbackToCpu = false, BatchSize = batch });
}
