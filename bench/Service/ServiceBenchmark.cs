using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Tests.Hosting;

namespace MLNetAutoencoder.Bench.Service;

/// <summary>
/// The service sample with 50 clients over the loopback: rows of concurrent requests in batches, against each by itself.
/// </summary>
internal static class ServiceBenchmark
{
    private const int Clients = 50, Features = 30, Rounds = 3;

    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(3), s_measured = TimeSpan.FromSeconds(6);

    public static int Run() => RunAsync().GetAwaiter().GetResult();

    private static async Task<int> RunAsync()
    {
        byte[] model = Train();
        using var batched = await ServiceProcess.StartAsync(model);
        using var single = await ServiceProcess.StartAsync(model, "--Model:MaxBatchSize", "1");
        List<double> ratios = [];
        for (int round = 0; round < Rounds; round++)
            ratios.Add(await Measure("batches", batched) / await Measure("single rows", single));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"ratio service.batched-vs-single {ratios.Order().ElementAt(Rounds / 2):F2}"));
        return 0;
    }

    /// <summary>Requests a second.</summary>
    private static async Task<double> Measure(string name, ServiceProcess service)
    {
        await Load(service, s_warmUp);
        double[] latencies = await Load(service, s_measured);
        double rate = latencies.Length / s_measured.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-12} {rate,8:F0} requests/s, median {latencies[latencies.Length / 2],6:F1} ms, " +
                $"99 % within {latencies[latencies.Length * 99 / 100],6:F1} ms"));
        return rate;
    }

    private static async Task<double[]> Load(ServiceProcess service, TimeSpan time)
    {
        var since = Stopwatch.StartNew();
        var all = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random(client);
            List<double> latencies = [];
            while (since.Elapsed < time)
            {
                string body = JsonSerializer.Serialize(new { rows = new[] { new { Features = Row(random) } } });
                long start = Stopwatch.GetTimestamp();
                using var reply = await service.Client.PostAsync("/score", new StringContent(body, Encoding.UTF8, "application/json"));
                reply.EnsureSuccessStatusCode();
                await reply.Content.ReadAsStringAsync();
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            return latencies;
        })));
        return [.. all.SelectMany(latencies => latencies).Order()];
    }

    private static float[] Row(Random random)
    {
        float a = random.NextSingle(), b = random.NextSingle();
        return [.. Enumerable.Range(0, Features).Select(j => a * j + b * (Features - j) + 0.1f * random.NextSingle())];
    }

    /// <summary>A detector with its defaults.</summary>
    private static byte[] Train()
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        var schema = SchemaDefinition.Create(typeof(ServiceRow));
        schema[nameof(ServiceRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Features);
        var rows = ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 2000).Select(_ => new ServiceRow { Features = Row(random) }).ToArray(), schema);
        using var trained = ml.Autoencoders().AnomalyDetection(seed: 1).Fit(rows);
        using var stream = new MemoryStream();
        ml.Model.Save(trained, rows.Schema, stream);
        return stream.ToArray();
    }

    private sealed class ServiceRow
    {
        public float[] Features { get; set; } = [];
    }
}
