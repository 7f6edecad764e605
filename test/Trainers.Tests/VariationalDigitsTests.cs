using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// What variational and conditional autoencoders learn of handwritten digits; the figures of docs/variants are what
/// these tests write.
/// </summary>
[TestClass]
public sealed class VariationalDigitsTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    private static AutoencoderEstimator.Options Options(int seed, string? condition = null) => new()
    {
        Network = new DenseNetworkOptions { OutputActivation = Activation.Sigmoid },
        Code = new CodeOptions { Size = DigitCode.Size },
        ConditionColumnName = condition,
        Scaling = InputScaling.MinMax,
        Epochs = 100,
        LearningRate = 0.003,
        Seed = seed,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
    };

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void A_variational_autoencoder_uses_its_code_and_samples_digits(int seed)
    {
        var options = Options(seed);
        options.Code = options.Code with { Variational = new VariationalOptions { Variance = 0.01 } };
        options.CodeLogVarianceColumnName = "LogVariance";
        using var model = s_ml.Autoencoders().Variational(options).Fit(LabeledDigits.View(s_ml, LabeledDigits.Train));

        var scored = model.Transform(LabeledDigits.View(s_ml, LabeledDigits.HeldOut));
        float[][] means = [.. scored.GetColumn<float[]>("Code")], logVariances = [.. scored.GetColumn<float[]>("LogVariance")];
        double[] divergences = [.. Enumerable.Range(0, DigitCode.Size).Select(unit =>
            means.Zip(logVariances).Average(row =>
                0.5 * (row.First[unit] * (double)row.First[unit] + Math.Exp(row.Second[unit]) - row.Second[unit] - 1)))];

        float[][] samples = Decode(model, LabeledDigits.NormalCodes(500, seed));
        var nearest = Array.ConvertAll(samples, LabeledDigits.Nearest);
        int classes = nearest.Select(row => row.Digit).Distinct().Count();
        double variance = LabeledDigits.PixelVariance(samples) / LabeledDigits.PixelVariance(
            [.. LabeledDigits.Train.Select(row => row.Features)]);
        double distance = nearest.Average(row => row.Distance) / LabeledDigits.HeldOut.Average(
            row => LabeledDigits.Nearest(row.Features).Distance);
        Write($"seed {seed}: divergence {divergences.Sum():F1} nats " +
            $"({string.Join(' ', divergences.Order().Reverse().Select(value => value.ToString("F2", CultureInfo.InvariantCulture)))}), " +
            $"{classes} classes, variance {variance:F2}, distance {distance:F2}");

        Assert.IsGreaterThanOrEqualTo(DigitCode.Size / 2, divergences.Count(divergence => divergence > 0.1));
        Assert.IsGreaterThanOrEqualTo(3, divergences.Sum());
        Assert.IsGreaterThanOrEqualTo(8, classes);
        Assert.IsGreaterThanOrEqualTo(0.5, variance);
        Assert.IsLessThanOrEqualTo(1.35, distance);
    }

    [TestMethod]
    [DataRow(1, true)]
    [DataRow(2, true)]
    [DataRow(3, true)]
    [DataRow(1, false)]
    [DataRow(2, false)]
    [DataRow(3, false)]
    public void A_conditional_variational_autoencoder_samples_the_digit_that_it_is_told(int seed, bool learnVariance)
    {
        var options = Options(seed, "Key");
        options.Code = options.Code with
            { Variational = new VariationalOptions { Variance = learnVariance ? VariationalOptions.DefaultVariance : 0.01,
            LearnVariance = learnVariance } };
        using var model = s_ml.Autoencoders().ConditionalVariational(options).Fit(LabeledDigits.View(s_ml, LabeledDigits.Train));
        DigitCode[] codes = LabeledDigits.NormalCodes(500, seed);
        float[][] samples = Decode(model, codes);
        Write($"seed {seed}: {Recognized(samples, codes):P1} of the samples recognized; {(learnVariance ? "learned" : "fixed")} variance " +
            $"{model.Metadata.LikelihoodVariance:F4}");
        Assert.IsGreaterThanOrEqualTo(0.8, Recognized(samples, codes));

        // Told by a vector in the place of the key, the decoder does the same.
        var vectors = s_ml.Transforms.CopyColumns("Key", "OneHot").Fit(s_ml.Data.LoadFromEnumerable(codes))
            .Transform(s_ml.Data.LoadFromEnumerable(codes));
        float[][] told = [.. model.Decoder.Transform(vectors).GetColumn<float[]>("Reconstruction")];
        CollectionAssert.AreEqual(samples.SelectMany(row => row).ToArray(), told.SelectMany(row => row).ToArray());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void A_conditional_autoencoder_without_variance_samples_a_digit_from_the_codes_of_that_digit(int seed)
    {
        using var model = s_ml.Autoencoders().Conditional(Options(seed, "Key")).Fit(LabeledDigits.View(s_ml, LabeledDigits.Train));
        float[][] trained = [.. model.Encoder.Transform(LabeledDigits.View(s_ml, LabeledDigits.Train)).GetColumn<float[]>("Code")];
        DigitCode[] ofAll = LabeledDigits.NormalCodes(500, seed), ofDigit = LabeledDigits.NormalCodes(500, seed);
        Color(ofAll, trained);
        foreach (var group in ofDigit.GroupBy(code => code.Digit))
            Color([.. group], [.. trained.Where((_, i) => LabeledDigits.Train[i].Digit == group.Key)]);
        double all = Recognized(Decode(model, ofAll), ofAll), own = Recognized(Decode(model, ofDigit), ofDigit);
        Write($"seed {seed}: codes from one Gaussian {all:P1} recognized, from the digit's own {own:P1}");

        // Nothing draws the code away from the label, so that codes of one digit decode badly as another.
        Assert.IsGreaterThanOrEqualTo(0.8, own);
        Assert.IsGreaterThan(all, own);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Every_score_tells_unseen_digits_from_those_of_the_training(int seed)
    {
        var train = LabeledDigits.View(s_ml, LabeledDigits.Train.Where(IsNormal));
        var areas = new List<double>();
        foreach (var score in Enum.GetValues<VariationalScore>())
        {
            // The draws of a score are made after the training: the three fits have the same weights.
            var options = new AutoencoderEstimator.Options { Seed = seed };
            options.Code = options.Code with { Variational = new VariationalOptions { LearnVariance = true, Score = score } };
            using var model = s_ml.Autoencoders().Variational(options).Fit(train);
            var scored = model.Transform(LabeledDigits.View(s_ml, LabeledDigits.HeldOut)).GetColumn<float>("Score")
                .Zip(LabeledDigits.HeldOut).ToLookup(row => IsNormal(row.Second), row => row.First);
            areas.Add(scored[false].Average(anomaly => scored[true].Average(normal => anomaly > normal ? 1 : anomaly == normal ? 0.5 : 0)));
        }
        Write($"seed {seed}: area under the ROC curve by reconstruction error {areas[0]:F3}, negative ELBO {areas[1]:F3}, reconstruction " +
            $"probability {areas[2]:F3}");

        // A score that had its sign or its terms wrong would be near or below 0.5.
        foreach (double area in areas)
            Assert.IsGreaterThan(0.85, area);

        static bool IsNormal(DigitRow row) => row.Digit[0] < '5';
    }

    private static float[][] Decode(AutoencoderTransformer model, DigitCode[] codes) =>
        [.. model.Decoder.Transform(LabeledDigits.View(s_ml, codes)).GetColumn<float[]>("Reconstruction")];

    /// <summary>The share of images that the nearest training row calls the digit that they were made for.</summary>
    private static double Recognized(float[][] images, DigitCode[] codes) =>
        images.Zip(codes).Average(pair => LabeledDigits.Nearest(pair.First).Digit == pair.Second.Digit ? 1.0 : 0);

    /// <summary>
    /// Turns standard-normal codes into draws from the Gaussian with mean and covariance of some codes, by Cholesky's
    /// factor.
    /// </summary>
    private static void Color(DigitCode[] codes, float[][] like)
    {
        int k = DigitCode.Size;
        double[] mean = [.. Enumerable.Range(0, k).Select(unit => like.Average(code => (double)code[unit]))];
        double[,] factor = new double[k, k];
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double rest = like.Average(code => (code[i] - mean[i]) * (code[j] - mean[j]));
                for (int l = 0; l < j; l++)
                    rest -= factor[i, l] * factor[j, l];
                factor[i, j] = i == j ? Math.Sqrt(Math.Max(rest, 0)) : factor[j, j] == 0 ? 0 : rest / factor[j, j];
            }
        }
        foreach (var code in codes)
            code.Code = [.. Enumerable.Range(0, k)
                .Select(i => (float)(mean[i] + Enumerable.Range(0, i + 1).Sum(j => factor[i, j] * code.Code[j])))];
    }

    private void Write(string line) => TestContext.WriteLine(line);
}
