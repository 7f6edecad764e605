namespace MLNetAutoencoder;

/// <summary>
/// A Gaussian distribution of codes, from which codes are drawn as mean + F·z with z standard normal and F·Fᵀ the
/// covariance.
/// </summary>
internal sealed class GaussianCodes
{
    private readonly float[] _mean;
    private readonly double[] _factor;
    private readonly bool _diagonal;

    /// <param name="mean">The mean, [k].</param>
    /// <param name="covariance">The covariance, [k, k] row by row, or the variances alone, [k].</param>
    public GaussianCodes(ReadOnlySpan<float> mean, ReadOnlySpan<float> covariance)
    {
        _mean = mean.ToArray();
        _diagonal = covariance.Length == mean.Length;
        _factor = _diagonal ? Deviations(covariance) : Factor(covariance, mean.Length);
    }

    /// <summary>Independent standard normal units.</summary>
    public static GaussianCodes Standard(int codeSize)
    {
        float[] variances = new float[codeSize];
        Array.Fill(variances, 1f);
        return new GaussianCodes(new float[codeSize], variances);
    }

    /// <summary>Draws a code.</summary>
    /// <param name="numbers">Where the standard normal numbers come from, as many as the code has units.</param>
    /// <param name="normal">Room for these.</param>
    /// <param name="code">Where the code goes.</param>
    public void Draw(NormalNumbers numbers, double[] normal, float[] code)
    {
        int k = code.Length;
        for (int a = 0; a < k; a++)
            normal[a] = numbers.Next();
        for (int a = 0; a < k; a++)
        {
            double value = _mean[a];
            if (_diagonal)
                value += _factor[a] * normal[a];
            for (int b = 0; !_diagonal && b < k; b++)
                value += _factor[a * k + b] * normal[b];
            code[a] = (float)value;
        }
    }

    private static double[] Deviations(ReadOnlySpan<float> variances)
    {
        double[] deviations = new double[variances.Length];
        for (int a = 0; a < deviations.Length; a++)
            deviations[a] = Math.Sqrt(Math.Max(0, variances[a]));
        return deviations;
    }

    /// <summary>
    /// A factor F of a positive semi-definite matrix, F·Fᵀ = C, by Cholesky's method with complete pivoting (Higham
    /// 2002, section 10.3).
    /// </summary>
    /// <remarks>
    /// Codes often fill less than their space: a unit may be constant or a function of others, and the covariance is
    /// then singular, or after rounding to Single slightly indefinite. Taking the largest remaining variance first,
    /// relative to the unit's own, the factorization ends where only rounding is left, and the remaining columns stay
    /// 0.
    /// </remarks>
    private static double[] Factor(ReadOnlySpan<float> covariance, int k)
    {
        const double rounding = 1.2e-7;
        double[] factor = new double[k * k], deviation = new double[k], remaining = new double[k];
        for (int a = 0; a < k; a++)
        {
            deviation[a] = Math.Sqrt(Math.Max(0, covariance[a * k + a]));
            remaining[a] = deviation[a] > 0 ? 1 : 0;
        }
        for (int column = 0; column < k; column++)
        {
            int pivot = Array.IndexOf(remaining, remaining.Max());
            if (remaining[pivot] <= k * rounding)
                break;
            double root = Math.Sqrt(remaining[pivot]);
            for (int a = 0; a < k; a++)
            {
                if (remaining[a] <= 0)
                    continue;
                double value = covariance[a * k + pivot] / (deviation[a] * deviation[pivot]);
                for (int b = 0; b < column; b++)
                    value -= factor[a * k + b] * factor[pivot * k + b];
                factor[a * k + column] = a == pivot ? root : value / root;
            }
            for (int a = 0; a < k; a++)
                remaining[a] = a == pivot ? 0 : Math.Max(0, remaining[a] - factor[a * k + column] * factor[a * k + column]);
        }
        for (int a = 0; a < k; a++)
        {
            for (int b = 0; b < k; b++)
                factor[a * k + b] *= deviation[a];
        }
        return factor;
    }
}
