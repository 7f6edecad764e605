using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Hosting;

namespace MLNetAutoencoder.Tests.Hosting;

/// <summary>Scorers in a host: scores, batches, exchange of the model, health, metrics.</summary>
[TestClass]
public sealed class ScorerTests
{
    private static readonly Reading[] s_rows = Reading.Make(300, seed: 5);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Rows_from_many_threads_have_the_scores_of_the_transformer()
    {
        using var host = await Start(ServedModels.First);
        var scorer = host.Services.GetRequiredKeyedService<IAutoencoderScorer>("machines");
        Assert.AreSame(scorer, host.Services.GetRequiredService<IAutoencoderScorer>());
        var expected = ServedModels.Scores(ServedModels.First, s_rows);
        var scores = await Task.WhenAll(s_rows.Select(row => Task.Run(async () => await scorer.ScoreAsync(row.Row()))));
        for (int i = 0; i < scores.Length; i++)
        {
            Assert.AreEqual(expected[i].Score, scores[i].Score, 1e-5 * expected[i].Score);
            Assert.AreEqual(expected[i].IsAnomaly, scores[i].IsAnomaly);
            Assert.IsTrue(scores[i].PValue is > 0 and <= 1);
            Assert.HasCount(3, scores[i].TopFeatures);
            Assert.AreEqual(scorer.Model.Version, scores[i].ModelVersion);
        }
        CollectionAssert.AreEqual(new[] { "Speed", "Load", "Machine", "Axes" }, scorer.Model.Inputs.Select(input => input.Name).ToArray());
        Assert.AreEqual(3, scorer.Model.Inputs[3].Size);
    }

    [TestMethod]
    public async Task What_is_behind_a_score_is_told()
    {
        using var host = await Start(ServedModels.First);
        var odd = s_rows[0].Row();
        odd["Load"] = 500.0;
        var score = await host.Services.GetRequiredService<IAutoencoderScorer>().ScoreAsync(odd);
        Assert.IsTrue(score.IsAnomaly);
        Assert.AreEqual("Loads", score.TopFeatures[0].Name);
        Assert.AreEqual(500, score.TopFeatures[0].Value);
        Assert.IsLessThan(100, score.TopFeatures[0].Expected);
        Assert.IsLessThan(0.01, score.PValue!.Value);
    }

    [TestMethod]
    public async Task JSON_values_are_taken_and_null_is_a_missing_one()
    {
        using var host = await Start(ServedModels.First);
        var scorer = host.Services.GetRequiredService<IAutoencoderScorer>();
        float expected = ServedModels.Scores(ServedModels.First, s_rows[..1])[0].Score;
        var json = JsonSerializer.Deserialize<Dictionary<string, object?>>(JsonSerializer.Serialize(s_rows[0].Row()))!;
        Assert.AreEqual(expected, (await scorer.ScoreAsync(json)).Score, 1e-5 * expected);
        json["Speed"] = null;
        Assert.IsTrue(float.IsFinite((await scorer.ScoreAsync(json)).Score));
        json["Load"] = json["Axes"] = null;
        Assert.IsTrue(float.IsFinite((await scorer.ScoreAsync(json)).Score));
    }

    [TestMethod]
    [DataRow("Speed", null, "has no 'Speed'; expected a number")]
    [DataRow("Speed", "\"fast\"", "'Speed' is the text 'fast'; expected a number")]
    [DataRow("Speed", "true", "'Speed' is true; expected a number")]
    [DataRow("Speed", "1e300", "more than a Single holds")]
    [DataRow("Speed", "[1]", "'Speed' is a list; expected a number")]
    [DataRow("Machine", "3", "'Machine' is 3; expected a text")]
    [DataRow("Axes", "[1,2]", "'Axes' is a list of 2 numbers; expected a list of 3 numbers")]
    [DataRow("Axes", "[1,2,\"x\"]", "expected a list of 3 numbers")]
    [DataRow("Axes", "{\"a\":1}", "'Axes' is an object")]
    [DataRow("Axes", "\"abc\"", "'Axes' is the text 'abc'")]
    public async Task A_value_that_the_model_does_not_take_is_named(string field, string? json, string words)
    {
        using var host = await Start(ServedModels.First);
        var row = s_rows[0].Row();
        row.Remove(field);
        if (json is not null)
            row[field] = JsonDocument.Parse(json).RootElement;
        var failure = await Assert.ThrowsExactlyAsync<RowFormatException>(async () =>
            await host.Services.GetRequiredService<IAutoencoderScorer>().ScoreAsync(row));
        Assert.AreEqual(field, failure.Field);
        StringAssert.Contains(failure.Message, words);
    }

    [TestMethod]
    public async Task An_ONNX_file_takes_numbers()
    {
        var autoencoder = ServedModels.Context.Autoencoders().Find(
            ServedModels.Context.Autoencoders().Load(new MemoryStream(ServedModels.First), out _));
        using var host = await Start(autoencoder.ToOnnx(Onnx.OnnxGraph.Scorer), extension: ".onnx");
        var scorer = host.Services.GetRequiredService<IAutoencoderScorer>();
        float[] features = [.. Enumerable.Repeat(1f, autoencoder.Metadata.FeatureCount)];
        var score = await scorer.ScoreAsync(features);
        Assert.IsTrue(float.IsFinite(score.Score));
        Assert.AreEqual(score.Score, (await scorer.ScoreAsync(new Dictionary<string, object?> { ["Features"] = features })).Score);
        var failure = await Assert.ThrowsExactlyAsync<RowFormatException>(async () => await scorer.ScoreAsync(features.AsMemory(1)));
        StringAssert.Contains(failure.Message, $"has {features.Length - 1} numbers; the model expects {features.Length}");
    }

    /// <summary>What a chain does in training alone, a service does not do, and does not ask rows for.</summary>
    [TestMethod]
    public async Task Steps_for_training_alone_are_left_out()
    {
        var ml = ServedModels.Context;
        var rows = ml.Data.LoadFromEnumerable(s_rows);
        using var model = new MemoryStream();
        var inTraining = ml.Transforms.Conversion.ConvertType(nameof(Reading.Speed), nameof(Reading.Load), DataKind.Single);
        ml.Model.Save(new EstimatorChain<ITransformer>().Append(inTraining, TransformerScope.Training)
            .Append(ml.Transforms.CopyColumns("Features", nameof(Reading.Speed)))
            .Append(ml.Autoencoders().AnomalyDetection(new AnomalyDetectionEstimator.Options { Steps = 5, Members = 1, Seed = 1 }))
            .Fit(rows), rows.Schema, model);
        using var host = await Start(model.ToArray());
        var scorer = host.Services.GetRequiredService<IAutoencoderScorer>();
        Assert.AreEqual("Speed", scorer.Model.Inputs.Single().Name);
        Assert.IsTrue(float.IsFinite((await scorer.ScoreAsync(new[] { 12f })).Score));
    }

    [TestMethod]
    public async Task A_new_file_is_served_without_a_lost_or_mixed_row()
    {
        var (first, second) = (ServedModels.Scores(ServedModels.First, s_rows), ServedModels.Scores(ServedModels.Second, s_rows));
        using var host = await Start(ServedModels.First, reload: TimeSpan.FromMilliseconds(20));
        var scorer = host.Services.GetRequiredService<IAutoencoderScorer>();
        string firstVersion = scorer.Model.Version, path = PathOf(host);
        using var ending = new CancellationTokenSource();
        int scored = 0;
        var clients = Enumerable.Range(0, 8).Select(client => Task.Run(async () =>
        {
            for (int i = client; !ending.IsCancellationRequested; i = (i + 8) % s_rows.Length)
            {
                var score = await scorer.ScoreAsync(s_rows[i].Row());
                Assert.AreEqual(score.ModelVersion == firstVersion ? first[i].Score : second[i].Score, score.Score, 1e-5 * score.Score);
                Interlocked.Increment(ref scored);
            }
        })).ToArray();
        HashSet<string> versions = [];
        for (int exchange = 0; exchange < 6; exchange++)
        {
            string before = scorer.Model.Version;
            ServedModels.Write(path, exchange % 2 == 0 ? ServedModels.Second : ServedModels.First);
            await Until(() => scorer.Model.Version != before);
            versions.Add(scorer.Model.Version);
        }
        await ending.CancelAsync();
        await Task.WhenAll(clients);
        Assert.HasCount(2, versions);
        Assert.IsGreaterThan(50, scored);
    }

    [TestMethod]
    public async Task A_broken_file_leaves_the_model_and_is_reported()
    {
        using var host = await Start(ServedModels.First, reload: TimeSpan.FromMilliseconds(20));
        var scorer = host.Services.GetRequiredService<IAutoencoderScorer>();
        var health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.AreEqual(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        string version = scorer.Model.Version, path = PathOf(host);
        foreach (var break_ in new Action[]
        {
            () => ServedModels.Write(path, ServedModels.Second[..(ServedModels.Second.Length / 2)]),
            () => ServedModels.Write(path, []),
            () => File.Delete(path),
        })
        {
            break_();
            await Until(() => health.CheckHealthAsync().Result.Status == HealthStatus.Degraded);
            Assert.AreEqual(version, (await scorer.ScoreAsync(s_rows[0].Row())).ModelVersion);
            StringAssert.Contains((await health.CheckHealthAsync()).Entries["machines"].Description, path);
            ServedModels.Write(path, ServedModels.First);
            await Until(() => health.CheckHealthAsync().Result.Status == HealthStatus.Healthy);
            Assert.AreEqual(version, scorer.Model.Version);
        }
    }

    [TestMethod]
    public async Task Options_and_file_are_checked_when_the_host_starts()
    {
        async Task Refuses<T>(string words, Action<AutoencoderScorerOptions> change) where T : Exception
        {
            using var host = Build(ServedModels.First, ".zip", change);
            var failure = await Assert.ThrowsAsync<T>(() => host.StartAsync());
            StringAssert.Contains(failure.Message, words);
        }
        await Refuses<OptionsValidationException>("MaxBatchSize of the autoencoder 'machines' is '0'", options => options.MaxBatchSize = 0);
        await Refuses<OptionsValidationException>("MaxBatchDelay", options => options.MaxBatchDelay = TimeSpan.FromSeconds(-1));
        await Refuses<OptionsValidationException>("QueueCapacity", options => options.QueueCapacity = 0);
        await Refuses<OptionsValidationException>("ReloadInterval", options => options.ReloadInterval = TimeSpan.Zero);
        await Refuses<OptionsValidationException>("TopFeatures", options => options.TopFeatures = -1);
        await Refuses<OptionsValidationException>("DriftWindow", options => options.DriftWindow = 99);
        await Refuses<OptionsValidationException>("ends with .zip or .onnx", options => options.Path = "");
        await Refuses<FileNotFoundException>("nothing.zip' of the autoencoder 'machines' does not exist",
            options => options.Path = "nothing.zip");
        Assert.ThrowsExactly<ArgumentException>(() => new ServiceCollection().AddAutoencoder("a", _ => { }).AddAutoencoder("a", _ => { }));
        var unstarted = Build(ServedModels.First, ".zip", _ => { }).Services.GetRequiredService<IAutoencoderScorer>();
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(async () => await unstarted.ScoreAsync(s_rows[0].Row()));
    }

    [TestMethod]
    public async Task A_time_series_is_refused_as_a_zip_and_served_by_whole_windows_as_ONNX()
    {
        var ml = ServedModels.Context;
        var rows = ml.Data.LoadFromEnumerable(Reading.Make(200, seed: 1));
        using var model = ml.Autoencoders().TimeSeries(new TimeSeriesEstimator.Options
        {
            FeatureColumnName = nameof(Reading.Axes), Width = WindowWidth.Steps(4), Steps = 10,
            Network = new DenseNetworkOptions { Hidden = [8] },
        }).Fit(rows);
        using var file = new MemoryStream();
        ml.Model.Save(model, rows.Schema, file);
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<InvalidDataException>(() => Start(file.ToArray()))).Message,
            "cannot be served: The model (TimeSeriesTransformer) holds no AutoencoderTransformer, which scores each row by itself");
        using var host = await Start(model.Windows.ToOnnx(Onnx.OnnxGraph.Scorer), extension: ".onnx");
        Assert.AreEqual(3 * 4, host.Services.GetRequiredService<IAutoencoderScorer>().Model.Inputs.Single().Size);
    }

    [TestMethod]
    public async Task A_full_queue_lets_callers_wait_and_a_canceled_one_go()
    {
        using var host = await Start(ServedModels.First, options =>
            (options.QueueCapacity, options.MaxBatchSize, options.MaxBatchDelay) = (1, 2, TimeSpan.FromMilliseconds(1)));
        var scorer = host.Services.GetRequiredService<IAutoencoderScorer>();
        using var canceled = new CancellationTokenSource();
        var waiting = s_rows.Select((row, i) => scorer.ScoreAsync(row.Row(), i % 3 == 0 ? canceled.Token : default).AsTask()).ToArray();
        await canceled.CancelAsync();
        for (int i = 0; i < waiting.Length; i++)
        {
            if (i % 3 == 0 && !waiting[i].IsCompletedSuccessfully)
                await Assert.ThrowsAsync<OperationCanceledException>(() => waiting[i]);
            else
                Assert.IsTrue(float.IsFinite((await waiting[i]).Score));
        }
        Assert.IsTrue(waiting.Any(task => task.IsCanceled));
    }

    [TestMethod]
    public async Task Rows_that_wait_when_the_host_stops_are_scored()
    {
        using var host = await Start(ServedModels.First);
        var scorer = host.Services.GetRequiredService<IAutoencoderScorer>();
        var waiting = s_rows.Select(row => scorer.ScoreAsync(row.Row()).AsTask()).ToArray();
        await host.StopAsync();
        Assert.IsTrue((await Task.WhenAll(waiting)).All(score => float.IsFinite(score.Score)));
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(async () => await scorer.ScoreAsync(s_rows[0].Row()));
    }

    [TestMethod]
    public async Task Rows_batches_anomalies_and_drift_are_measured()
    {
        Dictionary<string, double> sums = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Meter.Name == AutoencoderTelemetry.Name)
                it.EnableMeasurementEvents(instrument);
        };
        void Take<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) where T : struct
        {
            Assert.AreEqual("machines", tags[0].Value);
            lock (sums)
                sums[instrument.Name] = instrument is ObservableInstrument<double> ? Convert.ToDouble(value)
                    : sums.GetValueOrDefault(instrument.Name) + Convert.ToDouble(value);
        }
        listener.SetMeasurementEventCallback<long>(Take);
        listener.SetMeasurementEventCallback<int>(Take);
        listener.SetMeasurementEventCallback<double>(Take);
        listener.Start();
        using var host = await Start(ServedModels.First, options => options.DriftWindow = 1000);
        var scorer = host.Services.GetRequiredService<IAutoencoderScorer>();
        async Task<double> Drift(IEnumerable<Reading> rows)
        {
            await Task.WhenAll(rows.Select(row => scorer.ScoreAsync(row.Row()).AsTask()));
            listener.RecordObservableInstruments();
            return sums["mlnet_autoencoder.score.drift"];
        }

        // Rows like those of the training: below 0.1, which is usually called no drift. By chance alone, 400 held-out rows and 1,000 give
        // 9 (1/400 + 1/1000) = 0.03. Then another machine.
        var rows = Reading.Make(1000, seed: 6);
        Assert.IsLessThan(0.1, await Drift(rows));
        Assert.AreEqual(1000, sums["mlnet_autoencoder.rows"]);
        Assert.AreEqual(1000, sums["mlnet_autoencoder.batch.size"]);
        Assert.AreEqual(0, sums["mlnet_autoencoder.queue.length"]);
        double before = sums["mlnet_autoencoder.anomalies"];
        Assert.IsGreaterThan(0.25, await Drift(rows.Select(row => new Reading
        {
            Speed = 3 * row.Speed, Load = row.Load, Machine = row.Machine, Axes = row.Axes,
        })));
        Assert.AreEqual(1000, sums["mlnet_autoencoder.anomalies"] - before, 5);
    }

    private static IHost Build(byte[] model, string extension, Action<AutoencoderScorerOptions> change)
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}{extension}");
        File.WriteAllBytes(path, model);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.Services.AddAutoencoder("machines", options =>
        {
            (options.Path, options.ReloadInterval) = (path, Timeout.InfiniteTimeSpan);
            change(options);
        });
        builder.Services.AddHealthChecks().AddAutoencoder("machines");
        return builder.Build();
    }

    private static async Task<IHost> Start(
        byte[] model, Action<AutoencoderScorerOptions>? change = null, TimeSpan? reload = null, string extension = ".zip")
    {
        var host = Build(model, extension, options =>
        {
            options.ReloadInterval = reload ?? options.ReloadInterval;
            change?.Invoke(options);
        });
        await host.StartAsync();
        return host;
    }

    private static string PathOf(IHost host) =>
        host.Services.GetRequiredService<IOptionsMonitor<AutoencoderScorerOptions>>().Get("machines").Path;

    private static async Task Until(Func<bool> condition)
    {
        var since = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            Assert.IsLessThan(TimeSpan.FromSeconds(30), since.Elapsed);
            await Task.Delay(20);
        }
    }
}
