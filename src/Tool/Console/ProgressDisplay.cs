using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace MLNetAutoencoder.Tool;

/// <summary>Shows how the work goes on: a bar where a person watches standard error, otherwise a line every five seconds.</summary>
internal abstract class ProgressDisplay : IProgress<TrainingProgress>
{
    private static readonly TimeSpan s_often = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan s_rarely = TimeSpan.FromSeconds(5);

    // Asking the clock after every row would cost more than reading some rows.
    private const int RowsBetween = 256;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly TimeSpan _interval;
    private TimeSpan _next;
    private string? _stage;
    private TimeSpan _started;
    private long _rows;

    private ProgressDisplay(TimeSpan interval)
    {
        _interval = interval;
        _next = interval;
    }

    /// <summary>Runs work that reports to what it is given.</summary>
    public static T Show<T>(Func<ProgressDisplay, T> work)
    {
        if (Console.IsErrorRedirected)
            return work(new Lines());
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (!console.Profile.Capabilities.Ansi)
            return work(new Lines());
        return console.Progress().AutoClear(true)
            .Columns(new ProgressBarColumn { Width = 20 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => work(new Bars(context)));
    }

    /// <summary>Reports rows that were read.</summary>
    /// <param name="stage">What is done with them.</param>
    /// <param name="rows">How many there were.</param>
    /// <param name="fraction">Which share of all that is; null where that is not known.</param>
    public void Rows(string stage, long rows, double? fraction)
    {
        bool isNew = stage != _stage || rows < _rows;
        if (!isNew && rows - _rows < RowsBetween)
            return;
        _rows = rows;
        if (!IsTime(stage, isNew))
            return;
        double seconds = (_clock.Elapsed - _started).TotalSeconds;
        string left = fraction is > 0 and < 1 && seconds > 1
            ? $", {TimeSpan.FromSeconds(seconds / fraction.Value * (1 - fraction.Value)):h\\:mm\\:ss} left" : "";
        Write(stage, string.Create(CultureInfo.InvariantCulture,
            $"{stage}: {rows:N0} rows, {rows / Math.Max(seconds, 1e-3):N0} rows/s{left}"),
            fraction);
    }

    /// <summary>Reports a training.</summary>
    public void Report(TrainingProgress value)
    {
        if (!IsTime("Training", _stage != "Training"))
            return;
        Write("Training", string.Create(CultureInfo.InvariantCulture,
            $"Training, epoch {value.Epoch} of {value.Epochs}: loss {value.Losses.Values.Sum():G4}, {value.RowsPerSecond:N0} rows/s, " +
            $"{value.Remaining:h\\:mm\\:ss} left"), (value.Epoch - 1 + (double)value.Step / value.Steps) / value.Epochs);
    }

    protected abstract void Write(string stage, string line, double? fraction);

    private bool IsTime(string stage, bool isNew)
    {
        if (isNew)
            (_stage, _started, _next) = (stage, _clock.Elapsed, _clock.Elapsed + _interval);
        if (_clock.Elapsed < _next)
            return false;
        _next = _clock.Elapsed + _interval;
        return true;
    }

    private sealed class Lines() : ProgressDisplay(s_rarely)
    {
        protected override void Write(string stage, string line, double? fraction) => Console.Error.WriteLine(line);
    }

    private sealed class Bars(ProgressContext context) : ProgressDisplay(s_often)
    {
        private ProgressTask? _bar;
        private string? _ofBar;

        protected override void Write(string stage, string line, double? fraction)
        {
            if (_bar is null || _ofBar != stage)
            {
                _bar?.StopTask();
                _bar = context.AddTask(Markup.Escape(stage), maxValue: 1);
                _ofBar = stage;
            }
            _bar.Description = Markup.Escape(line);
            _bar.IsIndeterminate = fraction is null;
            _bar.Value = fraction ?? 0;
        }
    }
}
