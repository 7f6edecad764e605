using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using OtherRuntimes;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>The few lines of <c>samples/OtherRuntimes</c> that score an exported file: the scores of the transformer.</summary>
[TestClass]
public sealed class SampleScorerTests
{
    private static readonly Lazy<(string Model, float[][] Rows, float[] Scores, bool[] IsAnomaly)> s_case = new(() =>
    {
        var ml = new MLContext(seed: 1);
        using var model = Rows.Fit(ml);
        Row[] rows = Rows.Make(20, seed: 3);
        rows[^1].Features[0] += 100;
        var scored = model.Transform(ml.Data.LoadFromEnumerable(rows));
        string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "scorer.onnx");
        model.ExportOnnx(path);
        return (path, rows.Select(row => row.Features).ToArray(), [.. scored.GetColumn<float>("Score")],
            [.. scored.GetColumn<bool>("PredictedLabel")]);
    });

    [TestMethod]
    public void CSharp_without_ML_NET()
    {
        var (model, rows, scores, isAnomaly) = s_case.Value;
        AssertSame(scores, isAnomaly, OnnxScorer.Score(model, rows));
    }

    [TestMethod]
    public void Node()
    {
        var (model, _, scores, isAnomaly) = s_case.Value;

        // Beside the packages that the tests install.
        string script = Repository.PathOf("test", "Interop.Tests", "Tools", "score.mjs");
        if (!Directory.Exists(Repository.PathOf("test", "Interop.Tests", "Tools", "node_modules", "onnxruntime-node")))
            Assert.Inconclusive("onnxruntime-node is not installed; .ci/run installs it.");
        File.Copy(Repository.PathOf("samples", "OtherRuntimes", "score.mjs"), script, overwrite: true);
        try
        {
            AssertSame(scores, isAnomaly, Read(Run("node", script, model, Data())));
        }
        finally
        {
            File.Delete(script);
        }
    }

    [TestMethod]
    public void Python()
    {
        var (model, _, scores, isAnomaly) = s_case.Value;
        string script = Repository.PathOf("samples", "OtherRuntimes", "score.py");
        if (Run("python3", "-c", "import importlib.util as u; print(u.find_spec('onnxruntime') is not None)").Trim() == "True")
            AssertSame(scores, isAnomaly, Read(Run("python3", script, model, Data())));
        else
            Run("python3", "-c", $"compile(open('{script}').read(), 'score.py', 'exec')");
    }

    [TestMethod]
    public void Windows_of_a_series_are_cut_in_a_few_lines()
    {
        const int width = 12;
        var ml = new MLContext(seed: 1);
        Step[] Steps(int count, int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(i => new Step
            {
                Value = [MathF.Sin(i / 2f) + 0.1f * random.NextSingle(), 5 + MathF.Cos(i / 3f) + 0.1f * random.NextSingle()],
            })];
        }
        using var model = ml.Autoencoders().TimeSeries(new TimeSeriesEstimator.Options
        {
            Width = WindowWidth.Steps(width), Steps = 100, Network = new DenseNetworkOptions { Hidden = [16] }, Seed = 1,
        }).Fit(ml.Data.LoadFromEnumerable(Steps(300, seed: 1)));
        var later = Steps(60, seed: 2);
        (later[30].Value[1], later[40].Value[0]) = (float.NaN, 4);
        var scored = model.Transform(ml.Data.LoadFromEnumerable(later));
        float[] scores = [.. scored.GetColumn<float>("Score").Skip(width - 1)];
        bool[] isAnomaly = [.. scored.GetColumn<bool>("PredictedLabel").Skip(width - 1)];
        Assert.IsTrue(isAnomaly.Contains(true) && isAnomaly.Contains(false));

        string folder = Directory.CreateTempSubdirectory().FullName, scorer = Path.Combine(folder, "scorer.onnx"),
            data = Path.Combine(folder, "series.csv"), script = Repository.PathOf("test", "Interop.Tests", "Tools", "series.mjs");
        model.ExportOnnx(scorer);
        File.WriteAllLines(data, later.Select(step => Line(step.Value)));
        string python = Repository.PathOf("samples", "OtherRuntimes", "series.py");
        Run("python3", "-c", $"compile(open('{python}').read(), 'series.py', 'exec')");
        if (!Directory.Exists(Repository.PathOf("test", "Interop.Tests", "Tools", "node_modules", "onnxruntime-node")))
            Assert.Inconclusive("onnxruntime-node is not installed; .ci/run installs it.");
        File.Copy(Repository.PathOf("samples", "OtherRuntimes", "series.mjs"), script, overwrite: true);
        try
        {
            AssertSame(scores, isAnomaly, Read(Run("node", script, scorer, data, $"{width}")));
        }
        finally
        {
            File.Delete(script);
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public async Task Browser_scores_what_is_typed()
    {
        var (model, rows, scores, _) = s_case.Value;
        string dist = Repository.PathOf("test", "Interop.Tests", "Tools", "node_modules", "onnxruntime-web", "dist");
        using var site = new Site(Repository.PathOf("samples", "OtherRuntimes"), dist, Path.GetDirectoryName(model)!);
        var (page, complaints) = await Browser.OpenAsync(site.Address + "index.html");
        complaints.Clear();
        await page.TypeAsync("#row", Line(rows[0]));
        string expected = $"Score {scores[0].ToString("G4", CultureInfo.InvariantCulture)}"[..8];
        await page.WaitForFunctionAsync($"() => document.getElementById('result').textContent.startsWith('{expected}')");
        StringAssert.Contains(await page.EvaluateExpressionAsync<string>("document.getElementById('result').textContent"), "normal");
        await page.TypeAsync("#row", ",x");
        await page.WaitForFunctionAsync("() => document.getElementById('result').textContent === \"No score: 'x' is no number.\"");
        await Browser.CloseAsync();
    }

    private static string Line(float[] row) => string.Join(',', row.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));

    private static string Data()
    {
        string path = Path.Combine(Path.GetDirectoryName(s_case.Value.Model)!, "rows.csv");
        File.WriteAllLines(path, s_case.Value.Rows.Select(Line));
        return path;
    }

    private static string Run(string command, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, output + error.Result);
        return output;
    }

    private static (float Score, bool IsAnomaly)[] Read(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(','))
            .Select(parts => (float.Parse(parts[0], CultureInfo.InvariantCulture), bool.Parse(parts[1])))];

    private static void AssertSame(float[] scores, bool[] isAnomaly, (float Score, bool IsAnomaly)[] found)
    {
        Assert.HasCount(scores.Length, found);
        for (int i = 0; i < scores.Length; i++)
        {
            Assert.AreEqual(scores[i], found[i].Score, 1e-5 * Math.Max(1, scores[i]));
            Assert.AreEqual(isAnomaly[i], found[i].IsAnomaly);
        }
    }

    /// <summary>Files of some folders over HTTP.</summary>
    private sealed class Site : IDisposable
    {
        private readonly HttpListener _listener = new();

        public Site(params string[] folders)
        {
            for (int port = 20_000; !_listener.IsListening; port++)
            {
                try
                {
                    Address = $"http://127.0.0.1:{port}/";
                    _listener.Prefixes.Clear();
                    _listener.Prefixes.Add(Address);
                    _listener.Start();
                }
                catch (HttpListenerException) when (port < 21_000)
                {
                }
            }
            _ = Task.Run(async () =>
            {
                while (_listener.IsListening)
                {
                    var context = await _listener.GetContextAsync();
                    string name = Path.GetFileName(context.Request.Url!.AbsolutePath);
                    string? path = folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
                    context.Response.StatusCode = path is null ? 404 : 200;
                    context.Response.ContentType = Path.GetExtension(name) switch
                    {
                        ".html" => "text/html",
                        ".js" or ".mjs" => "text/javascript",
                        ".wasm" => "application/wasm",
                        _ => "application/octet-stream",
                    };
                    if (path is not null)
                        await context.Response.OutputStream.WriteAsync(await File.ReadAllBytesAsync(path));
                    context.Response.Close();
                }
            });
        }

        public string Address { get; private set; } = "";

        public void Dispose() => _listener.Close();
    }

    private sealed class Step
    {
        [VectorType(2)]
        public float[] Value { get; set; } = [];
    }
}
