namespace MLNetAutoencoder;

/// <summary>Where a detector looks for the nearest rows. Values can be combined: each gives a part of the score.</summary>
[Flags]
public enum NeighborSpaces
{
    /// <summary>Nowhere.</summary>
    None = 0,

    /// <summary>Among scaled features (Breunig, Kriegel, Ng and Sander 2000).</summary>
    Features = 1,

    /// <summary>
    /// Among the ranks of the features, as values of a standard normal distribution (van der Waerden 1952): no feature's distribution
    /// matters.
    /// </summary>
    Ranks = 2,

    /// <summary>Among the codes of the first network (Sakurada and Yairi 2014 score by codes).</summary>
    Codes = 4,
}
