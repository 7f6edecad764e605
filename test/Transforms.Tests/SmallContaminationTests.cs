using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>The share of the training rows that is asked for is the share that lies above the threshold, down to one row.</summary>
[TestClass]
public sealed class SmallContaminationTests
{
    private const int RowCount = 100_000;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly Lazy<(IDataView View, AutoencoderTransformer Model, float[] Scores)> s_fitted = new(Fit);

    public sealed class HeavyRow
    {
        [VectorType(3)]
        public float[] Features { get; set; } = [];
    }

    [TestMethod]
    [DataRow(0.05, 5000)]
    [DataRow(0.0005, 50)]
    [DataRow(0.0002, 20)]
    [DataRow(0.0001, 10)]
    [DataRow(0.00001, 1)]
    public void As_many_training_rows_as_were_asked_for_lie_above_the_threshold(double contamination, int expected)
    {
        var (view, model, scores) = s_fitted.Value;
        using var changed = model.WithThreshold(ThresholdRule.Contamination(contamination));
        Assert.AreEqual(expected, scores.Count(score => score > changed.Threshold));
        Assert.AreEqual(expected, changed.Transform(view).GetColumn<bool>("PredictedLabel").Count(isAnomaly => isAnomaly));
    }

    [TestMethod]
    public void So_they_do_where_the_fit_chooses_the_threshold()
    {
        var (view, _, _) = s_fitted.Value;
        using var model = Fit(view, ThresholdRule.Contamination(0.0002));
        Assert.AreEqual(20, model.Transform(view).GetColumn<bool>("PredictedLabel").Count(isAnomaly => isAnomaly));
    }

    [TestMethod]
    public void So_they_do_after_saving_and_loading()
    {
        using var folder = new TestFolder();
        var (view, model, scores) = s_fitted.Value;
        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);
        using var changed = loaded.WithThreshold(ThresholdRule.Contamination(0.0001));
        Assert.AreEqual(10, scores.Count(score => score > changed.Threshold));
    }

    private static (IDataView View, AutoencoderTransformer Model, float[] Scores) Fit()
    {
        var numbers = new NormalNumbers(3);
        float Heavy() => (float)Math.Pow(numbers.Next(), 3);
        HeavyRow[] rows = [.. Enumerable.Range(0, RowCount).Select(_ => new HeavyRow { Features = [Heavy(), Heavy(), Heavy()] })];
        var view = s_ml.Data.LoadFromEnumerable(rows);
        var model = Fit(view, ThresholdRule.Contamination(0.1));
        return (view, model, [.. model.Transform(view).GetColumn<float>("Score")]);
    }

    /// <summary>Initial weights: what is learned does not matter here.</summary>
    private static AutoencoderTransformer Fit(IDataView view, ThresholdRule rule) =>
        s_ml.Autoencoders().Dense(new AutoencoderEstimator.Options
    {
        Network = new DenseNetworkOptions { Hidden = [] },
        Code = new CodeOptions { Size = 1 },
        Epochs = 0,
        Seed = 1,
        Threshold = rule,
    }).Fit(view);
}
