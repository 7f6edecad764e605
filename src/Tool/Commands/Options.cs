using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Scoring;
using MLNetAutoencoder.Tool.Tables;
using MLNetAutoencoder.Tool.Training;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>Options that several commands have.</summary>
internal static class Shared
{
    public static Argument<string> Data(string description) => new("data") { Description = description + " \"-\" is standard input." };

    public static Option<string> Model() => new("--model", "-m") { Description = "The model file that 'train' wrote.", Required = true };

    public static Option<bool> JsonFlag() =>
        new("--json") { Description = "Print one JSON document to standard output, and nothing else there." };

    public static Option<string?> OutputFile(string description) => new("--output", "-o") { Description = description };

    public static Option<int> Count(string name, int standard, string description, int least = 1)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard };
        option.CustomParser = result => ParseWhole(result, name, least) ?? 0;
        return option;
    }

    public static Option<int?> OptionalCount(string name, string description, int least = 1)
    {
        var option = new Option<int?>(name) { Description = description };
        option.CustomParser = result => ParseWhole(result, name, least);
        return option;
    }

    public static Option<double?> OptionalNumber(string name, string description, double least, double most)
    {
        var option = new Option<double?>(name) { Description = description };
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least
                && value <= most)
                return value;
            result.AddError(double.IsInfinity(most) ? $"{name} takes a number, not '{text}'."
                : FormattableString.Invariant($"{name} takes a number from {least} to {most}, not '{text}'."));
            return null;
        };
        return option;
    }

    /// <summary>The file beside the data that is written where no name is given.</summary>
    public static string BesideData(string data, string ending)
    {
        if (data == TableFile.StandardInput)
            return "stdin" + ending;
        string path = data.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? data[..^3] : data;
        return Path.ChangeExtension(path, ending);
    }

    private static int? ParseWhole(ArgumentResult result, string name, int least)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least)
            return value;
        result.AddError($"{name} takes a whole number from {least}, not '{text}'.");
        return null;
    }
}

/// <summary>How a table is read.</summary>
internal sealed class TableOptionSet
{
    private readonly Option<bool> _noHeader = new("--no-header") { Description = "The first line is a row; columns are named c1, c2, ..." };
    private readonly Option<string?> _separator = new("--separator")
    {
        Description = "What separates values, such as ';' or 'tab'. Found in the first line.",
    };
    private readonly Option<bool> _decimalComma = new("--decimal-comma") { Description = "Numbers are written as 3,14." };
    private readonly Option<string[]> _missing = new("--missing")
    {
        Description = $"Texts that mean a missing value. By default {string.Join(' ', TableOptions.DefaultMissing)}, "
            + "or what 'train' was told.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string> _badRows = new("--bad-rows")
    {
        Description = "What becomes of rows that cannot be read.", DefaultValueFactory = _ => "fail",
    };

    public TableOptionSet()
    {
        _separator.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not "tab" and { Length: not 1 } } token])
                result.AddError($"--separator takes one character or 'tab', not '{token.Value}'.");
        });
        _badRows.AcceptOnlyFromAmong("fail", "skip");
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _noHeader, _separator, _decimalComma, _missing, _badRows })
            command.Add(option);
    }

    public TableOptions Read(ParseResult result, ModelNotes? notes = null) => new()
    {
        HasHeader = !result.GetValue(_noHeader),
        Separator = result.GetValue(_separator) switch { null => null, "tab" => '\t', var text => text[0] },
        HasDecimalComma = result.GetValue(_decimalComma),
        Missing = result.GetValue(_missing) is { Length: > 0 } missing ? missing : notes?.Missing ?? TableOptions.DefaultMissing,
    };

    public bool SkipsBad(ParseResult result) => result.GetValue(_badRows) == "skip";
}

/// <summary>Where the threshold lies.</summary>
internal sealed class ThresholdOptionSet
{
    private readonly Option<double?> _falseAlarms = Shared.OptionalNumber("--false-alarms",
        "The share of normal rows that may be called anomalies. By default 0.01.", 0, 1);
    private readonly Option<double?> _contamination = Shared.OptionalNumber("--contamination",
        "The share of the training rows that are anomalies.", 0, 0.5);
    private readonly Option<double?> _threshold = Shared.OptionalNumber("--threshold", "The score above which a row is an anomaly.",
        double.NegativeInfinity, double.PositiveInfinity);

    public void AddTo(Command command)
    {
        Option[] options = [_falseAlarms, _contamination, _threshold];
        foreach (var option in options)
            command.Add(option);
        command.Validators.Add(result =>
        {
            string[] given = [.. options.Where(option => result.GetResult(option) is not null).Select(option => option.Name)];
            if (given.Length > 1)
                result.AddError($"{string.Join(" and ", given)} do not go together; give one of them.");
        });
    }

    public double? Contamination(ParseResult result) => result.GetValue(_contamination);

    /// <summary>The rule that was asked for; null for none.</summary>
    public ThresholdRule? Read(ParseResult result)
    {
        try
        {
            return result.GetValue(_falseAlarms) is { } rate ? ThresholdRule.FalseAlarmRate(rate)
                : result.GetValue(_contamination) is { } contamination ? ThresholdRule.Contamination(contamination)
                : result.GetValue(_threshold) is { } threshold ? ThresholdRule.Fixed((float)threshold) : null;
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new UsageException(e.Message);
        }
    }
}

/// <summary>Which column has the labels, and what means normal.</summary>
internal sealed class LabelOptionSet
{
    private readonly Option<string?> _label = new("--label") { Description = "The column with the labels. No feature is made of it." };
    private readonly Option<string[]> _normal = new("--normal")
    {
        Description = $"Labels that mean normal; all others mean anomaly. By default {string.Join(" ", Labels.DefaultNormal)}.",
        AllowMultipleArgumentsPerToken = true,
    };

    public void AddTo(Command command)
    {
        command.Add(_label);
        command.Add(_normal);
    }

    public string? Column(ParseResult result) => result.GetValue(_label);

    public Labels Read(ParseResult result, ModelNotes? notes = null) =>
        new(result.GetValue(_normal) is { Length: > 0 } normal ? normal : notes?.Normal ?? Labels.DefaultNormal);
}

/// <summary>How the rows of a file become time series.</summary>
internal sealed class SeriesOptionSet
{
    private readonly Option<string?> _time = new("--time")
    {
        Description = "The column with the time: the rows are the steps of a series, in this order. No feature is made of it.",
    };
    private readonly Option<string?> _key = new("--key") { Description = "The column that tells which of several series a row is of." };
    private readonly Option<WindowWidth?> _width = new("--width")
    {
        Description = "The rows of a window: a number, a duration such as 90m or 1d, or 'auto' for what repeats. By default "
            + $"{WindowWidth.DefaultSteps}.",
    };
    private readonly Option<bool> _covering = new("--covering")
    {
        Description = "Score a row by all windows that cover it, and so by later rows too.",
    };

    public SeriesOptionSet() => _width.CustomParser = result =>
    {
        string text = result.Tokens[0].Value;
        if (Parse(text) is { } width)
            return width;
        result.AddError($"--width takes a whole number from 2, a duration such as 30s, 90m, 36h or 7d, or 'auto', not '{text}'.");
        return null;
    };

    public void AddTo(Command command)
    {
        Option[] others = [_key, _width, _covering];
        command.Add(_time);
        foreach (var option in others)
            command.Add(option);
        command.Validators.Add(result =>
        {
            foreach (var option in others.Where(option => result.GetResult(option) is not null && result.GetResult(_time) is null))
                result.AddError($"{option.Name} goes with a time series; name the column with the time by --time.");
        });
    }

    /// <summary>What was asked for; null where the rows are no series.</summary>
    public SeriesChoices? Read(ParseResult result) => result.GetValue(_time) is not { } time ? null
        : new SeriesChoices(time, result.GetValue(_key), result.GetValue(_width), result.GetValue(_covering));

    private static WindowWidth? Parse(string text)
    {
        if (text == "auto")
            return WindowWidth.Autocorrelation();
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int steps))
            return steps >= 2 ? WindowWidth.Steps(steps) : null;
        double seconds = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        return seconds > 0 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
            && count > 0 && count * seconds < TimeSpan.MaxValue.TotalSeconds
            ? WindowWidth.Duration(TimeSpan.FromSeconds(count * seconds)) : null;
    }
}

/// <summary>What the commands share that write a table.</summary>
internal sealed class WritingOptionSet
{
    private readonly Option<string?> _output =
        Shared.OutputFile("The file to write, gzip where it ends in .gz. By default standard output.");
    private readonly Option<string> _prefix = new("--prefix") { Description = "What the names of new columns begin with.",
        DefaultValueFactory = _ => "" };
    private readonly Option<bool> _onlyNew = new("--only-new") { Description = "Leave out the columns of the file." };
    private readonly Option<Shard?> _shard = new("--shard")
    {
        Description = "Take one part of several, such as 2/8, and add the column 'row' with the row's number in the file.",
    };

    public WritingOptionSet() => _shard.CustomParser = result =>
    {
        string text = result.Tokens[0].Value;
        if (text.Split('/') is [var first, var second] && int.TryParse(first, CultureInfo.InvariantCulture, out int number)
            && int.TryParse(second, CultureInfo.InvariantCulture, out int count) && number >= 1 && number <= count)
            return new Shard(number, count);
        result.AddError($"--shard takes a part and how many there are, such as 2/8, not '{text}'.");
        return null;
    };

    public void AddTo(Command command, bool keepsInput)
    {
        command.Add(_output);
        command.Add(_prefix);
        command.Add(_shard);
        if (keepsInput)
            command.Add(_onlyNew);
    }

    public ScoringRequest Read(ParseResult result, bool skipsBad, bool isJson)
    {
        string? output = result.GetValue(_output);
        if (isJson && output is null)
            throw new UsageException("--json takes standard output; name the file for the rows with --output.");
        return new ScoringRequest
        {
            OutputPath = output,
            Prefix = result.GetValue(_prefix) ?? "",
            OnlyNew = result.GetValue(_onlyNew),
            Shard = result.GetValue(_shard),
            SkipsBad = skipsBad,
        };
    }
}
