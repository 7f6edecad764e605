using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Files with smaller weights: what is said of them, what they do, and when they are not written.</summary>
[TestClass]
public sealed class QuantizationTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly OnnxQuantization[] s_forms = Enum.GetValues<OnnxQuantization>();

    /// <summary>
    /// 784-128-64-128-784, trained a little on digits of 28×28 pixels; the nines, which it has not seen, are the
    /// anomalies.
    /// </summary>
    private static readonly Lazy<AutoencoderTransformer> s_large = new(() => s_ml.Autoencoders().Dense(new AutoencoderEstimator.Options
    {
        Network = new DenseNetworkOptions { Hidden = [128] }, Code = new CodeOptions { Size = 64 }, Epochs = 5, Seed = 1,
    }).Fit(s_ml.Data.FilterRowsByColumn(s_largeRows!.Value, "Label", upperBound: 1)));

    private static readonly Lazy<IDataView> s_largeRows = new(
        () => s_ml.Data.LoadFromEnumerable(LargeDigit.Enlarge(DigitRows.Read(seed: 1))));

    public static IEnumerable<object[]> Forms => s_forms.Select(form => new object[] { form });

    [TestMethod]
    [DynamicData(nameof(EveryVariant.Data), typeof(EveryVariant))]
    public void Every_variant_in_every_form_does_what_its_report_says(string variant)
    {
        var model = EveryVariant.Fitted(variant);
        var rows = EveryVariant.Rows(300);
        float[] before = Scores(model, rows), features = [.. VariantRows.Make(300).SelectMany(row => row.Features)];
        foreach (var form in s_forms)
        {
            using var folder = new TestFolder();
            var report = model.ExportQuantizedOnnx(
                folder["e.onnx"], folder["d.onnx"], folder["s.onnx"], rows, new QuantizationOptions { Form = form, Force = true });
            byte[] scorer = File.ReadAllBytes(folder["s.onnx"]);
            using var quantized = FromFile(folder["s.onnx"]);
            float[] after = Scores(quantized, rows);
            Console.WriteLine($"{variant}: {report}");

            // The report against the file, by other formulas.
            Assert.AreEqual(form, report.Form);
            Assert.AreEqual((long)model.ToOnnx(OnnxGraph.Scorer).Length, report.BytesBefore);
            Assert.AreEqual((long)scorer.Length, report.BytesAfter);
            Assert.AreEqual(300, report.Rows);
            Assert.AreEqual(Spearman(before, after), report.RankCorrelation, 1e-9);
            Assert.AreEqual(before.Zip(after, (a, b) => a > model.Threshold != b > model.Threshold).Count(changed => changed) / 300.0,
                report.ChangedDecisions, 1e-12);
            Assert.IsNull(report.AreaUnderRocCurveBefore);

            // Half of float32's digits are far more than an order of 300 scores needs. Eight bits came to 0.9997 at
            // least; layers as small as these may do worse with another seed.
            Assert.IsTrue(report.RankCorrelation > (form == OnnxQuantization.Float16 ? 0.9999 : 0.999),
                $"{form}: {report.RankCorrelation}");

            // The file is a model of this library like any other.
            Assert.AreEqual(model.Threshold, quantized.Threshold);
            AssertSameMetadata(model.Metadata, quantized.Metadata);
            AssertPartsAgree(folder, quantized, rows);
            AssertMissingValuesAreTreatedAlike(model, quantized, rows);

            // Ours widens weights before ONNX Runtime sees them, a session of somebody else's leaves it to that: the same
            // numbers, but for the order of sums, which may move a value over the border between two levels.
            if (model.Metadata is { ConditionSize: 0, CodeOffsetSize: 0 })
                Assert.IsLessThanOrEqualTo(form == OnnxQuantization.StaticInt8 ? 1e-3 : 1e-5, Rows.Difference(
                    after, OnnxPipelines.Run(scorer, "features", features, VariantRow.FeatureCount)["score"]), $"{form}");

            // Without force, it is written exactly where the scores keep their order.
            bool isWritten = report.RankCorrelation >= QuantizationOptions.LeastRankCorrelation;
            using var second = new TestFolder();
            void Export() => model.ExportQuantizedOnnx(
                second["e.onnx"], second["d.onnx"], second["s.onnx"], rows, new QuantizationOptions { Form = form });
            if (isWritten)
                Export();
            else
                Assert.ThrowsExactly<InvalidOperationException>(Export);
            Assert.AreEqual(isWritten ? 3 : 0, Directory.GetFiles(second.Path).Length);
            if (isWritten)
                CollectionAssert.AreEqual(scorer, File.ReadAllBytes(second["s.onnx"]), "the same bytes each time");
        }
    }

    [TestMethod]
    [DataRow("dense")]
    [DataRow("dense, layer-normalized")]
    [DataRow("convolutional")]
    [DataRow("conditional")]
    [DataRow("variational dense")]
    public void A_rows_score_does_not_depend_on_the_rows_that_come_with_it(string variant)
    {
        var model = EveryVariant.Fitted(variant);
        VariantRow[] rows = VariantRows.Make(16, seed: 3);
        var outlier = VariantRows.Make(1, seed: 4)[0];
        for (int j = 0; j < VariantRow.FeatureCount; j++)
            outlier.Features[j] = 1000 * (j + 1);
        var keys = s_ml.Transforms.Conversion.MapValueToKey("Key", nameof(VariantRow.Group))
            .Fit(s_ml.Data.LoadFromEnumerable(VariantRows.Make(3)));
        IDataView View(params VariantRow[] shown) => keys.Transform(s_ml.Data.LoadFromEnumerable(shown));

        foreach (var form in s_forms)
        {
            using var quantized = Quantized(model, EveryVariant.Rows(300), form);
            using var scorer = quantized.WithScoring(new ScoringOptions { BatchSize = 32 });
            float[] together = Scores(scorer, View([.. rows, outlier])), without = Scores(scorer, View(rows));

            // ONNX Runtime's kernels for other numbers of rows sum in another order, which may move a value over the
            // border between two levels.
            for (int i = 0; i < rows.Length; i++)
                Assert.AreEqual(without[i], together[i], 1e-3 * Math.Max(1, Math.Abs(without[i])), $"{form}, row {i}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void The_large_dense_model_has_the_promised_size_and_ONNX_Runtime_the_promised_kernels(OnnxQuantization form)
    {
        byte[] bytes = s_large.Value.ToQuantizedOnnx(
            s_largeRows.Value, new QuantizationOptions { Form = form, LabelColumnName = "Label" }, out var report);
        Console.WriteLine(report);
        Assert.AreEqual((long)s_large.Value.ToOnnx(OnnxGraph.Scorer).Length, report.BytesBefore);
        double ratio = (double)bytes.Length / report.BytesBefore;
        Assert.IsTrue(ratio <= (form == OnnxQuantization.Float16 ? 0.55 : 0.3), $"{ratio}");
        Assert.AreEqual(report.AreaUnderRocCurveBefore!.Value, report.AreaUnderRocCurveAfter!.Value, 0.02);
        Assert.AreEqual(form switch
        {
            OnnxQuantization.StaticInt8 => "QGemm QGemm QGemm QGemm",
            _ => "FusedGemm FusedGemm Gemm Gemm",
        }, string.Join(' ', KernelsOf(bytes).Where(
            kernel => kernel.Contains("Gemm", StringComparison.Ordinal) || kernel.Contains("MatMul", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)));
        CollectionAssert.DoesNotContain(KernelsOf(bytes), "DequantizeLinear", "no weight is widened with every batch");
        CollectionAssert.DoesNotContain(KernelsOf(bytes), "Cast", "no weight is widened with every batch");
    }

    [TestMethod]
    public void Where_the_order_of_the_scores_is_lost_nothing_is_written_unless_forced()
    {
        // The first feature is always 0, and its weights are ten thousand times the others: these all become 0 in eight
        // bits, and a row's reconstruction no longer depends on the row.
        const int d = MadeRow.FeatureCount, k = 3;
        var random = new Random(5);
        float[] encoder = [.. Enumerable.Range(0, k * d).Select(i => i % d == 0 ? 1e4f : (float)LabeledDigits.Normal(random))];
        float[] decoder = [.. Enumerable.Range(0, d * k).Select(_ => 0.3f * (float)LabeledDigits.Normal(random))];
        using var model = Made(d, k, encoder, decoder);
        var rows = s_ml.Data.LoadFromEnumerable(Enumerable.Range(0, 100)
            .Select(_ => new MadeRow { Features = [0, .. Enumerable.Range(1, d - 1).Select(_ => (float)LabeledDigits.Normal(random))] })
            .ToArray());

        foreach (var form in s_forms.Except([OnnxQuantization.Float16]))
        {
            using var folder = new TestFolder();
            var options = new QuantizationOptions { Form = form };
            var error = Assert.ThrowsExactly<InvalidOperationException>(
                () => model.ExportQuantizedOnnx(folder["e.onnx"], folder["d.onnx"], folder["s.onnx"], rows, options));
            Assert.AreEqual(0, Directory.GetFileSystemEntries(folder.Path).Length);
            var report = (QuantizationReport)error.Data[nameof(QuantizationReport)]!;
            Assert.IsTrue(report.RankCorrelation < 0.99);
            StringAssert.Contains(error.Message, FormattableString.Invariant($"{report.RankCorrelation:F4}"));
            StringAssert.Contains(error.Message, "Force");
            Assert.ThrowsExactly<InvalidOperationException>(() => model.ToQuantizedOnnx(rows, options, out _));

            Assert.AreEqual(report, model.ExportQuantizedOnnx(
                folder["e.onnx"], folder["d.onnx"], folder["s.onnx"], rows, options with { Force = true }));
            Assert.AreEqual(3, Directory.GetFiles(folder.Path).Length);
        }

        using var half = new TestFolder();
        Assert.IsTrue(model.ExportQuantizedOnnx(null, null, half["s.onnx"], rows,
            new QuantizationOptions { Form = OnnxQuantization.Float16 }).RankCorrelation > 0.999,
            "sixteen bits have an exponent of their own");
        CollectionAssert.AreEqual(new[] { "s.onnx" }, Directory.GetFiles(half.Path).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void Scores_that_are_all_equal_have_no_order_to_keep()
    {
        using var model = Made(MadeRow.FeatureCount, 1, new float[MadeRow.FeatureCount], new float[MadeRow.FeatureCount]);
        var rows = s_ml.Data.LoadFromEnumerable(Enumerable.Repeat(new MadeRow { Features = [1, 2, 3, 4, 5, 6] }, 30).ToArray());
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => model.ToQuantizedOnnx(rows, new QuantizationOptions(), out _));
        Assert.IsTrue(double.IsNaN(((QuantizationReport)error.Data[nameof(QuantizationReport)]!).RankCorrelation));
    }

    [TestMethod]
    public void The_area_under_the_curve_is_that_of_the_pairs_whatever_type_the_label_has()
    {
        using var model = Rows.Fit(s_ml);
        var random = new Random(9);
        LabeledRow[] rows = [.. Rows.Make(200).Select((row, i) => new LabeledRow
        {
            Features = i % 5 == 0 ? [.. row.Features.Select(value => value + 3 * (float)LabeledDigits.Normal(random))] : row.Features,
            Number = i % 5 == 0 ? 1 : 0,
            Truth = i % 5 == 0,
        })];
        var view = s_ml.Data.LoadFromEnumerable(rows);
        byte[] bytes = model.ToQuantizedOnnx(view, new QuantizationOptions { LabelColumnName = nameof(LabeledRow.Number), Force = true },
            out var byNumber);
        model.ToQuantizedOnnx(view, new QuantizationOptions { LabelColumnName = nameof(LabeledRow.Truth), Force = true }, out var byTruth);
        Assert.AreEqual(byNumber, byTruth);
        using var quantized = s_ml.Autoencoders().FromModel(new AutoencoderModel(bytes, "The graph"));
        Assert.AreEqual(Area(Scores(model, view)), byTruth.AreaUnderRocCurveBefore!.Value, 1e-9);
        Assert.AreEqual(Area(Scores(quantized, view)), byTruth.AreaUnderRocCurveAfter!.Value, 1e-9);
        StringAssert.Contains(byTruth.ToString(), "area under the ROC curve");

        double Area(float[] scores)
        {
            var pairs = from i in Enumerable.Range(0, 200) where rows[i].Truth
                        from j in Enumerable.Range(0, 200) where !rows[j].Truth
                        select scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            return pairs.Average();
        }
    }

    [TestMethod]
    public void Rows_with_missing_values_are_no_part_of_the_report_where_they_have_no_score()
    {
        using var model = Rows.Fit(s_ml);
        Row[] rows = Rows.Make(60);
        byte[] bytes = model.ToQuantizedOnnx(s_ml.Data.LoadFromEnumerable(rows),
            new QuantizationOptions { Form = OnnxQuantization.Float16 }, out var report);
        var holed = rows.Append(new Row { Features = [1, 2, float.NaN, 4, 5] });
        model.ToQuantizedOnnx(s_ml.Data.LoadFromEnumerable(holed), new QuantizationOptions { Form = OnnxQuantization.Float16 },
            out var withHole);
        Assert.AreEqual(report, withHole);
        Assert.AreEqual(60, withHole.Rows);
    }

    [TestMethod]
    public void A_quantized_model_saves_and_loads_like_any_other()
    {
        var model = EveryVariant.Fitted("deep dense, batch-normalized");
        var rows = EveryVariant.Rows(40);
        foreach (var form in s_forms)
        {
            using var folder = new TestFolder();
            using var quantized = Quantized(model, EveryVariant.Rows(300), form);
            s_ml.Model.Save(quantized, rows.Schema, folder["model.zip"]);
            using var again = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);
            // ML.NET knows no 16-bit floating point: what was rounded to it is saved in 32 bits.
            Assert.AreEqual(form == OnnxQuantization.Float16 ? "none" : quantized.Metadata.Quantization, again.Metadata.Quantization);
            CollectionAssert.AreEqual(Scores(quantized, rows), Scores(again, rows));
            var stock = s_ml.Model.Load(folder["model.zip"], out _).Transform(rows);
            float[] scores = [.. stock.GetColumn<float[]>("Score").Select(score => score[0])];
            Assert.IsTrue(Rows.Difference(Scores(quantized, rows), scores) <= 1e-3, $"{form}: the order of sums, see above");
        }
    }

    /// <summary>Why it is not saved as it is.</summary>
    [TestMethod]
    public void The_stock_transformer_knows_no_16_bit_floating_point()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["scorer.onnx"], EveryVariant.Fitted("dense")
            .ToQuantizedOnnx(EveryVariant.Rows(100), new QuantizationOptions { Form = OnnxQuantization.Float16 }, out _));
        Fails.With<InvalidOperationException>("Unsupported ONNX scalar type: Float16",
            () => s_ml.Transforms.ApplyOnnxModel(folder["scorer.onnx"]));
    }

    [TestMethod]
    public void Wrong_input_is_refused_by_name()
    {
        using var model = Rows.Fit(s_ml);
        var rows = Rows.View(s_ml, 100);
        void Refused<T>(IDataView view, QuantizationOptions options, params string[] parts) where T : Exception
        {
            var error = Assert.ThrowsExactly<T>(() => model.ToQuantizedOnnx(view, options, out _));
            foreach (string part in parts)
                StringAssert.Contains(error.Message, part);
        }

        foreach (var form in s_forms)
        {
            Refused<ArgumentOutOfRangeException>(s_ml.Transforms.DropColumns("Features").Fit(rows).Transform(rows),
                new QuantizationOptions { Form = form }, "'Features'");
            Refused<ArgumentException>(Rows.View(s_ml, 0), new QuantizationOptions { Form = form }, "have 0 rows", "at least 20");
            Refused<ArgumentException>(Rows.View(s_ml, 19), new QuantizationOptions { Form = form }, "have 19 rows", "at least 20");
        }
        Refused<ArgumentOutOfRangeException>(EveryVariant.Rows(30), new QuantizationOptions(), "'Features'", "5");
        Refused<ArgumentOutOfRangeException>(rows, new QuantizationOptions { LabelColumnName = "Anomaly" }, "'Anomaly'", "'Label'");
        Refused<ArgumentOutOfRangeException>(rows, new QuantizationOptions { LabelColumnName = "Name" }, "'Name'", "Boolean, or Single");
        Refused<ArgumentOutOfRangeException>(rows, new QuantizationOptions { Form = (OnnxQuantization)9 }, "9", "StaticInt8");

        using var folder = new TestFolder();
        Assert.ThrowsExactly<ArgumentException>(() => model.ExportQuantizedOnnx(null, null, null, rows, new QuantizationOptions()));
        Assert.ThrowsExactly<IOException>(() => model.ExportQuantizedOnnx(
            folder["e.onnx"], null, Path.Combine(folder["none"], "s.onnx"), rows,
            new QuantizationOptions { Form = OnnxQuantization.Float16 }));
        Assert.AreEqual(0, Directory.GetFiles(folder.Path).Length, "all or none");

        using var quantized = Quantized(model, rows, OnnxQuantization.Float16);
        Fails.With<InvalidOperationException>("'float16'", () => quantized.ToQuantizedOnnx(rows, new QuantizationOptions(), out _));
        model.ExportOnnx(folder["e.onnx"], null, null);
        using var encoder = FromFile(folder["e.onnx"]);
        Fails.With<InvalidOperationException>("only the encoder", () => encoder.ToQuantizedOnnx(rows, new QuantizationOptions(), out _));
    }

    private static void AssertSameMetadata(AutoencoderMetadata before, AutoencoderMetadata after)
    {
        Assert.AreNotEqual("none", after.Quantization);
        var expected = (before with { Quantization = after.Quantization }).ToDictionary();
        CollectionAssert.AreEqual(expected.OrderBy(pair => pair.Key).ToArray(), after.ToDictionary().OrderBy(pair => pair.Key).ToArray());
        CollectionAssert.AreEqual(before.ScoreQuantiles.ToArray(), after.ScoreQuantiles.ToArray());
        CollectionAssert.AreEqual(before.CodeCovariance.ToArray(), after.CodeCovariance.ToArray());
        CollectionAssert.AreEqual(before.CodeMixtureCovariances.ToArray(), after.CodeMixtureCovariances.ToArray());
    }

    /// <summary>Encoder and decoder one after the other reconstruct as the scorer does.</summary>
    private static void AssertPartsAgree(TestFolder folder, AutoencoderTransformer whole, IDataView rows)
    {
        using AutoencoderTransformer encoder = FromFile(folder["e.onnx"]), decoder = FromFile(folder["d.onnx"]);
        Assert.AreEqual((whole.Metadata.Quantization, whole.Metadata.Quantization),
            (encoder.Metadata.Quantization, decoder.Metadata.Quantization));
        var (scored, coded) = (whole.Transform(rows), encoder.Transform(rows));
        AssertSame(scored, coded, "Code");
        AssertSame(scored, decoder.Transform(coded), "Reconstruction");

        static void AssertSame(IDataView one, IDataView other, string column) =>
            CollectionAssert.AreEqual(Values(one, column), Values(other, column), column);
        static float[] Values(IDataView view, string column) => [.. view.GetColumn<float[]>(column).SelectMany(row => row)];
    }

    private static void AssertMissingValuesAreTreatedAlike(AutoencoderTransformer before, AutoencoderTransformer after, IDataView rows)
    {
        VariantRow[] holed = VariantRows.Make(9, seed: 8);
        holed[4].Features[2] = float.NaN;
        holed[7].Features[0] = float.NegativeInfinity;
        var view = s_ml.Transforms.Conversion.MapValueToKey("Key", nameof(VariantRow.Group))
            .Fit(s_ml.Data.LoadFromEnumerable(VariantRows.Make(3))).Transform(s_ml.Data.LoadFromEnumerable(holed));
        CollectionAssert.AreEqual(Scores(before, view).Select(float.IsNaN).ToArray(), Scores(after, view).Select(float.IsNaN).ToArray());
        Assert.AreEqual(before.Metadata.MissingValues is MissingValuePolicy.Mean or MissingValuePolicy.Hidden ? 0 : 2,
            Scores(after, view).Count(float.IsNaN));
        Assert.AreEqual(0, Scores(after, rows).Count(float.IsNaN));
    }

    /// <summary>A linear autoencoder of given weights, [units, inputs] each, without biases that matter.</summary>
    private static AutoencoderTransformer Made(int d, int k, float[] encoder, float[] decoder)
    {
        byte[] graph = GraphBytes.Scorer(
            (g, x, _) => g.Node("Gemm", "encoder/dense1",
                [x, g.Initializer("encoder/dense1/weight", encoder, k, d), g.Initializer("encoder/dense1/bias", new float[k], k)],
                OnnxAttribute.Int64("transB", 1)),
            (g, z, _) => g.Node("Gemm", "decoder/dense1",
                [z, g.Initializer("decoder/dense1/weight", decoder, d, k), g.Initializer("decoder/dense1/bias", new float[d], d)],
                OnnxAttribute.Int64("transB", 1)),
            MadeMetadata.Plain(d, k));
        return s_ml.Autoencoders().FromModel(new AutoencoderModel(graph, "The graph"));
    }

    private static AutoencoderTransformer Quantized(AutoencoderTransformer model, IDataView rows, OnnxQuantization form) =>
        s_ml.Autoencoders()
            .FromModel(new AutoencoderModel(model.ToQuantizedOnnx(rows, new QuantizationOptions { Form = form, Force = true }, out _),
            "The graph"));

    private static AutoencoderTransformer FromFile(string path) =>
        s_ml.Autoencoders().FromModel(new AutoencoderModel(File.ReadAllBytes(path), $"The file '{path}'"));

    private static float[] Scores(AutoencoderTransformer model, IDataView rows) => [.. model.Transform(rows).GetColumn<float>("Score")];

    /// <summary>The kernels that ONNX Runtime runs for the score of rows without missing values.</summary>
    private static string[] KernelsOf(byte[] scorer)
    {
        using var folder = new TestFolder();
        using var options = new SessionOptions { OptimizedModelFilePath = folder["optimized.onnx"],
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using var session = new InferenceSession(Google.Protobuf.MessageExtensions.ToByteArray(
            MissingValueGraph.Remove(OnnxFile.Cut(OnnxFile.Parse(scorer, "The scorer"), [GraphNames.Features], [GraphNames.Score]))),
            options);
        return [.. OnnxFile.Parse(File.ReadAllBytes(folder["optimized.onnx"]), "The optimized scorer").Graph.Node.Select(
            node => node.OpType)];
    }

    /// <summary>
    /// Spearman's rank correlation by its definition: each rank is one more than the number of lower values, and half
    /// of the number of equal ones.
    /// </summary>
    private static double Spearman(float[] first, float[] second)
    {
        double[] x = RanksOf(first), y = RanksOf(second);
        double mx = x.Average(), my = y.Average();
        double xy = x.Zip(y, (a, b) => (a - mx) * (b - my)).Sum(), xx = x.Sum(a => (a - mx) * (a - mx)),
            yy = y.Sum(b => (b - my) * (b - my));
        return xy / Math.Sqrt(xx) / Math.Sqrt(yy);

        static double[] RanksOf(float[] values) =>
            [.. values.Select(value => 1 + values.Count(other => other < value) + (values.Count(other => other == value) - 1) / 2.0)];
    }

    /// <summary>A row of as many features as the made model has.</summary>
    public sealed class MadeRow
    {
        public const int FeatureCount = 6;

        [VectorType(FeatureCount)]
        public float[] Features { get; set; } = [];
    }

    public sealed class LabeledRow
    {
        [VectorType(Row.FeatureCount)]
        public float[] Features { get; set; } = [];

        public float Number { get; set; }

        public bool Truth { get; set; }
    }

    /// <summary>A digit of 28×28 pixels: one of 8×8, enlarged.</summary>
    public sealed class LargeDigit
    {
        private const int Side = 28, SmallSide = 8;

        [VectorType(Side * Side)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }

        public static LargeDigit[] Enlarge(DigitRow[] digits) =>
            [.. digits.Select(digit => new LargeDigit { Features = Enlarge(digit.Features), Label = digit.Digit == "nine" ? 1 : 0 })];

        /// <summary>Linearly between the four nearest pixels.</summary>
        private static float[] Enlarge(float[] pixels)
        {
            float[] enlarged = new float[Side * Side];
            for (int i = 0; i < enlarged.Length; i++)
            {
                float y = i / Side * (SmallSide - 1f) / (Side - 1), x = i % Side * (SmallSide - 1f) / (Side - 1);
                int top = Math.Min((int)y, SmallSide - 2), left = Math.Min((int)x, SmallSide - 2);
                float At(int row, int column) => pixels[row * SmallSide + column];
                enlarged[i] = (1 - (y - top)) * ((1 - (x - left)) * At(top, left) + (x - left) * At(top, left + 1))
                    + (y - top) * ((1 - (x - left)) * At(top + 1, left) + (x - left) * At(top + 1, left + 1));
            }
            return enlarged;
        }
    }
}
