using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>How a network is run: to train it, with dropout, noise and statistics of the batch, or as it will be used.</summary>
internal readonly record struct Pass(bool IsTraining, Generator Generator)
{
    /// <summary>The same without anything random.</summary>
    public Pass Evaluating => this with { IsTraining = false };
}
