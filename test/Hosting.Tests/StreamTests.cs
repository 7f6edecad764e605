using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using NATS.Net;

namespace MLNetAutoencoder.Tests.Hosting;

/// <summary>Workers over NATS JetStream: a real server, two processes, one of which is killed.</summary>
[TestClass]
public sealed class StreamTests
{
    private const int Count = 4000;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Every_row_is_scored_though_a_worker_is_killed()
    {
        var rows = Reading.Make(Count, seed: 8);
        var expected = ServedModels.Scores(ServedModels.First, rows);
        string folder = Directory.CreateTempSubdirectory().FullName, model = Path.Combine(folder, "model.zip");
        File.WriteAllBytes(model, ServedModels.First);
        int port = FreePort();
        string url = $"nats://127.0.0.1:{port}";
        using var server = new OtherProcess("nats-server", "-a", "127.0.0.1", "-p", $"{port}", "-js", "-sd", folder);
        await using var client = new NatsClient(new NatsOpts { Url = url, RetryOnInitialConnect = true });
        var stream = client.CreateJetStreamContext();
        await stream.CreateOrUpdateStreamAsync(new StreamConfig("ROWS", ["rows.*"]) { Storage = StreamConfigStorage.File });
        await stream.CreateOrUpdateStreamAsync(
            new StreamConfig("SCORES", ["scores.*"]) { Storage = StreamConfigStorage.File, DuplicateWindow = TimeSpan.FromMinutes(10) });

        // A row that is none, too: its result says what is wrong.
        await stream.PublishAsync("rows.demo", "no row"u8.ToArray());
        foreach (var row in rows)
            (await stream.PublishAsync("rows.demo", JsonSerializer.SerializeToUtf8Bytes(row))).EnsureSuccess();

        OtherProcess Worker() => new("dotnet", Path.Combine(AppContext.BaseDirectory, "..", "..", "Stream", "release", "Stream.dll"),
            "--Model:Path", model, "--Nats:Url", url);
        using var first = Worker();
        var second = Worker();
        await Until(async () => await Published(stream) >= 300);
        second.Dispose();
        long killedAt = await Published(stream);
        using var again = Worker();

        // By then it has compiled what it runs.
        await Until(async () => await Published(stream) >= Count / 2);
        long memory = first.Memory;
        await Until(async () => await Published(stream) >= Count + 1);
        long end = first.Memory;

        // Publishing more than once is the server's to see: it has one score for each row.
        await Task.Delay(1000);
        Assert.AreEqual(Count + 1, await Published(stream));
        var found = await Scores(stream);
        TestContext.WriteLine($"killed after {killedAt} scores; memory {memory >> 20} MiB, then {end >> 20} MiB");
        Assert.IsTrue(killedAt < Count);
        Assert.HasCount(Count + 1, found);
        StringAssert.Contains(found.Values.Single(score => score["error"] is not null)["error"]!.GetValue<string>(), "invalid");
        for (int i = 0; i < Count; i++)
            Assert.AreEqual(expected[i].Score, found[i + 2]["score"]!.GetValue<float>(), 1e-6 + 1e-6 * expected[i].Score);

        // What a worker holds does not follow what waits.
        Assert.IsLessThan(1.3 * memory, end);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<long> Published(INatsJSContext stream) =>
        (await stream.GetStreamAsync("SCORES")).Info.State.Messages;

    private static async Task<Dictionary<long, JsonObject>> Scores(INatsJSContext stream)
    {
        var consumer = await stream.CreateOrUpdateConsumerAsync(
            "SCORES", new ConsumerConfig("reader") { AckPolicy = ConsumerConfigAckPolicy.None });
        Dictionary<long, JsonObject> scores = [];
        while (true)
        {
            int before = scores.Count;
            await foreach (var message in consumer.FetchAsync<byte[]>(
                new NatsJSFetchOpts { MaxMsgs = 1000, Expires = TimeSpan.FromSeconds(2) }))
            {
                var score = JsonNode.Parse(message.Data)!.AsObject();
                scores.Add(score["row"]!.GetValue<long>(), score);
            }
            if (scores.Count == before)
                return scores;
        }
    }

    private static async Task Until(Func<Task<bool>> condition)
    {
        var since = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.IsLessThan(TimeSpan.FromSeconds(90), since.Elapsed);
            await Task.Delay(50);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A process that is killed at the end.</summary>
    private sealed class OtherProcess : IDisposable
    {
        private readonly Process _process;

        public OtherProcess(string name, params string[] arguments)
        {
            _process = Process.Start(
                new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public long Memory
        {
            get
            {
                _process.Refresh();
                return _process.WorkingSet64;
            }
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
