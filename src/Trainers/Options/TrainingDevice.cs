namespace MLNetAutoencoder;

/// <summary>Where a network is trained.</summary>
public enum TrainingDevice
{
    /// <summary>
    /// On the CUDA device that the context names (<c>MLContext.GpuDeviceId</c>), where it names one and TorchSharp can
    /// use it; otherwise on the CPU. Which one it was is told in the context's log.
    /// </summary>
    Auto,

    /// <summary>On the CPU. The same seed, data and machine give the same bits.</summary>
    Cpu,

    /// <summary>
    /// On a CUDA device: the one that the context names, or the first. A fit where TorchSharp has none is an error.
    /// Sums on a GPU may come out in another order each time, so that the last digits can differ from fit to fit.
    /// </summary>
    Cuda,
}
