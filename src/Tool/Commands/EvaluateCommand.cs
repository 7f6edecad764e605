using System.CommandLine;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Scoring;
using MLNetAutoencoder.Tool.Tables;
using MLNetAutoencoder.Tool.Training;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>Measures a model on rows whose labels are known.</summary>
internal sealed class EvaluateCommand : ToolCommand
{
    private readonly Argument<string> _data = Shared.Data("The CSV or Parquet file with the rows and their labels.");
    private readonly Option<string> _model = Shared.Model();
    private readonly LabelOptionSet _label = new();
    private readonly ThresholdOptionSet _threshold = new();
    private readonly TableOptionSet _table = new();

    public EvaluateCommand() : base("evaluate", "Measure a model on rows whose labels are known.",
        "evaluate labeled.csv --model data.model.zip --label fraud --normal no")
    {
        Add(_data);
        Add(_model);
        _label.AddTo(this);
        _threshold.AddTo(this);
        _table.AddTo(this);
    }

    protected override int Run(ParseResult result, bool isJson, CancellationToken stop)
    {
        using var opened = LoadedModel.Open(result.GetRequiredValue(_model));
        var model = _threshold.Read(result) is { } rule ? opened.With(rule) : opened;
        string label = _label.Column(result) ?? model.Notes?.Label
            ?? throw new UsageException($"'{model.Path}' was trained without labels; name the column with the labels by --label.");
        using var file = TableFile.Open(result.GetRequiredValue(_data), _table.Read(result, model.Notes),
            isReadAgain: model.Series is not null);
        var run = new ScoringRun(model, file, new ScoringRequest { SkipsBad = _table.SkipsBad(result) });
        var evaluation = Evaluation.Of(model, run, file, label, _label.Read(result, model.Notes), stop);
        var measures = evaluation.Measure(model.Context);
        run.SayRemarks();
        var output = new Output(isJson);
        foreach (string line in measures.Lines())
            output.Say(line);
        if (evaluation.LeftOut > 0)
            output.Say(FormattableString.Invariant($"{evaluation.LeftOut:N0} rows have no label or no score, and do not count."));
        output.Document(() =>
        {
            var document = run.Document();
            document["label"] = label;
            document["leftOut"] = evaluation.LeftOut;
            document["threshold"] = Json.Number(model.Threshold);
            document["evaluation"] = measures.Document();
            return document;
        });
        return ExitCode.Fine;
    }
}
