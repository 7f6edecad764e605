using System.Runtime.InteropServices;
using Microsoft.ML;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The squared Frobenius norm of the code's Jacobian: how it is had, and what its penalty does.</summary>
[TestClass]
public sealed class ContractiveTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void The_closed_form_equals_automatic_differentiation()
    {
        Inspect(hidden: [], Activation.Sigmoid, (network, rows) =>
        {
            double closed = Norm(network, rows, JacobianMethod.ClosedForm);

            // Both in Single precision.
            Assert.AreEqual(Norm(network, rows, JacobianMethod.Exact), closed, 1e-5 * closed);
            Assert.AreEqual(closed, Norm(network, rows, JacobianMethod.Auto), "what Auto takes");
        });
    }

    [TestMethod]
    [DataRow(0, Activation.Sigmoid)]
    [DataRow(1, Activation.Tanh)]
    [DataRow(2, Activation.Softplus)]
    public void Automatic_differentiation_equals_finite_differences(int depth, Activation activation)
    {
        Inspect([.. Enumerable.Repeat(16, depth)], activation, (network, rows) =>
        {
            using var none = torch.no_grad();
            const float step = 1e-2f;
            double sum = 0;
            for (int j = 0; j < Row.FeatureCount; j++)
            {
                var shift = torch.zeros(1, Row.FeatureCount);
                MemoryMarshal.Cast<byte, float>(shift.bytes)[j] = step;
                sum += ((Encode(network, rows + shift) - Encode(network, rows - shift)) / (2 * step)).square().sum().item<float>();
            }
            double expected = sum / rows.shape[0];

            // The step squared, and the seven digits of a difference of Single values over the step.
            Assert.AreEqual(expected, WithGradients(() => Norm(network, rows, JacobianMethod.Exact)), 2e-3 * expected);
        });
    }

    /// <summary>Hutchinson 1989: one draw is right in the mean.</summary>
    [TestMethod]
    public void The_mean_of_many_stochastic_draws_is_the_exact_norm()
    {
        Inspect(hidden: [16], Activation.Tanh, (network, rows) =>
        {
            var pass = NetworkValues.Pass(isTraining: true);
            double[] draws = [.. Enumerable.Range(0, 500)
                .Select(_ => (double)ContractivePenalty.SquaredNorm(Context(network, rows, pass), JacobianMethod.Stochastic)
                .item<float>())];
            double mean = draws.Average(), error = Math.Sqrt(draws.Average(draw => (draw - mean) * (draw - mean)) / (draws.Length - 1));
            Assert.IsGreaterThan(0, error);
            Assert.AreEqual(Norm(network, rows, JacobianMethod.Exact), mean, 4 * error, $"four standard errors; one is {error / mean:P2}");
        });
    }

    /// <summary>The penalty is trained on, so its own gradient counts: a second derivative.</summary>
    [TestMethod]
    [DataRow(0, JacobianMethod.ClosedForm)]
    [DataRow(0, JacobianMethod.Exact)]
    [DataRow(1, JacobianMethod.Exact)]
    [DataRow(1, JacobianMethod.Stochastic)]
    public void The_gradient_of_the_penalty_equals_finite_differences(int depth, JacobianMethod method)
    {
        Inspect([.. Enumerable.Repeat(6, depth)], Activation.Sigmoid, (network, rows) =>
        {
            foreach (var parameter in network.parameters())
                parameter.grad?.zero_();
            ContractivePenalty.SquaredNorm(Context(network, rows, NetworkValues.Pass(isTraining: true)), method).backward();
            var encoder = network.Trunk.parameters().Concat(network.CodeLayer.parameters()).ToArray();
            double largest = encoder.Max(parameter => NetworkValues.Of(parameter.grad!).Max(Math.Abs));
            Assert.IsGreaterThan(0, largest);
            foreach (var parameter in encoder)
            {
                float[] gradient = NetworkValues.Of(parameter.grad!);
                for (int i = 0; i < gradient.Length; i += 3)
                {
                    const float step = 1e-2f;
                    double At(float change)
                    {
                        // The same signs at both ends: a generator of the same seed.
                        ref float value = ref MemoryMarshal.Cast<byte, float>(parameter.bytes)[i];
                        float before = value;
                        value = before + change;
                        double norm = Norm(network, rows, method);
                        MemoryMarshal.Cast<byte, float>(parameter.bytes)[i] = before;
                        return norm;
                    }
                    Assert.AreEqual((At(step) - At(-step)) / (2 * step), gradient[i], 1e-2 * largest, $"{i} of {gradient.Length}");
                }
            }
        });
    }

    /// <summary>What the penalty is for, over the range of λ that the page on it states.</summary>
    [TestMethod]
    [DataRow("one layer")]
    [DataRow("deep")]
    public void The_norm_on_held_out_rows_falls_as_the_weight_grows_and_the_error_stays_within_one_and_a_half(string kind)
    {
        double before = double.PositiveInfinity, plain = 0;
        foreach (double weight in new[] { 0, 1e-4, 1e-3, 2e-3 })
        {
            var options = ScaledDigits.Options(hidden: kind == "deep" ? [32] : [], code: kind == "deep" ? 8 : 32, epochs: 60);
            options.Code = options.Code with { Activation = Activation.Sigmoid };
            options.Network = options.Network with { Activation = Activation.Softplus };
            options.Network = (DenseNetworkOptions)options.Network with { TiedWeights = kind != "deep" };
            options.Penalties = weight == 0 ? [] : [new ContractivePenalty(weight)];
            double norm = 0;
            using var model = new AutoencoderEstimator(s_ml, options).Fit(ScaledDigits.View(s_ml, ScaledDigits.Train), (network, _) =>
                norm = Norm(network, torch.tensor(
                    ScaledDigits.HeldOut.SelectMany(row => row).ToArray(), [ScaledDigits.HeldOut.Length, ScaledDigits.FeatureCount]),
                    JacobianMethod.Exact));
            double error = ScaledDigits.HeldOutError(s_ml, model);
            Console.WriteLine($"{kind}, weight {weight}: squared norm {norm:F4}, held-out error {error:F5}");
            plain = weight == 0 ? error : plain;
            Assert.IsLessThan(before, norm, $"weight {weight}");
            Assert.IsLessThanOrEqualTo(1.5 * plain, error, $"weight {weight}");
            before = norm;
        }
    }

    [TestMethod]
    public void Dropout_noise_and_statistics_of_the_batch_stay_out_of_the_norm()
    {
        var options = Options([16], Activation.Tanh);
        options.Network = options.Network with { Normalization = Normalization.Batch };
        options.Network = (DenseNetworkOptions)options.Network with { Dropout = 0.5 };
        options.Code = options.Code with { NoiseDeviation = 1 };
        NetworkValues.Inspect(s_ml, options, Rows.View(s_ml, 64), (network, set) =>
        {
            float[][] before = [.. network.buffers().Select(NetworkValues.Of)];
            double together = Norm(network, set.Whole().Rows, JacobianMethod.Exact);
            double apart = Enumerable.Range(0, 64).Average(i => Norm(network, set.Whole().Rows.narrow(0, i, 1), JacobianMethod.Exact));
            Assert.AreEqual(apart, together, 1e-5 * together, "a row's norm depends on no other row");
            foreach (var (expected, actual) in before.Zip(network.buffers()))
                CollectionAssert.AreEqual(expected, NetworkValues.Of(actual));
        });
    }

    [TestMethod]
    public void The_factory_takes_tied_sigmoid_units_and_refuses_what_does_not_fit()
    {
        using var model = s_ml.Autoencoders().Contractive(epochs: 1, seed: 1).Fit(Rows.View(s_ml, 50));
        Assert.AreEqual("contractive dense", model.Metadata.Variant);
        StringAssert.Contains(model.Metadata.Options, "\"tied_weights\":true");
        StringAssert.Contains(model.Metadata.Options, "\"code\":{\"size\":8,\"activation\":\"Sigmoid\"");
        Fails.With<ArgumentException>("Penalties has L1Penalty; a contractive autoencoder expects ContractivePenalty",
            () => s_ml.Autoencoders().Contractive(new AutoencoderEstimator.Options { Penalties = [new L1Penalty(1)] }));
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => s_ml.Autoencoders().Contractive(
                new AutoencoderEstimator.Options { Penalties = [new ContractivePenalty(1, JacobianMethod.ClosedForm)] })).Message,
            "Penalties.ContractivePenalty.Method (ClosedForm) and Network (dense) cannot be combined");
    }

    private static AutoencoderEstimator.Options Options(int[] hidden, Activation activation)
    {
        var options = Rows.Options();
        options.Network = new DenseNetworkOptions { Hidden = hidden, Activation = activation };
        options.Code = new CodeOptions { Size = 3, Activation = activation };
        return options;
    }

    private static void Inspect(int[] hidden, Activation activation, Action<AutoencoderNetwork, torch.Tensor> check) =>
        NetworkValues.Inspect(s_ml, Options(hidden, activation), Rows.View(s_ml, 40), (network, set) => check(network, set.Whole().Rows));

    private static torch.Tensor Encode(AutoencoderNetwork network, torch.Tensor rows) =>
        network.Encode(rows, null, null, NetworkValues.Pass(isTraining: false)).Mean;

    private static double Norm(AutoencoderNetwork network, torch.Tensor rows, JacobianMethod method) =>
        ContractivePenalty.SquaredNorm(Context(network, rows, NetworkValues.Pass(isTraining: true)), method).item<float>();

    private static PenaltyContext Context(AutoencoderNetwork network, torch.Tensor rows, Pass pass) =>
        new(network, rows, null, default, null, pass);

    private static double WithGradients(Func<double> compute)
    {
        using var gradients = torch.enable_grad();
        return compute();
    }
}
