using Spectre.Console;

namespace MLNetAutoencoder.Samples;

/// <summary>
/// Shows on the console how a training goes on: a bar for each stage, with loss, rows a second and time left, which is
/// gone when the training ends. It writes nothing where a line cannot be written over, as where the output goes to a
/// file or another program.
/// </summary>
internal static class TrainingBar
{
    private const int BarWidth = 20;

    // Narrower ones would have no room for the bar beside all that is told.
    private const int WideConsole = 140;

    /// <summary>Runs what trains.</summary>
    /// <param name="train">Trains, with what it is given as <see cref="TrainingOptions.Progress"/>: null
    /// where nothing is shown.</param>
    /// <param name="console">The console; null for that of the process.</param>
    public static T Show<T>(Func<IProgress<TrainingProgress>?, T> train, IAnsiConsole? console = null)
    {
        console ??= AnsiConsole.Console;
        if (!CanWriteOver(console))
            return train(null);
        return console.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn { Width = BarWidth }, new PercentageColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => train(new Bars(context, console.Profile.Width >= WideConsole)));
    }

    private static bool CanWriteOver(IAnsiConsole console) =>
        console.Profile.Out.IsTerminal && console.Profile.Capabilities is { Ansi: true, Interactive: true };

    /// <summary>A bar for each stage, such as the layers that are pretrained and then the whole.</summary>
    private sealed class Bars(ProgressContext context, bool isWide) : IProgress<TrainingProgress>
    {
        private string? _stage;
        private ProgressTask? _bar;

        public void Report(TrainingProgress value)
        {
            if (_bar is null || _stage != value.Stage)
            {
                _bar?.StopTask();
                _bar = context.AddTask(Markup.Escape(value.Stage), maxValue: value.Epochs);
                _stage = value.Stage;
            }
            _bar.Description = Markup.Escape(isWide ? value.ToString()
                : $"{value.Stage} {value.Epoch}/{value.Epochs}: loss {value.Losses.Values.Sum():G4}, {value.RowsPerSecond:N0} rows/s, " +
                $"{value.Remaining:h\\:mm\\:ss} left");
            _bar.Value = value.Epoch - 1 + (double)value.Step / value.Steps;
        }
    }
}
