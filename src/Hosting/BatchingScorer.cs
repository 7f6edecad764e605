using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MLNetAutoencoder.Hosting;

/// <summary>Joins rows into batches, and exchanges the model when its file changes.</summary>
internal sealed partial class BatchingScorer : IAutoencoderScorer, IHostedService, IHealthCheck, IAsyncDisposable
{
    private readonly string _name;
    private readonly AutoencoderScorerOptions _options;
    private readonly ScorerMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Channel<WaitingRow> _queue;
    private readonly CancellationTokenSource _stopping = new();
    private readonly KeyValuePair<string, object?> _tag;
    private readonly ScoreDrift _drift;
    private Task _scoring = Task.CompletedTask, _watching = Task.CompletedTask;
    private volatile ServedModel? _model;
    private (DateTime Written, long Length) _loaded;
    private volatile string? _failure;
    private int _isDisposed;

    public BatchingScorer(string name, AutoencoderScorerOptions options, ScorerMetrics metrics, ILogger<BatchingScorer> logger)
    {
        (_name, _options, _metrics, _logger) = (name, options, metrics, logger);
        _tag = new("model", name);
        _queue = Channel.CreateBounded<WaitingRow>(new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true });
        _drift = new ScoreDrift(options.DriftWindow);
        metrics.Observe(name, _drift);
    }

    public ServedModelInfo Model => (_model ?? throw NotStarted()).Info;

    public ValueTask<RowScore> ScoreAsync(IReadOnlyDictionary<string, object?> row, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(row);
        return ScoreAsync(columns => columns.Convert(row), cancellation);
    }

    public ValueTask<RowScore> ScoreAsync(ReadOnlyMemory<float> numbers, CancellationToken cancellation = default) =>
        ScoreAsync(columns => columns.Convert(numbers.Span), cancellation);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Load();
        _scoring = Task.Run(ScoreBatchesAsync, CancellationToken.None);
        if (_options.ReloadInterval != Timeout.InfiniteTimeSpan)
            _watching = Task.Run(WatchAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Takes no more rows, and scores those that wait.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_scoring, _watching).WaitAsync(cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _model, null)?.Release();
    }

    /// <summary>Services that are had by several names are disposed by each.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
            return;
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _stopping.Dispose();
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (_model is not { } model)
            return Task.FromResult(HealthCheckResult.Unhealthy($"The autoencoder '{_name}' has no model."));
        Dictionary<string, object> data = new() { ["version"] = model.Info.Version, ["loaded_at"] = model.Info.LoadedAt };
        if (_drift.Value is { } drift)
            data["score_drift"] = drift;
        return Task.FromResult(_failure is { } failure ? HealthCheckResult.Degraded(failure, data: data)
            : HealthCheckResult.Healthy(data: data));
    }

    private async ValueTask<RowScore> ScoreAsync(Func<RowColumns, object[]> convert, CancellationToken cancellation)
    {
        var model = Lease();
        WaitingRow row;
        try
        {
            row = new WaitingRow(model, convert(model.Columns), cancellation);
            await _queue.Writer.WriteAsync(row, cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            model.Release();
            throw NotStarted();
        }
        catch
        {
            model.Release();
            throw;
        }
        _metrics.Queue.Add(1, _tag);
        return await row.Result.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private ServedModel Lease()
    {
        while (_model is { } model)
        {
            if (model.TryLease())
                return model;
        }
        throw NotStarted();
    }

    private ObjectDisposedException NotStarted() =>
        new(nameof(IAutoencoderScorer), $"The autoencoder '{_name}' has no model: its host has not started, or has stopped.");

    private async Task ScoreBatchesAsync()
    {
        List<WaitingRow> batch = new(_options.MaxBatchSize);
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            Fill(batch);
            if (batch.Count < _options.MaxBatchSize && _options.MaxBatchDelay > TimeSpan.Zero && !_stopping.IsCancellationRequested)
            {
                await Task.Delay(_options.MaxBatchDelay, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Fill(batch);
            }

            // Rows of one model together; there are two only while the model is exchanged.
            foreach (var group in batch.GroupBy(row => row.Model))
                Score(group.Key, [.. group]);
            batch.Clear();
        }
    }

    private void Fill(List<WaitingRow> batch)
    {
        while (batch.Count < _options.MaxBatchSize && _queue.Reader.TryRead(out var row))
            batch.Add(row);
    }

    private void Score(ServedModel model, WaitingRow[] rows)
    {
        _metrics.Queue.Add(-rows.Length, _tag);
        WaitingRow[] wanted = [.. rows.Where(row => !row.Cancellation.IsCancellationRequested)];
        using var activity = _metrics.Activities.StartActivity("autoencoder.score_batch");
        activity?.SetTag("model", _name).SetTag("rows", wanted.Length);
        try
        {
            var scores = new RowScore[wanted.Length];
            if (wanted.Length > 0)
                model.Score(Array.ConvertAll(wanted, row => row.Values), scores);
            for (int i = 0; i < wanted.Length; i++)
            {
                wanted[i].Result.TrySetResult(scores[i]);
                _metrics.Duration.Record(Stopwatch.GetElapsedTime(wanted[i].Since).TotalSeconds, _tag);
            }
            _metrics.Rows.Add(scores.Length, _tag);
            _metrics.Anomalies.Add(scores.Count(score => score.IsAnomaly), _tag);
            _metrics.BatchSize.Record(scores.Length, _tag);
            if (model == _model)
                _drift.Add(scores);
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            _metrics.Failures.Add(wanted.Length, _tag);
            LogFailed(e, _name, wanted.Length);
            foreach (var row in wanted)
                row.Result.TrySetException(e);
        }
        finally
        {
            foreach (var row in rows)
                row.Model.Release();
        }
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(_options.ReloadInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
                Reload();
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Reload()
    {
        try
        {
            var file = new FileInfo(_options.Path);
            if (file.Exists && (file.LastWriteTimeUtc, file.Length) == _loaded)
                return;
            if (Load())
                _metrics.Reloads.Add(1, _tag, new("outcome", "success"));
        }
        catch (Exception e)
        {
            // A file that cannot be read or is no model; the model stays.
            if (_failure == e.Message)
                return;
            _failure = e.Message;
            _metrics.Reloads.Add(1, _tag, new("outcome", "failure"));
            LogKept(e, _name, _options.Path);
        }
    }

    /// <summary>Loads the file, unless it is the one that is served.</summary>
    private bool Load()
    {
        using var activity = _metrics.Activities.StartActivity("autoencoder.load");
        activity?.SetTag("model", _name);
        var file = new FileInfo(_options.Path);
        if (!file.Exists)
            throw new FileNotFoundException(
                $"The model file '{_options.Path}' of the autoencoder '{_name}' does not exist.", _options.Path);
        var stamp = (file.LastWriteTimeUtc, file.Length);
        var model = ServedModel.Load(_options.Path, File.ReadAllBytes(_options.Path), _options.TopFeatures, _options.Scoring);
        (_loaded, _failure) = (stamp, null);
        if (_model?.Info.Version == model.Info.Version)
        {
            model.Release();
            return false;
        }
        _drift.Reset(model.Metadata);
        Interlocked.Exchange(ref _model, model)?.Release();
        LogLoaded(_name, model.Info.Version, _options.Path);
        return true;
    }

    [LoggerMessage(1, LogLevel.Information, "The autoencoder '{Name}' serves version {Version} of '{Path}'.")]
    private partial void LogLoaded(string name, string version, string path);

    [LoggerMessage(2, LogLevel.Error, "The autoencoder '{Name}' keeps its model: the new '{Path}' cannot be loaded.")]
    private partial void LogKept(Exception exception, string name, string path);

    [LoggerMessage(3, LogLevel.Error, "The autoencoder '{Name}' could not score {Rows} rows.")]
    private partial void LogFailed(Exception exception, string name, int rows);

    /// <summary>A row that waits, with a lease of the model that it is for.</summary>
    private sealed class WaitingRow(ServedModel model, object[] values, CancellationToken cancellation)
    {
        public ServedModel Model => model;

        public object[] Values => values;

        public CancellationToken Cancellation => cancellation;

        public long Since { get; } = Stopwatch.GetTimestamp();

        public TaskCompletionSource<RowScore> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
