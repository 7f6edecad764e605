namespace MLNetAutoencoder.Hosting;

/// <summary>The names that metrics and traces are subscribed by.</summary>
/// <remarks>
/// Metrics, each with the tag <c>model</c>: <c>mlnet_autoencoder.rows</c>, <c>.anomalies</c>, <c>.failures</c>, <c>.batch.size</c>,
/// <c>.score.duration</c> (seconds, from a row's call to its score), <c>.queue.length</c>, <c>.model.reloads</c> (tag <c>outcome</c>) and
/// <c>.score.drift</c> (population stability index of the latest scores against those of the training, from 0; above 0.25 it is usually
/// called large). Activities: <c>autoencoder.score_batch</c> and <c>autoencoder.load</c>.
/// </remarks>
public static class AutoencoderTelemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "MLNetAutoencoder";
}
