using System.Runtime.InteropServices;

namespace MLNetAutoencoder.Onnx;

/// <summary>A weight in whole numbers: symmetric, with a scale for each unit of the layer.</summary>
/// <remarks>
/// With n levels to each side, the scale of unit u is s = max |w| / n over its weights, and w is stored as round(w / s)
/// (Jacob et al. 2018, equation 1, with zero point 0; a scale for each unit after Krishnamoorthi 2018, section 3.1). A
/// unit whose weights are all zero has the scale 1.
/// </remarks>
internal readonly struct Int8Levels
{
    /// <summary>All that eight bits hold: for weights that are widened before anything is calculated.</summary>
    public const int Widened = 127;

    /// <summary>
    /// For weights that are multiplied as integers. Processors without VNNI add two products of an unsigned and a
    /// signed byte in 16 bits, and cut off what does not fit: 2 · 255 · 64 = 32,640 does, 2 · 255 · 127 does not. So a
    /// file gives the same scores on every processor.
    /// </summary>
    public const int Multiplied = 64;

    private const float LeastNormal = 1.17549435E-38f;

    private Int8Levels(sbyte[] values, float[] scales) => (Values, Scales) = (values, scales);

    public sbyte[] Values { get; }

    /// <summary>One for each unit.</summary>
    public float[] Scales { get; }

    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(Values.AsSpan());

    /// <param name="weight">The weight.</param>
    /// <param name="levels">The largest whole number.</param>
    /// <param name="leastScale">For each unit the least scale that is allowed; null for none.</param>
    public static Int8Levels Of(LayerWeight weight, int levels, Func<int, float>? leastScale = null)
    {
        float[] scales = new float[weight.Units];
        for (int i = 0; i < weight.Values.Length; i++)
        {
            ref float largest = ref scales[weight.UnitOf(i)];
            largest = Math.Max(largest, Math.Abs(weight.Values[i]));
        }
        for (int unit = 0; unit < scales.Length; unit++)
        {
            float scale = Math.Max(scales[unit] / levels, leastScale?.Invoke(unit) ?? 0);

            // Below the normal numbers a quotient by the scale has hardly any digits left; such weights are zero beside all others.
            scales[unit] = scale >= LeastNormal ? scale : 1;
        }
        sbyte[] values = new sbyte[weight.Values.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = (sbyte)Math.Clamp(MathF.Round(weight.Values[i] / scales[weight.UnitOf(i)]), -levels, levels);
        return new Int8Levels(values, scales);
    }
}
