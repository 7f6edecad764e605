using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>Explains a missing or wrong native library of TorchSharp.</summary>
internal static class TorchLibrary
{
    /// <summary>Makes TorchSharp load its native library now.</summary>
    /// <exception cref="InvalidOperationException">It cannot be loaded; the message says which package to add.</exception>
    public static void Require()
    {
        try
        {
            torch.get_num_threads();
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            Exception cause = e;
            while (cause.InnerException is not null)
                cause = cause.InnerException;
            throw new InvalidOperationException(
                "TorchSharp's native library is missing or does not fit its managed half (0.106.0). This library references the managed half only; add one of the packages "
                + "TorchSharp-cpu, TorchSharp-cuda-linux or TorchSharp-cuda-windows of the same version to the application that trains. An application that only scores needs none. "
                + $"TorchSharp said: {cause.Message}", e);
        }
    }
}
