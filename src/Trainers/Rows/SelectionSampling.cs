namespace MLNetAutoencoder;

/// <summary>
/// Decides one by one which of some rows are in a random selection of fixed size (selection sampling; Knuth, <i>The Art
/// of Computer Programming</i>, volume 2, 3.4.2, algorithm S).
/// </summary>
/// <param name="offered">How many rows there will be.</param>
/// <param name="wanted">How many of them are wanted.</param>
/// <param name="seed">The seed of the fit.</param>
internal sealed class SelectionSampling(long offered, long wanted, long seed)
{
    private readonly Random _random = new(SeedOf(seed));
    private long _left = offered, _wanted = wanted;

    /// <summary>A seed of 32 bits.</summary>
    public static int SeedOf(long seed) => unchecked((int)(seed ^ (seed >> 32)));

    /// <summary>Whether the next row is in the selection.</summary>
    public bool Takes()
    {
        bool takes = _random.NextDouble() * _left-- < _wanted;
        _wanted -= takes ? 1 : 0;
        return takes;
    }
}
