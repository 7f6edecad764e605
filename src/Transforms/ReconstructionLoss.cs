using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// What the training minimizes between a scaled row s and its reconstruction r: the mean of these terms over the
/// features and the rows.
/// </summary>
public enum ReconstructionLoss
{
    /// <summary>(s − r)². The likelihood of a variational autoencoder becomes Gaussian.</summary>
    MeanSquared,

    /// <summary>|s − r|.</summary>
    MeanAbsolute,

    /// <summary>½(s − r)² where |s − r| ≤ 1, otherwise |s − r| − ½ (Huber 1964, δ = 1).</summary>
    Huber,

    /// <summary>
    /// −s ln r − (1 − s) ln(1 − r), for scaled features in [0, 1] and a sigmoid output; outside, that of the nearest end of [0, 1] and
    /// the distance to it. The likelihood of a variational autoencoder becomes Bernoulli.
    /// </summary>
    BinaryCrossEntropy,

    /// <summary>1 − cos(s, r), over the whole row; feature j's term is ½ d (sⱼ/‖s‖ − rⱼ/‖r‖)².</summary>
    Cosine,
}

/// <summary>The names of losses in the metadata.</summary>
internal static class ReconstructionLossNames
{
    public static string ToKind(this ReconstructionLoss loss) => loss switch
    {
        ReconstructionLoss.MeanSquared => LossKind.MeanSquared,
        ReconstructionLoss.MeanAbsolute => LossKind.MeanAbsolute,
        ReconstructionLoss.Huber => LossKind.Huber,
        ReconstructionLoss.BinaryCrossEntropy => LossKind.BinaryCrossEntropy,
        ReconstructionLoss.Cosine => LossKind.Cosine,
        _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, null),
    };
}
