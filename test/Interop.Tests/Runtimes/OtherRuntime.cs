using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>What a tool made of one file: the outputs of each run, or why there are none.</summary>
/// <param name="Error">What the tool said; null where it did its work.</param>
/// <param name="Node">Where the tool knows it, the node that it stopped at.</param>
/// <param name="Runs">Per run, the outputs.</param>
/// <param name="Unknown">Why the tool cannot judge this file; null where it can.</param>
/// <param name="Inferred">Of the checker: the shapes that it inferred for the outputs; ? for a length that it cannot tell.</param>
internal sealed record ToolResult(string? Error, string? Node, IReadOnlyList<IReadOnlyList<NamedArray>> Runs, string? Unknown,
    IReadOnlyDictionary<string, string> Inferred);

/// <summary>Somebody else's reader of ONNX files. One process goes over all files that it is given.</summary>
/// <remarks>
/// <c>.ci/run</c> installs these tools where it can. A test of one that is not installed is inconclusive, with the
/// reason; one that is installed and does not start fails.
/// </remarks>
internal sealed class OtherRuntime
{
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private readonly string[] _command;
    private readonly Func<string?> _missing;

    private OtherRuntime(string[] command, Func<string?> missing) => (_command, _missing) = (command, missing);

    /// <summary>The checker and the shape inference of the onnx package.</summary>
    public static OtherRuntime Checker { get; } = new([Python, Script("onnx_checker.py")], () => MissingModule("onnx", "python3-onnx"));

    /// <summary>ONNX Runtime's native library under Node.</summary>
    public static OtherRuntime Node { get; } = new(
        ["node", Script("onnx_runtime.mjs"), "onnxruntime-node"], () => MissingPackage("onnxruntime-node"));

    /// <summary>The one that SynapseML 1.0 brings to Spark: it knows opsets to 20.</summary>
    public static OtherRuntime NodeOfSynapseML { get; } = new(
        ["node", Script("onnx_runtime.mjs"), "onnxruntime-node-1.17"], () => MissingPackage("onnxruntime-node-1.17"));

    /// <summary>ONNX Runtime's WebAssembly backend under Node.</summary>
    public static OtherRuntime WebAssembly { get; } = new(
        ["node", Script("onnx_runtime.mjs"), "onnxruntime-web"], () => MissingPackage("onnxruntime-web"));

    /// <summary>OpenCV's DNN module.</summary>
    public static OtherRuntime OpenCV { get; } = new([Python, Script("opencv_dnn.py")], () => MissingModule("cv2", "python3-opencv"));

    /// <summary>The tool's name and version, once it has run.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Runs the tool over files.</summary>
    /// <returns>One result for each file, in the files' order.</returns>
    public IReadOnlyList<ToolResult> Run(IReadOnlyList<ExportedFile> files)
    {
        if (_missing() is { } reason)
            Assert.Inconclusive(reason);
        using var folder = new TestFolder();
        for (int i = 0; i < files.Count; i++)
            File.WriteAllBytes(folder[$"{i}.onnx"], files[i].Bytes);
        File.WriteAllText(folder["files.json"], new JsonArray([.. files.Select((file, i) => Write(file, folder[$"{i}.onnx"]))])
            .ToJsonString());
        Start([.. _command, folder["files.json"], folder["results.json"]]);
        var results = JsonNode.Parse(File.ReadAllText(folder["results.json"]))!;
        Version = (string)results["tool"]!;
        ToolResult[] read = [.. results["files"]!.AsArray().Select(result => Read(result!))];
        Assert.HasCount(files.Count, read);
        return read;
    }

    /// <summary>Fails unless the tool gives the expected numbers for every file; prints how close it came.</summary>
    public void AssertSameNumbers(IReadOnlyList<ExportedFile> files)
    {
        var comparison = new Comparison();
        foreach (var (file, result) in files.Zip(Run(files)))
            comparison.Add(file, result);
        Console.WriteLine($"{Version}: {comparison}");
        AssertNone(comparison.Wrong);
    }

    /// <summary>Fails where there is a line that says what is wrong.</summary>
    public void AssertNone(IReadOnlyCollection<string> wrong)
    {
        if (wrong.Count > 0)
            Assert.Fail($"{Version}, {wrong.Count} faults:{Environment.NewLine}{string.Join(Environment.NewLine, wrong.Take(30))}");
    }

    /// <summary>Why Debian's Python cannot import a module; null where it can.</summary>
    /// <param name="module">The module.</param>
    /// <param name="package">The Debian package that has it.</param>
    public static string? MissingModule(string module, string package)
    {
        string how = $"install the Debian package {package}, as .ci/run does";
        if (!File.Exists(Python))
            return $"There is no {Python}; {how}.";
        string[] find = ["-c", $"import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}') is None)"];
        using var process = Process.Start(new ProcessStartInfo(Python, find))!;
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"{Python} has no module '{module}'; {how}.";
    }

    private static void Start(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(
            command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'{string.Join(' ', command)}' took longer than {s_limit.TotalMinutes} minutes; it had come to: " +
                $"{Last(errors.Result)}");
        }
        Assert.AreEqual(
            0, process.ExitCode, $"'{string.Join(' ', command)}' failed; it had come to: {Last(output.Result + errors.Result)}");
    }

    private static string Last(string text) => string.Join(Environment.NewLine, text.Split('\n').TakeLast(20));

    private static string? MissingPackage(string package)
    {
        const string how = ".ci/run installs it: npm ci --prefix test/Interop.Tests/Tools --ignore-scripts";
        if (!Directory.Exists(Script(Path.Combine("node_modules", package))))
            return $"The npm package {package} is not in test/Interop.Tests/Tools/node_modules; {how}.";
        return OnPath("node") ? null : "There is no 'node' on the PATH.";
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string Script(string name) => Repository.PathOf("test", "Interop.Tests", "Tools", name);

    private static JsonObject Write(ExportedFile file, string path) => new()
    {
        ["name"] = file.Name,
        ["path"] = path,
        ["runs"] = new JsonArray([.. file.Runs.Select(run => new JsonObject
        {
            ["inputs"] = new JsonArray([.. run.Inputs.Select(Write)]),
            ["outputs"] = new JsonArray([.. run.Outputs.Select(output => JsonValue.Create(output.Name))]),
        })]),
    };

    private static JsonObject Write(NamedArray array)
    {
        var written = new JsonObject { ["name"] = array.Name, ["type"] = TypeName(array.Values),
            ["shape"] = new JsonArray([.. array.Shape.Select(length => JsonValue.Create(length))]) };
        if (array.Values is string[] texts)
            written["texts"] = new JsonArray([.. texts.Select(text => JsonValue.Create(text))]);
        else
            written["data"] = Convert.ToBase64String(BytesOf(array.Values));
        return written;
    }

    private static ToolResult Read(JsonNode result) => new(
        (string?)result["error"],
        (string?)result["node"],
        [.. (result["runs"]?.AsArray() ?? []).Select(
            run => (IReadOnlyList<NamedArray>)[.. run!.AsArray().Select(array => ReadArray(array!))])],
        (string?)result["unknown"],
        (result["inferred"]?.AsArray() ?? []).ToDictionary(
            output => (string)output!["name"]!, output =>
            string.Join(", ", output!["shape"]!.AsArray().Select(length => length?.ToString() ?? "?"))));

    private static NamedArray ReadArray(JsonNode array)
    {
        int[] shape = [.. array["shape"]!.AsArray().Select(length => (int)length!)];
        Array values = array["texts"] is { } texts
            ? texts.AsArray().Select(text => (string)text!).ToArray()
            : Values((string)array["type"]!, Convert.FromBase64String((string)array["data"]!));
        return new NamedArray((string)array["name"]!, values, shape);
    }

    private static string TypeName(Array values) => values switch
    {
        float[] => "float32",
        double[] => "float64",
        int[] => "int32",
        long[] => "int64",
        bool[] => "bool",
        string[] => "string",
        _ => throw new ArgumentException($"Arrays of {values.GetType().GetElementType()!.Name} cannot be given to other runtimes yet.",
            nameof(values)),
    };

    private static byte[] BytesOf(Array values)
    {
        byte[] bytes = new byte[Buffer.ByteLength(values)];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private static Array Values(string type, byte[] bytes) => type switch
    {
        "float32" => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        "float64" => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
        "int32" => MemoryMarshal.Cast<byte, int>(bytes).ToArray(),
        "int64" => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
        "bool" => Array.ConvertAll(bytes, value => value != 0),
        _ => throw new ArgumentException($"Arrays of {type} cannot be read from other runtimes yet.", nameof(type)),
    };
}
