namespace MLNetAutoencoder.Onnx;

/// <summary>
/// How a fitted autoencoder runs: on which device, with how many threads, in which batches. Not saved with the model:
/// they belong to the machine.
/// </summary>
public sealed record ScoringOptions
{
    /// <summary>
    /// The rows of one run of the graph. The default value is null: the first run takes one row, so that the first
    /// result comes at once, and later ones grow to the best size. What a batch takes in and gives may have 1 GiB.
    /// </summary>
    public int? BatchSize { get; init; }

    /// <summary>
    /// The threads that ONNX Runtime uses within one run. The default value is null: as many as the machine has cores.
    /// Use 1 where several threads score at once.
    /// </summary>
    public int? IntraOpThreads { get; init; }

    /// <summary>
    /// The CUDA device to run on. The default value is null: the <c>GpuDeviceId</c> of the ML.NET context, and where
    /// that is null too, the CPU.
    /// </summary>
    public int? GpuDeviceId { get; init; }

    /// <summary>
    /// Whether to run on the CPU, with a warning, where the CUDA device cannot be used. The default value is null:
    /// <c>FallbackToCpu</c> of the ML.NET context.
    /// </summary>
    public bool? FallbackToCpu { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range; the message names the option.</exception>
    internal void Validate()
    {
        Require.AtLeast(BatchSize, 1, $"{nameof(ScoringOptions)}.{nameof(BatchSize)}");
        Require.AtLeast(IntraOpThreads, 1, $"{nameof(ScoringOptions)}.{nameof(IntraOpThreads)}");
        Require.AtLeast(GpuDeviceId, 0, $"{nameof(ScoringOptions)}.{nameof(GpuDeviceId)}");
    }
}
