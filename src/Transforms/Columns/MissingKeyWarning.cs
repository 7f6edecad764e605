using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Tells the context's log once that a row had no condition.</summary>
internal sealed class MissingKeyWarning(MLContext context, IReadOnlyDictionary<string, string> columns)
{
    private int _reported;

    public void Report()
    {
        if (Interlocked.Exchange(ref _reported, 1) != 0)
            return;
        using var channel = ((IHostEnvironment)context).Register("Autoencoder").Start("Scoring");
        channel.Warning(MessageSensitivity.None,
            $"A row has a missing or unseen key in the condition column '{columns[GraphNames.Condition]}'; its condition is the zero " +
            "vector. Further ones are not reported.");
    }
}
