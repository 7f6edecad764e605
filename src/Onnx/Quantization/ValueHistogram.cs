namespace MLNetAutoencoder.Onnx;

/// <summary>
/// How the values of one place in a graph are spread, in bins whose width is 1/128 of the value: an outlier makes no
/// other bin wider.
/// </summary>
internal sealed class ValueHistogram
{
    // Sign, exponent and the first seven digits of the mantissa.
    private const int DroppedBits = 16;

    private readonly long[] _counts = new long[1 << (32 - DroppedBits)];
    private float _least = float.PositiveInfinity, _largest = float.NegativeInfinity;
    private long _count;

    /// <summary>Counts some values; those that are no finite numbers are left out.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                continue;
            _least = Math.Min(_least, value);
            _largest = Math.Max(_largest, value);
            _counts[BitConverter.SingleToUInt32Bits(value) >> DroppedBits]++;
            _count++;
        }
    }

    /// <summary>
    /// The range that holds a share of the values, what is left out being the same at both ends; all of them for 1.
    /// Zero is included.
    /// </summary>
    public ValueRange Range(double coverage)
    {
        if (_count == 0)
            return default;
        long leftOut = (long)((1 - coverage) / 2 * _count);
        float least = _least, largest = _largest;
        if (leftOut > 0)
            (least, largest) = (Bound(InOrder(), leftOut), Bound(InOrder().Reverse(), leftOut));
        return new ValueRange(Math.Min(least, 0), Math.Max(largest, 0));
    }

    /// <summary>A value of the bin in which so many values have been passed: its end away from zero.</summary>
    private float Bound(IEnumerable<uint> bins, long passed)
    {
        foreach (uint bin in bins)
        {
            passed -= _counts[bin];
            if (passed < 0)
                return Math.Clamp(BitConverter.UInt32BitsToSingle((bin << DroppedBits) | ((1u << DroppedBits) - 1)), _least, _largest);
        }
        return _largest;
    }

    /// <summary>The bins from the least value to the largest: those of negative numbers run the other way.</summary>
    private static IEnumerable<uint> InOrder()
    {
        const uint signs = 1u << (31 - DroppedBits);
        for (uint bin = 2 * signs - 1; bin >= signs; bin--)
            yield return bin;
        for (uint bin = 0; bin < signs; bin++)
            yield return bin;
    }
}
