using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The quartiles of features: exact up to some number of rows, beyond it those of a random sample of as many.</summary>
/// <remarks>
/// The quartiles of 100,000 sampled rows lie within 0.5 percentiles of the exact ones in all but 3 of 10,000 cases: the
/// standard error of a sample's share of ¼ is √(¼·¾ / 100,000) = 0.14 %.
/// </remarks>
internal sealed class QuantileSample
{
    private const int MostRows = 100_000, FewestRows = 10_000, MostValues = 16_000_000;

    private readonly int _width;
    private readonly SelectionSampling _selection;
    private readonly float[] _values;
    private int _count;

    public QuantileSample(long rowCount, int width, long seed)
    {
        _width = width;
        long wanted = Math.Min(rowCount, Math.Clamp(MostValues / width, FewestRows, MostRows));
        _selection = new SelectionSampling(rowCount, wanted, seed);
        _values = new float[wanted * width];
    }

    /// <summary>Keeps a row or leaves it.</summary>
    public void Offer(ReadOnlySpan<float> row)
    {
        if (_selection.Takes())
            row.CopyTo(_values.AsSpan(_count++ * _width));
    }

    /// <summary>The quartiles of a feature's known values, linearly between neighboring ones (Hyndman and Fan 1996, type 7).</summary>
    public (float Lower, float Median, float Upper) Quartiles(int feature)
    {
        float[] values = [.. Enumerable.Range(0, _count).Select(row => _values[row * _width + feature]).Where(float.IsFinite)];
        if (values.Length == 0)
            return (0, 0, 0);
        Array.Sort(values);
        return (Quantile.Of(values, 0.25), Quantile.Of(values, 0.5), Quantile.Of(values, 0.75));
    }
}
