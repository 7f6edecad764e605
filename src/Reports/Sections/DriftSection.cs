using System.Globalization;

namespace MLNetAutoencoder;

/// <summary>Whether the scores are still those of the training.</summary>
internal static class DriftSection
{
    public static Section? Of(Report report)
    {
        if (report.Rows.Scored == 0)
            return null;
        if (report.Drift is not { } drift)
            return new Section("drift", "Drift", Html.Paragraph((report.Options.TrainingData is null
                ? "The model keeps no scores of its training and no training rows were given"
                : "None of the training rows that were given has a score") + ", so that there is nothing to compare with."));
        string source = report.Options.TrainingData is not null ? "the training rows that were given"
            : $"{Text.Count(Math.Max(report.Metadata.ScoreCount, report.Reference.Count), "row")} of the training, as the model keeps them";
        string description =
            $"The two curves are {Text.Percent(drift.KolmogorovSmirnov)} apart at the score {Text.Number(drift.At)}, where " +
            $"they differ most.";
        return new Section("drift", "Drift",
            Html.Paragraph(Html.Element("strong", Words(drift)), $" The scores of these rows are compared with those of {source}."),
            Html.Element("div", Html.Class("pair"),
                Html.Figure(Charts.Distributions(report.Reference, report.Sorted, description), description,
                    ("blue", "training"), ("orange", "these rows")),
                Html.Element("div", Html.Table("Measures of drift", ["measure", "value", "meaning"],
                [
                    ["population stability index", drift.Psi.ToString("0.000", CultureInfo.InvariantCulture),
                        "below 0.1 little, above 0.25 much"],
                    ["Kolmogorov-Smirnov", drift.KolmogorovSmirnov.ToString("0.000", CultureInfo.InvariantCulture),
                        "largest difference of the two curves"],
                    ["its p-value", drift.PValue < 0.0001 ? "below 0.0001" : drift.PValue.ToString("0.0000", CultureInfo.InvariantCulture),
                        "chance of one as large without drift"],
                ], "numbers words"),
                Html.Element("p", Html.Class("note"),
                    "It is drift where the p-value is below 0.01; the index tells how much. Anomalies among " +
                    "the rows count too, and a model may score the rows that it was trained on lower than new ones: a detector " +
                    "knows them."))));
    }

    /// <summary>The verdict in words.</summary>
    public static string Words(Drift drift)
    {
        string direction = drift.IsHigher ? "higher" : "lower",
            reason = drift.IsHigher ? "" : ", as those of rows that the model was trained on are";
        return drift.Level switch
        {
            DriftLevel.None => "No drift: the scores are those of the training, as far as so many rows can tell.",
            DriftLevel.Slight => $"Slight drift: the scores are a little {direction} than in training{reason}.",
            DriftLevel.Moderate => $"Moderate drift: the scores are {direction} than in training{reason}.",
            _ => $"Strong drift: the scores are much {direction} than in training{reason}.",
        };
    }
}
