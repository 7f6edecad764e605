using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>Other people's tools accept the exported files and compute with them what our transformer does.</summary>
[TestClass]
public sealed class OtherRuntimeTests
{
    private const int CheckersOpset = 17;
    private const string Works = "yes";
    private static readonly OnnxGraph[] s_graphs = [OnnxGraph.Encoder, OnnxGraph.Decoder, OnnxGraph.Scorer];

    /// <summary>Every variant's graphs, and in all other opsets its scorer; the same of a classifier.</summary>
    private static readonly Lazy<ExportedFile[]> s_files = new(() =>
    [
        .. EveryVariant.Names.SelectMany(_ => s_graphs, (variant, graph) => ExportedVariants.Of(variant, graph)),
        ExportedVariants.Classifier(),
        .. OtherOpsets.SelectMany(_ => EveryVariant.Names, (opset, variant) =>
            ExportedVariants.Of(variant, OnnxGraph.Scorer, new() { Opset = opset })),
        .. OtherOpsets.Select(opset => ExportedVariants.Classifier(new() { Opset = opset })),
    ]);

    private static IEnumerable<int> OtherOpsets => Enumerable.Range(12, 10).Where(opset => opset != OnnxExportOptions.DefaultOpset);

    [TestMethod]
    public void The_checker_accepts_every_file_and_infers_the_declared_shapes()
    {
        var wrong = new List<string>();
        int checkedFiles = 0;
        foreach (var (file, result) in s_files.Value.Zip(OtherRuntime.Checker.Run(s_files.Value)))
        {
            var model = OnnxFile.Parse(file.Bytes, file.Name);
            if (result.Unknown is not null && model.OpsetImport.Single().Version > CheckersOpset)
                continue;
            checkedFiles++;
            if ((result.Error ?? result.Unknown) is { } error)
                wrong.Add($"{file.Name}: {error}");
            foreach (var output in model.Graph.Output.Where(output => result.Inferred.ContainsKey(output.Name)))
            {
                string declared = $"batch, {OnnxFile.WidthOf(output)}";
                if (result.Inferred[output.Name] != declared)
                    wrong.Add($"{file.Name}, {output.Name}: [{result.Inferred[output.Name]}] is inferred, [{declared}] declared");
            }
        }
        Console.WriteLine(
            $"{OtherRuntime.Checker.Version}: {checkedFiles} files checked; {s_files.Value.Length - checkedFiles} of opsets that it does " +
            "not know");
        OtherRuntime.Checker.AssertNone(wrong);
    }

    /// <summary>
    /// Whole pipelines have operators of ONNX-ML besides; their numbers are held to those of the chains in
    /// <see cref="PipelineExportTests"/>.
    /// </summary>
    [TestMethod]
    public void The_checker_accepts_every_pipeline()
    {
        ExportedFile[] files = [.. PipelineExportTests.Files.Select(file => new ExportedFile(file.Name, file.Bytes(), []))];
        var wrong = files.Zip(OtherRuntime.Checker.Run(files)).Where(pair => (pair.Second.Error ?? pair.Second.Unknown) is not null)
            .Select(pair => $"{pair.First.Name}: {pair.Second.Error ?? pair.Second.Unknown}");
        OtherRuntime.Checker.AssertNone([.. wrong]);
    }

    [TestMethod]
    public void ONNX_Runtime_under_Node_gives_the_same_numbers() => OtherRuntime.Node.AssertSameNumbers(s_files.Value);

    /// <summary>What docs/scale-out.md promises for Spark.</summary>
    [TestMethod]
    public void ONNX_Runtime_of_SynapseML_gives_the_same_numbers_up_to_opset_20() => OtherRuntime.NodeOfSynapseML.AssertSameNumbers(
        [.. s_files.Value.Where(file => OnnxFile.Parse(file.Bytes, file.Name).OpsetImport.Single().Version <= 20)]);

    [TestMethod]
    public void ONNX_Runtime_in_WebAssembly_gives_the_same_numbers() => OtherRuntime.WebAssembly.AssertSameNumbers(s_files.Value);

    /// <summary>
    /// A file for OpenCV has a fixed number of rows and no nodes for missing values; what it can do with these is
    /// listed in the documentation, and the list is what it does. A version that the documentation does not name must
    /// do at least that.
    /// </summary>
    [TestMethod]
    public void OpenCV_does_what_the_documentation_says()
    {
        (string Variant, OnnxGraph Graph, ExportedFile File)[] files =
        [
            .. from variant in EveryVariant.Names
               from graph in s_graphs
               from rows in new[] { (Count: 1, Batch: ExportedVariants.Batch.One), (Count: 7, Batch: ExportedVariants.Batch.Seven) }
               select (variant, graph, ExportedVariants.Of(
                   variant, graph, new() { BatchSize = rows.Count, MissingValueNodes = false }, rows.Batch)),
        ];
        var agreeing = new Comparison();
        var stops = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var results = OtherRuntime.OpenCV.Run([.. files.Select(file => file.File)]);
        string[] table =
        [
            .. from outcome in files.Zip(results, (file, result) =>
                (file.Variant, file.Graph, Text: Outcome(file.File, result, agreeing, stops)))
               group outcome by outcome.Variant into variant
               let cells = s_graphs.Select(graph => string.Join(", ",
                   variant.Where(outcome => outcome.Graph == graph).Select(outcome => outcome.Text).Distinct()))
               select $"| {variant.Key} | {string.Join(" | ", cells)} |",
        ];
        Console.WriteLine(
            $"{OtherRuntime.OpenCV.Version}: {agreeing}; it stops{Environment.NewLine}{string.Join(Environment.NewLine, stops.Values)}");

        string[] documentation = [.. Repository.FilesUnder("docs", "interop.md").SelectMany(File.ReadAllLines)];
        bool isListed = documentation.Any(line => line.Contains(OtherRuntime.OpenCV.Version, StringComparison.Ordinal));
        string[] wrong =
            [.. table.Where(row => !documentation.Any(
            line => isListed ? line == row : line.StartsWith(row[..row.IndexOf('|', 1)], StringComparison.Ordinal)
            && PromisesNoMore(line, row)))];
        Assert.IsEmpty(
            wrong, $"By {OtherRuntime.OpenCV.Version}, the list should " +
            $"read:{Environment.NewLine}{string.Join(Environment.NewLine, table)}{Environment.NewLine}");

        static bool PromisesNoMore(string documented, string found) =>
            documented.Split('|').Zip(found.Split('|')).All(cell => cell.First.Trim() != Works || cell.Second.Trim() == Works);
    }

    /// <summary>That the file works, or the operator that stops it, or that its numbers are others.</summary>
    private static string Outcome(ExportedFile file, ToolResult result, Comparison agreeing, SortedDictionary<string, string> stops)
    {
        if (result.Error is null)
        {
            var comparison = new Comparison();
            comparison.Add(file, result);
            if (comparison.Wrong.Count > 0)
                return "other numbers";
            agreeing.Add(file, result);
            return Works;
        }

        // OpenCV makes several layers of some nodes, with names that go on after the node's.
        var node = OnnxFile.Parse(file.Bytes, file.Name).Graph.Node.Where(
            node => result.Node?.StartsWith(node.Name, StringComparison.Ordinal) == true).MaxBy(node => node.Name.Length);
        string operation = node?.OpType ?? "?";
        stops.TryAdd(
            operation, $"  at {operation}, {result.Node} ({file.Name}, {file.Runs[0].Inputs[0].Shape[0]} rows): " +
            $"{result.Error.ReplaceLineEndings(" ")}");
        return operation;
    }
}
