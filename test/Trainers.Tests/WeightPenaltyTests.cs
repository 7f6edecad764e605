using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Penalties on the size of the weights.</summary>
[TestClass]
public sealed class WeightPenaltyTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void The_norm_of_the_weights_shrinks_as_the_penalty_grows(int power)
    {
        double before = double.PositiveInfinity;
        foreach (double weight in new[] { 0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2 })
        {
            var options = ScaledDigits.Options(hidden: [32], code: 8, epochs: 40);
            (options.WeightL1, options.WeightL2) = power == 1 ? (weight, 0.0) : (0.0, weight);
            double norm = 0;
            using var model = new AutoencoderEstimator(s_ml, options).Fit(ScaledDigits.View(s_ml, ScaledDigits.Train), (network, _) =>
                norm = network.Weights.SelectMany(NetworkValues.Of).Sum(w => Math.Pow(Math.Abs(w), power)));
            Console.WriteLine($"L{power} weight {weight}: norm {norm:F2}, held-out error {ScaledDigits.HeldOutError(s_ml, model):F5}");
            Assert.IsLessThan(before, norm, $"weight {weight}");
            before = norm;
        }
    }

    /// <summary>Every matrix counts once, also a tied one; biases and scales of a normalization do not.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void The_terms_are_the_sums_over_the_weights_alone(bool tied)
    {
        var options = Rows.Options();
        options.Network = new DenseNetworkOptions { Hidden = [6], TiedWeights = tied, Normalization = Normalization.Layer };
        (options.WeightL1, options.WeightL2) = (0.5, 0.25);
        NetworkValues.Inspect(s_ml, options, Rows.View(s_ml, 50), (network, set) =>
        {
            float[] weights = [.. network.Weights.SelectMany(NetworkValues.Of)];
            Assert.AreEqual((5 * 6 + 6 * 2) * (tied ? 1 : 2), weights.Length);
            var objective = new Objective(options, network, set);
            var terms = objective.Terms(new TrainingBatch(set.Whole().Rows, null, null, null), 0, NetworkValues.Pass(isTraining: true));
            CollectionAssert.AreEqual(new[] { "reconstruction", "weight_l1", "weight_l2" }, objective.Names);

            // Sums of a hundred Single values.
            Assert.AreEqual(0.5 * weights.Sum(w => Math.Abs((double)w)), terms[1].item<float>(), 1e-5);
            Assert.AreEqual(0.25 * weights.Sum(w => (double)w * w), terms[2].item<float>(), 1e-5);
        });
    }
}
