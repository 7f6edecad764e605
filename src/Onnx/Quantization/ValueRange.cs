namespace MLNetAutoencoder.Onnx;

/// <summary>The range of a value, zero included, and the scale and zero point of its eight bits.</summary>
internal readonly record struct ValueRange(float Least, float Largest)
{
    private const int Steps = 255;

    private const float LeastNormal = 1.17549435E-38f;

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

    /// <summary>The range of these values too; those that are no finite numbers are left out.</summary>
    public ValueRange With(ReadOnlySpan<float> values)
    {
        float least = Least, largest = Largest;
        foreach (float value in values)
        {
            if (float.IsFinite(value))
                (least, largest) = (Math.Min(least, value), Math.Max(largest, value));
        }
        return new ValueRange(least, largest);
    }
}
