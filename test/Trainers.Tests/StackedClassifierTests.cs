using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Samples;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The classifier on the code of a stacked autoencoder: what it learns, what it gives, what it refuses.</summary>
[TestClass]
public sealed class StackedClassifierTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static StackedClassifierEstimator.Options Options() => new()
    {
        Hidden = [16],
        Code = 8,
        Scaling = InputScaling.MinMax,
        PretrainingEpochs = 2,
        Epochs = 3,
        Seed = 3,
        CodeColumnName = "Code",
    };

    private static IDataView Digits(int count, int labeled) =>
        DigitRows.View(s_ml, DigitRows.Forget(DigitRows.Read(seed: 5).Take(count), labeled));

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(256)]
    public void Probabilities_and_code_by_ONNX_Runtime_equal_libtorchs_on_trained_weights(int batch)
    {
        var options = Options();
        options.Scoring = new ScoringOptions { BatchSize = batch };
        var view = Digits(500, 300);
        float[] probabilities = [], codes = [];
        using var model = new StackedClassifierEstimator(s_ml, options).Fit(view, (network, set) =>
        {
            using var none = torch.no_grad();
            using var generator = new torch.Generator(1, torch.CPU);
            var pass = new Pass(IsTraining: false, generator);
            probabilities = Values(torch.nn.functional.softmax(network.Forward(set.Whole().Rows, pass), 1));
            codes = Values(network.Stack.Encode(set.Whole().Rows, null, null, pass).Code);
        });
        var scored = model.Transform(view);
        Same(probabilities, scored.GetColumn<float[]>("Score"));
        Same(codes, scored.GetColumn<float[]>("Code"));

        static float[] Values(torch.Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.contiguous().bytes).ToArray();
        static void Same(float[] expected, IEnumerable<float[]> actual)
        {
            // Relative to the largest: single values may lie next to zero.
            float largest = expected.Max(Math.Abs);
            float[] values = [.. actual.SelectMany(row => row)];
            Assert.AreEqual(expected.Length, values.Length);
            for (int i = 0; i < values.Length; i++)
                Assert.AreEqual(expected[i], values[i], 1e-5 * largest, $"value {i}");
        }
    }

    [TestMethod]
    public void Digits_that_were_not_trained_on_are_told_apart()
    {
        var rows = DigitRows.Read(seed: 5);
        using var model = s_ml.Autoencoders().StackedClassifier(scaling: InputScaling.MinMax, seed: 1)
            .Fit(DigitRows.View(s_ml, rows.Take(1200)));
        var scored = model.Transform(DigitRows.View(s_ml, rows.Skip(1200)));
        var metrics = s_ml.MulticlassClassification.Evaluate(scored);

        // A nearest neighbor is right in about 98 of 100 of these digits, chance in 10.
        Assert.IsGreaterThan(0.95, metrics.MicroAccuracy);
        Assert.IsGreaterThan(0.95, metrics.MacroAccuracy);

        // The label names the class of the largest probability, and probabilities add up to 1.
        VBuffer<ReadOnlyMemory<char>> slots = default;
        scored.Schema["Score"].GetSlotNames(ref slots);
        string[] names = [.. slots.DenseValues().Select(name => name.ToString())];
        var back = s_ml.Transforms.Conversion.MapKeyToValue("Name", "PredictedLabel").Fit(scored).Transform(scored);
        foreach (var (name, probabilities) in back.GetColumn<string>("Name").Zip(back.GetColumn<float[]>("Score")))
        {
            Assert.AreEqual(names[Array.IndexOf(probabilities, probabilities.Max())], name);
            Assert.AreEqual(1, probabilities.Sum(), 1e-5);
        }
    }

    [TestMethod]
    public void Columns_and_annotations_are_those_of_stock_multiclass_trainers()
    {
        var view = Digits(200, 200);
        using var model = new StackedClassifierEstimator(s_ml, Options()).Fit(view);
        var schema = model.GetOutputSchema(view.Schema);
        Assert.AreEqual("PredictedLabel:Key<UInt32, 0-9> Score:Vector<Single, 10> Code:Vector<Single, 8>",
            string.Join(' ', schema.Skip(view.Schema.Count).Select(column => $"{column.Name}:{column.Type}")));
        var label = schema["PredictedLabel"].Annotations;
        var score = schema["Score"].Annotations;
        Assert.AreEqual("ScoreColumnSetId ScoreColumnKind ScoreValueKind KeyValues",
            string.Join(' ', label.Schema.Select(column => column.Name)));
        Assert.AreEqual("ScoreColumnSetId ScoreColumnKind ScoreValueKind TrainingLabelValues SlotNames",
            string.Join(' ', score.Schema.Select(column => column.Name)));
        Assert.AreEqual("MulticlassClassification PredictedLabel", $"{Text(label, "ScoreColumnKind")} {Text(label, "ScoreValueKind")}");
        Assert.AreEqual("MulticlassClassification Score", $"{Text(score, "ScoreColumnKind")} {Text(score, "ScoreValueKind")}");
        const string names = "eight five four nine one seven six three two zero";
        Assert.AreEqual(names, Texts(label, "KeyValues"));
        Assert.AreEqual(names, Texts(score, "TrainingLabelValues"));
        Assert.AreEqual(names, Texts(score, "SlotNames"));

        // A second set of scores gets the next number.
        using var second = new StackedClassifierEstimator(s_ml, Options()).Fit(view);
        uint id = 0;
        second.GetOutputSchema(schema)[schema.Count].Annotations.GetValue("ScoreColumnSetId", ref id);
        Assert.AreEqual(2u, id);

        static string Text(DataViewSchema.Annotations annotations, string kind)
        {
            ReadOnlyMemory<char> text = default;
            annotations.GetValue(kind, ref text);
            return text.ToString();
        }
        static string Texts(DataViewSchema.Annotations annotations, string kind)
        {
            VBuffer<ReadOnlyMemory<char>> texts = default;
            annotations.GetValue(kind, ref texts);
            return string.Join(' ', texts.DenseValues());
        }
    }

    [TestMethod]
    public void The_estimator_promises_the_columns_that_the_transformer_delivers()
    {
        var texts = Digits(60, 60);
        var numbers = s_ml.Transforms.Conversion.MapValueToKey("Label", "Number").Fit(Numbers()).Transform(Numbers());
        foreach (var view in new[] { texts, numbers })
        {
            var estimator = s_ml.Autoencoders().StackedClassifier(Options());
            using var model = estimator.Fit(view);
            CollectionAssert.AreEquivalent(Shape(model.GetOutputSchema(view.Schema)).Select(Describe).ToArray(),
                estimator.GetOutputSchema(Shape(view.Schema)).Select(Describe).ToArray());
        }

        static string Describe(SchemaShape.Column column) =>
            $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey} " +
                $"[{string.Join(", ", column.Annotations.Select(a => $"{a.Name} {a.ItemType}").Order())}]";
        static SchemaShape Shape(DataViewSchema schema) => new SchemaLoader(schema).Append(new GivenEstimator(null)).GetOutputSchema();
    }

    [TestMethod]
    public void Key_values_that_are_numbers_stay_numbers_through_a_model_file()
    {
        using var folder = new TestFolder();
        var view = Numbers();
        var keyed = s_ml.Transforms.Conversion.MapValueToKey("Label", "Number").Fit(view).Transform(view);
        using var model = new StackedClassifierEstimator(s_ml, Options()).Fit(keyed);
        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        using var again = (StackedClassifierTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);
        var annotations = again.GetOutputSchema(view.Schema)["PredictedLabel"].Annotations;
        VBuffer<float> values = default;
        annotations.GetValue("KeyValues", ref values);
        Assert.AreEqual("0.5 1.5 2.5", string.Join(
            ' ', values.DenseValues().Select(value => value.ToString(CultureInfo.InvariantCulture))));
        Assert.IsNull(again.GetOutputSchema(view.Schema)["Score"].Annotations.Schema.GetColumnOrNull("SlotNames"), "numbers name no slots");
    }

    [TestMethod]
    public void A_key_without_values_makes_a_predicted_label_without_values()
    {
        var view = s_ml.Data.LoadFromEnumerable(Numbers(60)
            .Select((row, i) => new UnnamedRow { Features = row.Features, Label = (uint)(i % 4) }).ToArray());
        using var model = new StackedClassifierEstimator(s_ml, Options()).Fit(view);
        var schema = model.GetOutputSchema(view.Schema);
        Assert.IsNull(schema["PredictedLabel"].Annotations.Schema.GetColumnOrNull("KeyValues"));
        Assert.IsNull(schema["Score"].Annotations.Schema.GetColumnOrNull("TrainingLabelValues"));
        Assert.AreEqual("1 2 3 4", string.Join(' ', model.Metadata.ClassNames));
        Assert.IsTrue(model.Transform(view).GetColumn<uint>("PredictedLabel").All(key => key is >= 1 and <= 4));
    }

    [TestMethod]
    public void A_process_without_this_library_sees_classes_and_probabilities()
    {
        using var folder = new TestFolder();
        var view = Digits(300, 300);
        using var model = new StackedClassifierEstimator(s_ml, Options()).Fit(view);
        string[] inputs = ["Features"];
        var rows = s_ml.Transforms.SelectColumns(inputs).Fit(view).Transform(view);
        s_ml.Model.Save(model, rows.Schema, folder["model.zip"]);
        var stock = StockProcess.Score(folder["model.zip"], rows);
        Assert.AreEqual("PredictedLabel Vector<Key<UInt32, 0-9>, 1, 1>; Score Vector<Single, 1, 10>; Code Vector<Single, 1, 8>",
            string.Join("; ", stock.Select(column => $"{column.Key} {column.Value.Type}")));
        var ours = model.Transform(rows);
        CollectionAssert.AreEqual(ours.GetColumn<uint>("PredictedLabel").Select(key => key.ToString(CultureInfo.InvariantCulture))
            .ToArray(), stock["PredictedLabel"].Values);
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(
            ours.GetColumn<float[]>("Score").SelectMany(row => row),
            stock["Score"].Values.SelectMany(text => text.Split(',')).Select(text => float.Parse(text, CultureInfo.InvariantCulture))));

        // In this process, for the names that stock key-to-value mapping finds, and for a row without an answer.
        var opened = s_ml.Model.Load(folder["model.zip"], out _);
        using var disposable = (IDisposable)opened;
        var missing = s_ml.Data.LoadFromEnumerable(new[] { new DigitRow { Features = [float.NaN, .. new float[63]] } });
        var both = new[] { rows, missing }.Select(
            input => s_ml.Transforms.Conversion.MapKeyToValue("Name", "PredictedLabel").Fit(opened.Transform(input))
            .Transform(opened.Transform(input)).GetColumn<string[]>("Name").ToArray()).ToArray();
        CollectionAssert.AreEqual(ours.GetColumn<uint>("PredictedLabel").Select(key => model.Metadata.ClassNames[(int)key - 1]).ToArray(),
            both[0].Select(name => name.Single()).ToArray());
        // ML.NET leaves null where the vector of names is sparse.
        Assert.IsTrue(string.IsNullOrEmpty(both[1].Single().Single()));
    }

    [TestMethod]
    public void The_exported_graph_gives_probabilities_names_and_code()
    {
        using var folder = new TestFolder();
        var view = Digits(100, 100);
        using var model = new StackedClassifierEstimator(s_ml, Options()).Fit(view);
        model.ExportOnnx(folder["classifier.onnx"]);
        using var session = new Microsoft.ML.OnnxRuntime.InferenceSession(folder["classifier.onnx"]);
        Assert.AreEqual("features", string.Join(' ', session.InputMetadata.Keys));
        Assert.AreEqual("predicted_label class_probabilities code", string.Join(' ', session.OutputMetadata.Keys));
        Assert.AreEqual("-1,10", string.Join(',', session.OutputMetadata["class_probabilities"].Dimensions));
        var metadata = AutoencoderMetadata.Read(session.ModelMetadata.CustomMetadataMap, "The file");
        Assert.AreEqual("stacked classifier, classifier, Text, higher_is_more_probable",
            $"{metadata.Variant}, {metadata.Graph}, {metadata.ClassType}, {metadata.ScoreDirection}");
        CollectionAssert.AreEqual(model.Metadata.ToDictionary().OrderBy(pair => pair.Key).ToArray(),
            metadata.ToDictionary().OrderBy(pair => pair.Key).ToArray());

        // A typed transformer is made of the file again, and only of the right kind.
        var graph = new AutoencoderModel(File.ReadAllBytes(folder["classifier.onnx"]), "The file");
        using var again = s_ml.Autoencoders().ClassifierFromModel(graph);
        CollectionAssert.AreEqual(model.Transform(view).GetColumn<uint>("PredictedLabel").ToArray(),
            again.Transform(view).GetColumn<uint>("PredictedLabel").ToArray());
        Fails.With<ArgumentException>("gives classes and no anomaly scores. Use ClassifierFromModel",
            () => s_ml.Autoencoders().FromModel(graph));
        using var autoencoder = Rows.Fit(s_ml);
        autoencoder.ExportOnnx(null, null, folder["scorer.onnx"]);
        var scorer = new AutoencoderModel(File.ReadAllBytes(folder["scorer.onnx"]), "The file");
        Fails.With<ArgumentException>("tells no classes. Use FromModel", () => s_ml.Autoencoders().ClassifierFromModel(scorer));
    }

    [TestMethod]
    public void Without_a_label_rows_count_in_the_pretraining_only()
    {
        var rows = DigitRows.Read(seed: 5);
        float[] Scores(int epochs, int count)
        {
            var options = Options();
            (options.PretrainingEpochs, options.Scaling) = (epochs, InputScaling.None);
            using var model = new StackedClassifierEstimator(s_ml, options)
                .Fit(DigitRows.View(s_ml, DigitRows.Forget(rows.Take(count), 50)));
            return [.. model.Transform(DigitRows.View(s_ml, rows.Take(20))).GetColumn<float[]>("Score").SelectMany(row => row)];
        }
        CollectionAssert.AreEqual(Scores(0, 50), Scores(0, 400));
        CollectionAssert.AreNotEqual(Scores(1, 50), Scores(1, 400));
    }

    [TestMethod]
    public void A_missing_feature_leaves_a_row_without_an_answer_unless_the_options_say_otherwise()
    {
        StackedClassifierTransformer Fit(ScoringMissingValues missing)
        {
            var options = Options();
            options.ScoringMissingValues = missing;
            return new StackedClassifierEstimator(s_ml, options).Fit(Digits(200, 200));
        }
        float[] mean = [.. Enumerable.Range(0, 64).Select(j => Digits(200, 200).GetColumn<float[]>("Features").Average(row => row[j]))];
        DigitRow[] rows = [DigitRows.Read(seed: 5)[0], new() { Features = [float.PositiveInfinity, .. mean[1..]] },
            new() { Features = mean }];
        var view = s_ml.Data.LoadFromEnumerable(rows);

        using var silent = Fit(ScoringMissingValues.NaN);
        uint[] labels = [.. silent.Transform(view).GetColumn<uint>("PredictedLabel")];
        float[][] scores = [.. silent.Transform(view).GetColumn<float[]>("Score")];
        Assert.AreEqual(0u, labels[1]);
        Assert.IsTrue(scores[1].All(float.IsNaN));
        Assert.IsTrue(labels[0] > 0 && labels[2] > 0 && scores[0].Concat(scores[2]).All(float.IsFinite));

        using var imputing = Fit(ScoringMissingValues.Mean);
        scores = [.. imputing.Transform(view).GetColumn<float[]>("Score")];
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(scores[2], scores[1]));

        using var refusing = Fit(ScoringMissingValues.Refuse);
        Fails.With<InvalidOperationException>("Row 1 of the column 'Features' has",
            () => refusing.Transform(view).GetColumn<uint>("PredictedLabel").ToArray());
    }

    [TestMethod]
    public void A_prediction_engine_gives_what_a_cursor_gives()
    {
        var view = Digits(100, 100);
        using var model = new StackedClassifierEstimator(s_ml, Options()).Fit(view);
        using var engine = s_ml.Model.CreatePredictionEngine<DigitRow, Prediction>(model, new PredictionEngineOptions());
        var expected = model.Transform(view).GetColumn<uint>("PredictedLabel").Zip(model.Transform(view).GetColumn<float[]>("Score"));
        foreach (var (row, (label, score)) in DigitRows.Read(seed: 5).Take(100).Zip(expected))
        {
            var prediction = engine.Predict(row);
            Assert.AreEqual(label, prediction.PredictedLabel);
            Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(score, prediction.Score));
        }
    }

    [TestMethod]
    public void A_second_fit_gives_the_same_bytes()
    {
        using var folder = new TestFolder();
        var estimator = s_ml.Autoencoders().StackedClassifier(Options());
        foreach (string file in new[] { "1", "2" })
        {
            using var model = estimator.Fit(Digits(200, 100));
            model.ExportOnnx(folder[file]);
        }
        CollectionAssert.AreEqual(File.ReadAllBytes(folder["1"]), File.ReadAllBytes(folder["2"]));
    }

    [TestMethod]
    public void A_label_that_is_no_key_is_refused_at_fit_and_before()
    {
        var view = Numbers();
        void Refuses(string label, string expected)
        {
            var options = Options();
            options.LabelColumnName = label;
            var estimator = s_ml.Autoencoders().StackedClassifier(options);
            Fails.With<ArgumentOutOfRangeException>(expected, () => estimator.Fit(view));
            var chain = s_ml.Transforms.CopyColumns("Copy", "Features").Append(estimator);
            Fails.With<ArgumentOutOfRangeException>($"'{label}'", () => chain.Fit(view));
        }
        Refuses("Number", "The label column 'Number' is Single; expected a key of at least two values");
        Refuses("Features", "The label column 'Features' is Vector<Single, 4>; expected a key");
        Refuses("Nothing", "Could not find the input column 'Nothing'");

        var one = s_ml.Data.LoadFromEnumerable(Numbers(5).Select(row => new NumberRow { Features = row.Features, Number = 1 }).ToArray());
        var keyed = s_ml.Transforms.Conversion.MapValueToKey("Label", "Number").Fit(one).Transform(one);
        Fails.With<ArgumentOutOfRangeException>("expected a key of at least two values",
            () => s_ml.Autoencoders().StackedClassifier(Options()).Fit(keyed));
    }

    [TestMethod]
    public void Rows_without_any_label_are_refused()
    {
        Fails.With<InvalidOperationException>("None of the 30 training rows has a label in the column 'Label'",
            () => s_ml.Autoencoders().StackedClassifier(Options()).Fit(Digits(30, 0)));
    }

    [TestMethod]
    public void Options_out_of_range_are_refused_by_name()
    {
        void Refuses<TException>(Action<StackedClassifierEstimator.Options> change, string option) where TException : ArgumentException
        {
            var options = Options();
            change(options);
            Fails.With<TException>(option, () => s_ml.Autoencoders().StackedClassifier(options));
        }
        Refuses<ArgumentException>(options => options.FeatureColumnName = "", "The option FeatureColumnName is empty");
        Refuses<ArgumentException>(options => options.LabelColumnName = " ", "The option LabelColumnName is empty");
        Refuses<ArgumentNullException>(options => options.Hidden = null!, "The option Hidden is null");
        Refuses<ArgumentOutOfRangeException>(options => options.Hidden = [3, 0], "The option Hidden is 0; expected at least 1");
        Refuses<ArgumentOutOfRangeException>(options => options.Code = 0, "The option Code is 0");
        Refuses<ArgumentOutOfRangeException>(options => options.Activation = (Activation)99, "The option Activation is 99");
        Refuses<ArgumentOutOfRangeException>(options => options.Corruption = new MaskingCorruption(1), "Corruption.Share is 1");
        Refuses<ArgumentOutOfRangeException>(options => options.Scaling = (InputScaling)99, "The option Scaling is 99");
        Refuses<ArgumentOutOfRangeException>(options => options.PretrainingEpochs = -1, "The option PretrainingEpochs is -1");
        Refuses<ArgumentOutOfRangeException>(options => options.Epochs = -1, "The option Epochs is -1");
        Refuses<ArgumentOutOfRangeException>(options => options.BatchSize = 0, "The option BatchSize is 0");
        Refuses<ArgumentOutOfRangeException>(options => options.LearningRate = 0, "The option LearningRate is 0");
        Refuses<ArgumentOutOfRangeException>(options => options.Scoring = new ScoringOptions { BatchSize = 0 }, "BatchSize is 0");
        Refuses<ArgumentException>(options => options.CodeColumnName = "Score", "Two output columns have the name 'Score'");
        Refuses<ArgumentException>(options => (options.PredictedLabelColumnName, options.ScoreColumnName, options.CodeColumnName) = (
            null, null, null), "All output columns are null");
    }

    private static NumberRow[] Numbers(int count) =>
        [.. Rows.Make(count).Select((row, i) => new NumberRow { Features = row.Features[..4], Number = (i % 3) + 0.5f })];

    private static IDataView Numbers() => s_ml.Data.LoadFromEnumerable(Numbers(60));

    public sealed class NumberRow
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];

        public float Number { get; set; }
    }

    public sealed class UnnamedRow
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];

        [KeyType(4)]
        public uint Label { get; set; }
    }

    public sealed class Prediction
    {
        public uint PredictedLabel { get; set; }

        public float[] Score { get; set; } = [];
    }
}
