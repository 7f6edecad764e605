namespace MLNetAutoencoder;

/// <summary>How rows are read.</summary>
internal sealed record RowReading
{
    /// <summary>What is done with missing values.</summary>
    public required TrainingMissingValues MissingValues { get; init; }

    /// <summary>How many bytes of rows may be held; more are read from the view again in each pass.</summary>
    public long Budget { get; init; } = long.MaxValue;

    /// <summary>The share of the rows that is held out.</summary>
    public double HeldOutShare { get; init; }

    /// <summary>What decides, with the row's number, which rows are held out.</summary>
    public long Seed { get; init; }

    /// <summary>Whether the rows get a digest.</summary>
    public bool HasDigest { get; init; }

    /// <summary>Ends the reading.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Whether a canceled fit gives the model that it has, once there are rows.</summary>
    public bool KeepsWhenCanceled { get; init; }

    /// <summary>
    /// Whether a row is held out: a hash of its number and the seed (the finalizer of SplitMix64; Steele, Lea and Flood
    /// 2014), as a share of the largest one.
    /// </summary>
    public bool IsHeldOut(long row)
    {
        if (HeldOutShare == 0)
            return false;
        ulong x = unchecked((ulong)row * 0x9E3779B97F4A7C15 + (ulong)Seed * 0xD1B54A32D192ED03 + 0x9E3779B97F4A7C15);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        x ^= x >> 31;
        return (x >> 11) * (1.0 / (1UL << 53)) < HeldOutShare;
    }
}
