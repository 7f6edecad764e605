using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Transforms;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Encoder and decoder are told a label or a vector besides.</summary>
[TestClass]
public sealed class ConditionalTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> Kinds => from column in new[] { "Key", "Side" } from isVariational in new[] { false,
        true } select new object[] { column, isVariational };

    private static AutoencoderEstimator.Options Options(string column, bool isVariational = false)
    {
        var options = VariantRows.Options();
        options.ConditionColumnName = column;
        options.Code = options.Code with { Variational = isVariational ? new VariationalOptions { Variance = 0.05,
            Score = VariationalScore.NegativeElbo } : null };
        (options.CodeColumnName, options.ReconstructionColumnName) = ("Code", "Reconstruction");
        (options.Epochs, options.LearningRate) = (20, 0.01);
        return options;
    }

    private static AutoencoderTransformer Fit(string column, bool isVariational = false) =>
        s_ml.Autoencoders().Conditional(Options(column, isVariational)).Fit(VariantRows.View(s_ml, 300));

    private static float[] Scores(ITransformer model, IDataView view) => [.. model.Transform(view).GetColumn<float>("Score")];

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void The_graph_equals_libtorch(string column, bool isVariational)
    {
        foreach (int batch in new[] { 1, 7, 256 })
            Parity.Check(s_ml, Options(column, isVariational), VariantRows.View(s_ml, 300), batch, 1e-5);
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void The_right_condition_reconstructs_better_than_a_wrong_one(string column, bool isVariational)
    {
        using var model = Fit(column, isVariational);
        double right = Error(_ => { }), wrong = Error(row => (row.Group, row.Side[0], row.Side[1]) = row.Group switch
        {
            "red" => ("green", 0, 1),
            "green" => ("blue", 0, 0),
            _ => ("red", 1, 0),
        });
        Assert.IsLessThan(0.5 * wrong, right);

        double Error(Action<VariantRow> change)
        {
            VariantRow[] rows = VariantRows.Make(150, seed: 21), told = VariantRows.Make(150, seed: 21);
            Array.ForEach(told, change);
            var reconstructions = model.Transform(VariantRows.View(s_ml, told)).GetColumn<float[]>("Reconstruction");
            return rows.Zip(reconstructions).Average(
                pair => pair.First.Features.Zip(pair.Second, (s, r) => (double)(s - r) * (s - r)).Average());
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void A_model_saves_and_loads_with_its_condition(string column, bool isVariational)
    {
        using var model = Fit(column, isVariational);
        var view = VariantRows.View(s_ml, 50, seed: 9);
        using var folder = new TestFolder();
        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        float[] scores = Scores(model, view);

        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);
        CollectionAssert.AreEqual(scores, Scores(loaded, view));
        CollectionAssert.AreEqual(column == "Key" ? new[] { "red", "green", "blue" } : [], loaded.Metadata.ConditionValues.ToArray());

        // In an application without this library a stock transformer makes the key one-hot.
        var stock = s_ml.Model.Load(folder["model.zip"], out var _);
        Assert.AreEqual(column == "Key" ? 1 : 0, ((IEnumerable<ITransformer>)stock).OfType<KeyToVectorMappingTransformer>().Count());
        var rows = VariantRows.Make(50, seed: 9);
        if (column == "Key")
            rows[4].Group = "none of them";
        float[] ours = Scores(model, VariantRows.View(s_ml, rows)),
            theirs = [.. stock.Transform(VariantRows.View(s_ml, rows)).GetColumn<float[]>("Score").Select(score => score.Single())];
        (stock as IDisposable)?.Dispose();

        // Row by row there, in batches here: the kernels add up in another order.
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(ours, theirs));
    }

    [TestMethod]
    public void A_decoder_alone_saves_and_loads_with_its_condition()
    {
        using var model = Fit("Key", isVariational: true);
        var codes = model.Encoder.Transform(VariantRows.View(s_ml, 20));
        using var folder = new TestFolder();
        s_ml.Model.Save(model.Decoder, codes.Schema, folder["decoder.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["decoder.zip"], out _);
        CollectionAssert.AreEqual(Images(model.Decoder), Images(loaded));

        float[] Images(AutoencoderTransformer decoder) =>
            [.. decoder.Transform(codes).GetColumn<float[]>("Reconstruction").SelectMany(row => row)];
    }

    [TestMethod]
    public void Exported_graphs_take_the_condition_as_a_second_input()
    {
        using var model = Fit("Key");
        using var folder = new TestFolder();
        model.ExportOnnx(folder["encoder.onnx"], folder["decoder.onnx"], folder["scorer.onnx"]);
        foreach (var (file, first) in new[] { ("encoder.onnx", GraphNames.Features), ("decoder.onnx", GraphNames.Code),
            ("scorer.onnx", GraphNames.Features) })
        {
            using var session = new InferenceSession(folder[file]);
            CollectionAssert.AreEqual(new[] { first, GraphNames.Condition }, session.InputMetadata.Keys.ToArray(), file);
            CollectionAssert.AreEqual(new[] { -1, 3 }, session.InputMetadata[GraphNames.Condition].Dimensions, file);
        }
    }

    [TestMethod]
    public void A_missing_key_is_the_zero_vector_with_one_warning()
    {
        var ml = new MLContext(seed: 1);
        var log = new List<string>();
        ml.Log += (_, e) =>
        {
            lock (log)
                log.Add(e.RawMessage);
        };
        var rows = VariantRows.Make(30, seed: 3);
        (rows[5].Group, rows[17].Group) = ("yellow", "white");

        // Training counts them, scoring tells of the first.
        using var model = ml.Autoencoders().Conditional(Options("Key")).Fit(VariantRows.View(ml, rows));
        Assert.AreEqual("2 training rows have a missing key in the condition column 'Key'; their condition is the zero vector.",
            log.Single(message => message.Contains("missing key", StringComparison.Ordinal)));
        log.Clear();
        float[] scores = Scores(model, VariantRows.View(ml, rows));
        Scores(model, VariantRows.View(ml, rows));
        Assert.HasCount(
            1, log.Where(message => message.Contains("missing or unseen key in the condition column 'Key'", StringComparison.Ordinal))
            .ToArray());

        // A vector in the place of the key says the same.
        var vectors = rows.Select(row => new OneHotRow { Features = row.Features,
            Key = Array.ConvertAll(model.Metadata.ConditionValues.ToArray(), group => group == row.Group ? 1f : 0f) });
        CollectionAssert.AreEqual(scores, Scores(model, ml.Data.LoadFromEnumerable(vectors)));
        Assert.IsTrue(scores.All(float.IsFinite));
    }

    [TestMethod]
    public void A_missing_value_in_a_vector_condition_leaves_no_score()
    {
        using var model = Fit("Side", isVariational: true);
        var rows = VariantRows.Make(8, seed: 3);
        rows[2].Side[1] = float.NaN;
        var scored = model.Transform(VariantRows.View(s_ml, rows));
        float[] scores = [.. scored.GetColumn<float>("Score")];
        Assert.IsTrue(float.IsNaN(scores[2]) && scored.GetColumn<bool>("PredictedLabel").ElementAt(2));
        Assert.AreEqual(1, scores.Count(float.IsNaN));
    }

    [TestMethod]
    public void A_key_of_other_values_is_refused_by_name()
    {
        using var model = Fit("Key");
        IDataView Named(params string[] groups)
        {
            var rows = VariantRows.Make(groups.Length);
            for (int i = 0; i < groups.Length; i++)
                rows[i].Group = groups[i];
            var view = s_ml.Data.LoadFromEnumerable(rows);
            return s_ml.Transforms.Conversion.MapValueToKey("Key", "Group").Fit(view).Transform(view);
        }
        StringAssert.Contains(Refusal(Named("red", "green")),
            "The input column 'Key' is Key<UInt32, 0-1>; expected a vector of Single of known size 3, or a key of 3 values, for the " +
            "condition");
        StringAssert.Contains(Refusal(Named("red", "blue", "green")),
            "The condition column 'Key' is a key with the values red, blue, green; the autoencoder was trained with red, green, blue, in " +
            "this order");
        Assert.HasCount(3, Scores(model, Named("red", "green", "blue")));

        string Refusal(IDataView view) => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Transform(view)).Message;
    }

    [TestMethod]
    public void The_promise_names_a_condition_that_is_missing_or_of_a_wrong_type()
    {
        string Refusal(string column) => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            s_ml.Transforms.CopyColumns("Copy", "Features").Append(s_ml.Autoencoders().Conditional(column, epochs: 0))
                .Fit(VariantRows.View(s_ml, 10))).Message;
        StringAssert.Contains(Refusal("Nowhere"), "Could not find the input column 'Nowhere'");
        StringAssert.Contains(
            Refusal("Group"),
            "The input column 'Group' is Scalar of String; expected a vector of Single of known size, or a key, for the condition. Make " +
            "a key of a label with Conversion.MapValueToKey.");

        // Without a chain there is no promise; the fit says it too.
        Fails.With<ArgumentOutOfRangeException>("The input column 'Group' is String; expected a vector of Single of known size, or a key",
            () => Fit("Group"));
        Fails.With<ArgumentOutOfRangeException>("Could not find the input column 'Nowhere'", () => Fit("Nowhere"));

        // The fitted model keeps to it, and so does each of its parts that takes the condition.
        using var model = Fit("Key");
        var codes = model.Encoder.Transform(VariantRows.View(s_ml, 4));
        var without = s_ml.Transforms.DropColumns("Key").Fit(codes).Transform(codes);
        foreach (var part in new[] { model, model.Encoder, model.Decoder, model.Reconstructor, model.Scorer })
            Fails.With<ArgumentOutOfRangeException>("Could not find the input column 'Key'", () => part.GetOutputSchema(without.Schema));
    }

    [TestMethod]
    public void Factories_check_what_the_variant_needs()
    {
        var catalog = s_ml.Autoencoders();
        Fails.With<ArgumentException>("ConditionColumnName is null", () => catalog.Conditional(new AutoencoderEstimator.Options()));
        Fails.With<ArgumentException>("Code.Variational is null",
            () => catalog.ConditionalVariational(new AutoencoderEstimator.Options { ConditionColumnName = "Key" }));
        var variational = new AutoencoderEstimator.Options { Code = new CodeOptions { Variational = new VariationalOptions() } };
        Fails.With<ArgumentException>("ConditionColumnName is null", () => catalog.ConditionalVariational(variational));

        using var plain = catalog.Conditional("Key", hidden: [6], code: 3, epochs: 1, batchSize: 16, learningRate: 0.002,
            contamination: 0.2, scaling: InputScaling.MinMax, seed: 4).Fit(VariantRows.View(s_ml, 50));
        using var both = catalog.ConditionalVariational(
            "Side", hidden: [6], code: 3, variance: 0.25, beta: 2, epochs: 1, batchSize: 16, learningRate: 0.002, contamination: 0.2,
            scaling: InputScaling.MinMax, seed: 4).Fit(VariantRows.View(s_ml, 50));
        Assert.AreEqual("conditional dense", plain.Metadata.Variant);
        Assert.AreEqual("conditional variational dense", both.Metadata.Variant);
        Assert.AreEqual("Side", both.Metadata.Columns[GraphNames.Condition]);
        Assert.AreEqual(0.25f, both.Metadata.LikelihoodVariance);
        foreach (var model in new[] { plain, both })
        {
            Assert.AreEqual(3, model.Metadata.ConditionSize);
            var options = JsonDocument.Parse(model.Metadata.Options).RootElement;
            Assert.AreEqual(3, options.GetProperty("code").GetProperty("size").GetInt32());
            Assert.AreEqual("1 16 0.002 contamination 0.2 MinMax",
                string.Join(' ', new[] { "epochs", "batch_size", "learning_rate", "threshold", "scaling" }
                .Select(name => options.GetProperty(name).ToString())));
        }
    }

    private sealed class OneHotRow
    {
        [VectorType(VariantRow.FeatureCount)]
        public float[] Features { get; set; } = [];

        [VectorType(3)]
        public float[] Key { get; set; } = [];
    }
}
