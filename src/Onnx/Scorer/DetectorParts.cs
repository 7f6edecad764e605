namespace MLNetAutoencoder.Onnx;

/// <summary>What an anomaly detector's score is the sum of.</summary>
internal sealed record DetectorParts
{
    /// <summary>Masked networks; the first is that of the graph's encoder and decoder.</summary>
    public required IReadOnlyList<DetectorMember> Members { get; init; }

    /// <summary>Kept rows that a row's nearest ones are found among; null for none.</summary>
    public NeighborMemory? Neighbors { get; init; }

    /// <summary>What the score of each member is multiplied by: their number as a divisor, and that of a normal row's spread.</summary>
    public required float MemberWeight { get; init; }

    /// <summary>What the distance to the neighbors is multiplied by.</summary>
    public float NeighborWeight { get; init; }
}

/// <summary>A masked network of a detector.</summary>
/// <param name="Network">Writes encoder and decoder, [batch, 2 d] to [batch, d].</param>
/// <param name="Masks">The masks of its score.</param>
internal sealed record DetectorMember(GraphPart Network, FeatureMasks Masks);

/// <summary>Rows that a detector keeps.</summary>
/// <param name="Rows">The scaled rows, [n, d] row by row.</param>
/// <param name="Scales">What the distance to a row is divided by, [n].</param>
/// <param name="Count">The number of neighbors.</param>
internal sealed record NeighborMemory(float[] Rows, float[] Scales, int Count)
{
    /// <summary>How many rows more than are wanted are looked at exactly.</summary>
    public const int Reserve = 3;
}
