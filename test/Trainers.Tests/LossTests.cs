using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Reconstruction losses, and weights of features and rows.</summary>
[TestClass]
public sealed class LossTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public sealed class WeightedRow
    {
        [VectorType(Row.FeatureCount)]
        public float[] Features { get; set; } = [];

        public float Weight { get; set; } = 1;
    }

    public static IEnumerable<object[]> LossesAndScalings =>
        from loss in Enum.GetValues<ReconstructionLoss>() from scaling in new[] { InputScaling.Standardize, InputScaling.MinMax }
        where loss != ReconstructionLoss.BinaryCrossEntropy || scaling == InputScaling.MinMax
        select new object[] { loss, scaling };

    [TestMethod]
    [DynamicData(nameof(LossesAndScalings))]
    public void Graph_errors_and_score_equal_libtorchs(ReconstructionLoss loss, InputScaling scaling)
    {
        Parity.Check(s_ml, Options(loss, scaling), Rows.View(s_ml, 256), batch: 7, 1e-5);

        float[] weights = [1, 0, 2.5f, 4, 0.5f];
        var options = Options(loss, scaling);
        options.FeatureWeights = loss == ReconstructionLoss.Cosine ? null : weights;
        float[] expected = [];
        double trained = 0;
        var view = Rows.View(s_ml, 256);
        using var model = new AutoencoderEstimator(s_ml, options).Fit(view, (network, set) =>
        {
            using var none = torch.no_grad();
            var pass = NetworkValues.Pass(isTraining: false);
            var errors = ReconstructionErrors.Of(loss, set.Whole().Rows, network.Forward(set.Whole().Rows, null, pass));
            expected = NetworkValues.Of(errors);
            trained = new Objective(options, network, set).Terms(new TrainingBatch(set.Whole().Rows, null, null, null), 0, pass)[0]
                .item<float>();
        });
        float[] by = options.FeatureWeights is null ? [1, 1, 1, 1, 1] : weights;
        float[] scores = [.. model.Transform(view).GetColumn<float>("Score")];
        double[] means = [.. expected.Chunk(Row.FeatureCount)
            .Select(row => row.Zip(by, (error, weight) => (double)error * weight).Sum() / by.Sum())];
        for (int i = 0; i < scores.Length; i++)
            Assert.AreEqual(means[i], scores[i], 1e-5 * means.Max(), $"row {i}");
        Assert.AreEqual(scores.Average(score => (double)score), trained, 1e-5 * trained, "training minimizes the mean score");
    }

    [TestMethod]
    [DataRow(1e-3f)]
    [DataRow(1e25f)]
    [DataRow(1e38f)]
    public void The_angle_between_rows_does_not_depend_on_their_lengths(float length)
    {
        using var scope = torch.NewDisposeScope();
        float[] row = [0.2f, -0.9f, 0.5f], reconstruction = [-2, 0.5f, 1];
        (float[] Errors, float[] Gradient) Of(float scale)
        {
            var moving = torch.tensor([.. reconstruction.Select(value => value * scale)], [1, 3], requires_grad: true);
            var errors = ReconstructionErrors.Of(ReconstructionLoss.Cosine,
                torch.tensor([.. row.Select(value => value * scale)], [1, 3]), moving);
            errors.sum().backward();
            return (NetworkValues.Of(errors), [.. NetworkValues.Of(moving.grad!).Select(value => value * scale)]);
        }
        var (errors, gradient) = Of(1);
        var (ofScaled, gradientOfScaled) = Of(length);
        for (int i = 0; i < row.Length; i++)
        {
            Assert.AreEqual(errors[i], ofScaled[i], 1e-6f, "error");
            Assert.AreEqual(gradient[i], gradientOfScaled[i], 1e-6f, "gradient, which falls as the length grows");
        }
    }

    [TestMethod]
    public void Rows_whose_squares_no_Single_holds_train_by_their_angles_and_keep_no_distribution_of_codes()
    {
        var rows = Rows.Make(200);
        foreach (var row in rows)
            row.Features = Array.ConvertAll(row.Features, value => value * 1e22f);
        var view = s_ml.Data.LoadFromEnumerable(rows);
        var options = Options(ReconstructionLoss.Cosine, InputScaling.None);
        options.Epochs = 3;
        Parity.Check(s_ml, options, view, batch: 7, 1e-5);

        var ml = new MLContext(seed: 1);
        var log = new List<string>();
        ml.Log += (_, e) => log.Add(e.RawMessage);
        using var model = ml.Autoencoders().Autoencoder(options).Fit(view);
        Assert.IsTrue(model.Transform(view).GetColumn<float>("Score").All(score => score is >= 0 and <= 2), "1 less a cosine");
        Assert.IsTrue(
            log.Any(message => message.StartsWith(
            "The codes of the training rows vary by more than a Single holds as a variance", StringComparison.Ordinal)));
        Assert.IsEmpty(model.Metadata.CodeCovariance);
        foreach (var distribution in new[] { CodeDistribution.Gaussian, CodeDistribution.GaussianMixture })
            Assert.ThrowsExactly<InvalidOperationException>(() => model.Generator.Sample(1, 1, distribution));

        using var folder = new TestFolder();
        ml.Model.Save(model, view.Schema, folder["model.zip"]);
        using var loaded = (AutoencoderTransformer)ml.Autoencoders().Load(folder["model.zip"], out _);

        // In other batches, which moves the last digits.
        Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(
            model.Transform(view).GetColumn<float>("Score"), loaded.Transform(view).GetColumn<float>("Score")));
    }

    /// <summary>The formulas, in double precision.</summary>
    [TestMethod]
    public void Errors_are_those_of_the_formulas()
    {
        float[] s = [0.2f, 0.9f, 0, 1, 0.5f, 0.5f], r = [0.3f, 0.4f, 0.1f, 0.8f, 0.05f, 0.99f];
        Check(ReconstructionLoss.MeanSquared, s, r, (x, y) => (x - y) * (x - y));
        Check(ReconstructionLoss.MeanAbsolute, s, r, (x, y) => Math.Abs(x - y));
        Check(ReconstructionLoss.BinaryCrossEntropy, s, r, (x, y) => -x * Math.Log(y) - (1 - x) * Math.Log(1 - y));
        float[] far = [-3, 0.5f, 1, 2.5f, 0, -0.9f];
        Check(ReconstructionLoss.Huber, s, far, (x, y) => Math.Abs(x - y) <= 1 ? 0.5 * (x - y) * (x - y) : Math.Abs(x - y) - 0.5);

        using var scope = torch.NewDisposeScope();
        float[] cosine = NetworkValues.Of(ReconstructionErrors.Of(
            ReconstructionLoss.Cosine, torch.tensor(s, [2, 3]), torch.tensor(far, [2, 3])));
        for (int i = 0; i < 2; i++)
        {
            float[] a = s[(3 * i)..(3 * i + 3)], b = far[(3 * i)..(3 * i + 3)];
            double dot = a.Zip(b, (x, y) => (double)x * y).Sum(),
                lengths = Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
            Assert.AreEqual(1 - dot / lengths, cosine.Skip(3 * i).Take(3).Average(error => (double)error), 1e-6, "the mean of the terms");
        }

        static void Check(ReconstructionLoss loss, float[] s, float[] r, Func<double, double, double> term)
        {
            using var scope = torch.NewDisposeScope();
            float[] errors = NetworkValues.Of(ReconstructionErrors.Of(loss, torch.tensor(s, [2, 3]), torch.tensor(r, [2, 3])));
            for (int i = 0; i < s.Length; i++)
                Assert.AreEqual(term(s[i], r[i]), errors[i], 1e-6, $"{loss}, value {i}");
        }
    }

    /// <summary>The slope of a length is no number at 0: a rectified output may be all zeros.</summary>
    [TestMethod]
    public void The_cosine_of_a_row_of_zeros_has_a_gradient()
    {
        using var scope = torch.NewDisposeScope();
        var reconstruction = torch.zeros(2, 3).requires_grad_(true);
        ReconstructionErrors.Of(ReconstructionLoss.Cosine, torch.ones(2, 3), reconstruction).mean().backward();
        Assert.IsTrue(NetworkValues.Of(reconstruction.grad!).All(float.IsFinite));
    }

    [TestMethod]
    public void Each_loss_falls_in_training()
    {
        foreach (var loss in Enum.GetValues<ReconstructionLoss>())
        {
            double Score(int epochs)
            {
                var options = Options(loss, InputScaling.MinMax);
                (options.Epochs, options.LearningRate) = (epochs, 0.01);
                using var model = s_ml.Autoencoders().Dense(options).Fit(Rows.View(s_ml, 200));
                return model.Transform(Rows.View(s_ml, 100, seed: 23)).GetColumn<float>("Score").Average(score => (double)score);
            }
            Assert.IsLessThan(Score(0), Score(40), $"{loss}");
        }
    }

    [TestMethod]
    public void Cross_entropy_refuses_values_outside_0_to_1_by_row_and_feature()
    {
        var rows = Rows.Make(20);
        foreach (var row in rows)
            row.Features = [0, 0.5f, 1, 0.25f, 0.75f];
        rows[13].Features[3] = 1.5f;
        var options = Options(ReconstructionLoss.BinaryCrossEntropy, InputScaling.None);
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => s_ml.Autoencoders().Dense(options).Fit(s_ml.Data.LoadFromEnumerable(rows)));
        StringAssert.Contains(
            error.Message,
            "Training row 13 (counted from 0) has 1.5 in 'Features[3]'; the loss BinaryCrossEntropy expects values " +
            "from 0 to 1. Use Scaling MinMax.");
    }

    [TestMethod]
    public void As_many_weights_as_features_are_expected() => Fails.With<InvalidOperationException>(
        "FeatureWeights has 2 weights, and the column 'Features' 5 features",
        () => Rows.Fit(s_ml, options => options.FeatureWeights = [1, 1]));

    /// <summary>With every term that counts rows. Sums of 30 rows in Single precision, in another order.</summary>
    [TestMethod]
    [DataRow(ReconstructionLoss.MeanSquared)]
    [DataRow(ReconstructionLoss.Huber)]
    public void A_row_of_weight_2_has_the_gradient_of_the_row_twice(ReconstructionLoss loss)
    {
        var rows = Weighted(30);
        for (int i = 0; i < rows.Length; i += 3)
            rows[i].Weight = 2;
        float[] weighted = Gradient(loss, rows), twice = Gradient(
            loss, [.. rows.SelectMany(row => Enumerable.Repeat(new WeightedRow { Features = row.Features }, (int)row.Weight))]);
        float largest = twice.Max(Math.Abs);
        for (int i = 0; i < twice.Length; i++)
            Assert.AreEqual(twice[i], weighted[i], 1e-5 * largest, $"value {i}");
        float[] plain = Gradient(loss, [.. rows.Select(row => new WeightedRow { Features = row.Features })]);
        Assert.IsGreaterThan(1e-3 * largest, plain.Zip(twice, (a, b) => Math.Abs(a - b)).Max(), "the weights matter");
    }

    [TestMethod]
    public void A_row_of_weight_0_is_left_out_to_the_byte()
    {
        var rows = Weighted(60);
        for (int i = 0; i < rows.Length; i += 4)
            rows[i].Weight = 0;

        // Not even its missing values are seen.
        rows[8].Features[1] = float.NaN;
        byte[] Fit(IEnumerable<WeightedRow> some) =>
            DenseTests.Scorer(Rows.Fit(s_ml, options => options.WeightColumnName = "Weight", s_ml.Data.LoadFromEnumerable(some)));
        CollectionAssert.AreEqual(Fit(rows.Where(row => row.Weight > 0)), Fit(rows));
    }

    [TestMethod]
    public void Row_weights_count_in_pretraining_too()
    {
        byte[] Fit(Func<int, float> weight)
        {
            var rows = Weighted(60);
            for (int i = 0; i < rows.Length; i++)
                rows[i].Weight = weight(i);
            return DenseTests.Scorer(Rows.Fit(s_ml, options =>
            {
                options.WeightColumnName = "Weight";
                options.Pretraining = new PretrainingOptions { Epochs = 3 };
                options.Epochs = 0;
            }, s_ml.Data.LoadFromEnumerable(rows)));
        }
        byte[] plain = Fit(_ => 1);
        CollectionAssert.AreEqual(plain, Fit(_ => 2), "only proportions count");
        CollectionAssert.AreNotEqual(plain, Fit(i => 1 + i % 3));
    }

    [TestMethod]
    public void Weights_that_are_negative_or_all_0_are_refused()
    {
        var rows = Weighted(10);
        rows[4].Weight = -1;
        Refused("Row 4 (counted from 0) of the weight column 'Weight' has -1; expected 0 or more", rows);
        Refused("All 10 rows of the training data have the weight 0 in the column 'Weight', so none is left to train on",
            [.. Weighted(10).Select(row => new WeightedRow { Features = row.Features, Weight = 0 })]);

        static void Refused(string message, WeightedRow[] rows) => StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(
                () => Rows.Fit(s_ml, options => options.WeightColumnName = "Weight", s_ml.Data.LoadFromEnumerable(rows))).Message, message);
    }

    private static WeightedRow[] Weighted(int count) => [.. Rows.Make(count).Select(row => new WeightedRow { Features = row.Features })];

    /// <summary>The gradient of the whole objective over all rows, at the initial weights.</summary>
    private static float[] Gradient(ReconstructionLoss loss, WeightedRow[] rows)
    {
        var options = Options(loss, InputScaling.None);
        options.Code = options.Code with { Activation = Activation.Sigmoid };
        options.Penalties = [new L1Penalty(0.1), new KullbackLeiblerPenalty(0.1), new BinaryCodePenalty(0.1), new ContractivePenalty(0.1)];
        (options.Epochs, options.WeightColumnName) = (0, "Weight");
        float[] gradient = [];
        NetworkValues.Inspect(s_ml, options, s_ml.Data.LoadFromEnumerable(rows), (network, set) =>
        {
            var terms = new Objective(options, network, set).Terms(set.Whole(), 0, NetworkValues.Pass(isTraining: true));
            terms.Aggregate((sum, term) => sum + term).backward();
            gradient = [.. network.parameters().SelectMany(parameter => NetworkValues.Of(parameter.grad!))];
        });
        return gradient;
    }

    private static AutoencoderEstimator.Options Options(ReconstructionLoss loss, InputScaling scaling)
    {
        var options = Rows.Options();
        options.Loss = loss;
        options.Scaling = scaling;
        if (loss == ReconstructionLoss.BinaryCrossEntropy)
            options.Network = options.Network with { OutputActivation = Activation.Sigmoid };
        return options;
    }
}
