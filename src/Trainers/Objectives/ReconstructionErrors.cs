using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The terms of each loss in training; the graph has the same (<c>FeatureErrorGraph</c>), and a test holds the two to each other.</summary>
internal static class ReconstructionErrors
{
    private const double LeastSquaredNorm = 1e-16;

    /// <summary>The feature errors, [batch, d].</summary>
    public static Tensor Of(ReconstructionLoss loss, Tensor rows, Tensor reconstructions) => loss switch
    {
        ReconstructionLoss.MeanSquared => (rows - reconstructions).square(),
        ReconstructionLoss.MeanAbsolute => (rows - reconstructions).abs(),
        ReconstructionLoss.Huber => nn.functional.huber_loss(reconstructions, rows, delta: 1.0, reduction: nn.Reduction.None),
        ReconstructionLoss.BinaryCrossEntropy => nn.functional.binary_cross_entropy(reconstructions, rows, reduction: nn.Reduction.None),
        ReconstructionLoss.Cosine => (Unit(rows) - Unit(reconstructions)).square() * (rows.shape[1] / 2.0),
        _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, null),
    };

    // Clamped before the root, whose slope at 0 is no number.
    private static Tensor Unit(Tensor rows) => rows / rows.square().sum([1], keepdim: true).clamp_min(LeastSquaredNorm).sqrt();
}
