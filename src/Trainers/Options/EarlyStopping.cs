using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Ends the training when the validation loss no longer falls. The weights of its best epoch are the ones that are kept.</summary>
/// <param name="Patience">How many epochs it may go without falling. The default value is 10.</param>
/// <param name="MinimalImprovement">By how much it must fall below its least so far to count, in units of the loss. The
/// default value is 0.</param>
public sealed record EarlyStopping(int Patience = 10, double MinimalImprovement = 0)
{
    internal void Validate()
    {
        Require.AtLeast(Patience, 1, $"{nameof(AutoencoderEstimator.Options.EarlyStopping)}.{nameof(Patience)}");
        Require.NotNegative(MinimalImprovement, $"{nameof(AutoencoderEstimator.Options.EarlyStopping)}.{nameof(MinimalImprovement)}");
    }
}
