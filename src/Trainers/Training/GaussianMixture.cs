using System.Runtime.CompilerServices;

namespace MLNetAutoencoder;

/// <summary>
/// A mixture of Gaussians with full covariances, fitted to the training rows' codes by expectation maximization
/// (Dempster, Laird and Rubin 1977).
/// </summary>
/// <remarks>
/// <para>All is done in double precision and in one order, so that the same codes and seed give the same bytes. The
/// start is k-means++ (Arthur and Vassilvitskii 2007).</para>
/// <para><b>Regularization.</b> Codes are standardized first. A component's covariance is the maximum of the posterior
/// under a prior that is worth k/4 rows with the covariance of all codes, shrunk to a component's share of the volume,
/// R·c^(−2/k), as Fraley and Raftery (2007) have it: a component with few rows keeps the shape of the whole instead of
/// closing in on them. A variance of 1e-6 is added, so that codes that fill less than their space have a
/// density.</para>
/// <para><b>Components.</b> There are ten, less where that leaves a component fewer than ten rows or two for each unit.
/// Schwarz's criterion (1978) takes five fits, and on held-out codes was worse than ten where codes are large and rows
/// few: it counts every covariance as if nothing were known of it (docs/generation.md has the figures).</para>
/// </remarks>
internal sealed class GaussianMixture
{
    /// <summary>
    /// For codes of more units there is no mixture: full covariances would outgrow the weights, and without the
    /// covariances of units one full Gaussian describes codes better than many.
    /// </summary>
    public const int LargestCode = 32;

    private const int MostComponents = 10;
    private const int LeastRowsOfAComponent = 10;
    private const int MostIterations = 20;

    /// <summary>The gain of an iteration, in nats for a row and unit, below which it is the last.</summary>
    private const double Tolerance = 1e-3;

    /// <summary>The smallest share of a row that counts.</summary>
    private const double SmallestShare = 1e-6;

    private const double AddedVariance = 1e-6;

    private GaussianMixture(float[] weights, float[] means, float[] covariances)
    {
        Weights = weights;
        Means = means;
        Covariances = covariances;
    }

    /// <summary>No mixture.</summary>
    public static GaussianMixture None { get; } = new([], [], []);

    /// <summary>Each component's share, [c].</summary>
    public float[] Weights { get; }

    /// <summary>The components' means, [c, k].</summary>
    public float[] Means { get; }

    /// <summary>The components' covariances, [c, k, k].</summary>
    public float[] Covariances { get; }

    /// <summary>Fits a mixture.</summary>
    /// <param name="codes">The codes, one after another; at least one.</param>
    /// <param name="codeSize">The units of a code.</param>
    /// <param name="seed">The seed of the start.</param>
    public static GaussianMixture Fit(float[] codes, int codeSize, int seed) =>
        Fit(codes, codeSize, seed, Math.Clamp(codes.Length / codeSize / Math.Max(LeastRowsOfAComponent, 2 * codeSize), 1, MostComponents));

    /// <summary>Fits a mixture of <paramref name="count"/> components.</summary>
    internal static GaussianMixture Fit(float[] codes, int codeSize, int seed, int count)
    {
        var rows = new StandardizedCodes(codes, codeSize);
        var components = new Component[count];
        for (int j = 0; j < count; j++)
            components[j] = new Component(codeSize);

        int[] nearest = Start(rows, count, new Random(seed));
        for (int i = 0; i < rows.Count; i++)
            components[nearest[i]].Add(rows.Row(i), 1);

        double strength = codeSize / 4.0, volume = Math.Pow(count, -2.0 / codeSize);
        double[] logDensities = new double[count];
        double previous = double.NegativeInfinity;
        for (int iteration = 1; iteration <= MostIterations; iteration++)
        {
            foreach (var component in components)
                component.Maximize(rows, strength, volume);
            double logLikelihood = Expect(rows, components, nearest, logDensities) / rows.Count;
            if (logLikelihood - previous < Tolerance * codeSize)
                break;
            previous = logLikelihood;
        }
        return new GaussianMixture(
            Array.ConvertAll(components, component => (float)component.Weight),
            [.. components.SelectMany(component => rows.RestoreMean(component.Mean))],
            [.. components.SelectMany(component => rows.RestoreCovariance(component.Covariance))]);
    }

    /// <summary>
    /// k-means++: each center is a row, drawn with a probability in proportion to its squared distance from the centers
    /// so far.
    /// </summary>
    /// <returns>For each row, the nearest center.</returns>
    private static int[] Start(StandardizedCodes rows, int count, Random random)
    {
        int[] nearest = new int[rows.Count];
        double[] distances = new double[rows.Count];
        Array.Fill(distances, double.PositiveInfinity);
        int center = random.Next(rows.Count);
        for (int j = 0; ; j++)
        {
            double sum = 0;
            for (int i = 0; i < rows.Count; i++)
            {
                double distance = SquaredDistance(rows.Row(i), rows.Row(center));
                if (distance < distances[i])
                    (distances[i], nearest[i]) = (distance, j);
                sum += distances[i];
            }
            if (j == count - 1)
                return nearest;
            double place = random.NextDouble() * sum;
            center = 0;
            while (center < rows.Count - 1 && (place -= distances[center]) >= 0)
                center++;
        }
    }

    /// <summary>Gives each row to the components in proportion to their densities there.</summary>
    /// <returns>The logarithm of the likelihood.</returns>
    private static double Expect(StandardizedCodes rows, Component[] components, int[] nearest, double[] logDensities)
    {
        // A density e^37 times smaller than another does not change their sum in double precision.
        const double negligible = 37;
        double logLikelihood = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            // The component that was the most likely is so mostly still, and the others need not be computed to the end.
            var row = rows.Row(i);
            int first = nearest[i];
            double best = logDensities[first] = components[first].LogDensity(row, double.NegativeInfinity);
            for (int j = 0; j < components.Length; j++)
            {
                if (j == first)
                    continue;
                logDensities[j] = components[j].LogDensity(row, best - negligible);
                if (logDensities[j] > best)
                    (best, nearest[i]) = (logDensities[j], j);
            }
            double sum = 0;
            for (int j = 0; j < components.Length; j++)
                sum += logDensities[j] = logDensities[j] < best - negligible ? 0 : Math.Exp(logDensities[j] - best);
            for (int j = 0; j < components.Length; j++)
            {
                double share = logDensities[j] / sum;
                if (share > SmallestShare)
                    components[j].Add(row, share);
            }
            logLikelihood += best + Math.Log(sum);
        }
        return logLikelihood;
    }

    private static double SquaredDistance(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        double sum = 0;
        for (int a = 0; a < first.Length; a++)
            sum += (first[a] - second[a]) * (first[a] - second[a]);
        return sum;
    }

    /// <summary>One Gaussian of the mixture, and what an iteration gathers for its next state.</summary>
    private sealed class Component(int k)
    {
        private readonly double[] _inverseFactor = new double[k * k];
        private readonly double[] _difference = new double[k];
        private readonly double[] _sum = new double[k];
        private readonly double[] _squares = new double[k * k];
        private double _share;
        private double _logConstant;

        public double Weight { get; private set; }

        public double[] Mean { get; } = new double[k];

        /// <summary>The covariance; only its lower triangle is kept.</summary>
        public double[] Covariance { get; } = new double[k * k];

        // Both run often enough in a fit to be worth the compiler's best code at once, and in the first fit of a
        // process too seldom to get it in time.

        /// <summary>Gives the component a share of a row.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Add(ReadOnlySpan<double> row, double share)
        {
            // About the mean so far, which the next one is close to: little cancels.
            var difference = _difference.AsSpan();
            for (int a = 0; a < difference.Length; a++)
                difference[a] = row[a] - Mean[a];
            _share += share;
            for (int a = 0; a < difference.Length; a++)
            {
                double weighted = share * difference[a];
                _sum[a] += weighted;
                var squares = _squares.AsSpan(a * k, a + 1);
                var others = difference[..squares.Length];
                for (int b = 0; b < squares.Length && b < others.Length; b++)
                    squares[b] += weighted * others[b];
            }
        }

        /// <summary>Takes weight, mean and covariance from the rows that were added, and forgets these.</summary>
        public void Maximize(StandardizedCodes rows, double strength, double volume)
        {
            Weight = _share / rows.Count;
            double perShare = _share > 0 ? 1 / _share : 0;
            for (int a = 0; a < k; a++)
            {
                for (int b = 0; b <= a; b++)
                {
                    double scatter = _squares[a * k + b] - _sum[a] * _sum[b] * perShare;
                    Covariance[a * k + b] = (scatter + strength * volume * rows.Covariance[a * k + b]) / (_share + strength);
                }
                Covariance[a * k + a] += AddedVariance;
            }
            for (int a = 0; a < k; a++)
                Mean[a] += _sum[a] * perShare;
            double logDeterminant = InvertFactor();
            _logConstant = Math.Log(Weight) - 0.5 * (logDeterminant + k * Math.Log(2 * Math.PI));
            _share = 0;
            Array.Clear(_sum);
            Array.Clear(_squares);
        }

        /// <summary>The logarithm of weight times density, or any lower number where it is below <paramref name="atLeast"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double LogDensity(ReadOnlySpan<double> row, double atLeast)
        {
            var difference = _difference.AsSpan();
            double logDensity = _logConstant;
            for (int a = 0; a < difference.Length && logDensity >= atLeast; a++)
            {
                difference[a] = row[a] - Mean[a];
                double value = Dot(_inverseFactor.AsSpan(a * k, a + 1), difference[..(a + 1)]);
                logDensity -= 0.5 * value * value;
            }
            return logDensity;
        }

        /// <summary>The inverse of the Cholesky factor L of the covariance, L·Lᵀ = C.</summary>
        /// <returns>The logarithm of the determinant of C.</returns>
        private double InvertFactor()
        {
            double[] factor = new double[k * k];
            double logDeterminant = 0;
            for (int a = 0; a < k; a++)
            {
                for (int b = 0; b <= a; b++)
                {
                    double value = Covariance[a * k + b] - Dot(factor.AsSpan(a * k, b), factor.AsSpan(b * k, b));
                    factor[a * k + b] = a == b ? Math.Sqrt(value) : value / factor[b * k + b];
                }
                logDeterminant += 2 * Math.Log(factor[a * k + a]);
            }
            for (int b = 0; b < k; b++)
            {
                _inverseFactor[b * k + b] = 1 / factor[b * k + b];
                for (int a = b + 1; a < k; a++)
                {
                    double value = 0;
                    for (int c = b; c < a; c++)
                        value -= factor[a * k + c] * _inverseFactor[c * k + b];
                    _inverseFactor[a * k + b] = value / factor[a * k + a];
                }
            }
            return logDeterminant;
        }

        /// <summary>The scalar product of two lists of one length, in four sums that do not wait for each other.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static double Dot(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
        {
            double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            int a = 0;
            for (; a + 3 < first.Length; a += 4)
            {
                sum0 += first[a] * second[a];
                sum1 += first[a + 1] * second[a + 1];
                sum2 += first[a + 2] * second[a + 2];
                sum3 += first[a + 3] * second[a + 3];
            }
            for (; a < first.Length; a++)
                sum0 += first[a] * second[a];
            return sum0 + sum1 + (sum2 + sum3);
        }
    }

    /// <summary>The codes with mean 0 and deviation 1 in every unit; a constant unit stays 0.</summary>
    private sealed class StandardizedCodes
    {
        private readonly int _k;
        private readonly double[] _values;
        private readonly double[] _mean;
        private readonly double[] _deviation;

        public StandardizedCodes(float[] codes, int codeSize)
        {
            int k = _k = codeSize;
            Count = codes.Length / k;
            (_values, _mean, _deviation, Covariance) = (new double[codes.Length], new double[k], new double[k], new double[k * k]);
            for (int a = 0; a < k; a++)
            {
                double sum = 0, squares = 0;
                for (int i = 0; i < Count; i++)
                    sum += codes[i * k + a];
                _mean[a] = sum / Count;
                for (int i = 0; i < Count; i++)
                    squares += (codes[i * k + a] - _mean[a]) * (codes[i * k + a] - _mean[a]);
                _deviation[a] = Math.Sqrt(squares / Count);
                for (int i = 0; i < Count && _deviation[a] > 0; i++)
                    _values[i * k + a] = (codes[i * k + a] - _mean[a]) / _deviation[a];
            }
            for (int i = 0; i < Count; i++)
            {
                var row = Row(i);
                for (int a = 0; a < k; a++)
                {
                    for (int b = 0; b <= a; b++)
                        Covariance[a * k + b] += row[a] * row[b] / Count;
                }
            }
        }

        public int Count { get; }

        /// <summary>The covariance of the standardized codes; only its lower triangle is kept.</summary>
        public double[] Covariance { get; }

        public ReadOnlySpan<double> Row(int row) => _values.AsSpan(row * _k, _k);

        /// <summary>A mean in the codes' own units.</summary>
        public IEnumerable<float> RestoreMean(double[] mean) => mean.Select((value, a) => (float)(_mean[a] + _deviation[a] * value));

        /// <summary>A covariance in the codes' own units, both triangles.</summary>
        public IEnumerable<float> RestoreCovariance(double[] lower)
        {
            for (int a = 0; a < _k; a++)
            {
                for (int b = 0; b < _k; b++)
                    yield return (float)(_deviation[a] * _deviation[b] * lower[Math.Max(a, b) * _k + Math.Min(a, b)]);
            }
        }
    }
}
