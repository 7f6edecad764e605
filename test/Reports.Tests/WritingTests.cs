using System.Xml.Linq;
using Microsoft.ML;
using Microsoft.ML.Data;
using PuppeteerSharp;

namespace MLNetAutoencoder.Tests;

/// <summary>Files, chains, options and the text of strangers.</summary>
[TestClass]
public class WritingTests
{
    private static readonly ReportCase s_small = ReportFixtures.Of("code of two units");

    [TestMethod]
    public void An_existing_file_is_replaced_whole_or_stays()
    {
        using var folder = new TestFolder();
        string path = folder["report.html"];
        File.WriteAllText(path, new string('x', 1_000_000));
        s_small.Model.WriteReport(path, s_small.Rows);
        string written = File.ReadAllText(path);
        StringAssert.EndsWith(written, "</html>");

        var failing = ReportFixtures.Ml.Data.LoadFromEnumerable(Failing());
        Fails.As<Exception>("The file ends here.", () => s_small.Model.WriteReport(path, failing));
        Assert.AreEqual(written, File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFiles(folder.Path), "nothing is left behind");
        Fails.With<IOException>("cannot be written", () => s_small.Model.WriteReport(folder["no/such/report.html"], s_small.Rows));

        static IEnumerable<FiveRow> Failing()
        {
            for (int i = 0; i < 50; i++)
                yield return new FiveRow { Features = [1, 2, 3, 4, 5] };
            throw new InvalidDataException("The file ends here.");
        }
    }

    [TestMethod]
    public void A_chain_takes_raw_columns_and_a_saved_one_says_that_its_history_is_gone()
    {
        var ml = ReportFixtures.Ml;
        TwoColumns[] rows = [.. ReportFixtures.Rows(300, 2, seed: 8).Select(row =>
            new TwoColumns { Inflow = row.Features[0], Outflow = row.Features[1], Kind = row.Kind })];
        var view = ml.Data.LoadFromEnumerable(rows);
        var model = ml.Transforms.Concatenate("Features", "Inflow", "Outflow")
            .Append(ml.Autoencoders().Dense("Features", hidden: [8], code: 1, epochs: 30, seed: 1)).Fit(view);
        using var folder = new TestFolder();
        ml.Model.Save(model, view.Schema, folder["model.zip"]);
        var loaded = ml.Autoencoders().Load(folder["model.zip"], out _);
        var options = new ReportOptions { LabelColumnName = "Kind", AnomalyLabelValue = "odd" };
        string fresh = new ReportCase(model, view, options).Write(), later = new ReportCase(loaded, view, options).Write();

        foreach (string text in new[] { fresh, later })
        {
            var page = Page.Parse(text);
            CollectionAssert.IsSubsetOf(new[] { "Inflow", "Outflow" }, Page.Table(page, "rows")[0]);
            StringAssert.Contains(Page.TextOf(page, "labels"), "15 of 300 rows are anomalies");
        }
        Assert.AreEqual(Page.TextOf(Page.Parse(fresh), "scores"), Page.TextOf(Page.Parse(later), "scores"));
        const string gone = "The model was opened from a file, which keeps 20 epochs at most";
        StringAssert.Contains(later, gone);
        Assert.DoesNotContain(gone, fresh);
    }

    [TestMethod]
    public void Wrong_options_are_refused_by_name()
    {
        using var folder = new TestFolder();
        string path = folder["report.html"];
        void Write(ReportOptions options) => s_small.Model.WriteReport(path, s_small.Rows, options);
        Fails.As<ArgumentOutOfRangeException>("MaxRows", () => Write(new ReportOptions { MaxRows = 0 }));
        Fails.As<ArgumentOutOfRangeException>("SampleCount", () => Write(new ReportOptions { SampleCount = -1 }));
        Fails.As<ArgumentOutOfRangeException>("AnomalyLabelValue", () => Write(new ReportOptions { AnomalyLabelValue = "odd" }));
        Fails.As<ArgumentOutOfRangeException>("'Lable'", () => Write(new ReportOptions { LabelColumnName = "Lable" }));
        Fails.As<ArgumentOutOfRangeException>("'Kind'", () => Write(new ReportOptions { LabelColumnName = "Kind" }));
        Fails.As<ArgumentException>("2 × 3 pixels", () => Write(new ReportOptions { Image = new ReportImage(2, 3) }));
        Fails.As<InvalidOperationException>("only the encoder", () => OnlyEncoder().WriteReport(path, s_small.Rows));
        Fails.As<ArgumentException>("no autoencoder", () => new TransformerChain<ITransformer>().WriteReport(path, s_small.Rows));
        Assert.IsEmpty(Directory.GetFiles(folder.Path));

        static AutoencoderTransformer OnlyEncoder() => ReportFixtures.Ml.Autoencoders().FromOnnx(
            ((AutoencoderTransformer)s_small.Model).ToOnnx(Onnx.OnnxGraph.Encoder));
    }

    [TestMethod]
    public void Sections_are_those_that_apply()
    {
        string[] Of(string kind) => [.. Page.Parse(ReportFixtures.Of(kind).Write()).Descendants("section")
            .Select(section => (string)section.Attribute("id")!)];
        string[] usual = ["scores", "rows", "features", "drift", "labels", "codes", "training", "environment"];
        CollectionAssert.AreEqual(usual, Of("detector"));
        CollectionAssert.AreEqual(usual.Except(["labels"]).Append("images").Order().ToArray(), Of("convolutional").Order().ToArray());
        CollectionAssert.AreEqual(usual.Except(["labels"]).Concat(["images", "generation"]).Order().ToArray(),
            Of("variational").Order().ToArray());
        CollectionAssert.AreEqual(usual.Append("generation").Order().ToArray(), Of("variational table").Order().ToArray());
        CollectionAssert.AreEqual(new[] { "training", "environment" }, Of("no rows"));
        CollectionAssert.AreEqual(new[] { "features", "labels", "training", "environment" }, Of("all missing"));
        StringAssert.Contains(ReportFixtures.Of("no rows").Write(), "There are no rows to report on.");
        StringAssert.Contains(ReportFixtures.Of("all missing").Write(), "None of 30 rows could be scored.");
    }

    public static IEnumerable<object[]> Variants => EveryVariant.Names.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void Every_kind_of_model_gets_a_report(string variant)
    {
        var model = EveryVariant.Fitted(variant);
        var page = Page.Parse(new ReportCase(model, EveryVariant.Rows(50), new ReportOptions()).Write());
        int flagged = model.Transform(EveryVariant.Rows(50)).GetColumn<bool>("PredictedLabel").Count(flag => flag);
        StringAssert.Contains(Page.TextOf(page, "verdict"), $"{(flagged == 0 ? "None" : flagged)} of 50 rows");
    }

    [TestMethod]
    public async Task Text_of_strangers_stays_text()
    {
        using var folder = new TestFolder();
        var hostile = ReportFixtures.Of("hostile names");
        hostile.Model.WriteReport(folder["report.html"], hostile.Rows, hostile.Options);
        string html = await File.ReadAllTextAsync(folder["report.html"]);
        var page = Page.Parse(html);
        Assert.IsEmpty(page.Descendants().Where(element => element.Name.LocalName is "script" or "iframe" or "object" or "link"
            || element.Attributes().Any(attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase))
            || (element.Name.LocalName == "img" && !((string?)element.Attribute("src"))!.StartsWith("data:", StringComparison.Ordinal)))
                .ToArray());
        Assert.IsEmpty(html.Where(c => (char.IsControl(c) && c is not ('\n' or '\t')) || c is (>= '\u202A' and <= '\u202E')
            or (>= '\u2066' and <= '\u2069') || char.IsSurrogate(c)).ToArray(), "what changes text around it");

        // Each name stands in the page as it is, but for what cannot be shown, and isolated.
        var names = page.Descendants("bdi").Select(element => element.Value).ToHashSet(StringComparer.Ordinal);
        foreach (string name in ReportFixtures.HostileNames.Where(name => name.Length > 0))
            Assert.Contains(Text.Clean(Text.Shorten(name)), names);
        foreach (string start in ReportFixtures.HostileNames.Where(name => name.Length > 0).Select(name => Text.Clean(name[..6])))
            Assert.IsEmpty(page.DescendantNodes().OfType<XText>().Where(text => text.Value.Contains(start, StringComparison.Ordinal)
                && !text.Ancestors().Any(element => element.Name.LocalName is "bdi" or "title" or "style")).ToArray(), start);

        var (opened, complaints) = await Browser.OpenAsync(folder["report.html"]);
        await using var _ = opened;
        Assert.AreEqual(ReportFixtures.HostileNames[1], await opened.GetTitleAsync());
        Assert.AreEqual("isolate", await opened.EvaluateExpressionAsync<string>(
            "getComputedStyle(document.querySelector('bdi')).unicodeBidi"));
        Assert.IsEmpty(complaints, string.Join(Environment.NewLine, complaints));
    }

    [TestMethod]
    public void Control_characters_and_half_characters_become_a_sign()
    {
        Assert.AreEqual("a\uFFFDb", Text.Clean("a\u0007b"));
        Assert.AreEqual("\uFFFDx\uFFFD", Text.Clean("\uDC00x\uD800"));
        Assert.AreEqual("😀 שם\u200F\tok", Text.Clean("😀 שם\u200F\tok"));
        Assert.AreEqual("aaa…", Text.Shorten("aaa😀b", 4));
    }

    [ClassCleanup]
    public static Task Close() => Browser.CloseAsync();

    private sealed class FiveRow
    {
        [VectorType(5)]
        public float[] Features { get; set; } = [];
    }

    private sealed class TwoColumns
    {
        public float Inflow { get; set; }

        public float Outflow { get; set; }

        public string Kind { get; set; } = "";
    }
}
