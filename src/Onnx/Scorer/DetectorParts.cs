namespace MLNetAutoencoder.Onnx;

/// <summary>What an anomaly detector's score is the sum of.</summary>
internal sealed record DetectorParts
{
    /// <summary>Masked networks; the first is that of the graph's encoder and decoder.</summary>
    public required IReadOnlyList<DetectorMember> Members { get; init; }

    /// <summary>What the score of each member is multiplied by: their number as a divisor, and that of a normal row's spread.</summary>
    public required float MemberWeight { get; init; }

    /// <summary>How many of the networks' feature errors count, the largest ones.</summary>
    public required int CountedErrors { get; init; }

    /// <summary>Kept rows that a row's nearest ones are found among, in one space or more.</summary>
    public IReadOnlyList<NeighborMemory> Neighbors { get; init; } = [];

    /// <summary>The distance of residual and code; null for none.</summary>
    public ResidualDistance? Residual { get; init; }
}

/// <summary>A masked network of a detector.</summary>
/// <param name="Network">Writes encoder and decoder, [batch, 2 d] to [batch, d].</param>
/// <param name="Masks">The masks of its score.</param>
/// <param name="Features">1 for a feature that it was trained on and 0 for another, [d]; null for all.</param>
internal sealed record DetectorMember(GraphPart Network, FeatureMasks Masks, float[]? Features);

/// <summary>Rows that a detector keeps.</summary>
/// <param name="Name">Names the nodes.</param>
/// <param name="Rows">The scaled rows, or their ranks, [n, d] row by row.</param>
/// <param name="Scales">What the distance to a row is divided by, [n].</param>
/// <param name="Count">The number of neighbors.</param>
/// <param name="Weight">What the distance is multiplied by.</param>
internal sealed record NeighborMemory(string Name, float[] Rows, float[] Scales, int Count, float Weight)
{
    /// <summary>How many rows more than are wanted are looked at exactly.</summary>
    public const int Reserve = 3;

    /// <summary>What turns scaled features into what the rows have; null where that is the scaled features.</summary>
    public RankGauss? Ranks { get; init; }

    /// <summary>The codes of the rows, [n, code], among which neighbors are found; null where they are found among the rows.</summary>
    public float[]? Codes { get; init; }
}

/// <summary>The Mahalanobis distance of what a network leaves of a row, its residual and its code.</summary>
/// <param name="Means">Of residual and code, [d + code].</param>
/// <param name="Precision">The inverse of their covariance, [d + code, d + code].</param>
/// <param name="Weight">What the distance is multiplied by.</param>
internal sealed record ResidualDistance(float[] Means, float[] Precision, float Weight);
