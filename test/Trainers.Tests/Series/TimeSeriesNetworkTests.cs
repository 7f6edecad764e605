using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Networks and scores of other kinds than the default go over windows in the same way.</summary>
[TestClass]
public sealed class TimeSeriesNetworkTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Dictionary<string, Action<TimeSeriesEstimator.Options>> s_kinds = new()
    {
        ["default"] = options => options.Network = null,
        ["plain dense"] = Plain,
        ["temporal convolution"] = options =>
            (options.Network, options.Width) = (new TemporalConvolutionNetworkOptions { Filters = [8, 8] }, WindowWidth.Steps(15)),
        ["causal temporal convolution"] = options =>
            options.Network = new TemporalConvolutionNetworkOptions { Filters = [8], KernelSize = 2, IsCausal = true },
        ["convolution"] = options =>
            options.Network = new ConvolutionalNetworkOptions { Height = 1, Width = 16, Channels = 2, Filters = [8] },
        ["variational, masked"] = options => options.Code = options.Code with { Variational = new VariationalOptions() },
        ["variational, negative ELBO"] = options =>
        {
            Plain(options);
            options.Code = options.Code with { Variational = new VariationalOptions { Score = VariationalScore.NegativeElbo } };
        },
        ["hidden runs"] = options => options.Masking = options.Masking! with { ScoresVisible = false },
        ["hidden features"] = options => options.Masking = new Masking(),
        ["neighbors"] = options => options.Neighbors = 3,
        ["levels stay, compressed"] = options =>
            (options.RemovesLevel, options.Scaling) = (false, InputScaling.StandardizeCompressed),
        ["denoising"] = options => options.Corruption = new GaussianCorruption(0.1),
    };

    public static IEnumerable<object[]> Kinds => s_kinds.Keys.Select(kind => new object[] { kind });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void Each_kind_finds_a_spike_streams_and_is_opened_again(string kind)
    {
        using var model = s_ml.Autoencoders().TimeSeries(MadeSeries.Small(options =>
        {
            (options.TimeColumnName, options.KeyColumnName) = (null, null);
            s_kinds[kind](options);
        })).Fit(s_ml.Data.LoadFromEnumerable(Steps(500, seed: 1)));
        int width = model.Description.Width;
        var later = Steps(120, seed: 2);
        later[80].Value[1] += 40;
        var view = s_ml.Data.LoadFromEnumerable(later);
        var found = ScoredStep.Of(s_ml, model.Transform(view));
        Assert.IsTrue(found.Skip(width - 1).All(step => float.IsFinite(step.Score)));
        Assert.IsTrue(found[80].PredictedLabel);
        float highest = found.Take(80).Max(step => float.IsNaN(step.Score) ? float.NegativeInfinity : step.Score);
        Assert.IsGreaterThan(highest, found[80].Score);
        Assert.IsGreaterThan(found[80].Errors[0], found[80].Errors[1]);

        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.onnx");
        try
        {
            model.ExportOnnx(path);
            using var opened = s_ml.Autoencoders().TimeSeriesFromOnnx(path);
            CollectionAssert.AreEqual(
                found.Select(step => step.Score).ToArray(), opened.Transform(view).GetColumn<float>("Score").ToArray());
        }
        finally
        {
            File.Delete(path);
        }
        using var stream = model.CreateStream();
        for (int i = 0; i < later.Length; i++)
        {
            // The graph runs over one window here and over many there.
            float score = stream.Add(later[i].Value).Score;
            if (i >= width - 1)
                Assert.AreEqual(found[i].Score, score, 1e-5 * Math.Max(1, Math.Abs(score)), $"{i}");
        }
        using var covering = model.WithCovering(true);
        var covered = ScoredStep.Of(s_ml, covering.Transform(view));
        Assert.IsTrue(covered.All(step => float.IsFinite(step.Score)));
        Assert.IsTrue(covered[80].PredictedLabel);
    }

    private static void Plain(TimeSeriesEstimator.Options options) =>
        (options.Masking, options.MissingValues, options.ScoringMissingValues) =
            (null, TrainingMissingValues.Refuse, ScoringMissingValues.NaN);

    private static TwoChannels[] Steps(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new TwoChannels
        {
            Value = [MathF.Sin(i / 2f) + 0.1f * random.NextSingle(), 10 * MathF.Cos(i / 2f) + random.NextSingle()],
        })];
    }

    private sealed class TwoChannels
    {
        [VectorType(2)]
        public float[] Value { get; set; } = [];
    }
}
