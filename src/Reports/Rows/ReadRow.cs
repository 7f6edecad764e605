namespace MLNetAutoencoder;

/// <summary>A row as the model scores it; the arrays are filled anew for each.</summary>
internal sealed class ReadRow
{
    public float Score;
    public bool IsFlagged;

    public bool IsAnomaly { get; set; }

    public required float[] Features { get; init; }

    public required float[] Expected { get; init; }

    public required float[] Errors { get; init; }

    public required float[] Code { get; init; }
}

/// <summary>A row that the report shows.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Score">Its score.</param>
/// <param name="IsFlagged">Whether it lies above the threshold.</param>
/// <param name="IsAnomaly">Whether its label says that it is an anomaly.</param>
/// <param name="Features">Its values, in raw units.</param>
/// <param name="Expected">What the model expects, in raw units.</param>
/// <param name="Errors">Its feature errors.</param>
internal sealed record ShownRow(
    long Number, float Score, bool IsFlagged, bool IsAnomaly, float[] Features, float[] Expected, float[] Errors)
{
    public ShownRow(long number, ReadRow row)
        : this(number, row.Score, row.IsFlagged, row.IsAnomaly, [.. row.Features], [.. row.Expected], [.. row.Errors])
    {
    }

    /// <summary>A feature's share of the row's error.</summary>
    public double Share(int feature)
    {
        double sum = Errors.Where(float.IsFinite).Sum(error => (double)error);
        return sum > 0 && float.IsFinite(Errors[feature]) ? Errors[feature] / sum : 0;
    }
}
