using Microsoft.ML;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Codes of which few units are active.</summary>
[TestClass]
public sealed class SparseTests
{
    private const int Units = 64;

    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void More_activations_of_held_out_rows_are_zero_as_the_L1_weight_grows()
    {
        double[] shares = [.. new[] { 0, 1e-4, 1e-3, 1e-2 }.Select(weight =>
        {
            var options = ScaledDigits.Options(hidden: [], Units);
            options.Code = options.Code with { Activation = Activation.ReLU };
            options.Penalties = weight == 0 ? [] : [new L1Penalty(weight)];
            using var model = ScaledDigits.Fit(s_ml, options);
            float[] code = [.. ScaledDigits.Column(s_ml, model, ScaledDigits.HeldOut, "Code").SelectMany(row => row)];
            double share = code.Count(h => h < 1e-3) / (double)code.Length;
            Console.WriteLine(
                $"weight {weight}: {share:P1} of the activations below 0.001, held-out error {ScaledDigits.HeldOutError(s_ml, model):F5}");
            return share;
        })];
        AssertRising(shares);
        Assert.IsGreaterThan(0.9, shares[^1]);
    }

    [TestMethod]
    public void The_mean_activation_of_held_out_rows_comes_to_the_target_rate_as_the_weight_grows()
    {
        const double target = 0.05;
        double[] distances = [.. new[] { 0, 1e-3, 1e-2, 1e-1 }.Select(weight =>
        {
            var options = ScaledDigits.Options(hidden: [], Units);
            options.Code = options.Code with { Activation = Activation.Sigmoid };
            options.Penalties = weight == 0 ? [] : [new KullbackLeiblerPenalty(weight, target)];
            using var model = ScaledDigits.Fit(s_ml, options);
            double mean = ScaledDigits.Column(s_ml, model, ScaledDigits.HeldOut, "Code").Average(row => row.Average(h => (double)h));
            Console.WriteLine($"weight {weight}: mean activation {mean:F4}, held-out error {ScaledDigits.HeldOutError(s_ml, model):F5}");
            return Math.Abs(mean - target);
        })];
        AssertRising([.. distances.Select(distance => -distance)]);
        Assert.IsLessThan(0.01, distances[^1]);
    }

    /// <summary>Against the formula in double precision, and 0 where each unit has the target rate.</summary>
    [TestMethod]
    public void The_divergence_of_rates_is_Ngs()
    {
        float[] code = [0.1f, 0.9f, 0.3f, 0.5f, 0.2f, 0.02f];
        double[] rates = [(0.1 + 0.5) / 2, (0.9 + 0.2) / 2, (0.3 + 0.02) / 2];
        Assert.AreEqual(rates.Sum(rate => 0.2 * Math.Log(0.2 / rate) + 0.8 * Math.Log(0.8 / (1 - rate))),
            Compute(new KullbackLeiblerPenalty(1, 0.2), code, 3), 1e-6);
        Assert.AreEqual(0, Compute(new KullbackLeiblerPenalty(1, 0.25), [0.1f, 0.4f, 0.4f, 0.1f], 2), 1e-6);

        // Units that always or never fire would be infinitely far from any rate; 1 - 1e-6 is rounded to a Single, which
        // is 1e-2 of the logarithm's size off at most.
        Assert.AreEqual(0.95 * Math.Log(0.95 / 1e-6) + 0.05 * Math.Log(0.05), Compute(new KullbackLeiblerPenalty(1), [1, 1], 1), 0.05);
        Assert.AreEqual((0.1 + 0.9 + 0.3 + 0.5 + 0.2 + 0.02) / 2,
            Compute(new L1Penalty(1), [0.1f, -0.9f, 0.3f, -0.5f, 0.2f, 0.02f], 3), 1e-6);
    }

    [TestMethod]
    public void The_factory_takes_rectified_units_and_refuses_options_without_a_sparsity_penalty()
    {
        using var model = s_ml.Autoencoders().Sparse(epochs: 1, seed: 1).Fit(Rows.View(s_ml, 50));
        Assert.AreEqual("sparse dense", model.Metadata.Variant);
        StringAssert.Contains(model.Metadata.Options, "\"penalties\":[{\"kind\":\"l1\",\"weight\":");
        Fails.With<ArgumentException>("Penalties has ContractivePenalty; a sparse autoencoder expects L1Penalty or KullbackLeiblerPenalty",
            () => s_ml.Autoencoders().Sparse(new AutoencoderEstimator.Options { Penalties = [new ContractivePenalty(1)] }));
    }

    /// <summary>The penalty of a given code, row after row.</summary>
    private static double Compute(CodePenalty penalty, float[] code, int units)
    {
        using var scope = torch.NewDisposeScope();
        var encoding = new EncodedBatch(torch.tensor(code, [code.Length / units, units]), null, torch.zeros(1));
        return penalty.Compute(new PenaltyContext(null!, torch.zeros(1), null, encoding, null, default)).item<float>();
    }

    private static void AssertRising(double[] values)
    {
        for (int i = 1; i < values.Length; i++)
            Assert.IsGreaterThan(values[i - 1], values[i], string.Join(' ', values));
    }
}
