using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The size of images whose pixels are the features, row by row.</summary>
/// <param name="Height">The height in pixels.</param>
/// <param name="Width">The width in pixels.</param>
/// <param name="Channels">1 for gray, 3 for red, green and blue; of another number the mean is shown. The default value is 1.</param>
/// <param name="IsInterleaved">Whether the channels of a pixel stand together; otherwise one channel follows another.
/// The default value is false.</param>
public sealed record ReportImage(int Height, int Width, int Channels = 1, bool IsInterleaved = false)
{
    internal void Check()
    {
        Require.AtLeast(Height, 1, nameof(Height));
        Require.AtLeast(Width, 1, nameof(Width));
        Require.AtLeast(Channels, 1, nameof(Channels));
    }
}
