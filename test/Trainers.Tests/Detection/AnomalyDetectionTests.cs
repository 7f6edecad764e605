using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The detector whose defaults need no tuning: data of any kind, its score in the graph, and what it explains.</summary>
[TestClass]
public sealed class AnomalyDetectionTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly Lazy<AutoencoderTransformer> s_model = new(() => Fit(DetectionRows.Make(600, 8, seed: 1)));

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Kinds =>
    [
        ["two rows", Data(2, 4)],
        ["eighty rows of nineteen", Data(80, 19)],
        ["three features", Data(500, 3)],
        ["one feature", Data(500, 1)],
        ["1,555 features", Data(120, 1555)],
        ["constant and nearly constant", Data(500, 5, (random, row) =>
            (row[1], row[3]) = (7, random.Next(100) == 0 ? MathF.BitIncrement(14.62f) : 14.62f))],
        ["all constant", Data(100, 3, (_, row) => Array.Fill(row, 2))],
        ["discrete", Data(500, 6, (random, row) =>
        {
            for (int j = 0; j < row.Length; j++)
                row[j] = random.Next(2);
        })],
        ["one-hot and rare", Data(500, 6, (random, row) =>
        {
            Array.Clear(row);
            row[random.Next(1000) == 0 ? 5 : random.Next(5)] = 1;
        })],
        ["heavy tails", Data(500, 5, (random, row) => row[2] = (float)Math.Pow(10, 20 * random.NextDouble()))],
        ["duplicates", Data(500, 5, (random, row) => Data(3, 5)[random.Next(3)].CopyTo(row, 0))],
        ["missing values", Data(500, 5, (random, row) => row[random.Next(5)] = float.NaN)],
    ];

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void Rows_of_any_kind_are_scored(string kind, float[][] rows)
    {
        using var model = Fit(rows);
        var scored = model.Transform(DetectionRows.View(s_ml, rows));
        float[] scores = [.. scored.GetColumn<float>("Score")];
        Assert.IsTrue(scores.All(float.IsFinite), kind);
        Assert.IsTrue(float.IsFinite(model.Threshold), kind);
        foreach (var (errors, score) in scored.GetColumn<float[]>("FeatureErrors").Zip(scores))
        {
            Assert.IsTrue(errors.All(error => error >= 0), kind);
            Assert.AreEqual(errors.Average(), score, 1e-4 * Math.Abs(score) + 1e-6, kind);
        }

        // A row unlike all others scores higher than nine tenths of them.
        var odd = rows[0].Select(_ => 1e6f).ToArray();
        float far = model.Transform(DetectionRows.View(s_ml, [odd])).GetColumn<float>("Score").Single();
        Assert.IsGreaterThan(scores.Order().ElementAt(scores.Length * 9 / 10), far, kind);
        Assert.IsTrue(float.IsFinite(far), kind);
    }

    [TestMethod]
    public void The_file_gives_the_same_scores_in_any_batch()
    {
        float[][] rows = DetectionRows.Make(50, 8, seed: 2);
        rows[3][1] = float.NaN;
        (rows[4][2], rows[5][7]) = (1e20f, -100);
        var model = s_model.Value;
        float[] expected = [.. model.Transform(DetectionRows.View(s_ml, rows)).GetColumn<float>("Score")];
        using var session = new InferenceSession(model.ToOnnx(OnnxGraph.Scorer));
        float[] Run(IEnumerable<float[]> some)
        {
            float[] flat = [.. some.SelectMany(row => row)];
            using var results = session.Run(
                [NamedOnnxValue.CreateFromTensor("features", new DenseTensor<float>(flat, [flat.Length / 8, 8]))],
                ["score"]);
            return [.. results[0].AsEnumerable<float>()];
        }
        float[] together = Run(rows), alone = [.. rows.SelectMany(row => Run([row]))];
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.AreEqual(expected[i], together[i], 1e-5 * expected[i]);
            Assert.AreEqual(expected[i], alone[i], 1e-5 * expected[i]);
        }
    }

    [TestMethod]
    public void A_saved_detector_is_the_same_and_its_threshold_can_be_changed()
    {
        var model = s_model.Value;
        var rows = DetectionRows.View(s_ml, DetectionRows.Make(40, 8, seed: 3));
        string path = Path.Combine(TestContext.TestRunDirectory!, $"{Guid.NewGuid():N}.zip");
        s_ml.Model.Save(model, rows.Schema, path);
        float[] expected = [.. model.Transform(rows).GetColumn<float>("Score")];
        var stock = s_ml.Model.Load(path, out _).Transform(rows);
        var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(path, out _);
        float[] ofStock = [.. stock.GetColumn<float[]>("Score").Select(score => score[0])],
            again = [.. loaded.Transform(rows).GetColumn<float>("Score")];
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], again[i], 1e-5 * expected[i]);
            Assert.AreEqual(expected[i], ofStock[i], 1e-5 * expected[i]);
        }
        Assert.AreEqual(model.WithThreshold(ThresholdRule.FalseAlarmRate(0.1)).Threshold,
            loaded.WithThreshold(ThresholdRule.FalseAlarmRate(0.1)).Threshold);
        Assert.IsGreaterThan(loaded.WithThreshold(ThresholdRule.FalseAlarmRate(0.1)).Threshold, loaded.Threshold);
    }

    [TestMethod]
    public void Encoder_decoder_and_reconstructor_are_those_of_the_first_network()
    {
        var model = s_model.Value;
        float[][] rows = DetectionRows.Make(20, 8, seed: 4);
        var view = DetectionRows.View(s_ml, rows);
        float[][] direct = [.. model.Reconstructor.Transform(view).GetColumn<float[]>("Reconstruction")];
        var codes = model.Encoder.Transform(view);
        Assert.AreEqual(8, codes.GetColumn<float[]>("Code").First().Length);
        float[][] parts = [.. model.Decoder.Transform(codes).GetColumn<float[]>("Reconstruction")];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < 8; j++)
                Assert.AreEqual(direct[i][j], parts[i][j], 1e-4 * Math.Abs(direct[i][j]) + 1e-4);
        }
    }

    [TestMethod]
    [DataRow(8, 1)]
    [DataRow(30, 2)]
    [DataRow(3, 3)]
    [DataRow(60, 4)]
    [DataRow(12, 5)]
    public void A_feature_that_is_moved_by_eight_deviations_comes_first(int features, int seed)
    {
        float[][] training = DetectionRows.Make(800, features, seed), rows = DetectionRows.Make(200, features, seed + 100);
        using var model = Fit(training);
        for (int i = 0; i < rows.Length; i++)
        {
            int j = i % features;
            double mean = training.Average(row => row[j]);
            rows[i][j] += (i % 2 == 0 ? 8 : -8) * (float)Math.Sqrt(training.Average(row => (row[j] - mean) * (row[j] - mean)));
        }
        float[][] errors = [.. model.Transform(DetectionRows.View(s_ml, rows)).GetColumn<float[]>("FeatureErrors")];
        int first = Enumerable.Range(0, rows.Length).Count(i => Array.IndexOf(errors[i], errors[i].Max()) == i % features);
        TestContext.WriteLine($"first in {first} of 200 rows");
        Assert.IsGreaterThanOrEqualTo(180, first);
        var top = model.TopFeatures(rows[0], 3);
        Assert.AreEqual(rows[0][Array.IndexOf(errors[0], errors[0].Max())], top[0].Value);
    }

    /// <summary>Every operator of the graph has a kernel for CUDA in ONNX Runtime 1.31 (its OperatorKernels.md).</summary>
    [TestMethod]
    public void No_operator_is_left_to_the_CPU_beside_a_GPU()
    {
        string[] ofCuda =
        [
            "Abs", "Add", "Cast", "Concat", "Div", "Exp", "Gather", "GatherElements", "Gemm", "Greater", "GreaterOrEqual", "IsInf", "IsNaN",
            "Less", "LessOrEqual", "Log", "MatMul", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pow", "ReduceMean", "ReduceMin", "ReduceSum",
            "Relu", "Reshape", "Sign", "Sqrt", "Sub", "Sum", "TopK", "Where",
        ];
        var options = DetectionRows.Quick();
        options.Members = 2;
        Everything(options);
        using var model = s_ml.Autoencoders().AnomalyDetection(options).Fit(DetectionRows.View(s_ml, Data(60, 4)));
        var graph = ModelProto.Parser.ParseFrom(model.ToOnnx(OnnxGraph.Scorer)).Graph;
        Assert.AreEqual("", string.Join(", ", graph.Node.Select(node => node.OpType).Distinct().Except(ofCuda)));
        Assert.IsTrue(graph.Node.Any(node => node.Name.StartsWith("member2/", StringComparison.Ordinal)));
    }

    /// <summary>What ranks the rows otherwise is refused: see <see cref="QuantizationOptions"/>.</summary>
    [TestMethod]
    [DataRow(OnnxQuantization.Float16)]
    [DataRow(OnnxQuantization.Int8Weights)]
    public void A_quantized_detector_ranks_rows_alike(OnnxQuantization form)
    {
        var rows = DetectionRows.View(s_ml, DetectionRows.Make(100, 8, seed: 12));
        byte[] bytes = s_model.Value.ToQuantizedOnnx(rows, new QuantizationOptions { Form = form }, out var report);
        using var session = new InferenceSession(bytes);
        Assert.IsLessThan(s_model.Value.ToOnnx(OnnxGraph.Scorer).Length, bytes.Length);
        Assert.IsGreaterThan(0.99, report.RankCorrelation);
    }

    [TestMethod]
    public void A_second_fit_gives_the_same_bytes()
    {
        float[][] rows = DetectionRows.Make(90, 5, seed: 6);
        using AutoencoderTransformer first = Fit(rows), second = Fit(rows);
        CollectionAssert.AreEqual(first.ToOnnx(OnnxGraph.Scorer), second.ToOnnx(OnnxGraph.Scorer));
    }

    [TestMethod]
    public void With_a_contamination_anomalies_among_the_rows_do_less_harm()
    {
        // A group of equal anomalies, which are each other's neighbors.
        float[][] clean = DetectionRows.Make(500, 6, seed: 7), odd = [.. DetectionRows.Make(30, 6, seed: 8).Select(row =>
            row.Select((value, j) => value + (j % 2 == 0 ? 6 : -6)).ToArray())];
        float[][] rows = [.. clean, .. odd];
        double Share(double contamination)
        {
            var options = DetectionRows.Quick();
            options.Contamination = contamination;
            using var model = s_ml.Autoencoders().AnomalyDetection(options).Fit(DetectionRows.View(s_ml, rows));
            float[] scores = [.. model.Transform(DetectionRows.View(s_ml, rows)).GetColumn<float>("Score")];
            double largest = scores.Take(500).Order().ElementAt(475);
            return scores.Skip(500).Count(score => score > largest) / 30.0;
        }
        double told = Share(0.1);
        TestContext.WriteLine($"above the 95 % quantile of the clean rows: {Share(0):P0} untold, {told:P0} told");
        Assert.IsGreaterThan(0.9, told);
    }

    [TestMethod]
    public void A_fit_ends_in_time_or_when_it_is_canceled_with_what_it_has()
    {
        var rows = DetectionRows.View(s_ml, Data(100, 4));
        var options = DetectionRows.Quick();
        (options.Members, options.Steps, options.MaxTrainingTime) = (5, 1_000_000, TimeSpan.FromSeconds(2));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var model = s_ml.Autoencoders().AnomalyDetection(options).Fit(rows);

        // Five networks within the time of one; the rest is what measuring takes on a busy machine.
        Assert.IsLessThan(TimeSpan.FromSeconds(8), clock.Elapsed);
        Assert.IsTrue(model.Transform(rows).GetColumn<float>("Score").All(float.IsFinite));

        options.MaxTrainingTime = TimeSpan.MaxValue;
        using var source = new CancellationTokenSource();
        options.Cancellation = source.Token;
        options.Progress = new DirectProgress(_ => source.Cancel());
        Assert.ThrowsExactly<OperationCanceledException>(() => s_ml.Autoencoders().AnomalyDetection(options).Fit(rows));
    }

    /// <summary>Rows that are read again in each pass, with folds and a held-out part, and some of them left out.</summary>
    [TestMethod]
    [DataRow(100, 0)]
    [DataRow(100, 0.1)]
    [DataRow(900, 0)]
    [DataRow(900, 0.1)]
    public void Rows_that_do_not_fit_the_memory_are_streamed(int count, double contamination)
    {
        var options = DetectionRows.Quick();
        (options.MemoryBudget, options.Contamination) = (200, contamination);
        using var model = s_ml.Autoencoders().AnomalyDetection(options).Fit(DetectionRows.View(s_ml, Data(count, 5)));
        Assert.IsTrue(model.Transform(DetectionRows.View(s_ml, Data(50, 5))).GetColumn<float>("Score").All(float.IsFinite));
    }

    [TestMethod]
    public void Values_of_the_options_are_checked()
    {
        void Refuses(string words, Action<AnomalyDetectionEstimator.Options> change)
        {
            var options = DetectionRows.Quick();
            change(options);
            Fails.As<ArgumentException>(words, () => s_ml.Autoencoders().AnomalyDetection(options));
        }
        Refuses("Contamination", options => options.Contamination = 0.6);
        Refuses("Members", options => options.Members = 0);
        Refuses("Width", options => options.Width = 1);
        Refuses("Code", options => options.Code = 0);
        Refuses("Steps", options => options.Steps = 0);
        Refuses("MemberRows", options => options.MemberRows = 0);
        Refuses("MemberFeatures", options => options.MemberFeatures = 1.1);
        Refuses("Masked and", options => (options.MemberFeatures, options.MissingValues) = (0.5, TrainingMissingValues.Mean));
        Refuses("TopShare", options => options.TopShare = double.NaN);
        Refuses("NeighborSpaces", options => options.NeighborSpaces = (NeighborSpaces)8);
        Refuses("Neighbors", options => options.Neighbors = -1);
        Refuses("KeptRows", options => options.KeptRows = 1);
        Refuses("Masking", options => options.Masking = null!);
        Refuses("Threshold", options => options.Threshold = null!);
        Refuses("FeatureColumnName", options => options.FeatureColumnName = "");
        Fails.With<ArgumentOutOfRangeException>("Could not find", () => s_ml.Autoencoders().AnomalyDetection("Nothing")
            .Fit(DetectionRows.View(s_ml, Data(3, 2))));

        // All rows but the first, which is not held out, have a missing value.
        float[][] holed = [.. Data(40, 3).Select((row, i) => i == 0 ? row : [row[0], float.NaN, row[2]])];
        var options = new AnomalyDetectionEstimator.Options
        {
            ScoringMissingValues = ScoringMissingValues.NaN, Steps = 1, Members = 1, Seed = 1,
        };
        Fails.With<InvalidOperationException>("Use Hidden",
            () => s_ml.Autoencoders().AnomalyDetection(options).Fit(DetectionRows.View(s_ml, holed)));
        Fails.With<InvalidOperationException>("has 1 training rows", () => s_ml.Autoencoders().AnomalyDetection()
            .Fit(DetectionRows.View(s_ml, Data(1, 2))));
    }

    /// <summary>Every choice that the score has, at once.</summary>
    internal static void Everything(AnomalyDetectionEstimator.Options options)
    {
        options.NeighborSpaces = NeighborSpaces.Features | NeighborSpaces.Ranks | NeighborSpaces.Codes;
        (options.ResidualDistance, options.TopShare, options.MemberRows, options.MemberFeatures) = (true, 0.5, 0.7, 0.8);
    }

    /// <summary>
    /// Five networks of few rows, or one of many: a canceled training keeps those that there are, and ends as a detector.
    /// </summary>
    [TestMethod]
    [DataRow(120, 1)]
    [DataRow(120, 70)]
    [DataRow(500, 3)]
    public void A_canceled_training_keeps_what_there_is(int count, int reports)
    {
        using var cancellation = new CancellationTokenSource();
        int reported = 0;
        var options = DetectionRows.Quick();
        (options.Members, options.WhenCanceled) = (null, WhenCanceled.KeepBest);
        options.Cancellation = cancellation.Token;
        options.Progress = new DirectProgress(_ =>
        {
            if (++reported == reports)
                cancellation.Cancel();
        });
        var rows = Data(count, 5);
        using var model = s_ml.Autoencoders().AnomalyDetection(options).Fit(DetectionRows.View(s_ml, rows));
        Assert.AreEqual(reports, reported);
        float[] scores = [.. model.Transform(DetectionRows.View(s_ml, rows)).GetColumn<float>("Score")];
        Assert.IsTrue(scores.All(float.IsFinite));
        float[] far = [.. rows[0].Select(_ => 1e6f)];
        float odd = model.Transform(DetectionRows.View(s_ml, [far])).GetColumn<float>("Score").Single();
        Assert.IsGreaterThan(scores.Max(), odd);

        options.WhenCanceled = WhenCanceled.Throw;
        var canceled = s_ml.Autoencoders().AnomalyDetection(options);
        Assert.ThrowsExactly<OperationCanceledException>(() => canceled.Fit(DetectionRows.View(s_ml, rows)));
    }

    private static AutoencoderTransformer Fit(float[][] rows) =>
        s_ml.Autoencoders().AnomalyDetection(DetectionRows.Quick()).Fit(DetectionRows.View(s_ml, rows));

    private static float[][] Data(int count, int features, Action<Random, float[]>? change = null)
    {
        var random = new Random(5);
        float[][] rows = DetectionRows.Make(count, features, seed: 9);
        foreach (var row in rows)
            change?.Invoke(random, row);
        return rows;
    }
}
