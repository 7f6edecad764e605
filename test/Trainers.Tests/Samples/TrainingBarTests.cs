using System.Text;
using Microsoft.ML;
using MLNetAutoencoder.Samples;
using Spectre.Console;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The bar of the samples, on a console that is a terminal and on one that is none.</summary>
[TestClass]
public sealed class TrainingBarTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    [DataRow(160, @"100% Epoch 5/5, step 7/7: loss [0-9.]+, [0-9,]+ rows/s, 0:00:00 left *\n")]
    [DataRow(80, @"100% Epoch 5/5: loss [0-9.]+, [0-9,]+ rows/s, 0:00:00 left *\n")]
    public void On_a_terminal_each_stage_has_a_bar_with_loss_rate_and_time_left_and_nothing_is_left_of_it(int width, string line)
    {
        using var output = new Output(isTerminal: true, width);
        using var model = TrainingBar.Show(progress =>
        {
            Assert.IsNotNull(progress);
            return Rows.Fit(s_ml, options =>
            {
                options.Pretraining = new PretrainingOptions { Epochs = 2 };

                // Told while the console is drawn ten times a second.
                options.Progress = new DirectProgress(told =>
                {
                    progress.Report(told);
                    Thread.Sleep(told.Epoch == told.Epochs ? 250 : 0);
                });
            });
        }, output.Console());
        string written = output.ToString();
        StringAssert.Contains(written, "Layer 1 of 2, epoch 2/2");
        StringAssert.Matches(written, new(line));

        // The last thing is to wipe out the lines.
        string end = written[written.LastIndexOf("100%", StringComparison.Ordinal)..];
        StringAssert.Contains(end, "\u001b[2K");
    }

    [TestMethod]
    public void Elsewhere_nothing_is_written_and_nothing_is_told()
    {
        using var output = new Output(isTerminal: false, width: 80);
        using var model = TrainingBar.Show(progress =>
        {
            Assert.IsNull(progress);
            return Rows.Fit(s_ml, options => options.Progress = progress);
        }, output.Console());
        Assert.AreEqual("", output.ToString());
    }

    /// <summary>What a console writes to.</summary>
    private sealed class Output(bool isTerminal, int width) : IAnsiConsoleOutput, IDisposable
    {
        private readonly StringWriter _writer = new();

        public TextWriter Writer => _writer;

        public bool IsTerminal => isTerminal;

        public int Width => width;

        public int Height => 40;

        public IAnsiConsole Console() => AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors, Out = this });

        public void Dispose() => _writer.Dispose();

        public void SetEncoding(Encoding encoding)
        {
        }

        public override string ToString() => _writer.ToString();
    }
}
