namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The mixture of Gaussians that training fits to the codes.</summary>
[TestClass]
public sealed class GaussianMixtureTests
{
    /// <summary>
    /// Two clusters of codes of two units: a third about (0, 0) and two thirds about (6, 100), in units of another size
    /// and each with a correlation of its own.
    /// </summary>
    private static readonly (double Weight, double[] Mean, double[] Covariance)[] s_clusters =
        [(1 / 3.0, [0, 0], [1, 8, 8, 100]), (2 / 3.0, [6, 100], [0.25, -2, -2, 25])];

    private static float[] Codes(int count, int seed)
    {
        var numbers = new NormalNumbers(seed);
        double[] normal = new double[2];
        float[] code = new float[2];
        GaussianCodes[] clusters = [.. s_clusters.Select(
            cluster => new GaussianCodes([.. cluster.Mean.Select(value => (float)value)],
            [.. cluster.Covariance.Select(value => (float)value)]))];
        var codes = new List<float>();
        for (int i = 0; i < count; i++)
        {
            clusters[numbers.NextUniform() < s_clusters[0].Weight ? 0 : 1].Draw(numbers, normal, code);
            codes.AddRange(code);
        }
        return [.. codes];
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Two_clusters_are_found_with_weights_means_and_covariances(int seed)
    {
        const int rows = 9000;
        var mixture = GaussianMixture.Fit(Codes(rows, seed: 11), 2, seed, count: 2);
        int[] order = mixture.Weights[0] < mixture.Weights[1] ? [0, 1] : [1, 0];
        for (int j = 0; j < 2; j++)
        {
            var (weight, mean, covariance) = s_clusters[j];

            // Five standard errors of the estimates from a cluster's rows; the prior, worth half a row, moves a
            // variance by less than a thousandth.
            double own = weight * rows;
            Assert.AreEqual(weight, mixture.Weights[order[j]], 5 * Math.Sqrt(weight * (1 - weight) / rows));
            for (int a = 0; a < 2; a++)
            {
                Assert.AreEqual(mean[a], mixture.Means[order[j] * 2 + a], 5 * Math.Sqrt(covariance[a * 3] / own),
                    $"mean of unit {a} in cluster {j}");
                for (int b = 0; b < 2; b++)
                {
                    double error = Math.Sqrt((covariance[a * 3] * covariance[b * 3] + covariance[a * 2 + b] * covariance[a * 2 + b]) / own);
                    Assert.AreEqual(covariance[a * 2 + b], mixture.Covariances[order[j] * 4 + a * 2 + b], 5 * error,
                        $"covariance of units {a} and {b} in cluster {j}");
                }
            }
        }
    }

    [TestMethod]
    public void Ten_components_follow_two_clusters_and_leave_the_space_between_them_empty()
    {
        var mixture = GaussianMixture.Fit(Codes(3000, seed: 12), 2, seed: 1);
        Assert.HasCount(10, mixture.Weights);
        Assert.AreEqual(1, mixture.Weights.Sum(), 1e-6);
        double upper = Enumerable.Range(0, 10).Where(j => mixture.Means[j * 2 + 1] > 60).Sum(j => mixture.Weights[j]);
        Assert.AreEqual(2 / 3.0, upper, 5 * Math.Sqrt(2 / 9.0 / 3000));

        // Between the clusters, more than four deviations from both: one Gaussian has its middle there.
        Assert.IsFalse(Enumerable.Range(0, 10).Any(j => mixture.Means[j * 2 + 1] is > 40 and < 75));
    }

    [TestMethod]
    public void One_component_is_the_Gaussian_of_all_codes()
    {
        float[] codes = Codes(500, seed: 13);
        var mixture = GaussianMixture.Fit(codes, 2, seed: 1, count: 1);
        double[] mean = [.. Enumerable.Range(0, 2).Select(a => Enumerable.Range(0, 500).Average(i => (double)codes[i * 2 + a]))];
        Assert.AreEqual(1, mixture.Weights.Single());
        for (int a = 0; a < 2; a++)
        {
            Assert.AreEqual(mean[a], mixture.Means[a], 1e-5 * Math.Abs(mean[a]));
            for (int b = 0; b < 2; b++)
            {
                double covariance = Enumerable.Range(0, 500).Average(i => (codes[i * 2 + a] - mean[a]) * (codes[i * 2 + b] - mean[b]));
                Assert.AreEqual(covariance, mixture.Covariances[a * 2 + b], 1e-5 * Math.Abs(covariance),
                    "the prior has the same covariance; 1e-6 is added to the variances");
            }
        }
    }

    [TestMethod]
    public void The_same_codes_and_seed_give_the_same_mixture_and_another_seed_another_start()
    {
        float[] codes = Codes(400, seed: 14);
        var first = GaussianMixture.Fit(codes, 2, seed: 5);
        var second = GaussianMixture.Fit(codes, 2, seed: 5);
        CollectionAssert.AreEqual(first.Weights, second.Weights);
        CollectionAssert.AreEqual(first.Means, second.Means);
        CollectionAssert.AreEqual(first.Covariances, second.Covariances);
        CollectionAssert.AreNotEqual(first.Means, GaussianMixture.Fit(codes, 2, seed: 6).Means);
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(19, 1)]
    [DataRow(20, 2)]
    [DataRow(99, 9)]
    [DataRow(5000, 10)]
    public void There_are_ten_components_less_where_rows_are_few(int rows, int components) =>
        Assert.HasCount(components, GaussianMixture.Fit(Codes(rows, seed: 15), 2, seed: 1).Weights);

    [TestMethod]
    public void Large_codes_have_two_rows_for_each_unit_and_component()
    {
        float[] codes = new float[32 * 200];
        var numbers = new NormalNumbers(3);
        for (int i = 0; i < codes.Length; i++)
            codes[i] = (float)numbers.Next();
        Assert.HasCount(3, GaussianMixture.Fit(codes, 32, seed: 1).Weights);
    }

    [TestMethod]
    public void Codes_that_fill_less_than_their_space_have_a_mixture_within_what_they_fill()
    {
        // A constant unit, and one that is twice another.
        float[] pairs = Codes(300, seed: 16);
        float[] codes = [.. Enumerable.Range(0, 300).SelectMany(i => new[] { 7, pairs[i * 2], 2 * pairs[i * 2], pairs[i * 2 + 1] })];
        var mixture = GaussianMixture.Fit(codes, 4, seed: 1);
        Assert.HasCount(10, mixture.Weights);
        for (int j = 0; j < 10; j++)
        {
            Assert.AreEqual(7, mixture.Means[j * 4]);
            Assert.AreEqual(2 * mixture.Means[j * 4 + 1], mixture.Means[j * 4 + 2], 1e-4);
            float Covariance(int a, int b) => mixture.Covariances[j * 16 + a * 4 + b];
            Assert.AreEqual(0, Covariance(0, 0));
            Assert.AreEqual(0, Covariance(0, 3));
            Assert.IsGreaterThan(0, Covariance(1, 1));

            // The added variance of 1e-6 is relative to that of all codes, about 8 in unit 1 and 33 in unit 2.
            Assert.AreEqual(4 * Covariance(1, 1), Covariance(2, 2), 1e-4);
            Assert.AreEqual(2 * Covariance(1, 1), Covariance(1, 2), 1e-4);
        }
    }

    [TestMethod]
    public void Codes_that_are_all_one_are_a_point()
    {
        var mixture = GaussianMixture.Fit([.. Enumerable.Repeat(new[] { 3f, -4 }, 50).SelectMany(code => code)], 2, seed: 1);
        Assert.AreEqual(1, mixture.Weights.Sum());
        Assert.IsTrue(mixture.Means.Chunk(2).All(mean => mean is [3, -4]));
        Assert.IsTrue(mixture.Covariances.All(value => value == 0));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(500)]
    [DataRow(CodeSample.MostRows)]
    public void Codes_of_few_rows_are_all_kept_in_order(int rows)
    {
        var sample = new CodeSample(rows, 2, seed: 1);
        for (int i = 0; i < rows; i++)
            sample.Offer([i, -i]);
        CollectionAssert.AreEqual(Enumerable.Range(0, rows).SelectMany(i => new float[] { i, -i }).ToArray(), sample.Codes);
    }

    [TestMethod]
    public void Of_many_rows_each_is_kept_with_one_probability_and_once()
    {
        const int rows = 35_000;
        var sample = new CodeSample(rows, 1, seed: 9);
        for (int i = 0; i < rows; i++)
            sample.Offer([i]);
        Assert.HasCount(CodeSample.MostRows, sample.Codes);
        for (int i = 1; i < sample.Codes.Length; i++)
            Assert.IsGreaterThan(sample.Codes[i - 1], sample.Codes[i]);

        // A tenth of the rows has a tenth of the sample, to within five standard errors of a draw without putting back.
        foreach (var part in sample.Codes.GroupBy(value => (int)value / (rows / 10)))
            Assert.AreEqual(1000, part.Count(), 5 * Math.Sqrt(1000 * 0.9 * (1 - CodeSample.MostRows / (double)rows)));
    }
}
