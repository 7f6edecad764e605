using System.Runtime.InteropServices;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;
using TorchSharp;
using TorchSharp.Modules;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Normalization of the code, and noise on it.</summary>
[TestClass]
public sealed class CodeNormalizationTests
{
    private const int Units = 6;

    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> NormalizationsAndActivations =>
        from normalization in Enum.GetValues<CodeNormalization>() from activation in new[] { Activation.Linear, Activation.ReLU,
            Activation.Sigmoid } select new object[] { normalization, activation };

    [TestMethod]
    [DynamicData(nameof(NormalizationsAndActivations))]
    public void Graph_equals_libtorch(CodeNormalization normalization, Activation activation)
    {
        var options = Rows.Options();
        options.Network = new DenseNetworkOptions { Hidden = [16] };
        options.Code = new CodeOptions { Size = 4, Activation = activation, Normalization = normalization, NoiseDeviation = 0.1 };
        Parity.Check(s_ml, options, Rows.View(s_ml, 256), batch: 7, 1e-5);
    }

    /// <summary>
    /// Over the batch while training, but for the 1e-5 that is added to the variance, here a few hundredths; by running
    /// averages (momentum 0.1, so over about ten batches of 32 rows) when scoring, whose standard error is then about
    /// 1/√320 for the mean and twice that for the variance.
    /// </summary>
    [TestMethod]
    public void Over_the_batch_each_unit_has_mean_0_and_variance_1()
    {
        var options = Options(CodeNormalization.Batch);
        options.LearningRate = 1e-3;
        using var model = new AutoencoderEstimator(s_ml, options).Fit(ScaledDigits.View(s_ml, ScaledDigits.Train), (network, set) =>
        {
            using var none = torch.no_grad();
            float[] code = NetworkValues.Of(network.Encode(set.Whole().Rows, null, null, NetworkValues.Pass(isTraining: true)).Mean);
            Check(Columns(code), 1e-3);
        });
        Check(Columns([.. ScaledDigits.Column(s_ml, model, ScaledDigits.Train, "Code").SelectMany(row => row)]), 0.2);

        static IEnumerable<float[]> Columns(float[] code) =>
            Enumerable.Range(0, Units).Select(unit => code.Where((_, i) => i % Units == unit).ToArray());
    }

    [TestMethod]
    public void Over_the_units_each_held_out_row_has_mean_0_and_variance_1()
    {
        using var model = ScaledDigits.Fit(s_ml, Options(CodeNormalization.Layer));

        // The variance of a row's code, about 1 before, is divided by itself and 1e-5.
        Check(ScaledDigits.Column(s_ml, model, ScaledDigits.HeldOut, "Code"), 1e-3);
    }

    [TestMethod]
    public void To_unit_length_each_held_out_row_has_length_1()
    {
        using var model = ScaledDigits.Fit(s_ml, Options(CodeNormalization.UnitLength));
        foreach (float[] code in ScaledDigits.Column(s_ml, model, ScaledDigits.HeldOut, "Code"))
            Assert.AreEqual(1, Math.Sqrt(code.Sum(h => (double)h * h)), 1e-5);
    }

    /// <summary>The slope of a length is no number at 0.</summary>
    [TestMethod]
    public void A_code_of_zeros_has_a_gradient_too()
    {
        using var scope = torch.NewDisposeScope();
        var generator = new torch.Generator(1, torch.CPU);
        using var layer = new CodeLayer("code", 3, new CodeOptions { Size = 2 }, Activation.ReLU, CodeNormalization.UnitLength, generator);
        var code = layer.Forward(torch.zeros(4, 3), null, new Pass(true, generator));
        layer.Units.parameters().First().bytes.Clear();
        layer.Units.parameters().Last().bytes.Clear();
        code = layer.Forward(torch.ones(4, 3), null, new Pass(true, generator));
        code.sum().backward();
        Assert.IsTrue(NetworkValues.Of(code).All(value => value == 0));
        Assert.IsTrue(layer.parameters().SelectMany(parameter => NetworkValues.Of(parameter.grad!)).All(float.IsFinite));
    }

    [TestMethod]
    public void Noise_of_its_deviation_comes_after_the_normalization_and_only_while_training()
    {
        var options = Options(CodeNormalization.UnitLength);
        (options.Code, options.Epochs) = (options.Code with { NoiseDeviation = 0.3 }, 2);
        NetworkValues.Inspect(s_ml, options, ScaledDigits.View(s_ml, ScaledDigits.Train), (network, set) =>
        {
            using var none = torch.no_grad();
            var training = network.Encode(set.Whole().Rows, null, null, NetworkValues.Pass(isTraining: true));
            float[] noise = NetworkValues.Of(training.Code - training.Mean);

            // Five standard errors.
            Assert.AreEqual(0, noise.Average(x => (double)x), 5 * 0.3 / Math.Sqrt(noise.Length));
            Assert.AreEqual(0.3, Math.Sqrt(noise.Average(x => (double)x * x)), 5 * 0.3 / Math.Sqrt(2.0 * noise.Length));
            var scoring = network.Encode(set.Whole().Rows, null, null, NetworkValues.Pass(isTraining: false));
            CollectionAssert.AreEqual(NetworkValues.Of(scoring.Mean), NetworkValues.Of(scoring.Code));
        });
    }

    [TestMethod]
    public void Without_noise_and_normalization_the_model_has_the_plain_ones_bytes()
    {
        byte[] Bytes(Action<AutoencoderEstimator.Options> change) => NetworkValues.Bytes(Rows.Fit(s_ml, change));
        byte[] plain = Bytes(_ => { });
        CollectionAssert.AreEqual(plain, Bytes(options =>
            options.Code = options.Code with { NoiseDeviation = 0, Normalization = CodeNormalization.None }));
        CollectionAssert.AreNotEqual(plain, Bytes(options => options.Code = options.Code with { NoiseDeviation = 0.01 }));
        CollectionAssert.AreNotEqual(plain, Bytes(options => options.Code = options.Code with { Normalization = CodeNormalization.Batch }));
    }

    /// <summary>What a plain autoencoder is: the loop of a textbook, written out here, with the same draws.</summary>
    [TestMethod]
    public void A_plain_network_equals_a_textbooks_loop()
    {
        var options = Rows.Options();
        NetworkValues.Inspect(s_ml, options, Rows.View(s_ml, 200), (network, set) =>
        {
            var generator = new torch.Generator((ulong)options.Seed!.Value, torch.CPU);
            int[] widths = [5, 6, 2, 6, 5];
            List<Parameter> parameters = [];
            for (int i = 1; i < widths.Length; i++)
            {
                double bound = 1 / Math.Sqrt(widths[i - 1]);
                parameters.Add(
                    new Parameter(torch.rand([widths[i], widths[i - 1]], dtype: torch.ScalarType.Float32, generator: generator)
                    .mul_(2 * bound).sub_(bound)));
                parameters.Add(
                    new Parameter(torch.rand([widths[i]], dtype: torch.ScalarType.Float32, generator: generator).mul_(2 * bound)
                    .sub_(bound)));
            }
            using var optimizer = torch.optim.Adam(parameters, options.LearningRate);
            var all = set.Whole().Rows;
            for (int epoch = 0; epoch < options.Epochs; epoch++)
            {
                var order = torch.randperm(set.Count, generator: generator);
                for (long start = 0; start < set.Count; start += options.BatchSize)
                {
                    var rows = all.index_select(0, order.narrow(0, start, Math.Min(options.BatchSize, set.Count - start)));
                    var h = rows;
                    for (int layer = 0; layer < 4; layer++)
                    {
                        h = torch.nn.functional.linear(h, parameters[2 * layer], parameters[2 * layer + 1]);
                        h = layer is 0 or 2 ? torch.nn.functional.relu(h) : h;
                    }
                    optimizer.zero_grad();
                    torch.nn.functional.mse_loss(h, rows).backward();
                    optimizer.step();
                }
            }

            // The optimizer and the backward pass are our own: sums of Singles in another order, over 35 steps.
            foreach (var (expected, actual) in parameters.Zip(network.parameters()))
            {
                foreach (var (first, second) in MemoryMarshal.Cast<byte, float>(expected.bytes).ToArray().Zip(NetworkValues.Of(actual)))
                    Assert.AreEqual(first, second, 1e-5);
            }
        });
    }

    private static AutoencoderEstimator.Options Options(CodeNormalization normalization)
    {
        var options = ScaledDigits.Options(hidden: [32], Units, epochs: 20);
        options.Code = options.Code with { Normalization = normalization };
        return options;
    }

    private static void Check(IEnumerable<float[]> groups, double tolerance)
    {
        foreach (float[] values in groups)
        {
            double mean = values.Average(x => (double)x);
            Assert.AreEqual(0, mean, tolerance);
            Assert.AreEqual(1, values.Average(x => (x - mean) * (x - mean)), tolerance);
        }
    }
}
