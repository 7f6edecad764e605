using System.Globalization;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// What must be the same in every culture, each as a line that begins with its kind and its name: digests of files, texts with numbers, and
/// trainings that go on in another culture.
/// </summary>
internal static class CultureReport
{
    public const string Files = "file", Messages = "message", Checkpoints = "checkpoint";

    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_kinds = new()
    {
        ["denoising sparse conditional variational dense"] = options =>
        {
            options.Optimizer = new AdamOptimizer(0.85, 0.995, 1e-7);
            options.Schedule = new PlateauSchedule(2, 0.25, 0.001);
            options.EarlyStopping = new EarlyStopping(5, 0.0001);
            options.ValidationShare = 0.25;
            options.GradientClipping = 1.5;
            options.Threshold = ThresholdRule.Contamination(0.05);
        },
        ["contractive conditional variational dense"] = options =>
        {
            options.Optimizer = new SgdOptimizer(0.75);
            options.Schedule = new StepSchedule(2, 0.5);
            options.Threshold = ThresholdRule.MeanPlusDeviations(2.5);
        },
        ["contractive sparse dense"] = options => options.Schedule = new CosineSchedule(0.05),
        ["stacked denoising dense"] = options => options.Schedule = new OneCycleSchedule(0.25, 0.05, 0.001),
        ["binary-code dense"] = options => options.Optimizer = new AdamWOptimizer(0.015),
        ["denoising sparse conditional variational convolutional"] = options => options.Optimizer = new RmsPropOptimizer(0.95),
    };

    /// <summary>The whole report. The culture of the process is that of the thread.</summary>
    public static IEnumerable<string> Write() => [.. WriteFiles(), .. WriteMessages(), .. WriteCheckpoints()];

    private static IEnumerable<string> WriteFiles()
    {
        foreach (string name in s_kinds.Keys)
        {
            using var model = Fit(name);
            yield return $"{Files} {name}, its options: {model.Metadata.Options}";
            yield return $"{Files} {name}, its training: {model.Metadata.Training} {model.Metadata.ThresholdRule}";
            yield return $"{Files} {name}, its scorer: {Digest(model.ToOnnx(OnnxGraph.Scorer))}";
            yield return $"{Files} {name}, its weights: {Digest(model.Model.ToTorchWeights().ToBytes())}";
        }
        using (var model = Fit("contractive sparse dense"))
        {
            var rows = EveryVariant.Rows(40);
            var smaller = new QuantizationOptions { Form = OnnxQuantization.StaticInt8, Force = true };
            byte[] quantized = model.ToQuantizedOnnx(rows, smaller, out var report);
            yield return $"{Files} quantized: {Digest(quantized)} {report}";
            using var stream = new MemoryStream();
            s_ml.Model.Save(model, rows.Schema, stream);
            stream.Position = 0;
            foreach (var (entry, content) in ModelZip.Read(stream).OrderBy(entry => entry.Name, StringComparer.Ordinal))
                yield return $"{Files} saved, {entry}: {Digest(content)}";
            yield return $"{Files} pipeline: {Digest(s_ml.Autoencoders().ExportPipelineToOnnx(model, rows.Schema))}";
        }
        using var classifier = s_ml.Autoencoders().StackedClassifier(new StackedClassifierEstimator.Options
        {
            LabelColumnName = "Key", Hidden = [6], Code = 2, PretrainingEpochs = 1, Epochs = 2, LearningRate = 0.015, Seed = 3,
            Corruption = new MaskingCorruption(0.15),
        }).Fit(EveryVariant.Rows(60));
        yield return $"{Files} classifier, its options: {classifier.Metadata.Options}";
        yield return $"{Files} classifier: {Digest(classifier.ToOnnx())}";
    }

    private static AutoencoderTransformer Fit(string name)
    {
        var options = EveryVariant.Options(name);
        options.ProbabilityColumnName = "Probability";
        s_kinds[name](options);
        return s_ml.Autoencoders().Autoencoder(options).Fit(EveryVariant.Rows(60));
    }

    private static List<string> WriteMessages()
    {
        var lines = new List<string>();
        using var model = Rows.Fit(s_ml, options => (options.Epochs, options.ScoringMissingValues) = (2, ScoringMissingValues.Refuse));
        float[] falling = [.. Enumerable.Range(0, AutoencoderMetadata.QuantileCount).Select(i => -1.5f - i)];
        byte[] scorer = model.ToOnnx(OnnxGraph.Scorer);

        Says("a missing value", () => Score(model, float.NaN));
        Says("an infinity", () => Score(model, float.NegativeInfinity));
        Says("a training row without a value", () => Train(_ => { }, float.NegativeInfinity));
        Says("falling quantiles", () => Open(With(scorer, metadata => metadata with { ScoreQuantiles = falling })));
        Says("another threshold", () => Open(Changed(scorer, "threshold", "-1234.5")));
        Says("a threshold that is no number", () => Open(Changed(scorer, "threshold", "-1234,5")));
        Says("a deviation", () => Open(Changed(scorer, "score_deviation", "-1.5")));
        Says("an axis", () => Open(With(scorer, graph => graph.Graph.Initializer[0].Dims.Add(-6))));
        Says("an operator set", () => Open(With(scorer, graph => graph.OpsetImport[0].Version = -17)));
        Says("a contamination", () => ThresholdRule.Contamination(-0.75));
        Says("deviations", () => ThresholdRule.MeanPlusDeviations(-2.5));
        Says("a batch", () => new ScoringOptions { BatchSize = -1234 }.Validate());
        Says("a count of features", () => model.TopFeatures(new float[Row.FeatureCount], -3));
        Says("an opset of an export", () => model.ToOnnx(OnnxGraph.Scorer, new OnnxExportOptions { Opset = -17 }));
        Says("a batch of an export", () => model.ToOnnx(OnnxGraph.Scorer, new OnnxExportOptions { BatchSize = -2 }));
        Says("features of an export", () => model.ToOnnx(OnnxGraph.Scorer, new OnnxExportOptions { TopFeatures = -2 }));
        Says("a unit of the code", () => model.Generator.Traverse(new float[Row.FeatureCount], -1, -1.5f, 1.5f, 5));
        Says("rows to be drawn", () => model.Generator.Sample(-5, seed: 1));
        Says("a scale of an imported one", () => Import(options => options.ScalingScales = [.. Enumerable.Repeat(-0.5f, 12)]));
        foreach (var (name, change) in WrongOptions())
            Says($"the option {name}", () => Train(change));

        string progress = "";
        var last = new DirectProgress(step => progress = $"{step with { RowsPerSecond = 1234.5, Remaining = TimeSpan.FromHours(2.5) }}");
        Train(options => options.Progress = last).Dispose();
        lines.Add($"{Messages} progress: {progress}");
        lines.Add($"{Messages} information: {AutoencoderOnnxInfo.Read(scorer, "The file")}");
        var rules = new[] { ThresholdRule.Fixed(-1.5f), ThresholdRule.Contamination(0.125), ThresholdRule.MeanPlusDeviations(2.5) };
        lines.Add($"{Messages} rules: {string.Join<ThresholdRule>(' ', rules)}");
        return lines;

        // What .NET itself adds to a message, a parameter's name and value, stands in the lines after the first.
        void Says(string name, Action action)
        {
            string said = "nothing was thrown";
            try
            {
                action();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or InvalidDataException)
            {
                said = e.Message.Split('\n')[0].TrimEnd();
            }
            lines.Add($"{Messages} {name}: {said}");
        }
    }

    /// <summary>Each of them is refused.</summary>
    private static IEnumerable<(string Name, Action<AutoencoderEstimator.Options> Change)> WrongOptions() =>
    [
        ("LearningRate", options => options.LearningRate = -0.5),
        ("BatchSize", options => options.BatchSize = -3),
        ("Epochs", options => options.Epochs = -1),
        ("Code.Size", options => options.Code = options.Code with { Size = -2 }),
        ("Code.NoiseDeviation", options => options.Code = options.Code with { NoiseDeviation = -0.25 }),
        ("Corruption", options => options.Corruption = new MaskingCorruption(1.5)),
        ("Penalties", options => options.Penalties = [new L1Penalty(-0.5)]),
        ("Penalties, rate", options => options.Penalties = [new KullbackLeiblerPenalty(0.5, -0.25)]),
        ("WeightL2", options => options.WeightL2 = -0.125),
        ("ValidationShare", options => options.ValidationShare = 1.5),
        ("GradientClipping", options => options.GradientClipping = -1.5),
        ("Optimizer", options => options.Optimizer = new SgdOptimizer(-0.5)),
        ("Schedule", options => options.Schedule = new StepSchedule(2, -1.5)),
        ("EarlyStopping", options => (options.ValidationShare, options.EarlyStopping) = (0.25, new EarlyStopping(2, -0.5))),
        ("Network.Dropout", options => options.Network = new DenseNetworkOptions { Dropout = -0.5 }),
        ("Network.Hidden", options => options.Network = new DenseNetworkOptions { Hidden = [-4] }),
        ("Code.Variational.Beta", options => options.Code = options.Code with { Variational = new VariationalOptions { Beta = -0.5 } }),
        ("Code.Variational.Variance", options => options.Code = options.Code
            with { Variational = new VariationalOptions { Variance = -0.5 } }),
        ("Code.Variational.ScoreSamples", options =>
            options.Code = options.Code with { Variational = new VariationalOptions { ScoreSamples = -2 } }),
        ("FeatureWeights", options => options.FeatureWeights = [-0.5f, 1, 1, 1, 1]),
        ("Threads", options => options.Threads = -1),
    ];

    private static IEnumerable<string> WriteCheckpoints()
    {
        var own = CultureInfo.CurrentCulture;
        yield return $"{Checkpoints} begun in the invariant culture: {GoOn(CultureInfo.InvariantCulture, own)}";
        yield return $"{Checkpoints} begun in another: {GoOn(own, CultureInfo.InvariantCulture)}";
        yield return $"{Checkpoints} begun and ended in one: {GoOn(own, own)}";
    }

    /// <summary>Two epochs in one culture and two more in another; the digest of the model.</summary>
    private static string GoOn(CultureInfo first, CultureInfo second)
    {
        using var folder = new TestFolder();
        var before = CultureInfo.CurrentCulture;
        AutoencoderTransformer Fit(int epochs, CultureInfo culture)
        {
            CultureInfo.CurrentCulture = culture;
            try
            {
                var options = EveryVariant.Options("denoising sparse conditional dense");
                options.Epochs = epochs;
                options.Optimizer = new SgdOptimizer(0.75);
                options.Schedule = new StepSchedule(2, 0.5);
                options.Checkpoint = new CheckpointOptions { Folder = folder["c"], Continue = true };
                return s_ml.Autoencoders().Autoencoder(options).Fit(EveryVariant.Rows(60));
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }
        Fit(2, first).Dispose();
        try
        {
            using var model = Fit(4, second);
            return $"{model.History.Count} epochs, {Digest(model.ToOnnx(OnnxGraph.Scorer))}";
        }
        catch (InvalidOperationException e)
        {
            return e.Message.Replace(folder.Path, "", StringComparison.Ordinal);
        }
    }

    private static void Score(AutoencoderTransformer model, float value)
    {
        var rows = Rows.Make(3);
        rows[1].Features[2] = value;
        _ = model.Transform(s_ml.Data.LoadFromEnumerable(rows)).GetColumn<float>("Score").ToArray();
    }

    private static AutoencoderTransformer Train(Action<AutoencoderEstimator.Options> change, float value = 0)
    {
        var rows = Rows.Make(40);
        rows[1].Features[2] = value;
        var options = Rows.Options();
        change(options);
        return s_ml.Autoencoders().Autoencoder(options).Fit(s_ml.Data.LoadFromEnumerable(rows));
    }

    private static void Import(Action<ImportOptions> change)
    {
        var options = ImportedPairs.Kept["dense"].Options(ImportedPairs.Kept);
        change(options);
        s_ml.Autoencoders().FromOnnx(options).Dispose();
    }

    private static byte[] With(byte[] scorer, Func<AutoencoderMetadata, AutoencoderMetadata> change) => With(scorer, graph =>
        OnnxFile.SetMetadata(graph, change(AutoencoderMetadata.Read(OnnxFile.GetMetadata(graph), "The graph")).ToDictionary()));

    private static void Open(byte[] file) => new AutoencoderModel(file, "The file").Dispose();

    private static byte[] Changed(byte[] scorer, string key, string value) =>
        With(scorer, graph => graph.MetadataProps.Single(entry => entry.Key == AutoencoderMetadata.Prefix + key).Value = value);

    private static byte[] With(byte[] scorer, Action<ModelProto> change)
    {
        var graph = OnnxFile.Parse(scorer, "The graph");
        change(graph);
        return Google.Protobuf.MessageExtensions.ToByteArray(graph);
    }

    private static string Digest(byte[] content) => Convert.ToHexString(SHA256.HashData(content))[..16];
}
