namespace MLNetAutoencoder;

/// <summary>The codes as a map, colored by score.</summary>
internal static class CodeSection
{
    public static Section? Of(Report report)
    {
        var codes = report.Rows.Codes;
        if (codes.Count == 0)
            return null;
        int size = report.Metadata.CodeSize;
        var (points, x, y, how) = size switch
        {
            1 => (codes.Select(code => ((double)code.Code[0], (double)code.Score)), "code", "score",
                "The code has one unit; upwards goes the score."),
            2 => (codes.Select(code => ((double)code.Code[0], (double)code.Code[1])), "unit 1 of the code", "unit 2 of the code",
                "The code has two units, which are the axes."),
            _ => Plane(codes, size),
        };
        string which = codes.Count < report.Rows.Scored
            ? $"{Text.Count(codes.Count)} of {Text.Count(report.Rows.Scored)} rows, drawn at random. " : "";
        string description = $"{which}{how} Rows that lie together have similar codes.";
        return new Section("codes", "Map of the codes",
            Html.Figure("beside", Charts.Map(x, y, points.Zip(codes, (point, code) =>
                (point.Item1, point.Item2, ScoreBand.Of(report.Sorted, code.Score), code.IsFlagged)), description), description,
                [.. ScoreBand.Names.Select((name, band) => ($"dot band{band}", name)), ("diamond", "flagged")]));
    }

    private static (IEnumerable<(double, double)>, string, string, string) Plane(IReadOnlyList<ScoredCode> codes, int size)
    {
        var (points, share) = PrincipalPlane.Of([.. codes.Select(code => code.Code)]);
        return (points, "first principal component", "second principal component",
            $"The first two principal components of the codes of {size} units; they hold {Text.Percent(share)} of the codes' variance.");
    }
}
