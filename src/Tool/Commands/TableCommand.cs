using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Scoring;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>A command that reads a table, lets its rows go through a model and writes a table.</summary>
internal abstract class TableCommand : ToolCommand
{
    private readonly Argument<string> _data = Shared.Data("The CSV or Parquet file with the rows.");
    private readonly Option<string> _model = Shared.Model();
    private readonly TableOptionSet _table = new();
    private readonly WritingOptionSet _writing = new();

    protected TableCommand(string name, string description, string example, bool keepsInput = true) : base(name, description, example)
    {
        Add(_data);
        Add(_model);
        _writing.AddTo(this, keepsInput);
        _table.AddTo(this);
    }

    /// <summary>What is written for each row.</summary>
    protected abstract RowShape Shape(LoadedModel model, ParseResult result);

    /// <summary>The model as the options want it.</summary>
    protected virtual LoadedModel Adapt(LoadedModel model, ParseResult result) => model;

    /// <summary>Says what came of it.</summary>
    /// <returns>The exit code.</returns>
    protected virtual int Finish(RowShape shape, ScoringRun run, LoadedModel model, ParseResult result, JsonObject document, Output output)
    {
        output.Say(FormattableString.Invariant($"{run.Rows:N0} rows."));
        return ExitCode.Fine;
    }

    protected sealed override int Run(ParseResult result, bool isJson, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var request = _writing.Read(result, _table.SkipsBad(result), isJson);
        using var opened = LoadedModel.Open(result.GetRequiredValue(_model));
        var model = Adapt(opened, result);
        if (request.Shard is not null)
            model.RefuseSeries("--shard would tear the steps of a series apart. Split the file by series.");
        var options = _table.Read(result, model.Notes);
        using var file = TableFile.Open(result.GetRequiredValue(_data), options, isReadAgain: model.Series is not null);
        var run = new ScoringRun(model, file, request);
        var shape = Shape(model, result);
        run.Write(shape, options, stop);
        run.SayRemarks();
        var document = run.Document();
        document["seconds"] = Json.Number(clock.Elapsed.TotalSeconds);
        var output = new Output(isJson, hasData: request.OutputPath is null);
        int code = Finish(shape, run, model, result, document, output);
        if (request.OutputPath is not null)
            output.Say($"Wrote '{request.OutputPath}'.");
        output.Document(() => document);
        return code;
    }
}

/// <summary>Adds score, p-value and decision to every row.</summary>
internal sealed class ScoreCommand : TableCommand
{
    private readonly Option<int> _explain = Shared.Count("--explain", 0, "How many columns behind the score are named in each row.",
        least: 0);
    private readonly Option<bool> _fail = new("--fail-on-anomaly") { Description = "End with exit code 3 where there is an anomaly." };
    private readonly ThresholdOptionSet _threshold = new();

    public ScoreCommand() : base("score", "Add score, p-value and decision to every row, and what is behind them.",
        "score new.csv --model data.model.zip --explain 3 --output scored.csv")
    {
        Add(_explain);
        Add(_fail);
        _threshold.AddTo(this);
    }

    protected override LoadedModel Adapt(LoadedModel model, ParseResult result) =>
        _threshold.Read(result) is { } rule ? model.With(rule) : model;

    protected override RowShape Shape(LoadedModel model, ParseResult result) => new ScoreShape(model, result.GetValue(_explain));

    protected override int Finish(RowShape shape, ScoringRun run, LoadedModel model, ParseResult result, JsonObject document, Output output)
    {
        long anomalies = ((ScoreShape)shape).Anomalies;
        document["anomalies"] = anomalies;
        document["threshold"] = Json.Number(model.Threshold);
        output.Say(FormattableString.Invariant(
            $"{run.Rows:N0} rows, {anomalies:N0} anomalies ({(double)anomalies / Math.Max(1, run.Rows):P2}): ")
            + FormattableString.Invariant($"scores above {model.Threshold:G6}."));
        return anomalies > 0 && result.GetValue(_fail) ? ExitCode.Anomalies : ExitCode.Fine;
    }
}

/// <summary>Writes, for anomalies or chosen rows, the columns behind the score.</summary>
internal sealed class ExplainCommand : TableCommand
{
    private readonly Option<int> _top = Shared.Count("--top", 3, "How many columns are named for each row.");
    private readonly Option<string?> _rows = new("--rows")
    {
        Description = "Rows by their numbers, such as 3,17, or 'all'. By default all anomalies.",
    };
    private readonly ThresholdOptionSet _threshold = new();

    public ExplainCommand() : base("explain", "Tell which columns make rows anomalous: a line for each row and column.",
        "explain new.csv --model data.model.zip --top 5 --rows 3,17", keepsInput: false)
    {
        Add(_top);
        Add(_rows);
        _threshold.AddTo(this);
    }

    protected override LoadedModel Adapt(LoadedModel model, ParseResult result) =>
        _threshold.Read(result) is { } rule ? model.With(rule) : model;

    protected override RowShape Shape(LoadedModel model, ParseResult result) =>
        new ExplainShape(model, result.GetValue(_top), Wanted(result));

    private Func<long, bool>? Wanted(ParseResult result)
    {
        if (result.GetValue(_rows) is not { } text)
            return null;
        if (text == "all")
            return _ => true;
        var rows = text.Split(',').Select(part => long.TryParse(part, out long row) && row >= 1 ? row
            : throw new UsageException($"--rows takes numbers from 1 with commas between them, or 'all', not '{text}'.")).ToHashSet();
        return rows.Contains;
    }
}

/// <summary>Adds the code.</summary>
internal sealed class EncodeCommand() : TableCommand("encode", "Add the code: what the network makes of a row.",
    "encode new.csv --model data.model.zip --only-new --output codes.csv")
{
    protected override RowShape Shape(LoadedModel model, ParseResult result)
    {
        model.RefuseSeries("a row has no code, only a window of rows has.");
        return new EncodeShape(model);
    }
}

/// <summary>Adds what the model expects.</summary>
internal sealed class ReconstructCommand() : TableCommand("reconstruct", "Add what the model expects in the place of each value.",
    "reconstruct new.csv --model data.model.zip --output expected.csv")
{
    protected override RowShape Shape(LoadedModel model, ParseResult result) => new ReconstructShape(model);
}
