using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// Where the training scores are equal from the quantile on at which the tail starts, the probability is a number, also on a thread that
/// takes denormal numbers for zero.
/// </summary>
[TestClass]
public sealed class ProbabilityWithoutDenormalsTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void It_is_a_number_where_denormals_are_flushed() => OwnProcess.Run(TestContext, () =>
    {
        // The first session of a process sets the thread that opens it.
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.set_denormal_as_zero", "1");
        using var first = new InferenceSession(GoldenFile.Graph("dense"), options);
        var (bytes, rows) = WithEqualScoresAtTheTop();
        float denormal = BitConverter.Int32BitsToSingle(1 << 20);
        Assert.AreEqual(0f, Half(denormal), "the thread takes denormals for zero, or the test shows nothing");
        AssertNumbers(bytes, rows);
    });

    [TestMethod]
    public void No_divisor_of_the_tail_is_denormal()
    {
        var (bytes, _) = WithEqualScoresAtTheTop();
        var tensor = OnnxFile.Parse(bytes, "The graph").Graph.Initializer.Single(tensor => tensor.Name == "probability/mean_excess");
        Assert.IsTrue(float.IsNormal(tensor.ToSingles().Single()), "the mean excess over the start of the tail");
    }

    [TestMethod]
    public void It_is_a_number_where_they_are_not()
    {
        var (bytes, rows) = WithEqualScoresAtTheTop();
        AssertNumbers(bytes, rows);
    }

    private static void AssertNumbers(byte[] bytes, Row[] rows)
    {
        using var model = s_ml.Autoencoders().FromOnnx(bytes, new ScoringOptions { IntraOpThreads = 1 });
        var scored = model.Transform(s_ml.Data.LoadFromEnumerable(rows));
        float[] probabilities = [.. scored.GetColumn<float>("Probability")];
        float top = model.Metadata.ScoreQuantiles[^1];
        Assert.AreEqual(top, scored.GetColumn<float>("Score").First(), "the first row scores as the quantiles do");
        string all = string.Join(", ", probabilities);
        Assert.IsTrue(probabilities.All(probability => probability is >= 0 and <= 1), all);
        Assert.IsTrue(probabilities[0] >= 0.99f, $"no training row scores higher: {all}");
    }

    /// <summary>A scorer whose quantiles are one row's score from the 990th on, and rows of which that is the first.</summary>
    private static (byte[] Bytes, Row[] Rows) WithEqualScoresAtTheTop()
    {
        using var model = Rows.Fit(s_ml, options => options.ProbabilityColumnName = "Probability");
        var rows = Rows.Make(20);
        float top = model.Transform(s_ml.Data.LoadFromEnumerable(rows)).GetColumn<float>("Score").First();
        float[] quantiles = [.. Enumerable.Range(0, AutoencoderMetadata.QuantileCount).Select(i => i < 990 ? top * i / 990 : top)];
        using var changed = model.Model.WithMetadata(model.Metadata with { ScoreQuantiles = quantiles });
        return (changed.ToBytes(), rows);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static float Half(float value) => value * 0.5f;
}
