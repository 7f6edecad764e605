using Microsoft.ML;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Training on spoilt rows toward clean ones.</summary>
[TestClass]
public sealed class DenoisingTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Dictionary<string, Corruption> s_corruptions = new()
    {
        ["Gaussian"] = new GaussianCorruption(0.3),
        ["masking"] = new MaskingCorruption(0.3),
        ["salt and pepper"] = new SaltAndPepperCorruption(0.2),
    };

    [TestMethod]
    [DataRow("Gaussian")]
    [DataRow("masking")]
    [DataRow("salt and pepper")]
    public void Noisy_held_out_digits_come_back_better_than_from_the_same_network_trained_clean(string kind)
    {
        float[][] noisy = Spoil(kind, ScaledDigits.HeldOut, new Random(11));
        double Error(Corruption? corruption)
        {
            var options = ScaledDigits.Options(hidden: [], code: 32);
            options.Code = options.Code with { Activation = Activation.ReLU };
            options.Corruption = corruption;
            using var model = ScaledDigits.Fit(s_ml, options);
            return ScaledDigits.Error(s_ml, model, noisy, ScaledDigits.HeldOut);
        }
        double clean = Error(null), denoising = Error(s_corruptions[kind]);
        Console.WriteLine(
            $"{kind}: error of noisy held-out rows {denoising:F5}, trained clean {clean:F5}, of the noise itself " +
            $"{ScaledDigits.SquaredError(noisy, ScaledDigits.HeldOut):F5}");
        Assert.IsLessThan(0.8 * clean, denoising);
    }

    [TestMethod]
    public void Gaussian_noise_has_mean_zero_and_its_deviation()
    {
        WithSet(0.25f, (set, generator) =>
        {
            float[] noise = [.. NetworkValues.Of(new GaussianCorruption(0.3).Apply(set.Whole().Rows, set, generator))
                .Zip(NetworkValues.Of(set.Whole().Rows), (noisy, clean) => noisy - clean)];
            double n = noise.Length, deviation = Math.Sqrt(noise.Average(x => (double)x * x));

            // Five standard errors.
            Assert.AreEqual(0, noise.Average(x => (double)x), 5 * 0.3 / Math.Sqrt(n));
            Assert.AreEqual(0.3, deviation, 5 * 0.3 / Math.Sqrt(2 * n));
            Assert.AreEqual(0.6827, noise.Count(x => Math.Abs(x) < 0.3) / n, 5 * Math.Sqrt(0.6827 * 0.3173 / n), "within one deviation");
        });
    }

    [TestMethod]
    public void Masking_sets_its_share_to_zero_and_keeps_the_rest()
    {
        WithSet(0.25f, (set, generator) =>
        {
            float[] clean = NetworkValues.Of(set.Whole().Rows),
                masked = NetworkValues.Of(new MaskingCorruption(0.3).Apply(set.Whole().Rows, set, generator));
            Assert.IsTrue(masked.Zip(clean).All(pair => pair.First == 0 || pair.First == pair.Second));
            AssertShare(0.3, masked.Count(value => value == 0), masked.Length);
        });
    }

    [TestMethod]
    public void Salt_and_pepper_are_each_features_extremes_and_equally_frequent()
    {
        WithSet(0.25f, (set, generator) =>
        {
            float[] clean = NetworkValues.Of(set.Whole().Rows),
                spoilt = NetworkValues.Of(new SaltAndPepperCorruption(0.2).Apply(set.Whole().Rows, set, generator));
            float[] least = NetworkValues.Of(set.Least), most = NetworkValues.Of(set.Most);
            int salt = 0, pepper = 0;
            for (int i = 0; i < clean.Length; i++)
            {
                int j = i % Row.FeatureCount;
                if (spoilt[i] == clean[i])
                    continue;
                Assert.IsTrue(spoilt[i] == least[j] || spoilt[i] == most[j]);
                (salt, pepper) = spoilt[i] == most[j] ? (salt + 1, pepper) : (salt, pepper + 1);
            }
            AssertShare(0.1, salt, clean.Length);
            AssertShare(0.1, pepper, clean.Length);
        });
    }

    /// <summary>With nearly everything masked the network sees zeros, and is still asked for the rows.</summary>
    [TestMethod]
    public void The_target_is_the_clean_row_and_each_step_draws_anew()
    {
        var options = Rows.Options();
        options.Corruption = new MaskingCorruption(0.999999);
        options.Network = options.Network with { Activation = Activation.Tanh };
        NetworkValues.Inspect(s_ml, options, Rows.View(s_ml, 50), (network, set) =>
        {
            var batch = new TrainingBatch(set.Whole().Rows, null, null, null);
            var pass = NetworkValues.Pass(isTraining: true);
            var ofNothing = network.Forward(torch.zeros_like(set.Whole().Rows), null, pass);
            Assert.AreEqual((ofNothing - set.Whole().Rows).square().mean().item<float>(),
                new Objective(options, network, set).Terms(batch, 0, pass)[0].item<float>(), 1e-6);

            var half = Rows.Options();
            half.Corruption = new MaskingCorruption(0.5);
            var objective = new Objective(half, network, set);
            Assert.AreNotEqual(objective.Terms(batch, 0, pass)[0].item<float>(), objective.Terms(batch, 0, pass)[0].item<float>());
        });
    }

    [TestMethod]
    public void Scoring_spoils_nothing()
    {
        var options = Rows.Options();
        options.Corruption = new GaussianCorruption(0.5);
        Parity.Check(s_ml, options, Rows.View(s_ml, 100), batch: 7, 1e-5);
    }

    [TestMethod]
    public void Metadata_do_not_depend_on_the_culture_of_the_thread()
    {
        var culture = System.Globalization.CultureInfo.CurrentCulture;
        var comma = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            System.Globalization.CultureInfo.CurrentCulture = comma;
            using var model = Rows.Fit(new MLContext(seed: 1), options =>
                (options.Corruption, options.Penalties) = (new GaussianCorruption(0.25), [new L1Penalty(0.5)]));
            StringAssert.Contains(model.Metadata.Options, "\"deviation\":0.25");
            StringAssert.Contains(model.Metadata.Options, "\"weight\":0.5");
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = culture;
        }
    }

    [TestMethod]
    public void The_factory_masks_by_default_and_refuses_options_without_a_corruption()
    {
        using var model = s_ml.Autoencoders().Denoising(epochs: 1, seed: 1).Fit(Rows.View(s_ml, 50));
        Assert.AreEqual("denoising dense", model.Metadata.Variant);
        StringAssert.Contains(model.Metadata.Options, "\"corruption\":{\"kind\":\"masking\",\"share\":0.25}");
        var error = Assert.ThrowsExactly<ArgumentException>(() => s_ml.Autoencoders().Denoising(new AutoencoderEstimator.Options()));
        StringAssert.Contains(error.Message, "Corruption is null; a denoising autoencoder expects");
        Fails.With<ArgumentOutOfRangeException>("Corruption.Share is 1; expected more than 0 and less than 1",
            () => s_ml.Autoencoders().Denoising(corruption: new MaskingCorruption(1)));
        Fails.With<ArgumentOutOfRangeException>("Corruption.Deviation is -1",
            () => s_ml.Autoencoders().Denoising(corruption: new GaussianCorruption(-1)));
    }

    /// <summary>The same kinds of noise, drawn by .NET.</summary>
    private static float[][] Spoil(string kind, float[][] rows, Random random) => [.. rows.Select(row => row.Select(value =>
    {
        double draw = random.NextDouble();
        return kind switch
        {
            "Gaussian" => (float)(value + 0.3 * Math.Sqrt(-2 * Math.Log(1 - draw)) * Math.Cos(2 * Math.PI * random.NextDouble())),
            "masking" => draw < 0.3 ? 0 : value,
            _ => draw < 0.1 ? 0 : draw < 0.2 ? 1 : value,
        };
    }).ToArray())];

    /// <summary>A training set of 20,000 rows that lie between features' extremes, none of them 0.</summary>
    private static void WithSet(float least, Action<TrainingSet, torch.Generator> check)
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 20_000).Select(
            _ => new Row { Features = [.. Enumerable.Range(0, Row.FeatureCount).Select(j => least + (j + 1) * random.NextSingle())] });
        var options = Rows.Options();
        (options.Epochs, options.Scaling) = (0, InputScaling.None);
        NetworkValues.Inspect(s_ml, options, s_ml.Data.LoadFromEnumerable(rows), (_, set) => check(set, new torch.Generator(5, torch.CPU)));
    }

    /// <summary>Five standard deviations of a share of independent draws.</summary>
    private static void AssertShare(double expected, int count, int total) =>
        Assert.AreEqual(expected, count / (double)total, 5 * Math.Sqrt(expected * (1 - expected) / total));
}
