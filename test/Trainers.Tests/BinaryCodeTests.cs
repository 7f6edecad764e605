using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Codes of zeros and ones.</summary>
[TestClass]
public sealed class BinaryCodeTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public sealed class FourBits
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];
    }

    public sealed class TwoBits
    {
        [VectorType(2)]
        public float[] Code { get; set; } = [];
    }

    /// <summary>Four rows are one step in an epoch, so there are many of these; everything else is the factory's.</summary>
    [TestMethod]
    public void Four_one_hot_rows_get_four_two_bit_codes_and_decode_exactly_from_nine_of_ten_seeds()
    {
        FourBits[] rows = [.. Enumerable.Range(0, 4)
            .Select(i => new FourBits { Features = [.. Enumerable.Range(0, 4).Select(j => i == j ? 1f : 0f)] })];
        var view = s_ml.Data.LoadFromEnumerable(rows);
        int good = Enumerable.Range(1, 10).Count(seed =>
        {
            using var model = s_ml.Autoencoders().BinaryCode(code: 2, epochs: 2000, seed: seed).Fit(view);
            float[][] codes = [.. model.Encoder.Transform(view).GetColumn<float[]>("Code")], bits = [.. codes.Select(Round)];
            float[][] decoded = [.. model.Decoder.Transform(
                s_ml.Data.LoadFromEnumerable(bits.Select(code => new TwoBits { Code = code }))).GetColumn<float[]>("Reconstruction")];
            bool exact = decoded.Zip(rows).All(pair => Round(pair.First).SequenceEqual(pair.Second.Features));
            bool different = bits.Select(code => string.Join(' ', code)).Distinct().Count() == 4;
            Console.WriteLine(
                $"seed {seed}: {string.Join(", ", codes.Select(code => $"{code[0]:F3} {code[1]:F3}"))}: " +
                $"{(exact && different ? "good" : "bad")}");
            return exact && different;
        });
        Assert.IsGreaterThanOrEqualTo(9, good);
    }

    [TestMethod]
    public void The_code_of_held_out_digits_moves_to_zeros_and_ones()
    {
        (double Between, double Error) Train(double? weight)
        {
            const int epochs = 60;
            var options = ScaledDigits.Options(hidden: [32], code: 16, epochs: epochs);
            options.Code = options.Code with { Activation = Activation.Sigmoid };
            options.Penalties = weight is { } present ? [new BinaryCodePenalty(present) { WarmUpEpochs = epochs }] : [];
            using var model = ScaledDigits.Fit(s_ml, options);
            float[] code = [.. ScaledDigits.Column(s_ml, model, ScaledDigits.HeldOut, "Code").SelectMany(row => row)];
            return (code.Count(h => h is > 0.1f and < 0.9f) / (double)code.Length, ScaledDigits.HeldOutError(s_ml, model));
        }
        var (plain, weak, strong) = (Train(null), Train(1e-3), Train(1e-2));
        Console.WriteLine($"activations between 0.1 and 0.9 and held-out error: {plain}, {weak}, {strong}");
        Assert.IsLessThan(plain.Between, weak.Between);
        Assert.IsLessThan(weak.Between, strong.Between);
        Assert.IsLessThan(0.1, strong.Between);
    }

    [TestMethod]
    public void The_penalty_warms_up_over_its_epochs()
    {
        var options = Rows.Options();
        options.Code = options.Code with { Activation = Activation.Sigmoid };
        options.Penalties = [new BinaryCodePenalty(2) { WarmUpEpochs = 10 }];
        NetworkValues.Inspect(s_ml, options, Rows.View(s_ml, 50), (network, set) =>
        {
            var objective = new Objective(options, network, set);
            double At(int epoch) => objective.Terms(
                new TrainingBatch(set.Whole().Rows, null, null, null), epoch, NetworkValues.Pass(isTraining: true))[1].item<float>();
            float[] code = NetworkValues.Of(network.Encode(set.Whole().Rows, null, null, NetworkValues.Pass(isTraining: false)).Mean);
            double full = 2 * code.Sum(h => h * (1.0 - h)) / set.Count;
            Assert.AreEqual(0, At(0));
            Assert.AreEqual(0.3 * full, At(3), 1e-5);
            Assert.AreEqual(full, At(10), 1e-5);
            Assert.AreEqual(full, At(500), 1e-5);
        });
    }

    [TestMethod]
    public void Options_without_the_penalty_or_with_another_activation_are_refused()
    {
        Fails.With<ArgumentException>("Penalties has nothing; an autoencoder with a binary code expects BinaryCodePenalty",
            () => s_ml.Autoencoders().BinaryCode(new AutoencoderEstimator.Options()));
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => s_ml.Autoencoders().BinaryCode(new AutoencoderEstimator.Options { Penalties = [new BinaryCodePenalty(1)] })).Message,
            "Penalties.BinaryCodePenalty (set) and Code.Activation (Linear) cannot be combined: it needs code units between 0 and 1; use " +
                "Sigmoid");
    }

    private static float[] Round(float[] values) => Array.ConvertAll(values, value => value > 0.5f ? 1f : 0f);
}
