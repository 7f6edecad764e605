namespace MLNetAutoencoder;

/// <summary>The places of an image that a filter sees from each place.</summary>
/// <param name="Height">Its rows, an odd number.</param>
/// <param name="Width">Its columns, an odd number unless it is causal.</param>
/// <param name="Dilation">The distance of two neighboring columns (Yu and Koltun 2016).</param>
/// <param name="IsCausal">
/// Whether it sees the own column and those on its left (van den Oord et al. 2016), and not as many on each side.
/// </param>
internal readonly record struct ConvolutionKernel(int Height, int Width, int Dilation = 1, bool IsCausal = false)
{
    /// <summary>The rows of zeros above and below the image that keep its height.</summary>
    public long Above => Height / 2;

    /// <summary>The columns of zeros on the left; with those on the right they keep the width.</summary>
    public long Left => IsCausal ? Reach : Reach / 2;

    public long Right => Reach - Left;

    /// <summary>The distance of the first and the last column.</summary>
    private long Reach => (Width - 1L) * Dilation;

    public static ConvolutionKernel Square(int side) => new(side, side);

    public override string ToString() =>
        $"{Height} x {Width}{(Dilation > 1 ? $", dilation {Dilation}" : "")}{(Left == Right ? "" : ", causal")}";
}
