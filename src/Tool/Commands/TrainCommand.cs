using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Scoring;
using MLNetAutoencoder.Tool.Tables;
using MLNetAutoencoder.Tool.Training;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>Trains a model on a table.</summary>
internal sealed class TrainCommand : ToolCommand
{
    private readonly Argument<string> _data = Shared.Data("The CSV or Parquet file with the rows, mostly or all normal ones.");
    private readonly Option<string?> _output = Shared.OutputFile("The model file to write. By default DATA.model.zip.");
    private readonly Option<string[]> _columns = new("--columns", "-c")
    {
        Description = "Train on these columns only: names, or patterns such as 'sensor*'.", AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string[]> _exclude = new("--exclude", "-x")
    {
        Description = "Leave these columns out: names, or patterns.", AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string[]> _kinds = new("--kind")
    {
        Description = "Say what a column holds, such as zip=category or code=number.", AllowMultipleArgumentsPerToken = true,
    };
    private readonly SeriesOptionSet _series = new();
    private readonly LabelOptionSet _label = new();
    private readonly Option<bool> _onNormal = new("--train-on-normal")
    {
        Description = "Train only on the rows that --label calls normal.",
    };
    private readonly Option<bool> _fromLabels = new("--threshold-from-labels")
    {
        Description = "Take the threshold with the best F1 on the labels.",
    };
    private readonly Option<string> _variant = new("--variant") { Description = "What is trained.", DefaultValueFactory = _ =>
        Variants.Detector };
    private readonly Option<int?> _epochs = Shared.OptionalCount("--epochs", "How often the rows are gone through.");
    private readonly Option<int?> _steps = Shared.OptionalCount("--steps", "How many steps the detector's networks are trained.");
    private readonly Option<int?> _code = Shared.OptionalCount("--code", "The size of the code.");
    private readonly Option<int[]> _hidden = new("--hidden") { Description = "The sizes of the hidden layers.",
        AllowMultipleArgumentsPerToken = true };
    private readonly Option<int> _seed = Shared.Count("--seed", 1, "The seed of everything random.", least: 0);
    private readonly Option<string> _device = new("--device") { Description = "Where to train.", DefaultValueFactory = _ => "auto" };
    private readonly ThresholdOptionSet _threshold = new();
    private readonly TableOptionSet _table = new();

    public TrainCommand() : base("train", "Train a model on a table and write it as an ML.NET model file.",
        "train data.csv --exclude id --label fraud")
    {
        _variant.AcceptOnlyFromAmong(Variants.Names);
        _device.AcceptOnlyFromAmong("auto", "cpu", "cuda");
        Add(_data);
        foreach (var option in new Option[] { _output, _columns, _exclude, _kinds })
            Add(option);
        _series.AddTo(this);
        _label.AddTo(this);
        foreach (var option in new Option[] { _onNormal, _fromLabels, _variant, _epochs, _steps, _code, _hidden, _seed, _device })
            Add(option);
        _threshold.AddTo(this);
        _table.AddTo(this);
    }

    protected override int Run(ParseResult result, bool isJson, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var output = new Output(isJson);
        string? label = _label.Column(result);
        if (label is null && (result.GetValue(_onNormal) || result.GetValue(_fromLabels)))
            throw new UsageException("--train-on-normal and --threshold-from-labels need --label.");
        var labels = _label.Read(result);
        var choices = Choices(result).Check();
        if (choices.Series is { } series)
            CheckSeries(result, series, label);
        var options = _table.Read(result);
        bool skipsBad = _table.SkipsBad(result);
        string path = result.GetRequiredValue(_data);
        string target = result.GetValue(_output) ?? Shared.BesideData(path, ".model.zip");

        using var file = TableFile.Open(path, options, isReadAgain: true);
        var columns = Columns(file, result, label, skipsBad, stop, out int sampled);
        SayColumns(output, columns, sampled);

        // Of a series no row can be left out: its windows would miss it.
        bool onNormal = result.GetValue(_onNormal), isSeries = choices.Series is not null;
        var trainer = new Trainer(file, columns, choices, new RowSelection
        {
            SkipsBad = skipsBad,
            OnlyNormal = onNormal && !isSeries
                ? (Array.Find(columns, column => column.Use == ColumnUse.Label)!.Profile.Index, labels) : null,
            Flagged = onNormal && isSeries ? (label!, labels) : null,
        });
        List<string> warnings = [];
        var notes = new ModelNotes([.. columns.Select(column => (column.Profile.Name, column.Word))], options.Missing, label,
            labels.Normal);
        var (model, summary) = ProgressDisplay.Show(progress =>
        {
            var trained = LoadedModel.Of(trainer.Context, target, trainer.Train(progress, warnings.Add, stop), trainer.Schema,
                notes);
            return (trained, trainer.Summarize(trained, progress, CancellationToken.None));
        });
        warnings.ForEach(Output.Warn);

        Measures? measures = null;
        if (label is not null && !stop.IsCancellationRequested)
        {
            var run = new ScoringRun(model, file, new ScoringRequest { SkipsBad = skipsBad });
            var evaluation = Evaluation.Of(model, run, file, label, labels, CancellationToken.None);
            if (result.GetValue(_fromLabels))
            {
                model = model.With(ThresholdRule.FromLabels(evaluation.Scores, evaluation.IsAnomaly));
                summary = ProgressDisplay.Show(progress => trainer.Summarize(model, progress, CancellationToken.None));
                evaluation = Evaluation.Of(model, run, file, label, labels, CancellationToken.None);
            }
            measures = evaluation.Measure(trainer.Context);
        }
        Save(trainer.Context, model, notes, target);
        SayResult(output, model, summary, measures, trainer.SkippedRows, target, stop.IsCancellationRequested);
        output.Document(() =>
            Document(model, columns, summary, measures, trainer.SkippedRows, clock.Elapsed, stop.IsCancellationRequested));
        return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Fine;
    }

    /// <summary>Refuses what does not go with series.</summary>
    private void CheckSeries(ParseResult result, SeriesChoices series, string? label)
    {
        if (result.GetResult(_variant) is { Implicit: false })
            throw new UsageException("--variant and --time do not go together; a time series has a model of its own.");
        if (Kinds(result.GetValue(_kinds) ?? []).FirstOrDefault(pair => pair.Value == ColumnKind.Category).Key is { } category)
            throw new UsageException($"--kind {category}=category does not go with --time; a time series is made of numbers.");
        if (new[] { series.Time, series.Key, label }.OfType<string>().CountBy(name => name).FirstOrDefault(pair => pair.Value > 1).Key
            is { } twice)
            throw new UsageException($"The column '{twice}' is named twice; --time, --key and --label take different ones.");
    }

    private ChosenColumn[] Columns(TableFile file, ParseResult result, string? label, bool skipsBad, CancellationToken stop,
        out int sampled)
    {
        var series = _series.Read(result);
        using var reader = file.Read();
        var choice = new ColumnChoice
        {
            Included = result.GetValue(_columns) ?? [],
            Excluded = result.GetValue(_exclude) ?? [],
            Label = label,
            Time = series?.Time,
            Key = series?.Key,
            Kinds = Kinds(result.GetValue(_kinds) ?? []),
        };
        (var profiles, sampled) = ColumnProfiler.Find(reader, skipsBad, stop);
        var columns = choice.Choose(profiles, file.Name);
        if (sampled < 2)
            throw new InputException($"'{file.Name}' has {sampled} rows; a model compares rows, and expects at least 2.");
        if (!Array.Exists(columns, column => column.Use == ColumnUse.Feature))
            throw new InputException($"'{file.Name}' has no column to train on: " + string.Join(", ", columns.Take(20)
                .Select(column => $"'{column.Profile.Name}' ({column.Word})"))
                + $". Expected numbers{(series is null ? " or categories" : "")}.");
        if (series?.Width?.Span is { } span && columns.First(column => column.Use == ColumnUse.Time).Profile.HasOnlyNumbers)
            throw new UsageException($"--width {span} is a duration, and the column '{series.Time}' has numbers and no dates; "
                + "give a number of rows.");
        return columns;
    }

    private static Dictionary<string, ColumnKind> Kinds(string[] texts)
    {
        var kinds = new Dictionary<string, ColumnKind>(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int place = text.LastIndexOf('=');
            kinds[place < 1 ? "" : text[..place]] = (place < 1 ? "" : text[(place + 1)..]) switch
            {
                "number" => ColumnKind.Number,
                "category" => ColumnKind.Category,
                _ => throw new UsageException($"--kind takes a column and 'number' or 'category', such as zip=category, not '{text}'."),
            };
        }
        return kinds;
    }

    private TrainingChoices Choices(ParseResult result) => new()
    {
        Variant = result.GetRequiredValue(_variant),
        Epochs = result.GetValue(_epochs),
        Steps = result.GetValue(_steps),
        Code = result.GetValue(_code),
        Series = _series.Read(result) is { } series
            ? series with { Label = result.GetValue(_onNormal) ? _label.Column(result) : null } : null,
        Hidden = result.GetValue(_hidden) ?? [],
        Seed = result.GetValue(_seed),
        Device = Enum.Parse<TrainingDevice>(result.GetRequiredValue(_device), ignoreCase: true),
        Threshold = _threshold.Read(result),
        Contamination = _threshold.Contamination(result) ?? 0,
    };

    private static void Save(MLContext context, LoadedModel model, ModelNotes notes, string target)
    {
        using var stream = new MemoryStream();
        context.Model.Save(model.Chain, model.InputSchema, stream);
        notes.AddTo(stream);
        AtomicFile.WriteAll((target, stream.ToArray()));
    }

    private static void SayColumns(Output output, ChosenColumn[] columns, int sampled)
    {
        output.Say(FormattableString.Invariant($"{columns.Length:N0} columns, found by looking at the first {sampled:N0} rows:"));
        foreach (var group in columns.GroupBy(column => (column.Use, column.Word)).OrderBy(group => group.Key.Use))
            output.Say(FormattableString.Invariant($"  {Title(group.Key.Use, group.Key.Word),-22} {group.Count(),6:N0}  ")
                + string.Join(", ", group.Take(8).Select(column => TableReader.Shown(column.Profile.Name)))
                    + (group.Count() > 8 ? ", ..." : ""));

        static string Title(ColumnUse use, string word) => use == ColumnUse.LeftOut ? word + " (left out)" : word;
    }

    private static void SayResult(Output output, LoadedModel model, TrainedRows summary, Measures? measures, long skipped,
        string target,
        bool isCanceled)
    {
        var metadata = model.Metadata;
        string features = model.Series is { Description: var windows }
            ? FormattableString.Invariant($"{windows.Channels.Count:N0} values in windows of {windows.Width:N0} rows")
            : FormattableString.Invariant($"{metadata.FeatureCount:N0} features");
        output.Say(FormattableString.Invariant($"Trained on {summary.Rows:N0} rows with {features}: ")
            + metadata.Variant + "." + (isCanceled ? " It was stopped early." : ""));
        if (skipped > 0)
            output.Say(FormattableString.Invariant($"{skipped:N0} rows could not be read and were left out."));
        output.Say(FormattableString.Invariant($"Threshold {metadata.Threshold:G6} ({metadata.ThresholdRule}); ")
            + FormattableString.Invariant($"it flags {summary.FlaggedShare:P2} of the rows that were held out."));
        if (model.Slots.Count > 1)
            output.Say("Most telling columns: " + string.Join(", ", summary.Telling.Select(pair =>
            FormattableString.Invariant($"{TableReader.Shown(pair.Name)} ({pair.Share:P0})"))) + ".");
        foreach (string line in measures?.Lines() ?? [])
            output.Say(line);
        if (measures is not null)
            output.Say("  These rows were trained on: 'evaluate' with others tells more.");
        output.Say($"Wrote '{target}'.");
        output.Say($"Next: mlnet-autoencoder score NEW.csv --model {target} --explain 3");
    }

    private static JsonObject Document(LoadedModel model, ChosenColumn[] columns, TrainedRows summary, Measures? measures, long skipped,
        TimeSpan time, bool isCanceled) => new()
        {
            ["model"] = model.Path,
            ["variant"] = model.Autoencoder.Metadata.Variant,
            ["rows"] = summary.Rows,
            ["skippedRows"] = skipped,
            ["features"] = model.Autoencoder.Metadata.FeatureCount,
            ["columns"] = Json.Array(columns, column => new JsonObject
            {
                ["name"] = column.Profile.Name,
                ["kind"] = column.Profile.Kind.ToString().ToLowerInvariant(),
                ["use"] = column.Use.ToString().ToLowerInvariant(),
                ["missing"] = column.Profile.Missing,
            }),
            ["threshold"] = Json.Number(model.Threshold),
            ["thresholdRule"] = model.Autoencoder.Metadata.ThresholdRule,
            ["flaggedShare"] = Json.Number(summary.FlaggedShare),
            ["tellingColumns"] = Json.Array(summary.Telling, pair =>
                new JsonObject { ["name"] = pair.Name, ["share"] = Json.Number(pair.Share) }),
            ["evaluation"] = measures?.Document(),
            ["canceled"] = isCanceled,
            ["seconds"] = Json.Number(time.TotalSeconds),
        };
}
