using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// Rows that do not fit the budget are read from the view again in every epoch, with the same results where order does
/// not matter; rows that fit are held once.
/// </summary>
[TestClass]
public sealed class MemoryBudgetTests
{
    private const int Count = 500, Width = 6;

    private static readonly MLContext s_ml = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    /// <summary>Options whose budget holds a fifth of the rows, or all.</summary>
    private static AutoencoderEstimator.Options Options(bool streams, Action<AutoencoderEstimator.Options>? change = null)
    {
        var options = new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [5] },
            Code = new CodeOptions { Size = 2 },
            Epochs = 4,
            LearningRate = 0.01,
            Seed = 5,
            MemoryBudget = streams ? Count / 5 * Width * sizeof(float) : null,
        };
        change?.Invoke(options);
        return options;
    }

    private static AutoencoderTransformer Fit(bool streams, Action<AutoencoderEstimator.Options>? change = null, IDataView? view = null) =>
        s_ml.Autoencoders().Autoencoder(Options(streams, change)).Fit(view ?? new GeneratedView(Count, Width));

    [TestMethod]
    public void Streamed_rows_are_gone_through_once_an_epoch_and_learned_from()
    {
        var view = new GeneratedView(Count, Width);
        using var streamed = Fit(streams: true, view: view);
        using var held = Fit(streams: false);

        // The first, for the scaling, four epochs, and for the threshold.
        Assert.AreEqual(7, view.CursorsOpened);
        StringAssert.Contains(streamed.Metadata.Training, "\"streamed\":true");
        StringAssert.Contains(held.Metadata.Training, "\"streamed\":false");

        // The orders differ, the data do not.
        Assert.IsLessThan(0.5 * streamed.History[0].Loss, streamed.History[^1].Loss);
        Assert.AreEqual(held.History[^1].Loss, streamed.History[^1].Loss, 0.25 * held.History[^1].Loss);
    }

    [TestMethod]
    public void Rows_that_fit_are_read_once()
    {
        foreach (bool tellsCount in new[] { false, true })
        {
            var view = new GeneratedView(Count, Width) { TellsCount = tellsCount };
            using var model = Fit(streams: false, options => options.MemoryBudget = Count * Width * sizeof(float), view);
            Assert.AreEqual(1, view.CursorsOpened);
        }
    }

    [TestMethod]
    [DataRow(InputScaling.None)]
    [DataRow(InputScaling.Standardize)]
    [DataRow(InputScaling.MinMax)]
    [DataRow(InputScaling.Robust)]
    public void Scaling_threshold_and_what_is_held_out_are_the_same_either_way(InputScaling scaling)
    {
        string Metadata(bool streams)
        {
            using var model = Fit(streams, options => (options.Epochs, options.Scaling, options.ValidationShare) = (0, scaling, 0.3));
            return string.Join('\n', model.Metadata.ToDictionary().Where(pair => !pair.Key.EndsWith("training", StringComparison.Ordinal))
                .Select(pair => $"{pair.Key}: {pair.Value}"));
        }
        Assert.AreEqual(Metadata(streams: false), Metadata(streams: true));
    }

    [TestMethod]
    public void A_streamed_epoch_has_every_row_once_in_an_order_of_its_own()
    {
        NetworkValues.Inspect(s_ml, Options(streams: true, options => (options.Epochs, options.Scaling) = (0, InputScaling.None)),
            new GeneratedView(Count, Width), (_, set) =>
        {
            using var generator = new torch.Generator(3, torch.CPU);
            float[] expected = [.. Enumerable.Range(0, Count).Select(row => GeneratedView.First(row))];
            float[][] epochs = [.. Enumerable.Range(0, 2)
                .Select(_ => set.Shuffled(32, generator)
                .SelectMany(batch => NetworkValues.Of(batch.Rows).Chunk(Width).Select(row => row[0])).ToArray())];
            foreach (float[] epoch in epochs)
            {
                CollectionAssert.AreEquivalent(expected, epoch);
                CollectionAssert.AreNotEqual(expected, epoch);
            }
            CollectionAssert.AreNotEqual(epochs[0], epochs[1]);

            // A row comes at most as many places early as the window is long.
            var placeOf = expected.Select((value, place) => (value, place)).ToDictionary(pair => pair.value, pair => pair.place);
            Assert.AreEqual(Count / 5, set.WindowFor(32));
            Assert.IsTrue(epochs[0].Select((value, place) => placeOf[value] - place).All(early => early < Count / 5));
        });
    }

    [TestMethod]
    public void A_streamed_fit_is_repeated_bit_for_bit_alone_and_beside_another()
    {
        void Change(AutoencoderEstimator.Options options) =>
            (options.ValidationShare, options.Corruption, options.Pretraining) = (
            0.2, new SaltAndPepperCorruption(0.1), new PretrainingOptions { Epochs = 2 });
        byte[] first = DenseTests.Scorer(Fit(true, Change));
        CollectionAssert.AreEqual(first, DenseTests.Scorer(Fit(true, Change)));
        byte[][] concurrent = new byte[2][];
        Parallel.For(0, 2, i => concurrent[i] = DenseTests.Scorer(Fit(true, Change)));
        CollectionAssert.AreEqual(first, concurrent[0]);
        CollectionAssert.AreEqual(first, concurrent[1]);
    }

    [TestMethod]
    public void A_streamed_training_goes_on_bit_for_bit_and_not_with_another_window()
    {
        using var folder = new TestFolder();
        Action<AutoencoderEstimator.Options> Epochs(int epochs) => options =>
            (options.Epochs, options.Checkpoint) = (epochs, new CheckpointOptions { Folder = folder.Path, Continue = true });
        byte[] whole = DenseTests.Scorer(Fit(true, options => options.Epochs = 6));
        Fit(true, Epochs(3)).Dispose();
        Fails.With<InvalidOperationException>("written with the rows that are shuffled at a time 100, and this training has 500",
            () => Fit(false, Epochs(6)));
        CollectionAssert.AreEqual(whole, DenseTests.Scorer(Fit(true, Epochs(6))));
    }

    [TestMethod]
    public void A_canceled_streamed_fit_keeps_what_it_has_or_throws()
    {
        foreach (var when in new[] { WhenCanceled.KeepBest, WhenCanceled.Throw })
        {
            using var source = new CancellationTokenSource();
            var progress = new DirectProgress(told =>
            {
                if (told.Epoch == 2)
                    source.Cancel();
            });
            AutoencoderTransformer Run() => Fit(true, options =>
                (options.Progress, options.Cancellation, options.WhenCanceled) = (progress, source.Token, when));
            if (when == WhenCanceled.Throw)
            {
                Assert.ThrowsExactly<OperationCanceledException>(Run);
                continue;
            }
            using var kept = Run();
            using var expected = Fit(true, options => options.Epochs = 2);
            Assert.HasCount(2, kept.History);
            Assert.AreEqual(expected.Threshold, kept.Threshold);
        }
    }

    [TestMethod]
    [DataRow(7, "more")]
    [DataRow(-7, "493")]
    public void A_view_with_other_rows_the_second_time_is_refused(int later, string found)
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Fit(true, view: new GeneratedView(Count, Width) { LaterRows = later }));
        StringAssert.Contains(error.Message, $"gave 500 rows when it was first read and {found} when it was read again");
        StringAssert.Contains(error.Message, "Options.MemoryBudget");
    }

    /// <summary>Passes: the first, the scaling, four epochs, the threshold.</summary>
    [TestMethod]
    public void A_view_that_fails_in_any_pass_lets_its_own_exception_out_and_is_closed()
    {
        for (int pass = 1; pass <= 7; pass++)
        {
            var view = new GeneratedView(Count, Width) { FailingPass = pass, FailAt = Count / 2 };
            Assert.AreEqual("The view fails here.", Assert.ThrowsExactly<IOException>(() => Fit(true, view: view)).Message, $"pass {pass}");
            Assert.AreEqual(pass, view.CursorsOpened);
            Assert.AreEqual(view.CursorsOpened, view.CursorsDisposed, $"pass {pass}");
        }
    }

    [TestMethod]
    public void The_budget_is_told_where_it_does_not_hold_and_refused_where_it_is_none()
    {
        var ml = new MLContext(seed: 1);
        var log = new List<string>();
        ml.Log += (_, e) => log.Add(e.RawMessage);
        ml.Autoencoders().Autoencoder(Options(streams: true)).Fit(new GeneratedView(Count, Width)).Dispose();
        Assert.IsTrue(
            log.Any(message => message.Contains("The 500 training rows of 24 bytes do not fit Options.MemoryBudget of 2400 bytes",
            StringComparison.Ordinal)));
        Fails.With<ArgumentOutOfRangeException>("The option MemoryBudget is 0; expected at least 1 byte",
            () => Fit(false, options => options.MemoryBudget = 0));
    }

    /// <summary>
    /// Two million rows of 30 features, of 240 million bytes: the peak of the working set, less that after a fit of a
    /// thousand rows.
    /// </summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Two_million_rows_take_at_most_one_and_a_half_times_their_size(bool streams)
    {
        const long rows = 2_000_000;
        const int width = 30;
        void Change(AutoencoderEstimator.Options options) =>
            (options.Epochs, options.BatchSize, options.MemoryBudget) = (1, 1024, streams ? 24_000_000 : null);
        Fit(false, Change, new GeneratedView(1000, width)).Dispose();
        long before = WorkingSet();
        File.WriteAllText("/proc/self/clear_refs", "5"); // Linux: the peak starts anew.
        Fit(false, Change, new GeneratedView(rows, width)).Dispose();
        long taken = Status("VmHWM") - before;
        TestContext.WriteLine(
            $"{(streams ? "streamed with a window of a tenth" : "held")}: {taken / 1e6:F0} MB, {taken / (rows * width * 4.0):F2} of the " +
            "rows");
        Assert.IsLessThanOrEqualTo(streams ? 0.5 : 1.5, taken / (rows * width * 4.0));
    }

    private static long WorkingSet()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Status("VmRSS");
    }

    private static long Status(string key) =>
        1024 * long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(key + ":", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
