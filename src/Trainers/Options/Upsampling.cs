namespace MLNetAutoencoder;

/// <summary>How the decoder enlarges an image.</summary>
public enum Upsampling
{
    /// <summary>
    /// Each pixel is repeated, and a convolution follows: no pattern of its own in the reconstruction (Odena, Dumoulin
    /// and Olah 2016).
    /// </summary>
    Nearest,

    /// <summary>
    /// A convolution whose stride enlarges (Zeiler et al. 2010): fewer operations, but where the kernel is no multiple
    /// of the stride, some pixels get more addends than their neighbors.
    /// </summary>
    TransposedConvolution,
}
