using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>Encoders and decoders of PyTorch's as models of this library.</summary>
[TestClass]
public sealed class ImportedAutoencoderTests
{
    /// <summary>What the issue asks for; PyTorch and ONNX Runtime sum in different orders.</summary>
    private const double Tolerance = 1e-5;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly ImportedPairs s_pairs = ImportedPairs.Kept;

    public static IEnumerable<object[]> Names => s_pairs.All.Select(pair => new object[] { pair.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void A_pair_gives_what_PyTorch_computed(string name) => AssertSame(s_pairs, s_pairs[name]);

    [TestMethod]
    public void Pairs_that_PyTorch_exports_now_do_too()
    {
        using var folder = new TestFolder();
        PythonScript.Run(Repository.PathOf("test", "Interop.Tests", "Import", "make_pairs.py"), folder.Path);
        var pairs = new ImportedPairs(folder.Path);
        Assert.HasCount(s_pairs.All.Length, pairs.All);
        foreach (var pair in pairs.All)
            AssertSame(pairs, pair);
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void It_is_a_model_like_any_other(string name)
    {
        using var folder = new TestFolder();
        var view = s_pairs.View(s_ml);
        var options = s_pairs[name].Options(s_pairs);
        options.ProbabilityColumnName = "Probability";
        options.Threshold = ThresholdRule.Contamination(0.25);
        using var model = s_ml.Autoencoders().FromOnnx(options, view);
        var expected = Read(model.Transform(view));

        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out DataViewSchema? _);
        AssertEqual(expected, Read(loaded.Transform(view)), "loaded");

        model.ExportOnnx(folder["e.onnx"], folder["d.onnx"], folder["s.onnx"]);
        using var again = s_ml.Autoencoders().FromOnnx(folder["s.onnx"]);
        AssertEqual(expected, Read(again.Transform(view)), "exported");
        using var encoder = s_ml.Autoencoders().FromOnnx(folder["e.onnx"]);
        using var decoder = s_ml.Autoencoders().FromOnnx(folder["d.onnx"]);
        Assert.IsLessThan(Tolerance, Rows.Difference(
            expected.SelectMany(row => row.Reconstruction),
            decoder.Transform(encoder.Transform(view)).GetColumn<float[]>("Reconstruction").SelectMany(row => row)));

        float[] top = [.. model.TopFeatures(s_pairs.Rows[0].Features, 2).Select(feature => feature.Error)];
        Assert.IsLessThan(Tolerance, Rows.Difference(expected[0].FeatureErrors.OrderDescending().Take(2), top));
        Assert.AreEqual(5, expected.Count(row => row.PredictedLabel), "a quarter of the rows lies above the threshold");
        CollectionAssert.AreEqual(expected.OrderBy(row => row.Score).Select(row => row.Score).ToArray(),
            expected.OrderBy(row => row.Probability).Select(row => row.Score).ToArray());
        using var stricter = model.WithThreshold(ThresholdRule.Contamination(0.1));
        Assert.AreEqual(2, Read(stricter.Transform(view)).Count(row => row.PredictedLabel));
        Assert.AreEqual(AutoencoderMetadata.Imported, model.Metadata.Variant);
        Assert.AreEqual(20, model.Generator.Sample(20, seed: 1).GetColumn<float[]>("Reconstruction").Count());
    }

    [TestMethod]
    public void Threshold_quantiles_and_means_come_from_the_calibration_rows()
    {
        var pair = s_pairs["dense"];
        using var model = s_ml.Autoencoders().FromOnnx(pair.Options(s_pairs), s_pairs.View(s_ml));
        double[] scores = [.. pair.Score.Select(score => (double)score).Order()];
        Assert.AreEqual(scores.Average(), model.Metadata.ScoreMean, Tolerance);
        Assert.AreEqual((scores[17] + scores[18]) / 2, model.Threshold, Tolerance, "two of 20 scores lie above it");
        Assert.AreEqual("contamination 0.1", model.Metadata.ThresholdRule);
        Assert.AreEqual(scores[0], model.Metadata.ScoreQuantiles[0], Tolerance);
        Assert.AreEqual(scores[^1], model.Metadata.ScoreQuantiles[^1], Tolerance);
        Assert.IsLessThan(Tolerance, Rows.Difference(s_pairs.Offset, model.Metadata.FeatureMeans),
            "the offsets of the scaling are the rows' means");
        float[][] codes = [.. pair.Code.Chunk(3)];
        Assert.IsLessThan(Tolerance, Rows.Difference(
            Enumerable.Range(0, 3).Select(j => codes.Average(code => code[j])), model.Metadata.CodeMean));
        double covariance = codes.Average(code => ((double)code[0] - model.Metadata.CodeMean[0])
            * ((double)code[1] - model.Metadata.CodeMean[1]));
        Assert.AreEqual(covariance, model.Metadata.CodeCovariance[1], Tolerance);
        Assert.AreEqual("""{"calibration_rows":20}""", model.Metadata.Training);
    }

    [TestMethod]
    public void Without_calibration_rows_the_threshold_is_a_given_one_or_none()
    {
        var pair = s_pairs["dense"];
        using var none = s_ml.Autoencoders().FromOnnx(pair.Options(s_pairs));
        Assert.AreEqual(float.PositiveInfinity, none.Threshold);
        Assert.IsFalse(Read(none.Transform(s_pairs.View(s_ml))).Any(row => row.PredictedLabel));
        foreach (var rule in new[] { ThresholdRule.Contamination(0.1), ThresholdRule.MeanPlusDeviations(2) })
        {
            Fails.With<InvalidOperationException>("have no quantiles of its training scores", () => none.WithThreshold(rule));
            var options = pair.Options(s_pairs);
            options.Threshold = rule;
            Fails.With<InvalidOperationException>("have no quantiles of its training scores", () => s_ml.Autoencoders().FromOnnx(options));
        }
        var given = pair.Options(s_pairs);
        given.Threshold = ThresholdRule.Fixed(0.9f);
        using var model = s_ml.Autoencoders().FromOnnx(given);
        CollectionAssert.AreEqual(pair.Score.Select(score => score > 0.9f).ToArray(),
            Read(model.Transform(s_pairs.View(s_ml))).Select(row => row.PredictedLabel).ToArray());
        given.ProbabilityColumnName = "Probability";
        Fails.With<ArgumentException>("there are no calibration rows", () => s_ml.Autoencoders().FromOnnx(given));
    }

    [TestMethod]
    public void A_missing_value_is_what_the_policy_says()
    {
        var rows = s_pairs.Rows.Select(row => new ImportedRow { Features = [float.NaN, .. row.Features[1..]] });
        var view = s_ml.Data.LoadFromEnumerable(rows.ToArray());
        var options = s_pairs["convolutional"].Options(s_pairs);
        using var nan = s_ml.Autoencoders().FromOnnx(options);
        Assert.IsTrue(Read(nan.Transform(view)).All(
            row => float.IsNaN(row.Score) && row.PredictedLabel && float.IsNaN(row.FeatureErrors[0])
            && row.FeatureErrors.Skip(1).All(float.IsFinite)));

        options.MissingValues = ScoringMissingValues.Mean;
        options.FeatureMeans = [.. Enumerable.Range(0, ImportedRow.FeatureCount).Select(j => 4f + j)];
        using var mean = s_ml.Autoencoders().FromOnnx(options);
        var observed = s_ml.Data.LoadFromEnumerable(
            s_pairs.Rows.Select(row => new ImportedRow { Features = [4f, .. row.Features[1..]] }).ToArray());
        AssertEqual(Read(mean.Transform(observed)), Read(mean.Transform(view)), "as if the mean had been observed");
    }

    [TestMethod]
    public void Names_are_the_options_the_slots_or_numbers()
    {
        var options = s_pairs["dense"].Options(s_pairs);
        using var numbered = s_ml.Autoencoders().FromOnnx(options);
        Assert.AreEqual("Features[11]", numbered.Metadata.FeatureNames[11]);
        options.FeatureNames = [.. Enumerable.Range(0, 12).Select(j => $"f{j}")];
        using var named = s_ml.Autoencoders().FromOnnx(options);
        Assert.AreEqual("f11", named.Metadata.FeatureNames[11]);
        options.FeatureNames = ["one"];
        Fails.With<ArgumentException>("FeatureNames has 1 names; expected 12", () => s_ml.Autoencoders().FromOnnx(options));
    }

    [TestMethod]
    public void Options_that_cannot_be_are_refused_by_name()
    {
        void Refused<TException>(Action<ImportOptions> change, string message, IDataView? view = null) where TException : Exception
        {
            var options = s_pairs["dense"].Options(s_pairs);
            change(options);
            Fails.With<TException>(message, () => s_ml.Autoencoders().FromOnnx(options, view));
        }
        Refused<ArgumentException>(options => options.ScalingScales = [1], "ScalingScales has 1 values; expected 12");
        Refused<ArgumentOutOfRangeException>(options => options.ScalingScales = new float[12],
            "ScalingScales has the value 0; expected numbers above 0");
        Refused<ArgumentOutOfRangeException>(options => options.ScalingOffsets = [.. Enumerable.Repeat(float.NaN, 12)],
            "ScalingOffsets has the value NaN");
        Refused<ArgumentOutOfRangeException>(options => options.Loss = (ReconstructionLoss)9, "Loss is 9; expected one of MeanSquared");
        Refused<ArgumentOutOfRangeException>(options => options.MissingValues = (ScoringMissingValues)9,
            "MissingValues is 9; expected one of NaN");
        Refused<ArgumentException>(options => options.ScoreColumnName = "Code", "Two output columns have the name 'Code'");
        Refused<ArgumentNullException>(options => options.Decoder = null!, "Decoder is null");
        Refused<ArgumentOutOfRangeException>(options => options.FeatureColumnName = "X", "Could not find the input column 'X'",
            s_pairs.View(s_ml));
        Refused<InvalidOperationException>(_ => { }, "There are no calibration rows",
            s_ml.Data.LoadFromEnumerable(Array.Empty<ImportedRow>()));
        Refused<InvalidOperationException>(_ => { }, "Calibration row 1 (counted from 0) has NaN in 'Features[3]'",
            s_ml.Data.LoadFromEnumerable(
            new[] { new ImportedRow(), new ImportedRow { Features = [1, 2, 3, float.NaN, 5, 6, 7, 8, 9, 10, 11, 12] } }));
        Refused<InvalidDataException>(options => options.Decoder = new ImportedGraph(s_pairs["whole"].EncoderPath, "code", "y"),
            "gives 3 values of code for each row, The file");
    }

    [TestMethod]
    public void Every_kind_of_feature_error_is_scored()
    {
        var pair = s_pairs["dense"];
        foreach (var (loss, error) in new (ReconstructionLoss, Func<double, double>)[]
        {
            (ReconstructionLoss.MeanAbsolute, Math.Abs),
            (ReconstructionLoss.Huber, difference => Math.Abs(difference) <= 1 ? difference * difference / 2 : Math.Abs(difference) - 0.5),
        })
        {
            var options = pair.Options(s_pairs);
            options.Loss = loss;
            using var model = s_ml.Autoencoders().FromOnnx(options);
            var expected = pair.FeatureErrors.Chunk(12).Select(row => (float)row.Average(squared => error(Math.Sqrt(squared))));
            Assert.IsLessThan(Tolerance, Rows.Difference(
                expected, Read(model.Transform(s_pairs.View(s_ml))).Select(row => row.Score)), $"{loss}");
        }
    }

    private static void AssertSame(ImportedPairs pairs, ImportedPair pair)
    {
        using var model = s_ml.Autoencoders().FromOnnx(pair.Options(pairs), pairs.View(s_ml));
        var rows = Read(model.Transform(pairs.View(s_ml)));
        void Same(float[] expected, Func<ImportedScoredRow, IEnumerable<float>> found, string what)
        {
            double difference = Rows.Difference(expected, rows.SelectMany(found));
            Assert.HasCount(expected.Length, rows.SelectMany(found).ToArray());
            Assert.IsLessThan(Tolerance, difference, $"{pair.Name}: {what}");
        }
        Same(pair.Score, row => [row.Score], "scores");
        Same(pair.Code, row => row.Code, "codes");
        Same(pair.Reconstruction, row => row.Reconstruction, "reconstructions");
        Same(pair.FeatureErrors, row => row.FeatureErrors, "feature errors");
    }

    private static ImportedScoredRow[] Read(IDataView view) =>
        [.. s_ml.Data.CreateEnumerable<ImportedScoredRow>(view, reuseRowObject: false, ignoreMissingColumns: true)];

    private static void AssertEqual(ImportedScoredRow[] expected, ImportedScoredRow[] found, string what)
    {
        foreach (var (one, other) in expected.Zip(found))
        {
            Assert.AreEqual(one.Score, other.Score, what);
            Assert.AreEqual(one.Probability, other.Probability, what);
            Assert.AreEqual(one.PredictedLabel, other.PredictedLabel, what);
            CollectionAssert.AreEqual(one.Code, other.Code, what);
            CollectionAssert.AreEqual(one.Reconstruction, other.Reconstruction, what);
        }
        Assert.HasCount(expected.Length, found, what);
    }

    private sealed class ImportedScoredRow
    {
        public float Score { get; set; }

        public float Probability { get; set; }

        public bool PredictedLabel { get; set; }

        public float[] Code { get; set; } = [];

        public float[] Reconstruction { get; set; } = [];

        public float[] FeatureErrors { get; set; } = [];
    }
}
