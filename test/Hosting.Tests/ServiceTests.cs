using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MLNetAutoencoder.Tests.Hosting;

/// <summary>The service sample, from outside.</summary>
[TestClass]
public sealed class ServiceTests
{
    private static readonly Reading[] s_rows = Reading.Make(200, seed: 5);
    private static ServiceProcess? s_service;

    public TestContext TestContext { get; set; } = null!;

    private static HttpClient Client => s_service!.Client;

    [ClassInitialize]
    public static async Task Start(TestContext context) => s_service = await ServiceProcess.StartAsync(ServedModels.First);

    [ClassCleanup]
    public static void Stop() => s_service?.Dispose();

    [TestMethod]
    public async Task Rows_in_scores_out()
    {
        var expected = ServedModels.Scores(ServedModels.First, s_rows);
        var reply = await Post("/score", Body(s_rows));
        var scores = reply["scores"]!.AsArray();
        for (int i = 0; i < s_rows.Length; i++)
        {
            Assert.AreEqual(expected[i].Score, scores[i]!["score"]!.GetValue<float>(), 1e-5 * expected[i].Score);
            Assert.AreEqual(expected[i].IsAnomaly, scores[i]!["isAnomaly"]!.GetValue<bool>());
            Assert.AreEqual(3, scores[i]!["topFeatures"]!.AsArray().Count);
            Assert.IsTrue(scores[i]!["pValue"]!.GetValue<float>() is > 0 and <= 1);
        }
    }

    [TestMethod]
    public async Task The_open_inference_protocol_is_spoken()
    {
        var model = await Client.GetFromJsonAsync<JsonObject>("/v2/models/autoencoder");
        Assert.AreEqual("[-1,3]", model!["inputs"]!.AsArray().Single(input => input!["name"]!.GetValue<string>() == "Axes")!["shape"]!
            .ToJsonString());
        Assert.IsTrue((await Client.GetFromJsonAsync<JsonObject>("/v2/health/ready"))!["ready"]!.GetValue<bool>());
        Assert.IsTrue((await Client.GetFromJsonAsync<JsonObject>("/v2/models/autoencoder/ready"))!["ready"]!.GetValue<bool>());
        var reply = await Post("/v2/models/autoencoder/infer", Infer(s_rows[..5]));
        Assert.AreEqual("42", reply["id"]!.GetValue<string>());
        float[] scores = reply["outputs"]!.AsArray().Single(output => output!["name"]!.GetValue<string>() == "score")!["data"]!.AsArray()
            .Select(value => value!.GetValue<float>()).ToArray();
        var expected = ServedModels.Scores(ServedModels.First, s_rows[..5]);
        for (int i = 0; i < scores.Length; i++)
            Assert.AreEqual(expected[i].Score, scores[i], 1e-5 * scores[i]);
        Assert.AreEqual(HttpStatusCode.NotFound, (await Client.GetAsync("/v2/models/other")).StatusCode);
    }

    /// <summary>A client that is generated from the document has a type of its own for each message.</summary>
    [TestMethod]
    public async Task Its_document_describes_every_reply()
    {
        var document = await Client.GetFromJsonAsync<JsonObject>("/openapi/v1.json");
        var schemas = document!["components"]!["schemas"]!.AsObject();
        foreach (var (name, _) in schemas)
            StringAssert.Matches(name, new Regex("^[a-zA-Z0-9._-]+$"), "OpenAPI 3.1, components object");
        foreach (var (path, property) in new[] { ("/score", "scores"), ("/v2", "extensions"), ("/v2/health/live", "live"),
            ("/v2/health/ready", "ready"), ("/v2/models/{model}", "platform"), ("/v2/models/{model}/ready", "ready"),
            ("/v2/models/{model}/infer", "model_name") })
        {
            var reply = document["paths"]![path]!.AsObject().Single().Value!["responses"]!["200"]!["content"]!["application/json"]!;
            string name = reply["schema"]!["$ref"]!.GetValue<string>().Split('/')[^1];
            Assert.IsTrue(schemas[name]!["properties"]!.AsObject().ContainsKey(property), $"{path}: {name} has no '{property}'");
        }
        Assert.AreEqual("""["null","number"]""", schemas["RowReply"]!["properties"]!["score"]!["type"]!.ToJsonString());
    }

    [TestMethod]
    public async Task Its_metrics_and_its_health_are_there()
    {
        await Post("/score", Body(s_rows[..1]));
        StringAssert.Contains(await Client.GetStringAsync("/metrics"), "mlnet_autoencoder_rows_total{");
        StringAssert.Contains(await Client.GetStringAsync("/health"), "\"status\":\"Healthy\"");
    }

    public static IEnumerable<object[]> Hostile =>
    [
        ["/score", "", 400, ""],
        ["/score", "{", 400, ""],
        ["/score", "[]", 400, ""],
        ["/score", "null", 400, ""],
        ["/score", "{}", 400, "rows"],
        ["/score", "{\"rows\":{}}", 400, "rows"],
        ["/score", "{\"rows\":[]}", 400, "rows"],
        ["/score", "{\"rows\":[1]}", 400, "rows[0]"],
        ["/score", "{\"rows\":[{}]}", 400, "rows[0].Speed"],
        ["/score", "{\"rows\":[{\"Speed\":NaN}]}", 400, ""],
        ["/score", "{\"rows\":[{\"Speed\":1e999,\"Load\":1,\"Machine\":\"a\",\"Axes\":[1,2,3]}]}", 400, "rows[0].Speed"],
        ["/score", "{\"rows\":[{\"Speed\":1,\"Load\":1,\"Machine\":\"a\",\"Axes\":[1,2]}]}", 400, "rows[0].Axes"],
        ["/score", "{\"rows\":[{\"Speed\":1,\"Load\":1,\"Machine\":[],\"Axes\":[1,2,3]}]}", 400, "rows[0].Machine"],
        ["/score", new string('[', 100_000), 400, ""],
        ["/score", "{\"rows\":[" + string.Join(",", Enumerable.Repeat("{}", 10_001)) + "]}", 400, "rows"],
        ["/score", "{\"rows\":\"" + new string('x', 9 << 20) + "\"}", 413, ""],
        ["/score", "\0\0\0", 400, ""],
        ["/v2/models/autoencoder/infer", "{}", 400, "inputs"],
        ["/v2/models/autoencoder/infer", "{\"inputs\":[1]}", 400, "inputs"],
        ["/v2/models/autoencoder/infer", "{\"inputs\":[{\"name\":\"x\"}]}", 400, "no input 'x'"],
        ["/v2/models/autoencoder/infer", Tensor("[1,1]", "[1,2]"), 400, "Speed"],
        ["/v2/models/autoencoder/infer", Tensor("[-1,1]", "[1]"), 400, "Speed"],
        ["/v2/models/autoencoder/infer", Tensor("[4611686018427387904,4]", "[1]"), 400, "Speed"],
        ["/v2/models/autoencoder/infer", Tensor("[1,1]", "[{}]"), 400, "Speed"],
        ["/v2/models/autoencoder/infer", Tensor("[1,1]", "[1]"), 400, "Load"],
        ["/v2/models/autoencoder/infer", Tensor("[1,1]", "[1]").Replace("FP32", "INT8", StringComparison.Ordinal), 400, "INT8"],
    ];

    [TestMethod]
    [DynamicData(nameof(Hostile))]
    public async Task A_hostile_request_is_answered_with_what_is_wrong(string path, string body, int status, string words)
    {
        // A body that is too large is refused before it is sent.
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Json(body), Headers = { ExpectContinue = true } };
        using var reply = await Client.SendAsync(request);
        string text = await reply.Content.ReadAsStringAsync();
        Assert.AreEqual(status, (int)reply.StatusCode, text);
        StringAssert.Contains(text, words);
        if (path == "/score")
            Assert.IsNotNull(JsonNode.Parse(text)!["title"], text);
    }

    [TestMethod]
    public async Task Other_content_types_and_paths_are_refused()
    {
        Assert.AreEqual(HttpStatusCode.UnsupportedMediaType, (await Client.PostAsync("/score", new StringContent("a,b"))).StatusCode);
        Assert.AreEqual(HttpStatusCode.NotFound, (await Client.GetAsync("/nothing")).StatusCode);
        Assert.AreEqual(HttpStatusCode.MethodNotAllowed, (await Client.GetAsync("/score")).StatusCode);
    }

    /// <summary>50 clients for 30 seconds; the model is exchanged twice, and once for a broken file.</summary>
    [TestMethod]
    public async Task Under_load_no_score_is_wrong_and_memory_stays()
    {
        using var service = await ServiceProcess.StartAsync(ServedModels.First);
        var (first, second) = (ServedModels.Scores(ServedModels.First, s_rows), ServedModels.Scores(ServedModels.Second, s_rows));
        string[] bodies = [.. s_rows.Select(row => Body([row]))];
        using var ending = new CancellationTokenSource();
        List<double> latencies = [];
        HashSet<string> versions = [];
        async Task Client(int number)
        {
            var random = new Random(number);
            while (!ending.IsCancellationRequested)
            {
                int row = random.Next(s_rows.Length);
                var since = System.Diagnostics.Stopwatch.StartNew();
                using var reply = await service.Client.PostAsync("/score", Json(bodies[row]));
                string text = await reply.Content.ReadAsStringAsync();
                Assert.AreEqual(HttpStatusCode.OK, reply.StatusCode, text);
                var score = JsonNode.Parse(text)!["scores"]![0]!;
                string version = score["modelVersion"]!.GetValue<string>();
                float found = score["score"]!.GetValue<float>();
                Assert.IsTrue(Math.Abs(found - first[row].Score) <= 1e-5 * found || Math.Abs(found - second[row].Score) <= 1e-5 * found);
                lock (latencies)
                {
                    latencies.Add(since.Elapsed.TotalMilliseconds);
                    versions.Add(version);
                }
            }
        }
        var clients = Enumerable.Range(0, 50).Select(number => Task.Run(() => Client(number))).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(10));
        long before = service.Memory;
        ServedModels.Write(service.ModelPath, ServedModels.Second);
        await Task.Delay(TimeSpan.FromSeconds(6));
        ServedModels.Write(service.ModelPath, ServedModels.Second[..1000]);
        await Task.Delay(TimeSpan.FromSeconds(4));
        StringAssert.Contains(await service.Client.GetStringAsync("/health"), "Degraded");
        ServedModels.Write(service.ModelPath, ServedModels.First);
        await Task.Delay(TimeSpan.FromSeconds(10));
        long after = service.Memory;
        await ending.CancelAsync();
        await Task.WhenAll(clients);
        latencies.Sort();
        TestContext.WriteLine($"{latencies.Count / 30:N0} requests/s; median {latencies[latencies.Count / 2]:F1} ms, 99 % within "
            + $"{latencies[latencies.Count * 99 / 100]:F1} ms; memory {before >> 20} MiB, then {after >> 20} MiB");
        Assert.HasCount(2, versions);
        Assert.IsGreaterThan(1000, latencies.Count);

        // Two models are loaded in between, and each may leave arenas of the allocator behind.
        Assert.IsLessThan(1.3 * before, after);
    }

    private static string Tensor(string shape, string data) =>
        $"{{\"inputs\":[{{\"name\":\"Speed\",\"datatype\":\"FP32\",\"shape\":{shape},\"data\":{data}}}]}}";

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static string Body(Reading[] rows) => JsonSerializer.Serialize(new { rows = rows.Select(row => row.Row()) });

    private static string Infer(Reading[] rows)
    {
        object Input(string name, string type, int size, IEnumerable<object> data) =>
            new { name, datatype = type, shape = new[] { rows.Length, size }, data };
        return JsonSerializer.Serialize(new
        {
            id = "42",
            inputs = new[]
            {
                Input("Speed", "FP32", 1, rows.Select(row => (object)row.Speed)),
                Input("Load", "FP32", 1, rows.Select(row => (object)row.Load)),
                Input("Machine", "BYTES", 1, rows.Select(row => row.Machine)),
                Input("Axes", "FP32", 3, rows.SelectMany(row => row.Axes).Cast<object>()),
            },
        });
    }

    private static async Task<JsonObject> Post(string path, string body)
    {
        using var reply = await Client.PostAsync(path, Json(body));
        string text = await reply.Content.ReadAsStringAsync();
        Assert.AreEqual(HttpStatusCode.OK, reply.StatusCode, text);
        return JsonNode.Parse(text)!.AsObject();
    }
}
