namespace MLNetAutoencoder.Onnx;

/// <summary>The range of a value, zero included, and the scale and zero point of its eight bits.</summary>
internal readonly record struct ValueRange(float Least, float Largest)
{
    private const int Steps = 255;

    /// <summary>What one step of the eight bits is worth. A value that is always zero has the scale 1.</summary>
    public float Scale
    {
        get
        {
            float scale = (float)(((double)Largest - Least) / Steps);
            return scale >= LeastNormal ? scale : 1;
        }
    }

    /// <summary>The whole number that stands for zero.</summary>
    public byte ZeroPoint => (byte)Math.Clamp(Math.Round(-(double)Least / Scale), 0, Steps);

    public ValueRange Union(ValueRange other) => new(Math.Min(Least, other.Least), Math.Max(Largest, other.Largest));

    private const float LeastNormal = 1.17549435E-38f;
}
