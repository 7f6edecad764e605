using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Rows with NaN or an infinity, at scoring: none may pass as normal because it has no score.</summary>
[TestClass]
public sealed class MissingValueTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static IDataView RowsWithHoles()
    {
        var rows = Rows.Make(4, seed: 19);
        rows[1].Features[2] = float.NaN;
        rows[2].Features[0] = float.PositiveInfinity;
        rows[3].Features[4] = float.NegativeInfinity;
        return s_ml.Data.LoadFromEnumerable(rows);
    }

    [TestMethod]
    public void By_default_such_a_row_scores_NaN_and_counts_as_an_anomaly()
    {
        using var model = Rows.Fit(s_ml).WithThreshold(float.MaxValue);
        var scored = Rows.Read(s_ml, model.Transform(RowsWithHoles()));
        Assert.IsTrue(float.IsFinite(scored[0].Score));
        Assert.IsFalse(scored[0].PredictedLabel);
        for (int i = 1; i < 4; i++)
        {
            Assert.IsTrue(float.IsNaN(scored[i].Score), $"row {i}");
            Assert.IsTrue(scored[i].PredictedLabel, $"row {i}");
            Assert.AreEqual(1, scored[i].FeatureErrors.Count(float.IsNaN), "only the missing feature's error is NaN");
            Assert.IsTrue(scored[i].Reconstruction.All(float.IsFinite));
        }
    }

    [TestMethod]
    public void Mean_scores_the_row_as_if_the_training_mean_had_been_observed()
    {
        using var model = Rows.Fit(s_ml, options => options.ScoringMissingValues = ScoringMissingValues.Mean);
        var filled = Rows.Make(4, seed: 19);
        filled[1].Features[2] = model.Metadata.FeatureMeans[2];
        filled[2].Features[0] = model.Metadata.FeatureMeans[0];
        filled[3].Features[4] = model.Metadata.FeatureMeans[4];
        CollectionAssert.AreEqual(
            Rows.Read(s_ml, model.Transform(s_ml.Data.LoadFromEnumerable(filled))).Select(row => row.Score).ToArray(),
            Rows.Read(s_ml, model.Transform(RowsWithHoles())).Select(row => row.Score).ToArray());
    }

    [TestMethod]
    [DataRow(ScoringMissingValues.NaN)]
    [DataRow(ScoringMissingValues.Mean)]
    public void A_row_scores_to_the_bit_alike_beside_a_missing_value_and_without_one(ScoringMissingValues policy)
    {
        // Batches without missing values run under a session of their own; which one runs must not show.
        using var model = Rows.Fit(s_ml, options =>
        {
            options.ScoringMissingValues = policy;
            options.Scoring = new ScoringOptions { BatchSize = 8 };
        });
        Row[] rows = Rows.Make(24, seed: 23), withHole = Rows.Make(24, seed: 23);
        withHole[9].Features[1] = float.NaN;
        var expected = Rows.Read(s_ml, model.Transform(s_ml.Data.LoadFromEnumerable(rows)));
        var actual = Rows.Read(s_ml, model.Transform(s_ml.Data.LoadFromEnumerable(withHole)));
        for (int i = 0; i < rows.Length; i++)
        {
            if (i == 9)
                continue;
            Assert.AreEqual(expected[i].Score, actual[i].Score, $"row {i}");
            CollectionAssert.AreEqual(expected[i].Code, actual[i].Code);
            CollectionAssert.AreEqual(expected[i].Reconstruction, actual[i].Reconstruction);
            CollectionAssert.AreEqual(expected[i].FeatureErrors, actual[i].FeatureErrors);
        }
        Assert.AreEqual(policy == ScoringMissingValues.NaN, float.IsNaN(actual[9].Score));
        Assert.AreNotEqual(expected[9].Score, actual[9].Score);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(15)]
    [DataRow(16)]
    [DataRow(17)]
    [DataRow(33)]
    public void A_missing_value_is_found_wherever_it_stands(int d)
    {
        using var small = Rows.Fit(s_ml, options => options.Epochs = 0);
        var metadata = small.Metadata.OfSizes(d, d);
        using var model = new AutoencoderModel(GraphBytes.Scorer(
            (g, x, _) => g.Node("Neg", "encoder", [x]), (g, z, _) => g.Node("Neg", "decoder", [z]), metadata), "The graph");
        using var runner = model.CreateRunner([GraphNames.Features], [GraphNames.Score], 3);
        for (int place = 0; place < 3 * d; place++)
        {
            runner.Input(0).Fill(float.MaxValue);
            runner.Input(0)[place] = place % 2 == 0 ? float.NaN : float.NegativeInfinity;
            runner.Run(3);
            for (int row = 0; row < 3; row++)
                Assert.AreEqual(row == place / d ? float.NaN : 0, runner.OutputRow<float>(0, row)[0], $"place {place}, row {row}");
        }
    }

    [TestMethod]
    public void Refuse_stops_with_the_row_and_the_feature()
    {
        using var model = Rows.Fit(s_ml, options => options.ScoringMissingValues = ScoringMissingValues.Refuse);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.Read(s_ml, model.Transform(RowsWithHoles())));
        StringAssert.Contains(error.Message, "Row 1 of the column 'Features' has NaN in 'Features[2]'");
    }

    [TestMethod]
    [DataRow(ScoringMissingValues.NaN)]
    [DataRow(ScoringMissingValues.Mean)]
    public void A_file_without_the_nodes_for_missing_values_scores_whole_rows_to_the_bit_alike_and_refuses_others(
        ScoringMissingValues policy)
    {
        using var model = Rows.Fit(s_ml, options => options.ScoringMissingValues = policy);
        var without = new OnnxExportOptions { MissingValueNodes = false };
        foreach (var graph in new[] { OnnxGraph.Encoder, OnnxGraph.Scorer })
        {
            CollectionAssert.Contains(Operators(model.ToOnnx(graph)), "IsNaN");
            CollectionAssert.DoesNotContain(Operators(model.ToOnnx(graph, without)), "IsNaN");
            CollectionAssert.DoesNotContain(Operators(model.ToOnnx(graph, without)), "Where");
        }
        CollectionAssert.AreEqual(model.ToOnnx(OnnxGraph.Decoder), model.ToOnnx(OnnxGraph.Decoder, without), "a decoder has none");

        using var again = s_ml.Autoencoders().FromModel(new AutoencoderModel(model.ToOnnx(OnnxGraph.Scorer, without), "The graph"));
        var rows = Rows.View(s_ml, 20, seed: 37);
        CollectionAssert.AreEqual(Rows.Read(s_ml, model.Transform(rows)).Select(row => row.Score).ToArray(),
            Rows.Read(s_ml, again.Transform(rows)).Select(row => row.Score).ToArray());
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.Read(s_ml, again.Transform(RowsWithHoles())));
        StringAssert.Contains(error.Message, "Row 1 of the column 'Features' has NaN in 'Features[2]'");

        static string[] Operators(byte[] bytes) => [.. OnnxFile.Parse(bytes, "The graph").Graph.Node.Select(node => node.OpType)];
    }
}
