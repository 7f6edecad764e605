using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.ML.Data;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>Tells what is in a model file.</summary>
internal sealed class InfoCommand : ToolCommand
{
    private readonly Argument<string> _model = new("model") { Description = "The model file." };

    public InfoCommand() : base("info", "Tell what is in a model file.", "info data.model.zip") => Add(_model);

    protected override int Run(ParseResult result, bool isJson, CancellationToken stop)
    {
        using var model = LoadedModel.Open(result.GetRequiredValue(_model));
        var metadata = model.Metadata;
        var windows = model.Series?.Description;
        var output = new Output(isJson);
        output.Say($"{model.Path}: {metadata.Variant}");
        output.Say(FormattableString.Invariant($"  features   {metadata.FeatureCount:N0}, of {model.InputSchema.Count:N0} columns"));
        if (windows is not null)
        {
            output.Say(FormattableString.Invariant($"  windows    {windows.Width:N0} steps of {windows.Channels.Count:N0} channels"));
            output.Say("  time       " + (windows.TimeColumn is null ? "none"
                : FormattableString.Invariant($"{TableReader.Shown(windows.TimeColumn)}, a step every {windows.Step:G6}")
                    + (IsDated(model) ? " seconds" : "")));
            output.Say($"  series     {(windows.KeyColumn is null ? "one" : $"by {TableReader.Shown(windows.KeyColumn)}")}");
            output.Say($"  scores     of {(windows.IsCovering ? "all windows that cover a row" : "the window that ends with a row")}");
        }
        foreach (var column in model.Slots)
            output.Say(FormattableString.Invariant($"    {(column.IsCategory ? "category" : "number"),-9}")
                + TableReader.Shown(column.Name)
                + (column.IsCategory ? $": {string.Join(", ", column.Values.Take(8).Select(value => TableReader.Shown(value)))}" : ""));
        if (model.Notes is { } notes)
        {
            string[] others = [.. notes.Columns.Where(column => model.InputSchema.GetColumnOrNull(column.Name) is null)
                .Select(column => $"{TableReader.Shown(column.Name)} ({column.Kind})")];
            output.Say($"  not read   {(others.Length == 0 ? "nothing" : string.Join(", ", others.Take(20)))}");
            output.Say($"  missing    {string.Join(' ', notes.Missing)}");
        }
        output.Say(FormattableString.Invariant($"  code       {metadata.CodeSize}"));
        output.Say(FormattableString.Invariant($"  threshold  {metadata.Threshold:G6} ({metadata.ThresholdRule})"));
        output.Say(FormattableString.Invariant($"  seed       {metadata.Seed}"));
        output.Say($"  written by MLNetAutoencoder {metadata.LibraryVersion}");
        output.Document(() => new JsonObject
        {
            ["model"] = model.Path,
            ["variant"] = metadata.Variant,
            ["features"] = metadata.FeatureCount,
            ["columns"] = Json.Array(model.Slots, column => new JsonObject
            {
                ["name"] = column.Name,
                ["kind"] = column.IsCategory ? "category" : "number",
                ["values"] = Json.Array(column.Values, value => value),
            }),
            ["notRead"] = Json.Array(model.Notes?.Columns.Where(column => model.InputSchema.GetColumnOrNull(column.Name) is null) ?? [],
                column => new JsonObject { ["name"] = column.Name, ["kind"] = column.Kind }),
            ["windows"] = windows is null ? null : new JsonObject
            {
                ["width"] = windows.Width,
                ["channels"] = Json.Array(windows.Channels, name => name),
                ["time"] = windows.TimeColumn,
                ["key"] = windows.KeyColumn,
                ["step"] = Json.Number(windows.Step),
                ["covering"] = windows.IsCovering,
            },
            ["code"] = metadata.CodeSize,
            ["threshold"] = Json.Number(metadata.Threshold),
            ["thresholdRule"] = metadata.ThresholdRule,
            ["seed"] = metadata.Seed,
            ["training"] = JsonNode.Parse(metadata.Training.Length > 0 ? metadata.Training : "null"),
            ["options"] = JsonNode.Parse(metadata.Options.Length > 0 ? metadata.Options : "null"),
            ["libraryVersion"] = metadata.LibraryVersion,
        });
        return ExitCode.Fine;
    }

    private static bool IsDated(LoadedModel model) =>
        model.Series!.Description.TimeColumn is { } time && model.InputSchema[time].Type is DateTimeDataViewType;
}
