using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// Options combine: what docs/variants.md says goes together trains, is written into a graph that equals libtorch,
/// saves and loads; what it says does not is refused by name.
/// </summary>
[TestClass]
public sealed class CombinationTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> Combinations => EveryVariant.Combinations.Select(name => new object[] { name });

    private static AutoencoderEstimator.Options Options(string name) => EveryVariant.Options(name);

    [TestMethod]
    [DynamicData(nameof(Combinations))]
    public void The_graph_equals_libtorch(string name)
    {
        foreach (int batch in new[] { 1, 7, 256 })
            Parity.Check(s_ml, Options(name), VariantRows.View(s_ml, 300), batch,
                name.EndsWith("convolutional", StringComparison.Ordinal) ? 1e-4 : 1e-5);
    }

    [TestMethod]
    [DynamicData(nameof(Combinations))]
    public void It_learns_names_itself_saves_and_loads(string name)
    {
        var options = Options(name);
        (options.Epochs, options.LearningRate) = (15, 0.01);
        var view = VariantRows.View(s_ml, 300);
        using var model = s_ml.Autoencoders().Autoencoder(options).Fit(view);
        Assert.AreEqual(name, model.Metadata.Variant);
        var training = System.Text.Json.JsonDocument.Parse(model.Metadata.Training).RootElement;
        Assert.IsLessThan(training.GetProperty("first_loss").GetDouble(), training.GetProperty("final_loss").GetDouble());

        using var folder = new TestFolder();
        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);
        var scores = model.Transform(view).GetColumn<float>("Score").ToArray();
        Assert.IsTrue(scores.All(float.IsFinite));
        CollectionAssert.AreEqual(scores, loaded.Transform(view).GetColumn<float>("Score").ToArray());
        Assert.AreEqual(model.Metadata.ToDictionary()["autoencoder.columns"], loaded.Metadata.ToDictionary()["autoencoder.columns"]);

        // Any application of ML.NET opens it too. It scores row by row, which moves the last digits.
        var stock = s_ml.Model.Load(folder["model.zip"], out var _);
        var stockScores = stock.Transform(view).GetColumn<float[]>("Score").Select(score => score[0]).ToArray();
        (stock as IDisposable)?.Dispose();
        Assert.IsLessThanOrEqualTo(1e-4, Rows.Difference(scores, stockScores));
    }

    [TestMethod]
    [DynamicData(nameof(Combinations))]
    public void A_second_fit_and_concurrent_fits_give_the_same_bytes_and_leave_the_process_wide_generator(string name)
    {
        var estimator = s_ml.Autoencoders().Autoencoder(Options(name));
        var view = VariantRows.View(s_ml, 100);
        torch.manual_seed(42);
        using var expected = torch.rand(4);
        torch.manual_seed(42);
        byte[] first = Fit();
        CollectionAssert.AreEqual(first, Fit());
        byte[][] concurrent = new byte[2][];
        Parallel.For(0, concurrent.Length, i => concurrent[i] = Fit());
        foreach (byte[] bytes in concurrent)
            CollectionAssert.AreEqual(first, bytes);
        using var actual = torch.rand(4);
        CollectionAssert.AreEqual(expected.bytes.ToArray(), actual.bytes.ToArray());

        byte[] Fit()
        {
            using var model = estimator.Fit(view);
            return DenseTests.Scorer(model);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Combinations))]
    public void Rows_with_holes_score_NaN_and_the_others_to_the_bit_as_without(string name)
    {
        var options = Options(name);
        options.Scoring = new ScoringOptions { BatchSize = 8 };
        using var model = s_ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(s_ml, 100));
        VariantRow[] rows = VariantRows.Make(24, seed: 3), holes = VariantRows.Make(24, seed: 3);
        holes[2].Features[4] = float.NaN;
        holes[9].Side[1] = float.PositiveInfinity;
        holes[17].Offset[0] = float.NaN;
        var inputs = model.Metadata.Columns.Values.ToHashSet();
        int[] broken = [2, .. inputs.Contains("Side") ? [9] : Array.Empty<int>(), .. inputs.Contains("Offset") ? [17] : Array.Empty<int>()];
        var (expected, actual) = (Score(rows), Score(holes));
        for (int i = 0; i < rows.Length; i++)
        {
            bool isBroken = broken.Contains(i);
            Assert.AreEqual(isBroken ? float.NaN : expected[i].Score, actual[i].Score, $"row {i}");
            Assert.IsTrue(!isBroken || actual[i].PredictedLabel, $"row {i} passes as normal");
        }

        (float Score, bool PredictedLabel)[] Score(VariantRow[] some)
        {
            var view = s_ml.Data.LoadFromEnumerable(some);
            var scored = model.Transform(s_ml.Transforms.Conversion.MapValueToKey(
                "Key", "Group", keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByOccurrence).Fit(view)
                .Transform(view));
            return [.. scored.GetColumn<float>("Score").Zip(scored.GetColumn<bool>("PredictedLabel"))];
        }
    }

    [TestMethod]
    public void What_does_not_go_together_is_refused_by_name()
    {
        Refused("Network.TiedWeights (True) and Network.DecoderHidden (3)", options =>
            options.Network = new DenseNetworkOptions { TiedWeights = true, DecoderHidden = [3] });
        Refused("Network.TiedWeights (True) and ConditionColumnName (Key)", options =>
            (options.Network, options.ConditionColumnName) = (new DenseNetworkOptions { TiedWeights = true }, "Key"));
        Refused("Code.Activation (Tanh) and Code.Variational (set)", options =>
            options.Code = new CodeOptions { Activation = Activation.Tanh, Variational = new() });
        Refused("Code.Normalization (Batch) and Code.Variational (set)", options =>
            options.Code = new CodeOptions { Normalization = CodeNormalization.Batch, Variational = new() });
        Refused("Code.NoiseDeviation (0.1) and Code.Variational (set)", options =>
            options.Code = new CodeOptions { NoiseDeviation = 0.1, Variational = new() });
        Refused("Code.Normalization (Layer) and Code.Size (1)", options =>
            options.Code = new CodeOptions { Normalization = CodeNormalization.Layer, Size = 1 });
        Refused("Code.Normalization (UnitLength) and Code.Size (1)", options =>
            options.Code = new CodeOptions { Normalization = CodeNormalization.UnitLength, Size = 1 });
        Refused("Network.Normalization (Layer) and Network.Hidden (1)", options =>
            options.Network = new DenseNetworkOptions { Hidden = [4], DecoderHidden = [1], Normalization = Normalization.Layer });
        Refused("BatchSize (1) and Network.Normalization (Batch)", options =>
            (options.BatchSize, options.Network) = (1, options.Network with { Normalization = Normalization.Batch }));
        Refused("BatchSize (1) and Code.Normalization (Batch)", options =>
            (options.BatchSize, options.Code) = (1, options.Code with { Normalization = CodeNormalization.Batch }));
        Refused("Code.OffsetHidden (set) and Code.OffsetColumnName (null)", options =>
            options.Code = options.Code with { OffsetHidden = [3] });
        Refused("Loss (BinaryCrossEntropy) and Network.OutputActivation (Linear)", options =>
            options.Loss = ReconstructionLoss.BinaryCrossEntropy);
        Refused("Loss (Huber) and Code.Variational (set)", options =>
            (options.Loss, options.Code) = (ReconstructionLoss.Huber, options.Code with { Variational = new() }));
        Refused("Loss (BinaryCrossEntropy) and Code.Variational.LearnVariance (True)", options =>
        {
            (options.Loss, options.Network) = (
                ReconstructionLoss.BinaryCrossEntropy, options.Network with { OutputActivation = Activation.Sigmoid });
            options.Code = options.Code with { Variational = new() { LearnVariance = true } };
        });
        Refused("Loss (Cosine) and FeatureWeights (set)", options =>
            (options.Loss, options.FeatureWeights) = (ReconstructionLoss.Cosine, [1]));
        Refused("Penalties.KullbackLeiblerPenalty (set) and Code.Activation (ReLU)", options =>
            (options.Code, options.Penalties) = (options.Code with { Activation = Activation.ReLU }, [new KullbackLeiblerPenalty(1)]));
        Refused("Penalties.BinaryCodePenalty (set) and Code.Variational (set)", options =>
            (options.Code, options.Penalties) = (options.Code with { Variational = new() }, [new BinaryCodePenalty(1)]));
        Refused("Penalties.ContractivePenalty.Method (ClosedForm) and Network (dense)", options =>
            options.Penalties = [new ContractivePenalty(1, JacobianMethod.ClosedForm)]);
        Refused("option Penalties has 2 of L1Penalty", options => options.Penalties = [new L1Penalty(1), new L1Penalty(2)]);
        Refused("Pretraining (set) and Code.Variational (set)", options =>
            (options.Pretraining, options.Code) = (new(), options.Code with { Variational = new() }));
        Refused("Pretraining (set) and Network (convolutional)", options =>
            (options.Pretraining, options.Network) = (new(), new ConvolutionalNetworkOptions { Height = 3, Width = 4 }));
        Refused("Pretraining (set) and Network.DecoderHidden (set)", options =>
            (options.Pretraining, options.Network) = (new(), new DenseNetworkOptions { Hidden = [6], DecoderHidden = [5] }));
        Refused("Pretraining (set) and ConditionColumnName (Key)", options =>
            (options.Pretraining, options.ConditionColumnName) = (new(), "Key"));
        Refused("CodeLogVarianceColumnName (V) and Code.Variational (null)", options => options.CodeLogVarianceColumnName = "V");
        Refused("option FeatureWeights has no weight above 0", options => options.FeatureWeights = [0, 0]);
        Refused("option Network.Dropout is 1", options => options.Network = new DenseNetworkOptions { Dropout = 1 });
        Refused("option Corruption.Share is 1", options => options.Corruption = new MaskingCorruption(1));
        Refused("option Corruption.Deviation is 0", options => options.Corruption = new GaussianCorruption(0));
        Refused("option Penalties.L1Penalty.Weight is 0", options => options.Penalties = [new L1Penalty(0)]);
        Refused("option Penalties.KullbackLeiblerPenalty.TargetRate is 1", options =>
            (options.Code, options.Penalties) = (
                options.Code with { Activation = Activation.Sigmoid }, [new KullbackLeiblerPenalty(1, 1)]));
        Refused("option Code.Variational.Variance is 0", options =>
            options.Code = options.Code with { Variational = new() { Variance = 0 } });

        static void Refused(string message, Action<AutoencoderEstimator.Options> change)
        {
            var options = VariantRows.Options();
            change(options);
            Fails.As<ArgumentException>(message, () => s_ml.Autoencoders().Autoencoder(options));
        }
    }
}
