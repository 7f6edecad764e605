using System.Xml.Linq;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>What a variational model makes from codes: samples, and what each unit of the code does.</summary>
internal static class GenerationSection
{
    private const int MostFeatures = 8, MostUnits = 6, Steps = 5, MostMoved = 3;
    private const double Reach = 2;

    public static Section? Of(Report report)
    {
        var metadata = report.Metadata;
        if (!metadata.IsVariational || report.Rows.Series is not null || report.Options.SampleCount == 0)
            return null;
        const string id = "generation", heading = "What the model makes";
        if (metadata.ConditionSize > 0 || metadata.CodeOffsetSize > 0)
            return new Section(id, heading, Html.Paragraph(
                "The model needs a condition or a code offset for each row that it makes, so that none are made here."));
        var generator = report.Model.Autoencoder.Generator;
        float[][] samples = Read(report, generator.Sample(report.Options.SampleCount, report.Options.Seed));
        var picture = report.Model.ImageOf(report.Options) is { } size
            ? new Picture(size, report.Rows.Lowest is null ? samples
                : report.Rows.Top.Append(report.Rows.Lowest).Select(row => row.Features))
            : null;
        return new Section(id, heading,
            Html.Element("h3", "Samples"),
            Html.Paragraph("Rows that the model makes from random codes: they should look like the rows that it was trained on."),
            picture is null ? SampleTable(report, samples) : Html.Element("div", Html.Class("strip wide"),
                samples.Select((sample, i) => picture.Draw(sample, $"sample {i + 1}"))),
            Html.Element("h3", "What each unit of the code does"),
            report.Rows.Lowest is null
                ? Html.Paragraph("No row has a score, so that there is none to start from.") : Traversals(report, generator, picture));
    }

    private static object Traversals(Report report, AutoencoderGenerator generator, Picture? picture)
    {
        var start = report.Rows.Lowest!;
        var units = Enumerable.Range(0, report.Metadata.CodeSize).Select(unit => (Unit: unit, Range: RangeOf(report.Metadata, unit)))
            .OrderByDescending(unit => unit.Range.To - unit.Range.From).ThenBy(unit => unit.Unit).Take(MostUnits)
            .Select(unit =>
                (unit.Unit, Rows: Read(report, generator.Traverse(start.Features, unit.Unit, unit.Range.From, unit.Range.To, Steps))))
            .ToArray();
        var words = Html.Paragraph($"Row {Text.Count(start.Number)}, which has the lowest score, with one unit of its code changed from " +
            "2 standard deviations below the mean to 2 above it" +
            (units.Length < report.Metadata.CodeSize ? $"; the {units.Length} of {report.Metadata.CodeSize} units that vary most." : "."));
        return new object[]
        {
            words,
            picture is not null ? Html.Element("div", Html.Class("tiles"), units.Select(unit => Html.Element("figure", Html.Class("tile"),
                Html.Element("div", Html.Class("strip"),
                    unit.Rows.Select((row, i) => picture.Draw(row, $"unit {unit.Unit + 1}, step {i + 1}"))),
                Html.Element("figcaption", $"unit {unit.Unit + 1}"))))
            : Html.Table("What each unit of the code does", ["unit", "the features that it moves most, from low to high"],
                units.Select(unit => (IEnumerable<object?>)[$"{unit.Unit + 1}",
                    Html.Element("td", Html.Class("words"), Moved(report, unit.Rows))]), "words"),
        };
    }

    /// <summary>The features that change most over a traversal, in units of their scale.</summary>
    private static IEnumerable<object> Moved(Report report, float[][] rows)
    {
        var metadata = report.Metadata;
        double Change(int j) => Math.Abs(rows[^1][j] - rows[0][j]) / Math.Max(metadata.ScalingScales[j], 1e-30f);
        return Enumerable.Range(0, metadata.FeatureCount).OrderByDescending(Change).Take(MostMoved).SelectMany((j, i) => new object[]
        {
            i == 0 ? "" : "; ", Html.Name(metadata.FeatureNames[j]), $" {Text.Number(rows[0][j])} → {Text.Number(rows[^1][j])}",
        });
    }

    private static XElement SampleTable(Report report, float[][] samples)
    {
        var names = report.Metadata.FeatureNames;
        int[] shown = [.. report.Telling.Concat(Enumerable.Range(0, names.Count).Except(report.Telling)).Take(MostFeatures)];
        return Html.Table("Samples", [.. shown.Select(j => Html.Head(names[j])).Prepend((object)"sample")],
            samples.Select((sample, i) => shown.Select(j => (object?)Text.Number(sample[j])).Prepend($"{i + 1}")), "numbers");
    }

    private static (float From, float To) RangeOf(AutoencoderMetadata metadata, int unit)
    {
        int size = metadata.CodeSize;
        double mean = metadata.CodeMean.Count == size ? metadata.CodeMean[unit] : 0;
        double variance = metadata.CodeCovariance.Count == size ? metadata.CodeCovariance[unit]
            : metadata.CodeCovariance.Count == size * size ? metadata.CodeCovariance[unit * size + unit] : 1;
        double reach = Reach * Math.Sqrt(Math.Max(variance, 1e-12));
        return ((float)(mean - reach), (float)(mean + reach));
    }

    private static float[][] Read(Report report, IDataView view) =>
        [.. view.GetColumn<float[]>(report.Model.Autoencoder.ColumnOf(GraphNames.Reconstruction))];
}
