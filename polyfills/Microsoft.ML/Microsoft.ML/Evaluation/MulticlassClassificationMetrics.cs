namespace Microsoft.ML.Data;

public sealed class MulticlassClassificationMetrics
{
    internal MulticlassClassificationMetrics(double microAccuracy, double macroAccuracy, double logLoss)
    {
        MicroAccuracy = microAccuracy;
        MacroAccuracy = macroAccuracy;
        LogLoss = logLoss;
    }

    /// <summary>The mean of -ln of the score of a row's own class, scores held between 1e-15 and 1.</summary>
    public double LogLoss { get; }

    /// <summary>The mean over the classes that occur of the share of their rows whose highest score is their own class's.</summary>
    public double MacroAccuracy { get; }

    /// <summary>The share of rows whose highest score is their own class's.</summary>
    public double MicroAccuracy { get; }
}
