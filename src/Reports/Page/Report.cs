using System.Reflection;
using System.Xml.Linq;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>What the sections of a report are made from.</summary>
internal sealed class Report
{
    /// <param name="model">The model.</param>
    /// <param name="rows">What was kept of the rows.</param>
    /// <param name="options">The options.</param>
    public Report(ReportModel model, ReportRows rows, ReportOptions options)
    {
        (Model, Rows, Options) = (model, rows, options);
        Sorted = [.. rows.Scores.Select(score => score.Score).Order()];
        Curves = rows.HasLabels ? Curves.Of(rows.Scores) : null;
        if (options.TrainingData is { } training)
        {
            var (scores, count) = model.ScoresOf(training, options.Seed);
            Reference = [.. scores.Order().Select(score => (score, (double)count / scores.Length))];
        }
        else if (Metadata.ScoreQuantiles.Count > 0)
        {
            var known = PValues.Of(Metadata, "drift");
            Reference = [.. known.Knots.Zip(known.Weights)];
        }
        else
        {
            Reference = [];
        }
        Drift = Reference.Count > 0 && Sorted.Length > 0 ? Drift.Of(Reference, Sorted) : null;
        Telling = FindTelling();
    }

    public ReportModel Model { get; }

    public AutoencoderMetadata Metadata => Model.Metadata;

    public ReportRows Rows { get; }

    public ReportOptions Options { get; }

    /// <summary>The scores that are kept, rising.</summary>
    public float[] Sorted { get; }

    /// <summary>The curves of labeled rows; null without labels, or with one label alone.</summary>
    public Curves? Curves { get; }

    /// <summary>The scores that drift is measured against, rising, and how many each stands for; empty where none are known.</summary>
    public IReadOnlyList<(float Score, double Weight)> Reference { get; }

    /// <summary>The drift; null where there is nothing to compare.</summary>
    public Drift? Drift { get; }

    /// <summary>
    /// The features by their share of the error of the flagged rows, or of all rows where none is flagged, the largest
    /// first.
    /// </summary>
    public IReadOnlyList<int> Telling { get; }

    /// <summary>A feature's share of the error of all rows, or of the flagged ones.</summary>
    public double Share(int feature, bool ofFlagged)
    {
        double[] errors = ofFlagged ? Rows.FlaggedErrors : Rows.Errors;
        double sum = errors.Sum();
        return sum > 0 ? errors[feature] / sum : 0;
    }

    /// <summary>The report as an HTML file.</summary>
    public byte[] ToBytes()
    {
        var sections = new[]
        {
            SeriesSection.Of(this), ScoreSection.Of(this), RowSection.Of(this), FeatureSection.Of(this), DriftSection.Of(this),
            LabelSection.Of(this), CodeSection.Of(this), ImageSection.Of(this), GenerationSection.Of(this), TrainingSection.Of(this),
            EnvironmentSection.Of(this),
        }.OfType<Section>().ToArray();
        return Html.ToBytes(Html.Element("html", new XAttribute("lang", "en"),
            Html.Element("head",
                Html.Element("meta", new XAttribute("charset", "utf-8")),
                Html.Element("meta", new XAttribute("http-equiv", "Content-Security-Policy"),
                    new XAttribute("content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")),
                Html.Element("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
                Html.Element("meta", new XAttribute("name", "color-scheme"), new XAttribute("content", "light dark")),
                Html.Element("title", Options.Title),
                Html.Element("style", Style())),
            Html.Element("body",
                Verdict.Of(this),
                Html.Element("nav", new XAttribute("aria-label", "Sections"), Html.Element("ul", sections.Select(section =>
                    Html.Element("li", Html.Element("a", new XAttribute("href", $"#{section.Id}"), section.Heading))))),
                Html.Element("main", sections.Select(section => Html.Element("section", new XAttribute("id", section.Id),
                    new XAttribute("aria-labelledby", $"{section.Id}-heading"),
                    Html.Element("h2", new XAttribute("id", $"{section.Id}-heading"), section.Heading), section.Content))),
                Html.Element("footer", Html.Paragraph($"Written by MLNetAutoencoder {AutoencoderMetadata.CurrentLibraryVersion}.")))));
    }

    private int[] FindTelling()
    {
        double[] errors = Rows.FlaggedErrors.Any(error => error > 0) ? Rows.FlaggedErrors : Rows.Errors;
        return [.. Enumerable.Range(0, errors.Length).Where(j => errors[j] > 0).OrderByDescending(j => errors[j])];
    }

    // Characters that XML would encode have no place in it: a browser reads a style sheet as it stands.
    private static string Style()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("report.css")!);
        return reader.ReadToEnd();
    }
}

/// <summary>A section of the report.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Heading">Its heading.</param>
/// <param name="Content">What stands below the heading.</param>
internal sealed record Section(string Id, string Heading, params object?[] Content);
