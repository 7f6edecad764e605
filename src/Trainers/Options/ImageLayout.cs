namespace MLNetAutoencoder;

/// <summary>The order in which a vector holds the pixels of an image.</summary>
public enum ImageLayout
{
    /// <summary>
    /// Channel after channel, each row by row: [channels, height, width]. ML.NET's <c>ExtractPixels</c> gives this by
    /// default.
    /// </summary>
    Planar,

    /// <summary>
    /// Pixel after pixel, row by row, each with all its channels: [height, width, channels]. <c>ExtractPixels</c> gives
    /// this with <c>interleavePixelColors</c>.
    /// </summary>
    Interleaved,
}
