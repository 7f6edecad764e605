using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>Makes rows like those that a model was trained on.</summary>
internal sealed class SampleCommand : ToolCommand
{
    private readonly Option<string> _model = Shared.Model();
    private readonly Option<int> _rows = Shared.Count("--rows", 10, "How many rows.");
    private readonly Option<int> _seed = Shared.Count("--seed", 1, "The seed of the random numbers.", least: 0);
    private readonly Option<string?> _output = Shared.OutputFile("The CSV file to write. By default standard output.");

    public SampleCommand() : base("sample", "Make new rows like those that a model was trained on; best of a variational one.",
        "sample --model data.model.zip --rows 1000 --output made.csv")
    {
        Add(_model);
        Add(_rows);
        Add(_seed);
        Add(_output);
    }

    protected override int Run(ParseResult result, bool isJson, CancellationToken stop)
    {
        string? target = result.GetValue(_output);
        if (isJson && target is null)
            throw new UsageException("--json takes standard output; name the file for the rows with --output.");
        using var model = LoadedModel.Open(result.GetRequiredValue(_model));
        model.RefuseSeries("it makes windows, and no rows.");
        int rows = result.GetValue(_rows);
        var view = model.Autoencoder.Generator.Sample(rows, result.GetValue(_seed));
        var column = view.Schema[model.ColumnOf(GraphNames.Reconstruction) ?? GraphNames.Reconstruction];
        using var writer = new TableWriter(target, ',', hasDecimalComma: false);
        foreach (var slots in model.Slots)
            writer.Text(slots.Name);
        writer.EndRow();
        using (var cursor = view.GetRowCursor([column]))
        {
            var getter = cursor.GetGetter<VBuffer<float>>(column);
            VBuffer<float> reconstruction = default;
            while (cursor.MoveNext())
            {
                stop.ThrowIfCancellationRequested();
                getter(ref reconstruction);
                foreach (var slots in model.Slots)
                    slots.WriteValue(reconstruction.GetValues(), writer);
                writer.EndRow();
            }
        }
        writer.Complete();
        var output = new Output(isJson, hasData: target is null);
        output.Say(FormattableString.Invariant($"{rows:N0} rows.") + (target is null ? "" : $" Wrote '{target}'."));
        output.Document(() => new JsonObject { ["model"] = model.Path, ["rows"] = rows, ["output"] = target });
        return ExitCode.Fine;
    }
}
