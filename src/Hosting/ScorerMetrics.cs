using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MLNetAutoencoder.Hosting;

/// <summary>What scorers measure. Every measurement has the tag <c>model</c>, the scorer's name.</summary>
internal sealed class ScorerMetrics : IDisposable
{
    private readonly Meter _meter = new(AutoencoderTelemetry.Name);

    public ScorerMetrics()
    {
        Rows = _meter.CreateCounter<long>("mlnet_autoencoder.rows", "{row}", "Rows that were scored.");
        Anomalies = _meter.CreateCounter<long>("mlnet_autoencoder.anomalies", "{row}", "Rows that counted as anomalies.");
        Failures = _meter.CreateCounter<long>("mlnet_autoencoder.failures", "{row}", "Rows whose batch failed.");
        BatchSize = _meter.CreateHistogram<int>("mlnet_autoencoder.batch.size", "{row}", "Rows that were scored together.");
        Duration = _meter.CreateHistogram<double>("mlnet_autoencoder.score.duration", "s", "From a row's call to its score.");
        Queue = _meter.CreateUpDownCounter<long>("mlnet_autoencoder.queue.length", "{row}", "Rows that wait.");
        Reloads = _meter.CreateCounter<long>("mlnet_autoencoder.model.reloads", "{reload}",
            "Exchanges of the model; the tag outcome is success or failure.");
    }

    public Counter<long> Rows { get; }

    public Counter<long> Anomalies { get; }

    public Counter<long> Failures { get; }

    public Histogram<int> BatchSize { get; }

    public Histogram<double> Duration { get; }

    public UpDownCounter<long> Queue { get; }

    public Counter<long> Reloads { get; }

    public ActivitySource Activities { get; } = new(AutoencoderTelemetry.Name);

    /// <summary>Adds a scorer's drift.</summary>
    public void Observe(string name, ScoreDrift drift) => _meter.CreateObservableGauge("mlnet_autoencoder.score.drift",
        () => drift.Value is { } value
            ? [new Measurement<double>(value, new KeyValuePair<string, object?>("model", name))]
            : Array.Empty<Measurement<double>>(), "1",
        "Population stability index of the latest scores against those of the training.");

    public void Dispose()
    {
        _meter.Dispose();
        Activities.Dispose();
    }
}
