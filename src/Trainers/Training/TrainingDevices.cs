using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Finds the device that an option asks for.</summary>
internal static class TrainingDevices
{
    private static readonly string s_needs =
        "Training there needs an NVIDIA GPU with its driver, and the package TorchSharp-cuda-linux or TorchSharp-cuda-windows "
        + $"{PackageVersion.Of(typeof(TorchSharp.torch))} in the application in the place of TorchSharp-cpu";

    /// <exception cref="InvalidOperationException">CUDA is asked for and cannot be used.</exception>
    public static Device Choose(TrainingDevice device, MLContext context, IChannel channel)
    {
        int? asked = context.GpuDeviceId;
        if (device == TrainingDevice.Cpu || (device == TrainingDevice.Auto && asked is null))
            return CPU;
        int count = cuda.is_available() ? cuda.device_count() : 0, index = asked ?? 0;
        if (index >= 0 && index < count)
        {
            channel.Info(MessageSensitivity.None, $"The network is trained on the CUDA device {index}.");
            return TorchSharp.torch.device($"cuda:{index}");
        }
        string found = count == 0 ? "TorchSharp finds no CUDA device"
            : FormattableString.Invariant($"TorchSharp finds the CUDA devices 0 to {count - 1}, not {index}");
        if (device == TrainingDevice.Cuda)
            throw new InvalidOperationException(
                $"The option {nameof(AutoencoderEstimator.Options.Device)} is {device}, and {found}. {s_needs}; or use " +
                $"{TrainingDevice.Cpu}.");
        channel.Warning(MessageSensitivity.None,
            FormattableString.Invariant($"The context names the GPU {index}, and {found}: the network is trained on the CPU. {s_needs}."));
        return CPU;
    }
}
