namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>Rows in memory, one after another: what both sides of a ratio read.</summary>
internal sealed class RowBlock(float[] values, int width)
{
    public int Width => width;

    public int Rows => values.Length / width;

    /// <summary>Rows of uniform random numbers, the same ones each time.</summary>
    public static RowBlock Random(int rows, int width)
    {
        var random = new Random(1);
        float[] values = new float[rows * width];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle();
        return new RowBlock(values, width);
    }

    /// <summary>Some rows of the block that follow each other, in one piece.</summary>
    public ReadOnlySpan<float> Slice(int row, int count) => values.AsSpan(row * width, count * width);

    /// <summary>The first rows as a block of their own.</summary>
    public RowBlock First(int rows) => new(Slice(0, rows).ToArray(), width);
}
