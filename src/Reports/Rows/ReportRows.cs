using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>A score with its label.</summary>
internal readonly record struct LabeledScore(float Score, bool IsAnomaly);

/// <summary>A code with its score.</summary>
internal sealed record ScoredCode(float[] Code, float Score, bool IsFlagged);

/// <summary>A threshold that the model could have, and what it flags.</summary>
internal sealed record ThresholdCount(string Rule, float Threshold, bool IsCurrent)
{
    public long Flagged { get; set; }

    public long Found { get; set; }
}

/// <summary>What a report keeps of the rows that the model scores: as much for millions as for thousands.</summary>
internal sealed class ReportRows
{
    /// <summary>How many scores are kept.</summary>
    public const int MostScores = 100_000;

    private const int MostCodes = 1_200, MostTypical = 4;

    private static readonly double[] s_rates = [0.1, 0.05, 0.01, 0.001];

    private readonly int _maxRows;
    private readonly RandomSample<LabeledScore> _scores;
    private readonly RandomSample<ScoredCode> _codes;
    private readonly RandomSample<ShownRow> _typical;
    private readonly PriorityQueue<ShownRow, float> _top = new();

    public ReportRows(AutoencoderMetadata metadata, ReportOptions options, bool hasLabels, ReportSeries? series = null)
    {
        Series = series;
        _maxRows = options.MaxRows;
        HasLabels = hasLabels;
        _scores = new(MostScores, options.Seed);
        _codes = new(MostCodes, options.Seed);
        _typical = new(MostTypical, options.Seed);
        (Missing, Leading) = (new long[metadata.FeatureCount], new long[metadata.FeatureCount]);
        (Errors, FlaggedErrors) = (new double[metadata.FeatureCount], new double[metadata.FeatureCount]);
        Thresholds = [new(metadata.ThresholdRule, metadata.Threshold, IsCurrent: true)];
        if (metadata.ScoreQuantiles.Count > 0)
            Thresholds.AddRange(s_rates.Select(ThresholdRule.FalseAlarmRate).Where(rule => rule.ToString() != metadata.ThresholdRule)
                .Select(rule => new ThresholdCount(rule.ToString(), rule.Compute(metadata), IsCurrent: false)));
    }

    public bool HasLabels { get; }

    /// <summary>The time series that the rows are steps of; null where they are none.</summary>
    public ReportSeries? Series { get; }

    public long Count { get; private set; }

    /// <summary>Rows with a score.</summary>
    public long Scored { get; private set; }

    /// <summary>Flagged rows, among them those without a score, unless they come before the first whole window of a series.</summary>
    public long Flagged { get; private set; }

    /// <summary>Flagged rows without a score.</summary>
    public long FlaggedUnscored { get; private set; }

    /// <summary>Rows that are anomalies by their label.</summary>
    public long Anomalies { get; private set; }

    /// <summary>Rows with a missing value.</summary>
    public long WithMissing { get; private set; }

    /// <summary>The missing values of each feature.</summary>
    public long[] Missing { get; }

    /// <summary>The sum of each feature's errors over the rows with a score, and over those of them that are flagged.</summary>
    public double[] Errors { get; }

    /// <inheritdoc cref="Errors"/>
    public double[] FlaggedErrors { get; }

    /// <summary>In how many flagged rows each feature has the largest error.</summary>
    public long[] Leading { get; }

    public List<ThresholdCount> Thresholds { get; }

    /// <summary>All scores, or a sample of them.</summary>
    public IReadOnlyList<LabeledScore> Scores => _scores.Items;

    /// <summary>Whether <see cref="Scores"/> are a sample.</summary>
    public bool IsSampled => Scored > MostScores;

    public IReadOnlyList<ScoredCode> Codes => _codes.Items;

    /// <summary>A few rows below the threshold, at random.</summary>
    public IReadOnlyList<ShownRow> Typical => _typical.Items;

    /// <summary>The row with the lowest score.</summary>
    public ShownRow? Lowest { get; private set; }

    /// <summary>The rows with the highest scores, the highest first.</summary>
    public ShownRow[] Top => [.. _top.UnorderedItems.Select(item => item.Element)
        .OrderByDescending(row => row.Score).ThenBy(row => row.Number)];

    public void Add(ReadRow row)
    {
        Count++;
        Flagged += row.IsFlagged ? 1 : 0;
        FlaggedUnscored += row.IsFlagged && !float.IsFinite(row.Score) ? 1 : 0;
        Anomalies += row.IsAnomaly ? 1 : 0;
        CountMissing(row.Features);
        foreach (var threshold in Thresholds)
        {
            if (row.Score <= threshold.Threshold || (float.IsNaN(row.Score) && !row.IsFlagged))
                continue;
            threshold.Flagged++;
            threshold.Found += row.IsAnomaly ? 1 : 0;
        }
        if (!float.IsFinite(row.Score))
            return;
        Scored++;
        SumErrors(row);
        if (_scores.Next() is { } place)
            _scores.Put(place, new LabeledScore(row.Score, row.IsAnomaly));
        if (row.Code.Length > 0 && Array.TrueForAll(row.Code, float.IsFinite) && _codes.Next() is { } codePlace)
            _codes.Put(codePlace, new ScoredCode([.. row.Code], row.Score, row.IsFlagged));
        if (!row.IsFlagged && _typical.Next() is { } typicalPlace)
            _typical.Put(typicalPlace, new ShownRow(Count, row));
        if (Lowest is null || row.Score < Lowest.Score)
            Lowest = new ShownRow(Count, row);
        if (_top.Count < _maxRows)
            _top.Enqueue(new ShownRow(Count, row), row.Score);
        else if (row.Score > _top.Peek().Score)
            _top.EnqueueDequeue(new ShownRow(Count, row), row.Score);
    }

    private void CountMissing(float[] features)
    {
        bool isMissing = false;
        for (int j = 0; j < features.Length; j++)
        {
            if (float.IsFinite(features[j]))
                continue;
            Missing[j]++;
            isMissing = true;
        }
        WithMissing += isMissing ? 1 : 0;
    }

    private void SumErrors(ReadRow row)
    {
        int leading = -1;
        for (int j = 0; j < row.Errors.Length; j++)
        {
            float error = row.Errors[j];
            if (!float.IsFinite(error))
                continue;
            Errors[j] += error;
            if (row.IsFlagged)
                FlaggedErrors[j] += error;
            if (leading < 0 || error > row.Errors[leading])
                leading = j;
        }
        if (row.IsFlagged && leading >= 0)
            Leading[leading]++;
    }
}
