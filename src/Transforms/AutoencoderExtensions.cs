using Microsoft.ML;

namespace MLNetAutoencoder;

/// <summary>The way from an <see cref="MLContext"/> to this library.</summary>
public static class AutoencoderExtensions
{
    /// <summary>Autoencoders: trainers, and loading of fitted ones.</summary>
    /// <param name="context">The context whose log, seed and settings are used.</param>
    public static AutoencoderCatalog Autoencoders(this MLContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new AutoencoderCatalog(context);
    }
}
