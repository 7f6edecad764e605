using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// The terms of each loss in training; the graph has the same (<c>FeatureErrorGraph</c>), and a test holds the two to
/// each other.
/// </summary>
internal static class ReconstructionErrors
{
    private const double LeastNorm = 1e-8;

    /// <summary>The feature errors, [batch, d].</summary>
    public static Tensor Of(ReconstructionLoss loss, Tensor rows, Tensor reconstructions) => loss switch
    {
        ReconstructionLoss.MeanSquared => (rows - reconstructions).Squared(),
        ReconstructionLoss.MeanAbsolute => (rows - reconstructions).abs(),
        ReconstructionLoss.Huber => nn.functional.huber_loss(reconstructions, rows, delta: 1.0, reduction: nn.Reduction.None),
        ReconstructionLoss.BinaryCrossEntropy => CrossEntropy(rows, reconstructions),
        ReconstructionLoss.Cosine => (Unit(rows) - Unit(reconstructions)).Squared().Times(rows.shape[1] / 2.0),
        _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, null),
    };

    /// <summary>
    /// The cross-entropy of the nearest shares from 0 to 1, and the distance to these: the formula itself falls without end outside.
    /// </summary>
    private static Tensor CrossEntropy(Tensor rows, Tensor reconstructions)
    {
        var shares = rows.Between(0, 1);
        try
        {
            return nn.functional.binary_cross_entropy(reconstructions, shares, reduction: nn.Reduction.None).Plus((rows - shares).abs());
        }
        catch (ExternalException) when (reconstructions.isnan().any().item<bool>())
        {
            // libtorch refuses what is no number; here it is the loss that tells of it.
            return reconstructions.Times(double.NaN);
        }
    }

    /// <summary>Each row at length 1.</summary>
    private static Tensor Unit(Tensor rows)
    {
        // By its largest value first, so that no square is more than a Single holds; the result does not depend on it,
        // nor does its gradient. Clamped before the root, whose slope at 0 is no number.
        var bounded = rows / rows.detach().abs().amax(1).AtLeast(LeastNorm).unsqueeze(1);
        return bounded / bounded.Squared().sum([1], keepdim: true).AtLeast(1).sqrt();
    }
}
