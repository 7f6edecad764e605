using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>How a network is run: to train it, with dropout, noise and statistics of the batch, or as it will be used.</summary>
/// <param name="IsTraining">Whether it is trained.</param>
/// <param name="Generator">Where everything random is drawn from.</param>
internal readonly record struct Pass(bool IsTraining, Generator Generator)
{
    /// <summary>The same without anything random.</summary>
    public Pass Evaluating => this with { IsTraining = false };
}
