using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tests.Trainers;

namespace MLNetAutoencoder.Tests.Onnx.OtherRuntimes;

/// <summary>Other people's tools accept the exported files and compute with them what our transformer does.</summary>
[TestClass]
public sealed class OtherRuntimeTests
{
    private static readonly Lazy<ExportedFile[]> s_files = new(() => [.. EveryVariant.Names.SelectMany(ExportedVariants.Of)]);

    [TestMethod]
    public void The_checker_accepts_every_file_and_infers_the_declared_shapes()
    {
        var wrong = new List<string>();
        foreach (var (file, result) in s_files.Value.Zip(OtherRuntime.Checker.Run(s_files.Value)))
        {
            if (result.Error is not null || result.Unknown is not null)
                wrong.Add($"{file.Name}: {result.Error ?? result.Unknown}");
            foreach (var output in OnnxFile.Parse(file.Bytes, file.Name).Graph.Output.Where(_ => result.Error is null))
            {
                string declared = $"batch, {OnnxFile.WidthOf(output)}";
                if (result.Inferred[output.Name] != declared)
                    wrong.Add($"{file.Name}, {output.Name}: [{result.Inferred[output.Name]}] is inferred, [{declared}] declared");
            }
        }
        OtherRuntime.Checker.AssertNone(wrong);
    }

    [TestMethod]
    public void ONNX_Runtime_under_Node_gives_the_same_numbers() => OtherRuntime.Node.AssertSameNumbers(s_files.Value);

    [TestMethod]
    public void ONNX_Runtime_in_WebAssembly_gives_the_same_numbers() => OtherRuntime.WebAssembly.AssertSameNumbers(s_files.Value);
}
