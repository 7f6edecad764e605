using System.CommandLine;
using System.Text.Json.Nodes;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Models;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>Writes a model as an ONNX file.</summary>
internal sealed class ExportCommand : ToolCommand
{
    private const string Pipeline = "pipeline";

    private readonly Argument<string> _model = new("model") { Description = "The model file." };
    private readonly Option<string> _graph = new("--graph")
    {
        Description = "What is written: the whole from raw columns to score, or a part that takes the features as one vector.",
        DefaultValueFactory = _ => Pipeline,
    };
    private readonly Option<string?> _output = Shared.OutputFile("The ONNX file to write. By default MODEL.onnx.");

    public ExportCommand() : base("export", "Write a model as an ONNX file for any runtime.",
        "export data.model.zip --graph scorer --output scorer.onnx")
    {
        _graph.AcceptOnlyFromAmong(Pipeline, "scorer", "encoder", "decoder");
        Add(_model);
        Add(_graph);
        Add(_output);
    }

    protected override int Run(ParseResult result, bool isJson, CancellationToken stop)
    {
        using var model = LoadedModel.Open(result.GetRequiredValue(_model));
        string graph = result.GetRequiredValue(_graph);
        if (graph == Pipeline)
            model.RefuseSeries("a graph does not cut windows. Give --graph scorer, encoder or decoder, which take whole windows.");
        string target = result.GetValue(_output) ?? Path.ChangeExtension(model.Path, ".onnx");
        try
        {
            if (graph == Pipeline)
                model.Context.Autoencoders().ExportPipelineToOnnx(model.Chain, model.InputSchema, target);
            else
                model.Autoencoder.ExportOnnx(target, Enum.Parse<OnnxGraph>(graph, ignoreCase: true));
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException)
        {
            throw new InputException($"'{model.Path}' cannot be written as ONNX: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        long length = new FileInfo(target).Length;
        var output = new Output(isJson);
        output.Say(FormattableString.Invariant($"Wrote '{target}' ({length:N0} bytes): {graph}."));
        output.Document(() => new JsonObject { ["model"] = model.Path, ["graph"] = graph, ["output"] = target, ["bytes"] = length });
        return ExitCode.Fine;
    }
}
