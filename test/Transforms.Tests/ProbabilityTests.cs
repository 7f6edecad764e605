using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Samples;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>The column of probabilities: the empirical distribution function of the training scores with an exponential tail.</summary>
[TestClass]
public sealed class ProbabilityTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly AutoencoderTransformer s_model = Rows.Fit(s_ml, options => options.ProbabilityColumnName = "Probability");

    [TestMethod]
    public void It_is_the_share_of_training_rows_that_score_lower()
    {
        var scored = Read(s_model.Transform(Rows.View(s_ml, 200)));
        float[] ordered = [.. scored.Select(row => row.Score).Order()];
        foreach (var (score, probability) in scored.Where(row => row.Probability < 0.99))
            Assert.AreEqual(Array.IndexOf(ordered, score) / 199.0, probability, 1.5e-3, "to within the step of the stored quantiles");
    }

    [TestMethod]
    public void It_equals_its_definition_in_double_precision()
    {
        foreach (var (score, probability) in Read(s_model.Transform(Rows.View(s_ml, 500, seed: 29))))
            Assert.AreEqual(ProbabilityDefinition.Of(s_model.Metadata.ScoreQuantiles, score), probability, 1e-6);
    }

    [TestMethod]
    public void It_never_falls_when_the_score_rises()
    {
        var rows = Rows.Make(2000, seed: 31);
        for (int i = 0; i < rows.Length; i++)
            rows[i].Features[0] += i * 0.2f;
        var scored = Read(s_model.Transform(s_ml.Data.LoadFromEnumerable(rows))).OrderBy(row => row.Score).ToArray();
        for (int i = 1; i < scored.Length; i++)
            Assert.IsGreaterThanOrEqualTo(scored[i - 1].Probability, scored[i].Probability);
        Assert.IsTrue(scored.All(row => row.Probability is >= 0 and <= 1));
        Assert.IsGreaterThan(0.999f, scored[^1].Probability);
    }

    [TestMethod]
    public void Without_a_score_there_is_no_probability()
    {
        var rows = Rows.Make(1);
        rows[0].Features[0] = float.NaN;
        Assert.IsTrue(float.IsNaN(Read(s_model.Transform(s_ml.Data.LoadFromEnumerable(rows))).Single().Probability));
    }

    [TestMethod]
    public void Equal_training_scores_give_a_probability_all_the_same()
    {
        var rows = Rows.Make(40);
        foreach (var row in rows)
            row.Features = rows[0].Features;
        using var model = Rows.Fit(s_ml, options => options.ProbabilityColumnName = "Probability", s_ml.Data.LoadFromEnumerable(rows));
        var other = Rows.Make(3, seed: 5);
        other[0].Features = rows[0].Features;
        Assert.IsTrue(Read(model.Transform(s_ml.Data.LoadFromEnumerable(other))).All(row => row.Probability is >= 0 and <= 1));
    }

    [TestMethod]
    public void It_is_saved_exported_and_seen_by_a_process_without_this_library()
    {
        using var folder = new TestFolder();
        var rows = s_ml.Transforms.SelectColumns("Features").Fit(Rows.View(s_ml, 50)).Transform(Rows.View(s_ml, 50));
        s_ml.Model.Save(s_model, rows.Schema, folder["model.zip"]);
        float[] expected = [.. s_model.Transform(rows).GetColumn<float>("Probability")];
        using var again = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out _);
        CollectionAssert.AreEqual(expected, again.Transform(rows).GetColumn<float>("Probability").ToArray());
        Assert.IsLessThan(1e-6, Rows.Difference(expected,
            StockProcess.Score(folder["model.zip"], rows)["Probability"].Values.Select(
            text => float.Parse(text, System.Globalization.CultureInfo.InvariantCulture))));
        s_model.ExportOnnx(folder["e"], folder["d"], folder["s"]);
        CollectionAssert.Contains(new AutoencoderModel(File.ReadAllBytes(folder["s"]), "The graph").Outputs.ToArray(), "probability");
    }

    private static List<(float Score, float Probability)> Read(IDataView view) =>
        [.. view.GetColumn<float>("Score").Zip(view.GetColumn<float>("Probability"))];
}
