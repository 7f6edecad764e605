using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Sees to it that no network is trained with wrong convolutions.</summary>
/// <remarks>
/// The oneDNN of libtorch 2.10 (3.7.1) takes the caches of an AMD processor whose hypervisor hides them for one byte each, and then
/// computes many convolutions wrongly, without a word. So before a fit on the CPU each of its convolutions is run as the fit will run it
/// and held to double precision, once for each shape, number of threads and process. Where one is wrong, oneDNN is off for this and every
/// later convolutional fit of the process: libtorch's own convolutions are right. A fit that runs meanwhile with convolutions that were
/// found right goes on without oneDNN as well: right too, in the last digits perhaps others. Pooling, normalization and dense layers do not
/// go through oneDNN; of the activations GELU does, elementwise, which that fault does not touch.
/// </remarks>
/// <param name="oneDnn">The switch of oneDNN, or null.</param>
/// <param name="nnpack">The switch of NNPACK, or null.</param>
/// <param name="findFault">What is wrong with a layer in a run, or null.</param>
internal sealed class ConvolutionGuard(TorchSwitch? oneDnn, TorchSwitch? nnpack, Func<ImageLayer, ConvolutionRun, string?> findFault)
{
    private static readonly Lazy<ConvolutionGuard> s_process =
        new(() => new(TorchSwitch.OneDnn, TorchSwitch.Nnpack, ConvolutionCheck.FindFault));

    private readonly object _lock = new();
    private readonly HashSet<(string Layer, ConvolutionRun Run, int Threads)> _right = [];
    private string? _fault;
    private int _told;

    /// <summary>That of the process.</summary>
    public static ConvolutionGuard Process => s_process.Value;

    /// <summary>Checks the convolutions of a network, and turns off what computes them wrongly until disposed.</summary>
    /// <exception cref="InvalidOperationException">One is wrong, and oneDNN cannot be turned off.</exception>
    public IDisposable Use(AutoencoderNetwork network, IEnumerable<ConvolutionRun> runs, IChannel channel)
    {
        var held = new List<IDisposable?>();
        var leases = new Lease(() => held.ForEach(lease => lease?.Dispose()));
        if (network.Device.type != TorchSharp.DeviceType.CPU || !network.Convolutions.Any())
            return leases;

        // libtorch asks for NNPACK where oneDNN does not compute a convolution: for doubles, which it does not compute either, and for
        // everything where oneDNN is off. Where it cannot be had, it says so on standard error each time. So nothing is lost with oneDNN,
        // and what takes its place is one and the same on every machine.
        held.Add(nnpack?.TurnOff());
        try
        {
            // A caller who has turned it off has nothing to fear, as long as it stays off.
            if (oneDnn is { IsOn: false })
                held.Add(oneDnn.TurnOff());
            else if (FindFault(network, runs) is { } fault)
            {
                if (oneDnn is null)
                    throw new InvalidOperationException(
                        $"libtorch computes convolutions wrongly on this processor ({Processor()}): {fault}. The part of it that does, "
                        + "oneDNN, cannot be turned off in this version or on this system, so the network would be wrong without a word. "
                        + "Set the environment variable ONEDNN_MAX_CPU_ISA to SSE41 before the process starts, "
                        + $"train with {nameof(AutoencoderEstimator.Options.Device)} {TrainingDevice.Cuda}, or use a dense network.");
                held.Add(oneDnn.TurnOff());
                if (Interlocked.Exchange(ref _told, 1) == 0)
                    channel.Warning(MessageSensitivity.None,
                        $"libtorch's oneDNN computes convolutions wrongly on this processor ({Processor()}): {fault}. It is off while "
                        + "convolutional networks are trained, and libtorch's own convolutions take its place: "
                        + "the results are right, and there is nothing to do.");
            }
            return leases;
        }
        catch
        {
            leases.Dispose();
            throw;
        }
    }

    private string? FindFault(AutoencoderNetwork network, IEnumerable<ConvolutionRun> runs)
    {
        lock (_lock)
        {
            if (_fault is not null)
                return _fault;
            foreach (var run in runs)
            {
                foreach (var layer in run.Derivatives > 1 ? network.Trunk.Convolutions : network.Convolutions)
                    _fault ??= FindFault(layer, run);
            }
            return _fault ??= FindFaultOfProbe();
        }
    }

    private string? FindFault(ImageLayer layer, ConvolutionRun run)
    {
        var key = (layer.Description, run, get_num_threads());
        if (_right.Contains(key))
            return null;
        if (findFault(layer, run) is { } what)
            return $"in '{layer.Name}' ({layer.Description}, a batch of {run.Batch}) {what} is not what double precision gives";
        _right.Add(key);
        return null;
    }

    // Wrong wherever that fault is, with any number of threads; a layer of a lucky shape may look right as long as the memory beside it
    // happens to be zero.
    private string? FindFaultOfProbe()
    {
        using var generator = new Generator(1, CPU);
        var images = new ImageShape(5, 5, 5);
        using var probe = new TransposedConvolutionLayer(
            "probe", images, filters: 7, kernelSize: 5, to: images, factor: 1, Activation.Linear, Normalization.None, generator);
        return FindFault(probe, new ConvolutionRun(32, Derivatives: 1));
    }

    private static string Processor()
    {
        if (!X86Base.IsSupported)
            return RuntimeInformation.ProcessArchitecture.ToString();
        const int brand = unchecked((int)0x80000002);
        Span<int> text = stackalloc int[12];
        for (int i = 0; i < 3; i++)
            (text[4 * i], text[4 * i + 1], text[4 * i + 2], text[4 * i + 3]) = X86Base.CpuId(brand + i, 0);
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes(text)).Trim('\0', ' ');
    }
}
