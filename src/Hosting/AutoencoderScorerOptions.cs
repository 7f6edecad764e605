using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Hosting;

/// <summary>The options of a scorer. They are checked when the host starts.</summary>
public sealed class AutoencoderScorerOptions
{
    /// <summary>
    /// The model file: a model of ML.NET (<c>.zip</c>) with an autoencoder in it, or a scorer as an ONNX file of this library
    /// (<c>.onnx</c>). It must be there when the host starts. The default value is "", which is refused.
    /// </summary>
    public string Path { get; set; } = "";

    /// <summary>How many rows are scored together at most, from 1 to 65,536. The default value is 256.</summary>
    public int MaxBatchSize { get; set; } = 256;

    /// <summary>
    /// How long a batch that is not full waits for more rows. The default value is zero: a batch has the rows that came while the one
    /// before it was scored.
    /// </summary>
    public TimeSpan MaxBatchDelay { get; set; } = TimeSpan.Zero;

    /// <summary>
    /// How many rows wait to be scored at most; a caller with one more waits until there is room. At least 1; the default value is 4,096.
    /// </summary>
    public int QueueCapacity { get; set; } = 4096;

    /// <summary>
    /// How often it is looked whether the file has changed; <see cref="Timeout.InfiniteTimeSpan"/> for never. The default value is 5
    /// seconds.
    /// </summary>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many of a row's most telling features come with its score. At least 0; the default value is 3.</summary>
    public int TopFeatures { get; set; } = 3;

    /// <summary>
    /// From how many of the latest scores the drift is measured. At least 100; the default value is 10,000.
    /// </summary>
    public int DriftWindow { get; set; } = 10_000;

    /// <summary>Device and threads. The default value leaves them to the context and ONNX Runtime.</summary>
    public ScoringOptions Scoring { get; set; } = new();
}
