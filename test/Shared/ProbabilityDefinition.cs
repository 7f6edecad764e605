namespace MLNetAutoencoder.Tests;

/// <summary>A row's probability as the documentation defines it, from the quantiles of the training scores.</summary>
internal static class ProbabilityDefinition
{
    public static double Of(IReadOnlyList<float> q, float score)
    {
        if (float.IsNaN(score))
            return double.NaN;
        double start = q[990], excess = q.Skip(991).Average(value => (double)value - start);
        int reached = q.Count(value => value <= score);
        if (score >= q[990])
            return 1 - 0.01 * Math.Exp(-(score - start) / excess);
        return reached == 0 ? 0 : (reached - 1 + ((double)score - q[reached - 1]) / ((double)q[reached] - q[reached - 1])) / 1000;
    }
}
