using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// A mixture of Gaussians with full covariances, fitted to the training rows' codes by expectation maximization
/// (Dempster, Laird and Rubin 1977).
/// </summary>
/// <remarks>
/// <para>All is done in double precision. The start is k-means++ (Arthur and Vassilvitskii 2007). With the same number
/// of threads the same codes and seed give the same bytes.</para>
/// <para><b>Regularization.</b> Codes are standardized first. A component's covariance is the maximum of the posterior
/// under a prior that is worth k/4 rows with the covariance of all codes, shrunk to a component's share of the volume,
/// R·c^(−2/k), as Fraley and Raftery (2007) have it: a component with few rows keeps the shape of the whole instead of
/// closing in on them. A variance of 1e-6 is added, so that codes that fill less than their space have a
/// density.</para>
/// <para><b>Components.</b> There are ten, less where that leaves a component fewer than ten rows or two for each unit.
/// Schwarz's criterion (1978) takes five fits, and on held-out codes was worse than ten where codes are large and rows
/// few: it counts every covariance as if nothing were known of it (docs/generation.md has the figures).</para>
/// </remarks>
/// <param name="Weights">Each component's share, [c].</param>
/// <param name="Means">The components' means, [c, k].</param>
/// <param name="Covariances">The components' covariances, [c, k, k].</param>
internal sealed record GaussianMixture(float[] Weights, float[] Means, float[] Covariances)
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

    private const double AddedVariance = 1e-6;

    /// <summary>Fits a mixture.</summary>
    public static GaussianMixture Fit(float[] codes, int codeSize, int seed) =>
        Fit(codes, codeSize, seed, Math.Clamp(codes.Length / codeSize / Math.Max(LeastRowsOfAComponent, 2 * codeSize), 1, MostComponents));

    /// <summary>Fits a mixture of <paramref name="count"/> components.</summary>
    internal static GaussianMixture Fit(float[] codes, int codeSize, int seed, int count)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        int k = codeSize, n = codes.Length / k;

        // Mean 0 and deviation 1 in every unit; a constant unit stays 0.
        var rows = tensor(codes, dtype: ScalarType.Float32, device: CPU).reshape(n, k).to(ScalarType.Float64);
        var center = rows.mean([0]);
        rows = rows - center;
        var deviation = (rows * rows).mean([0]).sqrt();
        rows = rows / where(deviation.IsMore(0), deviation, ones_like(deviation));
        var prior = rows.T.matmul(rows).Over(n).Times(Math.Pow(count, -2.0 / k));
        var added = eye(k, dtype: ScalarType.Float64, device: CPU).Times(AddedVariance);
        double strength = k / 4.0;

        Tensor weights = null!, means = zeros([count, k], dtype: ScalarType.Float64, device: CPU), covariances = null!;
        var shares = Start(rows, count, new Random(seed));
        double previous = double.NegativeInfinity;
        for (int iteration = 1; iteration <= MostIterations; iteration++)
        {
            using var step = NewDisposeScope();

            // Maximization: weights, means and covariances [c, k, k] from the rows' shares [c, n].
            var sizes = shares.sum([1]);
            weights = sizes.Over(n);
            means = where(sizes.IsMore(0).unsqueeze(1), shares.matmul(rows) / sizes.AtLeast(double.Epsilon).unsqueeze(1), means);
            var differences = rows - means.unsqueeze(1);
            var scatter = differences.transpose(1, 2).matmul(differences * shares.unsqueeze(2));
            covariances = (scatter.Plus(prior.Times(strength)) / sizes.Plus(strength).reshape(count, 1, 1)).Plus(added);

            // Expectation: with L·Lᵀ the covariance, the squared length of L⁻¹(x − mean) is the exponent's.
            var factor = linalg.cholesky(covariances);
            var distances = linalg.solve_triangular(factor, differences.transpose(1, 2), upper: false).Squared().sum([1]);
            var logConstants = weights.log() - factor.diagonal(dim1: 1, dim2: 2).log().sum([1]);
            var logDensities = logConstants.Minus(0.5 * k * Math.Log(2 * Math.PI)).unsqueeze(1) - distances.Times(0.5);
            var logLikelihoods = logDensities.logsumexp(0, keepdim: true);
            shares = (logDensities - logLikelihoods).exp();
            foreach (var kept in new[] { weights, means, covariances, shares })
                kept.MoveToOuterDisposeScope();
            double logLikelihood = logLikelihoods.mean().item<double>();
            if (logLikelihood - previous < Tolerance * k)
                break;
            previous = logLikelihood;
        }
        return new GaussianMixture(Singles(weights), Singles((means * deviation).Plus(center)),
            Singles(covariances * deviation.unsqueeze(0) * deviation.unsqueeze(1)));
    }

    /// <summary>
    /// k-means++: each center is a row, drawn with a probability in proportion to its squared distance from the centers
    /// so far.
    /// </summary>
    /// <returns>Whether a center is a row's nearest, [c, n].</returns>
    private static Tensor Start(Tensor rows, int count, Random random)
    {
        long n = rows.shape[0];
        var nearest = zeros(n, dtype: ScalarType.Int64, device: CPU);
        var distances = ones(n, dtype: ScalarType.Float64, device: CPU).Times(double.PositiveInfinity);
        long center = random.Next((int)n);
        for (int j = 0; ; j++)
        {
            var distance = (rows - rows[center]).Squared().sum([1]);
            nearest = where(distance < distances, tensor((long)j, dtype: ScalarType.Int64, device: CPU), nearest);
            distances = minimum(distances, distance);
            if (j == count - 1)
                return nn.functional.one_hot(nearest, count).T.to(ScalarType.Float64);
            var reached = distances.cumsum(0);
            double place = random.NextDouble() * reached[n - 1].item<double>();
            center = Math.Min(reached.IsMore(place).logical_not().sum().item<long>(), n - 1);
        }
    }

    private static float[] Singles(Tensor values) =>
        MemoryMarshal.Cast<byte, float>(values.to(ScalarType.Float32).contiguous().bytes).ToArray();
}
