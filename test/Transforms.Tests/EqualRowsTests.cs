using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// Equal rows have one label, whatever batch they are scored in: the last digit of a score depends on the batch, so that the threshold must
/// lie between two scores and not on one.
/// </summary>
[TestClass]
public sealed class EqualRowsTests
{
    private const int RowCount = 1000;
    private const double Contamination = 0.05;

    // No multiple of four, so that not every row begins where a vector of the processor does.
    private const int FeatureCount = 13;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly int[] s_values = [5, 4, 4];

    public sealed class OneHotRow
    {
        [VectorType(FeatureCount)]
        public float[] Features { get; set; } = new float[FeatureCount];
    }

    public sealed class LabelOnly
    {
        public bool PredictedLabel { get; set; }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(6)]
    [DataRow(7)]
    [DataRow(8)]
    public void Equal_rows_have_one_label_in_every_batch_the_engine_and_the_exported_file(int seed)
    {
        var rows = Make(seed);
        using var model = Fit(rows, seed);
        var view = s_ml.Data.LoadFromEnumerable(rows);
        var labels = new Dictionary<string, bool[]> { ["batches that grow"] = Labels(model, view) };
        foreach (int batch in new[] { 1, 3, 7, 32, 256, RowCount })
        {
            using var inBatches = model.WithScoring(new ScoringOptions { BatchSize = batch });
            labels[$"batches of {batch}"] = Labels(inBatches, view);
        }
        using (var engine = s_ml.Model.CreatePredictionEngine<OneHotRow, LabelOnly>(model))
            labels["the engine"] = [.. rows.Select(row => engine.Predict(row).PredictedLabel)];
        using (var exported = new ExportedGraph(model.ToOnnx(OnnxGraph.Scorer)))
        {
            foreach (int batch in new[] { 1, 13, RowCount })
                labels[$"the exported file by {batch}"] = [.. rows.Chunk(batch).SelectMany(chunk => Run(exported, chunk))];
        }

        var torn = new List<string>();
        foreach (var group in rows.Index().GroupBy(row => string.Concat(row.Item.Features), row => row.Index))
        {
            int[] places = [.. group];
            var flagged = labels.ToDictionary(run => run.Key, run => places.Count(place => run.Value[place]));
            if (flagged.Values.Any(count => count != 0) && flagged.Values.Any(count => count != places.Length))
                torn.Add($"{places.Length} rows {group.Key}: {string.Join(", ", flagged.Select(run => $"{run.Value} in {run.Key}"))}");
        }
        Assert.IsEmpty(torn, string.Join('\n', torn));

        // About the share that was asked for: 50 rows, but for one group of equal ones.
        int largest = rows.CountBy(row => string.Concat(row.Features)).Max(group => group.Value);
        int wanted = (int)(Contamination * RowCount);
        Assert.IsInRange(wanted - largest, wanted + largest, labels["the engine"].Count(isAnomaly => isAnomaly));
    }

    [TestMethod]
    public void The_threshold_lies_on_no_score()
    {
        for (int seed = 1; seed <= 5; seed++)
        {
            var rows = Make(seed);
            using var model = Fit(rows, seed);
            float threshold = model.Threshold;
            var scores = model.Transform(s_ml.Data.LoadFromEnumerable(rows)).GetColumn<float>("Score");
            double nearest = scores.Min(score => Math.Abs((double)score - threshold));
            Assert.IsGreaterThan(1e-6 * threshold, nearest, $"seed {seed}, threshold {threshold}");
        }
    }

    private static bool[] Labels(AutoencoderTransformer model, IDataView view) =>
        [.. model.Transform(view).GetColumn<bool>("PredictedLabel")];

    private static IEnumerable<bool> Run(ExportedGraph exported, OneHotRow[] rows) =>
        exported.Run(new Dictionary<string, float[]> { [GraphNames.Features] = [.. rows.SelectMany(row => row.Features)] }, rows.Length)
            [GraphNames.IsAnomaly].Select(label => label > 0);

    private static AutoencoderTransformer Fit(OneHotRow[] rows, int seed) => s_ml.Autoencoders().Dense(new AutoencoderEstimator.Options
    {
        Epochs = 10,
        Seed = seed,
        Threshold = ThresholdRule.Contamination(Contamination),
    }).Fit(s_ml.Data.LoadFromEnumerable(rows));

    /// <summary>Rows of three one-hot columns, some of whose values are rare.</summary>
    private static OneHotRow[] Make(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, RowCount).Select(_ =>
        {
            var row = new OneHotRow();
            int start = 0;
            foreach (int count in s_values)
            {
                row.Features[start + (int)(count * Math.Pow(random.NextDouble(), 1.5))] = 1;
                start += count;
            }
            return row;
        })];
    }
}
