using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>What the training rows' scores and codes look like, as the finished graph gives them.</summary>
internal sealed class ScoreStatistics
{
    private const int BatchSize = 256;

    /// <summary>Of larger codes only the variances are kept: the covariances would outgrow the weights.</summary>
    private const int LargestFullCovariance = 128;

    private readonly float[] _sorted;

    private ScoreStatistics(float[] sorted, float[] codeMean, float[] codeCovariance, GaussianMixture codeMixture)
    {
        _sorted = sorted;
        CodeMean = codeMean;
        CodeCovariance = codeCovariance;
        CodeMixture = codeMixture;
    }

    /// <summary>The mean of the codes, [k].</summary>
    public float[] CodeMean { get; }

    /// <summary>The (population) covariance of the codes, [k, k] row by row; for codes of more than 128 units only the variances, [k]; empty where one is more than a Single holds.</summary>
    public float[] CodeCovariance { get; }

    /// <summary>The mixture of Gaussians fitted to the codes; none for codes of more than <see cref="GaussianMixture.LargestCode"/> units.</summary>
    public GaussianMixture CodeMixture { get; }

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
    public ScoreStatistics WithScoresOf(ScoreStatistics other) => new(other._sorted, CodeMean, CodeCovariance, CodeMixture);

    /// <summary>Runs the scorer over the training rows.</summary>
    public static ScoreStatistics Compute(AutoencoderModel scorer, TrainingRows rows)
    {
        int k = scorer.Metadata.CodeSize;
        float[] scores = new float[rows.Count];
        bool full = k <= LargestFullCovariance;
        double[] mean = new double[k], deviation = new double[k], comoment = new double[full ? k * k : k];
        var sample = k <= GaussianMixture.LargestCode ? new CodeSample(rows.Count, k, scorer.Metadata.Seed) : null;
        string[] inputs = [.. scorer.Inputs];
        using var runner = scorer.CreateRunner(inputs, [GraphNames.Score, GraphNames.Code], Math.Min(BatchSize, rows.Count));
        for (int start = 0; start < rows.Count; start += runner.Capacity)
        {
            int length = Math.Min(runner.Capacity, rows.Count - start);
            for (int i = 0; i < inputs.Length; i++)
                rows.CopyTo(inputs[i], start, length, runner.Input(i));
            runner.Run(length);
            for (int i = 0; i < length; i++)
            {
                scores[start + i] = runner.OutputRow<float>(0, i)[0];
                var code = runner.OutputRow<float>(1, i);
                sample?.Offer(code);

                // Welford's update for several variables: the comoment grows by (x - old mean)(x - new mean)ᵀ.
                for (int a = 0; a < k; a++)
                {
                    deviation[a] = code[a] - mean[a];
                    mean[a] += deviation[a] / (start + i + 1);
                }
                for (int a = 0; a < k; a++)
                {
                    if (!full)
                        comoment[a] += deviation[a] * (code[a] - mean[a]);
                    for (int b = 0; full && b < k; b++)
                        comoment[a * k + b] += deviation[a] * (code[b] - mean[b]);
                }
            }
        }
        int broken = Array.FindIndex(scores, score => !float.IsFinite(score));
        if (broken >= 0)
            throw new InvalidOperationException($"Training diverged in its last steps: the trained network scores training row {broken} as {scores[broken]}. Use a lower LearningRate, or another Scaling.");
        Array.Sort(scores);
        float[] covariance = Array.ConvertAll(comoment, value => (float)(value / rows.Count));
        bool isHeld = covariance.All(float.IsFinite);
        var mixture = sample is null || !isHeld ? GaussianMixture.None : GaussianMixture.Fit(sample.Codes, k, sample.Seed);
        return new ScoreStatistics(scores, Array.ConvertAll(mean, value => (float)value), isHeld ? covariance : [], mixture.Covariances.All(float.IsFinite) ? mixture : GaussianMixture.None);
    }

    /// <summary>The q-quantile of the scores, 0 ≤ q ≤ 1, linearly between neighbouring ones (Hyndman and Fan 1996, type 7; NumPy's and PyOD's).</summary>
    private float Quantile(double q)
    {
        double place = q * (_sorted.Length - 1);
        int below = (int)Math.Floor(place);
        int above = Math.Min(below + 1, _sorted.Length - 1);
        return (float)(_sorted[below] + (place - below) * ((double)_sorted[above] - _sorted[below]));
    }

    /// <summary>The quantiles at 0, 0.001, ..., 1.</summary>
    public float[] Quantiles()
    {
        float[] quantiles = new float[AutoencoderMetadata.QuantileCount];
        for (int i = 0; i < quantiles.Length; i++)
            quantiles[i] = Quantile(i / (quantiles.Length - 1.0));
        return quantiles;
    }
}
