using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The variational autoencoder: its objective, its parity, its scores and what it learns.</summary>
[TestClass]
public sealed class VariationalTests
{
    private const int RowCount = 60;

    private static readonly MLContext s_ml = new(seed: 1);

    /// <summary>What a likelihood and its options are, by a name for people.</summary>
    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_likelihoods = new()
    {
        ["Gaussian, fixed variance"] = options => options.Code = options.Code with { Variational = new() { Variance = 0.03 } },
        ["Gaussian, learned variance"] = options =>
            options.Code = options.Code with { Variational = new() { Variance = 0.3, LearnVariance = true } },
        ["Bernoulli"] = options => (options.Loss, options.Network, options.Code) = (ReconstructionLoss.BinaryCrossEntropy,
            options.Network with { OutputActivation = Activation.Sigmoid }, options.Code with { Variational = new() }),
    };

    /// <summary>What else an objective or a score is made of.</summary>
    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_additions = new()
    {
        ["plain"] = _ => { },
        ["β and warm-up"] = options =>
            options.Code = options.Code with { Variational = options.Code.Variational! with { Beta = 2.5, WarmUpEpochs = 4 } },
        ["free bits"] = options => options.Code = options.Code with { Variational = options.Code.Variational! with { FreeBits = 0.02 } },
        ["feature weights"] = options => options.FeatureWeights = [.. Enumerable.Range(1, VariantRow.FeatureCount).Select(j => (float)j)],
        ["row weights"] = options => options.WeightColumnName = "Weight",
        ["condition and code offset"] = options =>
            (options.ConditionColumnName, options.Code) = ("Key", options.Code with { OffsetColumnName = "Offset" }),
    };

    public static IEnumerable<object[]> Objectives =>
        from likelihood in s_likelihoods.Keys from addition in s_additions.Keys select new object[] { likelihood, addition };

    public static IEnumerable<object[]> ObjectivesAndScores =>
        from row in Objectives from score in new[] { VariationalScore.NegativeElbo,
        VariationalScore.ReconstructionProbability } select row.Append(score).ToArray();

    private static AutoencoderEstimator.Options Options(string likelihood, string addition)
    {
        var options = VariantRows.Options();
        s_likelihoods[likelihood](options);
        s_additions[addition](options);
        (options.Epochs, options.LearningRate) = (8, 0.01);
        return options;
    }

    [TestMethod]
    [DataRow(0, 0)]
    [DataRow(0, -3)]
    [DataRow(0, 1.5)]
    [DataRow(1.25, 0)]
    [DataRow(-2, -6)]
    [DataRow(0.3, -0.2)]
    [DataRow(3, 2)]
    public void The_divergence_equals_a_numeric_integral(double mean, double logVariance)
    {
        // Simpson's rule over ∫ q (ln q − ln p), 12 standard deviations to each side; outside lies less than 1e-30.
        const int intervals = 4000;
        double deviation = Math.Exp(logVariance / 2), step = 24 * deviation / intervals, integral = 0;
        for (int i = 0; i <= intervals; i++)
        {
            double z = mean - 12 * deviation + i * step, standard = (z - mean) / deviation;
            double logQ = -0.5 * (standard * standard + Math.Log(2 * Math.PI)) - logVariance / 2;
            double logP = -0.5 * (z * z + Math.Log(2 * Math.PI));
            integral += (i is 0 or intervals ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(logQ) * (logQ - logP);
        }
        integral *= step / 3;

        using var scope = torch.NewDisposeScope();
        float[] actual = NetworkValues.Of(
            Objective.UnitDivergence(torch.tensor(new[] { (float)mean }), torch.tensor(new[] { (float)logVariance })));

        // Single precision: a few units in the last digit of terms of about the divergence's size, or of 1.
        Assert.AreEqual(integral, actual.Single(), 1e-6 * Math.Max(1, integral));
    }

    [TestMethod]
    [DynamicData(nameof(Objectives))]
    public void The_objective_is_what_the_formulas_say(string likelihood, string addition)
    {
        var options = Options(likelihood, addition);
        Inspect(options, (network, set) =>
        {
            var variational = options.Code.Variational!;
            var objective = new Objective(options, network, set);
            CollectionAssert.AreEqual(new[] { "reconstruction", "divergence" }, objective.Names);
            foreach (int epoch in new[] { 0, 1, 3, 4, 9 })
            {
                // The same draws twice: once for the objective, once for what the formulas are applied to.
                var all = set.Whole();
                float[] terms = [.. objective.Terms(all, epoch, Training(epoch)).SelectMany(NetworkValues.Of)];
                var encoded = network.Encode(all.Rows, all.Condition, all.Offset, Training(epoch));
                double[][] rows = Table(all.Rows), reconstructions = Table(network.Decode(encoded.Code, all.Condition, Training(epoch)));
                double variance = variational.LearnVariance ? Math.Exp(NetworkValues.Of(network.LikelihoodLogVariance!).Single())
                    : variational.Variance;
                double[] rowWeights = all.Weights is null ? [.. rows.Select(_ => 1.0)]
                    : [.. NetworkValues.Of(all.Weights).Select(weight => (double)weight)];

                double reconstruction = 0;
                for (int i = 0; i < rows.Length; i++)
                    reconstruction += rowWeights[i]
                        * NegativeLogLikelihood(options, rows[i], reconstructions[i], variance) / VariantRow.FeatureCount / rows.Length;
                double[][] means = Table(encoded.Mean), logVariances = Table(encoded.LogVariance!);
                double divergence = Enumerable.Range(0, options.Code.Size).Sum(unit =>
                    Math.Max(variational.FreeBits,
                        Enumerable.Range(0, rows.Length).Average(i => rowWeights[i] * Divergence(means[i][unit], logVariances[i][unit]))));
                double beta = variational.WarmUpEpochs == 0 ? 1 : variational.Beta * Math.Min(1, epoch / 4.0);

                Assert.AreEqual(reconstruction, terms[0], 1e-5 * Math.Max(1, Math.Abs(reconstruction)), $"reconstruction, epoch {epoch}");
                Assert.AreEqual(beta * divergence / VariantRow.FeatureCount, terms[1], 1e-5, $"divergence, epoch {epoch}");
            }
        });

        static Pass Training(int seed) => new(IsTraining: true, new torch.Generator((ulong)seed, torch.CPU));
    }

    [TestMethod]
    public void Training_samples_the_code_by_its_mean_and_deviation_and_scoring_takes_the_mean()
    {
        var options = Options("Gaussian, fixed variance", "plain");
        Inspect(options, (network, set) =>
        {
            var encoded = network.Encode(set.Whole().Rows, null, null, new Pass(IsTraining: true, new torch.Generator(5, torch.CPU)));
            float[] draws = NetworkValues.Of(torch.randn(encoded.Mean.shape, dtype: torch.ScalarType.Float32,
                generator: new torch.Generator(5, torch.CPU)));
            float[] means = NetworkValues.Of(encoded.Mean), logVariances = NetworkValues.Of(encoded.LogVariance!),
                codes = NetworkValues.Of(encoded.Code);
            for (int i = 0; i < codes.Length; i++)
                Assert.AreEqual(means[i] + Math.Exp(logVariances[i] / 2.0) * draws[i], codes[i], 1e-5);
            CollectionAssert.AreEqual(means, NetworkValues.Of(
                network.Encode(set.Whole().Rows, null, null, new Pass(IsTraining: false, new torch.Generator(5, torch.CPU))).Code));
        });
    }

    [TestMethod]
    [DynamicData(nameof(Objectives))]
    public void Code_log_variance_and_reconstruction_by_ONNX_Runtime_equal_libtorchs(string likelihood, string addition)
    {
        foreach (int batch in new[] { 1, 7, 256 })
            Parity.Check(s_ml, Options(likelihood, addition), VariantRows.View(s_ml, 300), batch, 1e-5);
    }

    [TestMethod]
    [DynamicData(nameof(ObjectivesAndScores))]
    public void Scores_of_the_graph_equal_a_computation_in_double(string likelihood, string addition, VariationalScore score)
    {
        const int samples = 6;
        var options = Options(likelihood, addition);
        options.Code = options.Code with { Variational = options.Code.Variational! with { Score = score, ScoreSamples = samples } };
        (options.CodeColumnName, options.CodeLogVarianceColumnName, options.ReconstructionColumnName) = (
            "Code", "LogVariance", "Reconstruction");

        // Unscaled, so that what the decoder gives is what the likelihood is of.
        options.Scaling = InputScaling.None;
        int k = options.Code.Size;
        using var model = s_ml.Autoencoders().Variational(options).Fit(VariantRows.View(s_ml, 300));
        float[] draws = Draws(model);
        Assert.HasCount(samples * k, draws);

        var rows = VariantRows.Make(RowCount, seed: 19);
        var scored = model.Transform(VariantRows.View(s_ml, RowCount, seed: 19));
        float[][] codes = [.. scored.GetColumn<float[]>("Code")], logVariances = [.. scored.GetColumn<float[]>("LogVariance")];
        float[] actual = [.. scored.GetColumn<float>("Score")];

        var sampled = new List<VariantCode>();
        for (int i = 0; i < RowCount; i++)
        {
            for (int l = 0; l < samples; l++)
                sampled.Add(new VariantCode { Group = rows[i].Group,
                    Code = [.. Enumerable.Range(0, k)
                    .Select(unit => (float)(codes[i][unit] + Math.Exp(logVariances[i][unit] / 2.0) * draws[l * k + unit]))] });
        }
        float[][] reconstructions = [.. model.Decoder.Transform(VariantRows.View(s_ml, sampled)).GetColumn<float[]>("Reconstruction")];

        double variance = options.Loss == ReconstructionLoss.BinaryCrossEntropy ? 0
            : options.Code.Variational.LearnVariance ? model.Metadata.LikelihoodVariance : options.Code.Variational.Variance;
        for (int i = 0; i < RowCount; i++)
        {
            double expected = Enumerable.Range(0, samples)
                .Average(l => NegativeLogLikelihood(
                options, Doubles(rows[i].Features), Doubles(reconstructions[i * samples + l]), variance));
            if (score == VariationalScore.NegativeElbo)
            {
                // The divergence is that of what the encoder gives; what is added to the code is known and costs nothing.
                for (int unit = 0; unit < k; unit++)
                    expected += Divergence(codes[i][unit] - (options.Code.OffsetColumnName is null ? 0 : rows[i].Offset[unit]),
                        logVariances[i][unit]);
            }

            // Sums over 12 features of which the largest weighs about twice the mean; differences in the last digits of
            // a reconstruction weigh 1 / 0.03.
            Assert.AreEqual(expected, actual[i], 2e-5 * Math.Max(1, Math.Abs(expected)), $"row {i}");
        }
    }

    [TestMethod]
    [DataRow(VariationalScore.NegativeElbo)]
    [DataRow(VariationalScore.ReconstructionProbability)]
    public void A_rows_score_depends_on_the_row_alone(VariationalScore score)
    {
        var options = Options("Gaussian, fixed variance", "condition and code offset");
        options.Code = options.Code with { Variational = options.Code.Variational! with { Score = score } };
        using var model = s_ml.Autoencoders().Variational(options).Fit(VariantRows.View(s_ml, 300));
        Assert.HasCount(VariationalOptions.DefaultScoreSamples * options.Code.Size, Draws(model));
        float[] first = Score(VariantRows.Make(256, seed: 4), 256);
        foreach (int batch in new[] { 1, 7 })
        {
            // The kernels for other numbers of rows add up in another order; other draws would move the score by far more.
            Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(first, Score(VariantRows.Make(256, seed: 4), batch)), $"batch {batch}");
        }
        CollectionAssert.AreEqual(first, Score(VariantRows.Make(256, seed: 4), 256));
        float[] reversed = Score([.. VariantRows.Make(256, seed: 4).Reverse()], 256);
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(first.Reverse(), reversed));

        float[] Score(VariantRow[] rows, int batch)
        {
            using var sized = model.WithScoring(new ScoringOptions { BatchSize = batch });
            return [.. sized.Transform(VariantRows.View(s_ml, rows)).GetColumn<float>("Score")];
        }
    }

    [TestMethod]
    [DataRow(VariationalScore.NegativeElbo)]
    [DataRow(VariationalScore.ReconstructionProbability)]
    public void More_samples_make_a_score_that_depends_less_on_the_draws(VariationalScore score)
    {
        // The draws are made after the training, so that the fits differ in nothing else. 64 draws err an eighth as much as one.
        float[] reference = Scores(512);
        Assert.IsLessThan(0.5 * Error(1), Error(64));

        double Error(int samples) => reference.Zip(Scores(samples)).Average(pair => Math.Abs((double)pair.First - pair.Second));

        float[] Scores(int samples)
        {
            var options = Options("Gaussian, fixed variance", "plain");
            options.Code = options.Code with { Variational = options.Code.Variational! with { Score = score, ScoreSamples = samples } };
            using var model = s_ml.Autoencoders().Variational(options).Fit(VariantRows.View(s_ml, 300));
            return VariationalTests.Scores(model, VariantRows.View(s_ml, 100, seed: 6));
        }
    }

    [TestMethod]
    [DataRow(VariationalScore.NegativeElbo)]
    [DataRow(VariationalScore.ReconstructionProbability)]
    public void A_row_with_a_missing_value_has_no_score_unless_the_mean_stands_in(VariationalScore score)
    {
        foreach (var policy in new[] { ScoringMissingValues.NaN, ScoringMissingValues.Mean })
        {
            var options = Options("Bernoulli", "plain");
            options.Code = options.Code with { Variational = options.Code.Variational! with { Score = score } };
            options.ScoringMissingValues = policy;
            using var model = s_ml.Autoencoders().Variational(options).Fit(VariantRows.View(s_ml, 200));
            VariantRow[] rows = VariantRows.Make(9, seed: 2), filled = VariantRows.Make(9, seed: 2);
            (rows[3].Features[0], rows[5].Features[7], rows[6].Features[1]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity);
            foreach (var (row, feature) in new[] { (3, 0), (5, 7), (6, 1) })
                filled[row].Features[feature] = model.Metadata.FeatureMeans[feature];
            var scored = model.Transform(VariantRows.View(s_ml, rows));
            float[] scores = [.. scored.GetColumn<float>("Score")];
            bool[] anomalies = [.. scored.GetColumn<bool>("PredictedLabel")];
            float[] expected = Scores(model, VariantRows.View(s_ml, filled));
            for (int i = 0; i < rows.Length; i++)
            {
                bool missing = i is 3 or 5 or 6 && policy == ScoringMissingValues.NaN;
                Assert.AreEqual(missing ? float.NaN : expected[i], scores[i], $"{policy}, row {i}");
                Assert.AreEqual(missing || expected[i] > model.Threshold, anomalies[i], $"{policy}, row {i}");
            }
        }
    }

    [TestMethod]
    [DataRow(1.0)]
    [DataRow(0.03)]
    public void A_learned_variance_moves_to_that_of_the_noise(double start)
    {
        // Two hidden numbers, mixed into ten features, and noise of variance 0.09: probabilistic principal components
        // (Tipping and Bishop 1999), whose optimum a linear variational
        // autoencoder shares (Lucas et al. 2019).
        const double noise = 0.09;
        var random = new Random(13);
        var rows = Enumerable.Range(0, 1000).Select(_ =>
        {
            double a = LabeledDigits.Normal(random), b = LabeledDigits.Normal(random);
            return new NoisyRow { Features = [.. Enumerable.Range(0, NoisyRow.FeatureCount)
                .Select(j => (float)(a * Math.Cos(j) + b * Math.Sin(j) + Math.Sqrt(noise) * LabeledDigits.Normal(random)))] };
        }).ToArray();
        var options = new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [] },
            Code = new CodeOptions { Size = 2, Variational = new VariationalOptions { Variance = start, LearnVariance = true } },
            Scaling = InputScaling.None,
            Epochs = 500,
            BatchSize = 250,
            LearningRate = 0.01,
            Seed = 1,
        };
        using var model = s_ml.Autoencoders().Variational(options).Fit(s_ml.Data.LoadFromEnumerable(rows));

        // 8 of 10 dimensions of 1000 rows tell the variance to 1.6 % (one standard error, √(2 / 8000)): three of these.
        // From below, the first gradients are so large that Adam overshoots and comes back slowly
        // (0.098 to 0.101 measured): three quarters of the way are asked for.
        Assert.AreEqual(noise, model.Metadata.LikelihoodVariance, start > noise ? 0.05 * noise : 0.25 * (noise - start));
    }

    [TestMethod]
    public void The_larger_β_the_smaller_the_divergence_and_free_bits_keep_units_in_use()
    {
        double[] Divergences(Func<VariationalOptions, VariationalOptions> change)
        {
            var options = Options("Gaussian, fixed variance", "plain");
            options.Code = options.Code with { Variational = change(options.Code.Variational!) };
            options.Epochs = 40;
            double[] divergences = [];
            Inspect(options, (network, set) =>
            {
                var encoded = network.Encode(set.Whole().Rows, null, null, new Pass(IsTraining: false, new torch.Generator(1, torch.CPU)));
                double[][] means = Table(encoded.Mean), logVariances = Table(encoded.LogVariance!);
                divergences = [.. Enumerable.Range(0, 2)
                    .Select(unit => means.Zip(logVariances).Average(row => Divergence(row.First[unit], row.Second[unit])))];
            });
            return divergences;
        }
        double[] sums = [.. new[] { 0.25, 1, 4 }.Select(beta => Divergences(options => options with { Beta = beta }).Sum())];
        Assert.IsGreaterThan(1.2 * sums[1], sums[0]);
        Assert.IsGreaterThan(1.2 * sums[2], sums[1]);

        // With β = 100 nothing is worth its divergence, and the code collapses. What is free is used all the same: more
        // than the 0.1 nat that a unit in use is said to carry. It stays somewhat below
        // the limit, because what lies above it in any batch is drawn down a hundred times as hard as reconstruction draws it up.
        double[] collapsed = Divergences(options => options with { Beta = 100 }),
            kept = Divergences(options => options with { Beta = 100, FreeBits = 0.5 });
        Assert.IsLessThan(0.02, collapsed.Max());
        Assert.IsGreaterThan(0.1, kept.Min());
        Assert.IsLessThan(0.55, kept.Max());
    }

    [TestMethod]
    public void Factories_check_what_the_variant_needs()
    {
        var catalog = s_ml.Autoencoders();
        Fails.With<ArgumentException>("Code.Variational is null", () => catalog.Variational(new AutoencoderEstimator.Options()));
        Fails.With<ArgumentOutOfRangeException>("Code.Variational.Variance is 0", () => catalog.Variational(variance: 0));
        Fails.With<ArgumentOutOfRangeException>("Code.Variational.Beta is -1", () => catalog.Variational(beta: -1));
        using var model = catalog.Variational(hidden: [6], code: 3, variance: 0.25, beta: 2, epochs: 1, batchSize: 16, learningRate: 0.002,
            contamination: 0.2, scaling: InputScaling.MinMax, seed: 4).Fit(Rows.View(s_ml, 50));
        Assert.AreEqual("variational dense", model.Metadata.Variant);
        StringAssert.Contains(model.Metadata.Options, "\"learn_variance\":false");
        Assert.AreEqual(0.25f, model.Metadata.LikelihoodVariance);
        foreach (string option in new[] { "\"hidden\":[6]", "\"size\":3", "\"variance\":0.25", "\"beta\":2", "\"epochs\":1",
            "\"batch_size\":16", "\"learning_rate\":0.002", "contamination 0.2", "\"scaling\":\"MinMax\"" })
            StringAssert.Contains(model.Metadata.Options, option);
        using var learned = catalog.Variational(epochs: 1, seed: 4).Fit(Rows.View(s_ml, 50));
        StringAssert.Contains(learned.Metadata.Options, "\"learn_variance\":true");
        Assert.AreNotEqual((float)VariationalOptions.DefaultVariance, learned.Metadata.LikelihoodVariance);
    }

    private static float[] Scores(AutoencoderTransformer model, IDataView view) => [.. model.Transform(view).GetColumn<float>("Score")];

    private static double NegativeLogLikelihood(AutoencoderEstimator.Options options, double[] row, double[] reconstruction,
        double variance)
    {
        double weights = options.FeatureWeights?.Average(weight => (double)weight) ?? 1, sum = 0;
        for (int j = 0; j < row.Length; j++)
        {
            double difference = row[j] - reconstruction[j];
            double term = options.Loss == ReconstructionLoss.BinaryCrossEntropy
                ? -row[j] * Math.Log(reconstruction[j]) - (1 - row[j]) * Math.Log(1 - reconstruction[j])
                : 0.5 * (difference * difference / variance + Math.Log(2 * Math.PI * variance));
            sum += term * (options.FeatureWeights?[j] ?? 1) / weights;
        }
        return sum;
    }

    private static double Divergence(double mean, double logVariance) => 0.5 * (mean * mean + Math.Exp(logVariance) - logVariance - 1);

    private static void Inspect(AutoencoderEstimator.Options options, Action<AutoencoderNetwork, TrainingSet> inspect) =>
        new AutoencoderEstimator(s_ml, options).Fit(VariantRows.View(s_ml, 200), (network, set) =>
        {
            using var none = torch.no_grad();
            inspect(network, set);
        }).Dispose();

    /// <summary>The standard-normal draws that the scorer graph of a model keeps.</summary>
    private static float[] Draws(AutoencoderTransformer model)
    {
        var tensor = OnnxFile.Parse(model.ToOnnx(OnnxGraph.Scorer), "The graph").Graph.Initializer.Single(
            tensor => tensor.Name == "samples/draws");
        return MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
    }

    private static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static double[][] Table(torch.Tensor tensor) => [.. Doubles(NetworkValues.Of(tensor)).Chunk((int)tensor.shape[1])];

    private sealed class VariantCode
    {
        [VectorType(2)]
        public float[] Code { get; set; } = [];

        public string Group { get; set; } = "";
    }

    private sealed class NoisyRow
    {
        public const int FeatureCount = 10;

        [VectorType(FeatureCount)]
        public float[] Features { get; set; } = [];
    }
}
