using System.Globalization;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>What the training rows' scores and codes look like, as the finished graph gives them.</summary>
internal sealed class ScoreStatistics
{
    private const int BatchSize = 256;

    /// <summary>
    /// Of more rows, the scores of a random selection are kept: the quantiles of four million are those of all to 0.02
    /// percentiles.
    /// </summary>
    private const int MostScores = 4_000_000;

    private readonly float[] _sorted;

    private ScoreStatistics(float[] sorted, CodeMoments codes) => (_sorted, Codes) = (sorted, codes);

    /// <summary>What the codes look like.</summary>
    public CodeMoments Codes { get; }

    /// <summary>The mean of the scores.</summary>
    public float Mean => (float)_sorted.Average(score => (double)score);

    /// <summary>The (population) standard deviation of the scores.</summary>
    public float Deviation
    {
        get
        {
            double mean = _sorted.Average(score => (double)score);
            return (float)Math.Sqrt(_sorted.Average(score => (score - mean) * (score - mean)));
        }
    }

    /// <summary>The same codes with the scores of other rows.</summary>
    public ScoreStatistics WithScoresOf(ScoreStatistics other) => new(other._sorted, Codes);

    /// <summary>Runs the scorer over the training rows.</summary>
    /// <param name="scorer">The scorer.</param>
    /// <param name="rows">The rows. One that the scorer gives no score, for a missing value, does not count among the scores.</param>
    /// <exception cref="InvalidOperationException">A score or code is no number although no value is missing, or no row
    /// has a score.</exception>
    public static ScoreStatistics Compute(AutoencoderModel scorer, TrainingRows rows)
    {
        var codes = new CodeMoments(scorer.Metadata.CodeSize, rows.Count, scorer.Metadata.Seed);
        var selection = new SelectionSampling(rows.Count, Math.Min(rows.Count, MostScores), scorer.Metadata.Seed);
        var scores = new List<float>((int)Math.Min(rows.Count, MostScores));
        var layout = rows.Layout;
        (string Name, Range Range)[] inputs = [.. scorer.Inputs.Select(
            name => (name, name switch { GraphNames.Condition => layout.ConditionRange, GraphNames.CodeOffset => layout.OffsetRange, _ =>
            layout.FeatureRange }))];
        using var runner = scorer.CreateRunner([.. inputs.Select(input => input.Name)], [GraphNames.Score, GraphNames.Code],
            (int)Math.Min(BatchSize, rows.Count));
        using var pass = rows.Open();
        bool[] isComplete = new bool[runner.Capacity];
        for (long start = 0; start < rows.Count; start += runner.Capacity)
        {
            int length = 0;
            while (length < runner.Capacity && pass.MoveNext())
            {
                var record = pass.Record;
                for (int i = 0; i < inputs.Length; i++)
                    record[inputs[i].Range].CopyTo(runner.InputRow(i, length));
                isComplete[length++] = !rows.HasMissing || IsComplete(record);
            }
            runner.Run(length);
            for (int i = 0; i < length; i++)
            {
                float score = runner.OutputRow<float>(0, i)[0];
                if (!float.IsFinite(score) && isComplete[i])
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"Training diverged in its last steps: the trained network scores training row {start + i} as {score}. Use a " +
                        $"lower LearningRate, or another Scaling."));
                if (selection.Takes() && float.IsFinite(score))
                    scores.Add(score);
                codes.Add(runner.OutputRow<float>(1, i));
            }
        }
        if (scores.Count == 0)
            throw new InvalidOperationException(
                $"Every one of the {rows.Count} rows that the threshold is to come from has a missing value, and with " +
                $"Options.{nameof(AutoencoderEstimator.Options.ScoringMissingValues)} {nameof(ScoringMissingValues.NaN)} or " +
                $"{nameof(ScoringMissingValues.Refuse)} such a row has no score. Use {nameof(ScoringMissingValues.Mean)}.");
        float[] sorted = [.. scores];
        Array.Sort(sorted);
        return new ScoreStatistics(sorted, codes);
    }

    private static bool IsComplete(ReadOnlySpan<float> record)
    {
        foreach (float value in record)
        {
            if (!float.IsFinite(value))
                return false;
        }
        return true;
    }

    /// <summary>The quantiles at 0, 0.001, ..., 1.</summary>
    public float[] Quantiles()
    {
        float[] quantiles = new float[AutoencoderMetadata.QuantileCount];
        for (int i = 0; i < quantiles.Length; i++)
            quantiles[i] = Quantile.Of(_sorted, i / (quantiles.Length - 1.0));
        return quantiles;
    }
}
