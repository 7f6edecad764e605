using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>The numbers of a report against the same computed apart.</summary>
[TestClass]
public class NumberTests
{
    private static readonly ReportCase s_detector = ReportFixtures.Of("detector");
    private static readonly Lazy<XDocument> s_page = new(() => Page.Parse(s_detector.Write()));

    private static float[] ScoresOf(ITransformer model, IDataView rows) => [.. model.Transform(rows).GetColumn<float>("Score")];

    [TestMethod]
    public void Flagged_rows_are_those_of_the_transformer()
    {
        var scored = s_detector.Model.Transform(s_detector.Rows);
        bool[] flagged = [.. scored.GetColumn<bool>("PredictedLabel")], labels = [.. scored.GetColumn<bool>("Label")];
        string verdict = Page.TextOf(s_page.Value, "verdict");
        StringAssert.Contains(verdict, $"{flagged.Count(flag => flag)} of {flagged.Length} rows");
        StringAssert.Contains(
            verdict, $"{flagged.Zip(labels).Count(pair => pair is (true, true))} of {labels.Count(label => label)} anomalies found");
        StringAssert.Contains(verdict, $"{flagged.Zip(labels).Count(pair => pair is (true, false))} false alarm");
    }

    [TestMethod]
    public void Other_thresholds_flag_what_a_model_with_them_flags()
    {
        var model = (AutoencoderTransformer)s_detector.Model;
        string[][] table = Page.Table(s_page.Value, "scores");
        Assert.HasCount(5, table, "a head, and four rates");
        foreach (double rate in new[] { 0.1, 0.05, 0.01, 0.001 })
        {
            var changed = model.WithThreshold(Onnx.ThresholdRule.FalseAlarmRate(rate));
            int flagged = changed.Transform(s_detector.Rows).GetColumn<bool>("PredictedLabel").Count(flag => flag);
            string name = $"{(100 * rate).ToString(CultureInfo.InvariantCulture)} % false alarms";
            string[] row = table.Single(cells => cells[0].EndsWith(name, StringComparison.Ordinal)
                && (cells[0] == name || cells[0] == $"this model: {name}"));
            StringAssert.StartsWith(row[2], $"{flagged} (", name);
        }
    }

    [TestMethod]
    public void Most_anomalous_rows_come_with_value_and_expected_value()
    {
        var scorer = (AutoencoderTransformer)s_detector.Model;
        float[] scores = ScoresOf(scorer, s_detector.Rows);
        float[][] features = [.. s_detector.Rows.GetColumn<float[]>("Features")];
        int[] falling = [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i])];
        string[][] table = Page.Table(s_page.Value, "rows");
        Assert.HasCount(1 + ReportOptions.DefaultMaxRows, table);
        int name = Array.IndexOf(table[0], "WorstArea"), feature = scorer.Metadata.FeatureNames.ToList().IndexOf("WorstArea");
        for (int i = 0; i < ReportOptions.DefaultMaxRows; i++)
        {
            Assert.AreEqual(falling[i] + 1, int.Parse(table[i + 1][0], CultureInfo.InvariantCulture), $"place {i}");
            float expected = scorer.TopFeatures(features[falling[i]], 30).Single(top => top.Name == "WorstArea").Expected;
            Assert.AreEqual(Text.Number(features[falling[i]][feature]) + Text.Number(expected), table[i + 1][name]);
        }
    }

    [TestMethod]
    public void Shares_of_the_features_are_those_of_their_errors()
    {
        var model = (AutoencoderTransformer)s_detector.Model;
        double[] sums = new double[30];
        double all = 0;
        foreach (var (features, flag) in s_detector.Rows.GetColumn<float[]>("Features")
            .Zip(model.Transform(s_detector.Rows).GetColumn<bool>("PredictedLabel")))
        {
            foreach (var top in model.TopFeatures(features, 30))
            {
                if (!flag)
                    continue;
                sums[model.Metadata.FeatureNames.ToList().IndexOf(top.Name)] += top.Error;
                all += top.Error;
            }
        }
        string[][] table = Page.Table(s_page.Value, "features");
        int[] falling = [.. Enumerable.Range(0, 30).OrderByDescending(j => sums[j])];
        for (int i = 0; i < 5; i++)
        {
            Assert.AreEqual(model.Metadata.FeatureNames[falling[i]], table[i + 1][0]);
            StringAssert.StartsWith(table[i + 1][1], Text.Percent(sums[falling[i]] / all).Replace('\u00A0', ' '));
        }
    }

    [TestMethod]
    public void Areas_are_those_of_ML_NET_and_of_the_definition()
    {
        var scored = s_detector.Model.Transform(s_detector.Rows);
        var metrics = ReportFixtures.Ml.BinaryClassification.EvaluateNonCalibrated(scored);
        string labels = Page.TextOf(s_page.Value, "labels");
        StringAssert.Contains(
            labels, $"area under the curve is {metrics.AreaUnderRocCurve.ToString("0.000", CultureInfo.InvariantCulture)}");

        (float Score, bool Label)[] falling = [.. ScoresOf(s_detector.Model, s_detector.Rows)
            .Zip(scored.GetColumn<bool>("Label")).OrderByDescending(pair => pair.First)];
        double precision = Enumerable.Range(0, falling.Length).Where(i => falling[i].Label)
            .Average(i => (double)falling[..(i + 1)].Count(pair => pair.Label) / (i + 1));
        StringAssert.Contains(labels, $"average precision is {precision.ToString("0.000", CultureInfo.InvariantCulture)}");
    }

    [TestMethod]
    public void Equal_scores_count_half_in_the_area()
    {
        LabeledScore[] scores = [new(1, false), new(1, true), new(2, true), new(0, false), new(1, false)];
        // Of six pairs the anomaly scores higher in four, and equal in two.
        Assert.AreEqual(5.0 / 6, Curves.Of(scores)!.Area, 1e-12);
        Assert.IsNull(Curves.Of(scores.Where(score => score.IsAnomaly)));
    }

    [TestMethod]
    [DataRow(0.0, "No drift")]
    [DataRow(0.15, "drift: the scores are")]
    [DataRow(3.0, "Strong drift: the scores are much higher")]
    public void Drift_is_that_of_the_formulas(double shift, string words)
    {
        var model = ReportFixtures.Of("code of two units").Model;
        string[] names = ReportFixtures.Names(5);
        var training = ReportFixtures.View(ReportFixtures.Rows(1_000, 5, seed: 4, hasAnomalies: false), names);
        var rows = ReportFixtures.View(ReportFixtures.Rows(500, 5, seed: 6, hasAnomalies: false).Select(row =>
            new LabeledRow { Features = [row.Features[0] + (float)(shift * 10), .. row.Features[1..]] }), names);
        double[] before = [.. ScoresOf(model, training).Select(score => (double)score).Order()], after =
            [.. ScoresOf(model, rows).Select(score => (double)score).Order()];

        // Ten bins that hold 100 of the 1,000 training rows each.
        double psi = 0;
        for (int bin = 0; bin < 10; bin++)
        {
            double from = bin == 0 ? double.NegativeInfinity : before[100 * bin - 1];
            double to = bin == 9 ? double.PositiveInfinity : before[100 * bin + 99];
            double share = Math.Max(0.5, after.Count(score => score > from && score <= to)) / after.Length;
            psi += (share - 0.1) * Math.Log(share / 0.1);
        }
        double largest = before.Concat(after).Max(at => Math.Abs(
            before.Count(score => score <= at) / (double)before.Length - after.Count(score => score <= at) / (double)after.Length));

        var page = Page.Parse(new ReportCase(model, rows, new ReportOptions { TrainingData = training }).Write());
        string[][] table = Page.Table(page, "drift");
        Assert.AreEqual(psi.ToString("0.000", CultureInfo.InvariantCulture), table[1][1]);
        Assert.AreEqual(largest.ToString("0.000", CultureInfo.InvariantCulture), table[2][1]);
        StringAssert.Contains(Page.TextOf(page, "drift"), words);
        StringAssert.Contains(Page.TextOf(page, "verdict"), words);
        Assert.AreEqual(shift > 1, Page.TextOf(page, "verdict").Contains("Check first that columns", StringComparison.Ordinal));
    }

    [TestMethod]
    public void Kept_scores_stand_for_the_training_rows()
    {
        // The detector keeps the scores of its 238 training rows: as if they had been given.
        var known = Onnx.PValues.Of(((AutoencoderTransformer)s_detector.Model).Metadata, "drift");
        float[] scores = ScoresOf(s_detector.Model, s_detector.Rows);
        Array.Sort(scores);
        double largest = known.Knots.Concat(scores).Max(at => Math.Abs(
            known.Knots.Count(score => score <= at) / (double)known.Count - scores.Count(score => score <= at) / (double)scores.Length));
        Assert.AreEqual(238, known.Knots.Count);
        Assert.AreEqual(largest.ToString("0.000", CultureInfo.InvariantCulture), Page.Table(s_page.Value, "drift")[2][1]);
    }

    [TestMethod]
    public void Repeated_scores_share_a_bin()
    {
        (float, double)[] reference = [(1, 50), (2, 12), (3, 38)];
        var drift = Drift.Of(reference, [1, 1, 2, 3]);
        CollectionAssert.AreEqual(new[] { 0.5, 0.12, 0.38 }.Select(share => Math.Round(share, 9)).ToArray(),
            drift.Bins.Select(bin => Math.Round(bin.Expected, 9)).ToArray());
        CollectionAssert.AreEqual(new[] { 0.5, 0.25, 0.25 }, drift.Bins.Select(bin => bin.Found).ToArray());
        Assert.AreEqual(0.13, drift.KolmogorovSmirnov, 1e-12);
        Assert.IsFalse(Drift.Of([(0, 1), (1, 1)], [0, 1]).IsHigher);
    }

    [TestMethod]
    public void The_probability_of_Kolmogorov_is_that_of_tables()
    {
        // 1.3581 is the 5 % point of the limit distribution; with many rows the correction is small.
        float[] scores = [.. Enumerable.Range(0, 100_000).Select(i => (float)i)];
        double shift = 1.3581 / Math.Sqrt(50_000) * 100_000;
        var drift = Drift.Of([.. scores.Select(score => (score, 1.0))], [.. scores.Select(score => score + (float)shift)]);
        Assert.AreEqual(0.05, drift.PValue, 0.001);
        Assert.IsTrue(drift.IsHigher);
    }

    [TestMethod]
    public void The_plane_of_codes_is_that_of_the_largest_variances()
    {
        var random = new Random(1);
        float[][] codes = [.. Enumerable.Range(0, 400).Select(_ => new[] { 0.1f, 5, 0.5f, 2 }
            .Select(scale => (float)((random.NextDouble() - 0.5) * scale)).ToArray())];
        var (points, share) = PrincipalPlane.Of(codes);
        double mean = codes.Average(code => (double)code[1]);
        double sum = points.Zip(codes).Sum(pair => pair.First.X * (pair.Second[1] - mean));
        double correlation = Math.Abs(sum) / Math.Sqrt(points.Sum(point => point.X * point.X)
            * codes.Sum(code => (code[1] - mean) * (code[1] - mean)));
        Assert.IsGreaterThan(0.99, correlation);
        Assert.AreEqual((25 + 4) / (25 + 4 + 0.25 + 0.01), share, 0.005);
    }
}

/// <summary>Reads reports as XML, which they are but for their first line.</summary>
internal static class Page
{
    public static XDocument Parse(string html)
    {
        const string start = "<!DOCTYPE html>\n";
        StringAssert.StartsWith(html, start);
        return XDocument.Parse(html[start.Length..], LoadOptions.PreserveWhitespace);
    }

    /// <summary>The text of an element, with plain spaces; blocks stand apart.</summary>
    public static string TextOf(XDocument page, string id) => Regex.Replace(
        string.Join(' ', page.Descendants().Single(element => (string?)element.Attribute("id") == id).DescendantNodes().OfType<XText>()
            .Select(text => text.Value)).Replace('\u00A0', ' '), " +", " ");

    /// <summary>The cells of the first table of a section, the head first.</summary>
    public static string[][] Table(XDocument page, string section) =>
        [.. page.Descendants("section").Single(element => (string?)element.Attribute("id") == section).Descendants("table").First()
            .Descendants("tr").Select(row => row.Elements().Select(cell => cell.Value.Replace('\u00A0', ' ')).ToArray())];
}
