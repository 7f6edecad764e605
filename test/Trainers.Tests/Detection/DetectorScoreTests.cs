using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>What a detector's score can be the sum of: each choice is one graph, calibrated on rows that were not trained on.</summary>
[TestClass]
public sealed class DetectorScoreTests
{
    private const int Features = 8;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly float[][] s_training = DetectionRows.Make(600, Features, seed: 1);

    private static readonly Dictionary<string, Action<AnomalyDetectionEstimator.Options>> s_choices = new()
    {
        ["ranks"] = options => options.NeighborSpaces = NeighborSpaces.Ranks,
        ["codes"] = options => options.NeighborSpaces = NeighborSpaces.Codes,
        ["residual"] = options => (options.NeighborSpaces, options.ResidualDistance) = (NeighborSpaces.None, true),
        ["largest"] = options => options.TopShare = 0.3,
        ["rows"] = options => (options.Members, options.MemberRows) = (2, 0.5),
        ["features"] = options => (options.Members, options.MemberFeatures) = (3, 0.5),
        ["everything"] = options =>
        {
            AnomalyDetectionTests.Everything(options);
            options.Members = 2;
        },
    };

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Choices => s_choices.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Choices))]
    public void Each_choice_is_one_graph_that_explains_itself(string choice)
    {
        using var model = Fit(s_choices[choice]);
        float[][] rows = DetectionRows.Make(400, Features, seed: 2);
        rows[3][1] = float.NaN;
        rows[4][2] = 1e20f;
        var scored = model.Transform(DetectionRows.View(s_ml, rows));
        float[] scores = [.. scored.GetColumn<float>("Score")];
        foreach (var (errors, score) in scored.GetColumn<float[]>("FeatureErrors").Zip(scores))
        {
            Assert.IsTrue(errors.All(error => error >= 0));
            Assert.AreEqual(errors.Average(), score, 1e-4 * score);
        }
        float[] alone = [.. rows.Take(20).SelectMany(row => Run(model.ToOnnx(OnnxGraph.Scorer), "score", [row]))];
        for (int i = 0; i < alone.Length; i++)
            Assert.AreEqual(scores[i], alone[i], 1e-5 * scores[i]);
        Assert.AreEqual(scores.Max(), scores[4]);

        // The parts were measured as the graph computes them: 120 held-out rows say that a tenth of normal rows have p <= 0.1. Of 400 rows,
        // three standard deviations of both samples together are 0.09.
        double share = scored.GetColumn<float>("PValue").Count(p => p <= 0.1) / 400.0;
        TestContext.WriteLine($"p <= 0.1 for {share:P1} of normal rows");
        Assert.IsTrue(share is > 0.01 and < 0.19, $"{share}");
    }

    [TestMethod]
    public void A_kept_row_is_its_own_nearest_one()
    {
        using var model = Fit(options =>
            (options.NeighborSpaces, options.Neighbors) = (NeighborSpaces.Features | NeighborSpaces.Ranks | NeighborSpaces.Codes, 1));
        byte[] bytes = model.ToOnnx(OnnxGraph.Scorer);
        foreach (string space in new[] { "neighbors", "neighbors_of_ranks", "neighbors_of_codes" })
        {
            float[] kept = Run(bytes, $"{space}/distance", s_training),
                others = Run(bytes, $"{space}/distance", DetectionRows.Make(100, Features, 3));
            Assert.IsLessThan(1e-4 * others.Average(), kept.Max(), space);
        }
    }

    /// <summary>
    /// The mean of a normal row's squared Mahalanobis distance is the number of its numbers, of which the graph takes
    /// the mean.
    /// </summary>
    [TestMethod]
    public void The_distance_of_residual_and_code_is_measured_by_their_covariance()
    {
        // Numbers that have nothing to do with each other: what the correlations are shrunk to.
        var random = new Random(3);
        float[][] Rows(int count) => [.. Enumerable.Range(0, count).Select(_ =>
            Enumerable.Range(0, Features).Select(_ => (float)(random.NextDouble() - random.NextDouble())).ToArray())];
        using var model = Fit(options => (options.Code, options.NeighborSpaces, options.ResidualDistance) = (2, NeighborSpaces.None, true),
            Rows(600));
        float[] distances = Run(model.ToOnnx(OnnxGraph.Scorer), "residual/distance", Rows(400));

        // 120 rows tell the covariance of 10 numbers to about a tenth.
        Assert.AreEqual(1, distances.Average(distance => distance * distance), 0.3);
    }

    [TestMethod]
    public void Only_the_largest_errors_count()
    {
        using var model = Fit(options => (options.NeighborSpaces, options.TopShare) = (NeighborSpaces.None, 0.25));
        foreach (float[] errors in model.Transform(DetectionRows.View(s_ml, s_training)).GetColumn<float[]>("FeatureErrors").Take(50))
            Assert.AreEqual(2, errors.Count(error => error > 0));
    }

    [TestMethod]
    public void A_network_has_the_drawn_features_and_rows_only()
    {
        using var model = Fit(options => (options.NeighborSpaces, options.MemberFeatures, options.MemberRows)
            = (NeighborSpaces.None, 0.5, 0.25));
        float[][] errors = [.. model.Transform(DetectionRows.View(s_ml, s_training)).GetColumn<float[]>("FeatureErrors")];
        Assert.AreEqual(4, Enumerable.Range(0, Features).Count(j => errors.All(row => row[j] == 0)));
        Assert.AreEqual(4, Enumerable.Range(0, Features).Count(j => errors.All(row => row[j] > 0)));

        // About a fifth of the 600 rows is held out.
        int rows = System.Text.Json.JsonDocument.Parse(model.Metadata.Training).RootElement.GetProperty("rows").GetInt32();
        Assert.IsTrue(rows is > 100 and < 140, $"{rows}");
    }

    /// <summary>A row that has none of the features that a network was trained on is scored by what else there is.</summary>
    [TestMethod]
    public void A_row_without_the_features_of_a_network_has_a_score()
    {
        using var model = Fit(options => options.MemberFeatures = 0.1);
        float[][] rows = [.. Enumerable.Range(0, Features).Select(known =>
            s_training[0].Select((value, j) => j == known ? value : float.NaN).ToArray())];
        Assert.IsTrue(model.Transform(DetectionRows.View(s_ml, rows)).GetColumn<float>("Score").All(float.IsFinite));
    }

    [TestMethod]
    public void Ranks_are_values_of_a_normal_distribution()
    {
        // Exponential values, and a feature that is constant.
        float[] rows = [.. Enumerable.Range(0, 999).SelectMany(i => new[] { (float)-Math.Log(1 - (i + 0.5) / 999), 3f })];
        var ranks = RankGaussFit.Of(rows, d: 2);
        float Of(double exponential)
        {
            float[] row = [(float)exponential, 3];
            ranks.Map(row);
            Assert.AreEqual(0, row[1], 1e-6f);
            return row[0];
        }

        // Quantiles of the standard normal distribution; 32 straight pieces are within 0.02 of it.
        foreach (var (share, normal) in new[] { (0.5, 0), (0.158655, -1), (0.841345, 1), (0.975, 1.959964) })
            Assert.AreEqual(normal, Of(-Math.Log(1 - share)), 0.05);
        Assert.IsTrue(Of(1000) is > 100 and < 1e4f);
        Assert.IsLessThan(Of(0), Of(-10));
    }

    private static AutoencoderTransformer Fit(Action<AnomalyDetectionEstimator.Options> choice, float[][]? rows = null)
    {
        var options = DetectionRows.Quick();
        choice(options);
        return s_ml.Autoencoders().AnomalyDetection(options).Fit(DetectionRows.View(s_ml, rows ?? s_training));
    }

    /// <summary>A value inside the graph, for some rows.</summary>
    private static float[] Run(byte[] bytes, string name, float[][] rows)
    {
        var model = ModelProto.Parser.ParseFrom(bytes);
        if (model.Graph.Output.All(output => output.Name != name))
            model.Graph.Output.Add(new ValueInfoProto { Name = name });
        using var session = new InferenceSession(Google.Protobuf.MessageExtensions.ToByteArray(model));
        float[] flat = [.. rows.SelectMany(row => row)];
        using var results = session.Run(
            [NamedOnnxValue.CreateFromTensor("features", new DenseTensor<float>(flat, [rows.Length, Features]))], [name]);
        return [.. results[0].AsEnumerable<float>()];
    }
}
