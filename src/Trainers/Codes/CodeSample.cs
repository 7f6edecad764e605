namespace MLNetAutoencoder;

/// <summary>Keeps the codes of some of the training rows: all where they are few, otherwise a random selection of fixed size.</summary>
/// <param name="rowCount">How many codes will be offered.</param>
/// <param name="codeSize">The units of a code.</param>
/// <param name="seed">The seed of the fit.</param>
internal sealed class CodeSample(long rowCount, int codeSize, long seed)
{
    /// <summary>A thousand for each of ten components: more hardly change what is found, and take longer.</summary>
    public const int MostRows = 10_000;

    private readonly SelectionSampling _selection = new(rowCount, Math.Min(rowCount, MostRows), seed);
    private int _kept;

    /// <summary>The codes that are kept, one after another, in the order in which they were offered; complete when all have been.</summary>
    public float[] Codes { get; } = new float[Math.Min(rowCount, MostRows) * codeSize];

    /// <summary>A seed for what is fitted to the codes.</summary>
    public int Seed => SelectionSampling.SeedOf(seed);

    /// <summary>Keeps a code or leaves it.</summary>
    public void Offer(ReadOnlySpan<float> code)
    {
        if (_selection.Takes())
            code.CopyTo(Codes.AsSpan(_kept++ * codeSize, codeSize));
    }
}
