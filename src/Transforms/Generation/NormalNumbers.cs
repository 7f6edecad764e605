namespace MLNetAutoencoder;

/// <summary>
/// Standard normal numbers, the same for the same seed: those of <see cref="Random(int)"/> by the method of Box and
/// Muller (1958), in double precision.
/// </summary>
internal sealed class NormalNumbers(int seed)
{
    private readonly Random _uniform = new(seed);
    private double _kept = double.NaN;

    /// <summary>The next number of the standard normal distribution.</summary>
    public double Next()
    {
        if (!double.IsNaN(_kept))
        {
            double second = _kept;
            _kept = double.NaN;
            return second;
        }

        // Two uniform numbers give two normal ones. 1 - u is never 0, whose logarithm there is none.
        double radius = Math.Sqrt(-2 * Math.Log(1 - _uniform.NextDouble()));
        var (sine, cosine) = Math.SinCos(2 * Math.PI * _uniform.NextDouble());
        _kept = radius * sine;
        return radius * cosine;
    }

    /// <summary>The next number of the uniform distribution, 0 included and 1 not.</summary>
    public double NextUniform() => _uniform.NextDouble();
}
