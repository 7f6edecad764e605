using System.CommandLine;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Scoring;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>Writes a report on a model and rows as one HTML file.</summary>
internal sealed class ReportCommand : ToolCommand
{
    private readonly Argument<string> _data = Shared.Data("The CSV or Parquet file with the rows.");
    private readonly Option<string> _model = Shared.Model();
    private readonly Option<string?> _output =
        Shared.OutputFile("The HTML file to write. By default beside the data, with the ending .report.html.");
    private readonly Option<string?> _training = new("--training-data")
    {
        Description = "The rows of the training, to measure drift against. By default the scores that the model keeps.",
    };
    private readonly Option<string?> _title = new("--title") { Description = "The title of the report. By default the name of the data." };
    private readonly Option<int> _rows =
        Shared.Count("--rows", ReportOptions.DefaultMaxRows, "How many of the most anomalous rows it shows, at most 200.");
    private readonly LabelOptionSet _label = new();
    private readonly ThresholdOptionSet _threshold = new();
    private readonly TableOptionSet _table = new();

    public ReportCommand() : base("report", "Write a report on a model and rows: one HTML file.",
        "report new.csv --model data.model.zip --output report.html")
    {
        Add(_data);
        Add(_model);
        Add(_output);
        Add(_training);
        Add(_title);
        Add(_rows);
        _label.AddTo(this);
        _threshold.AddTo(this);
        _table.AddTo(this);
    }

    protected override int Run(ParseResult result, bool isJson, CancellationToken stop)
    {
        string data = result.GetRequiredValue(_data);
        string path = result.GetValue(_output) ?? Shared.BesideData(data, ".report.html");
        using var opened = LoadedModel.Open(result.GetRequiredValue(_model));
        var model = _threshold.Read(result) is { } rule ? opened.With(rule) : opened;
        var options = _table.Read(result, model.Notes);
        using var file = TableFile.Open(data, options, isReadAgain: true);
        using var training = result.GetValue(_training) is { } other ? TableFile.Open(other, options, isReadAgain: true) : null;
        string? label = _label.Column(result) ?? LabelOf(model, file);
        var run = new ScoringRun(model, file, new ScoringRequest
        {
            SkipsBad = _table.SkipsBad(result),
            Flagged = label is null ? null : (label, _label.Read(result, model.Notes)),
        });
        ProgressDisplay.Show(progress =>
        {
            var view = run.Open(file.Read(), label is null ? [] : [label], keepsLines: false, progress, stop);
            var reference = training is null ? null
                : new ScoringRun(model, training, new ScoringRequest { SkipsBad = _table.SkipsBad(result) })
                    .Open(training.Read(), [], keepsLines: false, progress, stop);
            try
            {
                model.Chain.WriteReport(path, view, new ReportOptions
                {
                    Title = result.GetValue(_title) ?? file.Name,
                    LabelColumnName = label,
                    TrainingData = reference,
                    MaxRows = Math.Min(result.GetValue(_rows), 200),
                });
            }
            catch (Exception e) when (e is InvalidOperationException or ArgumentException)
            {
                InputException.ThrowInner(e);
                throw new InputException($"There is no report on '{file.Name}': {e.Message.ReplaceLineEndings(" ")}", e);
            }
            run.Count(view);
            return true;
        });
        run.SayRemarks();
        var output = new Output(isJson);
        output.Say(FormattableString.Invariant($"{run.Rows:N0} rows{(label is null ? "" : $", with the labels of '{label}'")}."));
        output.Say($"Wrote '{path}'.");
        output.Document(() =>
        {
            var document = run.Document();
            document["output"] = path;
            document["label"] = label;
            return document;
        });
        return ExitCode.Fine;
    }

    /// <summary>The column with the labels that the model was trained beside, if the file has it.</summary>
    private static string? LabelOf(LoadedModel model, TableFile file)
    {
        if (model.Notes?.Label is not { } label)
            return null;
        using var reader = file.Read();
        return reader.Columns.Any(column => column.Name == label) ? label : null;
    }
}
