using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>A batch of more rows than a buffer can hold scores all the same, or is refused by a message that names the option.</summary>
[TestClass]
public sealed class LargeBatchTests
{
    private const int Width = 784, RowCount = 24;

    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly IDataView s_rows = s_ml.Data.LoadFromEnumerable(Enumerable.Range(0, RowCount).Select(i =>
        new WideRow { Features = [.. Enumerable.Range(0, Width).Select(j => MathF.Sin(i * Width + j))] }).ToArray());

    private static readonly Lazy<AutoencoderTransformer> s_model = new(() =>
        s_ml.Autoencoders().Autoencoder(new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [] }, Code = new CodeOptions { Size = 2 }, Epochs = 0, Seed = 1,
        }).Fit(s_rows));

    [TestMethod]
    [DataRow(700_000, DisplayName = "beyond 2 GiB")]
    [DataRow(1_000_000)]
    [DataRow(int.MaxValue)]
    public void A_batch_size_scores_or_is_refused_by_its_name(int size)
    {
        float[] expected = Scores(s_model.Value);
        try
        {
            using var model = s_model.Value.WithScoring(new ScoringOptions { BatchSize = size });
            CollectionAssert.AreEqual(expected, Scores(model));
        }
        catch (Exception e)
        {
            AssertNames(e, nameof(ScoringOptions.BatchSize), size);
        }
    }

    [TestMethod]
    [DataRow(1_000_000)]
    [DataRow(int.MaxValue)]
    public void A_batch_size_quantizes_or_is_refused_by_its_name(int size)
    {
        var options = new QuantizationOptions { Form = OnnxQuantization.StaticInt8, Force = true };
        try
        {
            using var model = s_model.Value.WithScoring(new ScoringOptions { BatchSize = size });
            using var quantized = s_ml.Autoencoders().FromOnnx(model.ToQuantizedOnnx(s_rows, options, out _));
            Assert.HasCount(RowCount, Scores(quantized));
        }
        catch (Exception e)
        {
            AssertNames(e, nameof(ScoringOptions.BatchSize), size);
        }
    }

    [TestMethod]
    [DataRow(1_000_000)]
    [DataRow(int.MaxValue)]
    public void A_runner_and_ranges_of_many_rows_are_made_or_refused_by_their_capacity(int capacity)
    {
        var model = s_model.Value.Model;
        foreach (Func<IDisposable> make in new Func<IDisposable>[]
        {
            () => model.CreateRunner([GraphNames.Features], [GraphNames.Score], capacity),
            () => model.CreateActivationRanges(capacity),
        })
        {
            try
            {
                make().Dispose();
            }
            catch (Exception e)
            {
                AssertNames(e, "capacity", capacity);
            }
        }

        // What was not made keeps nothing of the model.
        Assert.HasCount(RowCount, Scores(s_model.Value));
    }

    private static void AssertNames(Exception e, string option, int value)
    {
        Assert.IsTrue(e is ArgumentOutOfRangeException or InvalidOperationException, e.ToString());
        StringAssert.Contains(e.Message, option, StringComparison.OrdinalIgnoreCase);
        StringAssert.Contains(e.Message, $"{value}", e.Message);
    }

    private static float[] Scores(AutoencoderTransformer model) => [.. model.Transform(s_rows).GetColumn<float>("Score")];

    private sealed class WideRow
    {
        [VectorType(Width)]
        public float[] Features { get; set; } = [];
    }
}
