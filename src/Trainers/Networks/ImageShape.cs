namespace MLNetAutoencoder;

/// <summary>The size of an image between two layers.</summary>
internal readonly record struct ImageShape(int Channels, int Height, int Width)
{
    /// <summary>The number of values.</summary>
    public long Count => (long)Channels * Height * Width;

    /// <summary>The number of pixels.</summary>
    public long Places => (long)Height * Width;

    /// <summary>The image after pooling: each side is divided by the factor, rounded up.</summary>
    public ImageShape Pooled(int factor) => this with { Height = Pooled(Height, factor), Width = Pooled(Width, factor) };

    /// <summary>The factors by which the two sides are pooled, and enlarged again: no side is pooled by more than it has.</summary>
    public long[] Factors(int factor) => [Math.Min(factor, Height), Math.Min(factor, Width)];

    public override string ToString() => $"{Channels} x {Height} x {Width}";

    private static int Pooled(int side, int factor) => (side - 1) / factor + 1;
}
