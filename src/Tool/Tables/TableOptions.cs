namespace MLNetAutoencoder.Tool.Tables;

/// <summary>How a text file is read, and which values count as missing in any file.</summary>
internal sealed record TableOptions
{
    /// <summary>What counts as missing unless the command line names others.</summary>
    public static readonly IReadOnlyList<string> DefaultMissing = ["NA", "N/A", "NaN", "null", "?"];

    public bool HasHeader { get; init; } = true;

    /// <summary>What separates the values; null to find it in the first line.</summary>
    public char? Separator { get; init; }

    public bool HasDecimalComma { get; init; }

    /// <summary>The texts that count as missing, in any case; nothing at all always does.</summary>
    public IReadOnlyList<string> Missing { get; init; } = DefaultMissing;
}
