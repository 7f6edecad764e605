using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Fits that end otherwise than by themselves: the exception comes out as it was thrown, and nothing is left behind.</summary>
[TestClass]
public sealed class FailingFitTests
{
    private const int RowCount = 60;

    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> Places =>
    [
        [Throws.Cursor, 0L], [Throws.Getter, 0L], [Throws.MoveNext, 0L], [Throws.MoveNext, 30L], [Throws.MoveNext, (long)RowCount],
            [Throws.Value, 0L], [Throws.Value, 30L], [Throws.Value, RowCount - 1L], [Throws.Disposal, 0L],
    ];

    [TestMethod]
    [DynamicData(nameof(Places))]
    public void A_view_that_throws_lets_its_own_exception_out_and_leaves_nothing_behind(Throws place, long row)
    {
        using var folder = new TestFolder();
        var rows = VariantRows.View(s_ml, RowCount);
        byte[] expected = Fit(rows);
        using var state = new CallersState(threads: 3, gradients: false);

        var view = new ThrowingView(rows, place, row);
        Assert.AreSame(view.Error, Assert.ThrowsExactly<NotFiniteNumberException>(() => Fit(view, folder["checkpoints"])),
            "in training rows");
        state.AssertLeft("training rows that throw");
        Assert.AreEqual(view.CursorsOpened, view.CursorsDisposed);

        view = new ThrowingView(rows, place, row);
        Assert.AreSame(view.Error, Assert.ThrowsExactly<NotFiniteNumberException>(() => Estimator(folder["checkpoints"]).Fit(rows, view)),
            "in validation rows");
        state.AssertLeft("validation rows that throw");
        Assert.AreEqual(view.CursorsOpened, view.CursorsDisposed);

        Assert.IsTrue(!Directory.Exists(folder["checkpoints"]) || Directory.GetFiles(folder["checkpoints"]).Length == 0,
            "a checkpoint of nothing");
        CollectionAssert.AreEqual(expected, Fit(rows), "the fit that follows");
    }

    [TestMethod]
    public void A_progress_that_throws_ends_the_training_with_its_exception_and_the_last_checkpoint_whole()
    {
        using var folder = new TestFolder();
        var rows = VariantRows.View(s_ml, RowCount);
        byte[] expected = Fit(rows);
        using var state = new CallersState(threads: 2, gradients: true);
        var error = new NotFiniteNumberException("The progress throws here.");
        var progress = new DirectProgress(told =>
        {
            if (told.Epoch == 3)
                throw error;
        });
        Assert.AreSame(error, Assert.ThrowsExactly<NotFiniteNumberException>(
            () => Fit(rows, folder.Path, options => options.Progress = progress)));
        state.AssertLeft("a progress that throws");
        CollectionAssert.AreEqual(new[] { "autoencoder.checkpoint" }, Directory.GetFiles(folder.Path).Select(Path.GetFileName).ToArray());
        CollectionAssert.AreEqual(expected, Fit(rows, folder.Path), "gone on from two epochs");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Divergence_leaves_what_the_user_has_set(bool gradients)
    {
        using var state = new CallersState(threads: 2, gradients);
        Assert.ThrowsExactly<InvalidOperationException>(
            () => Fit(VariantRows.View(s_ml, RowCount), change: options =>
            (options.LearningRate, options.Scaling, options.Epochs) = (1e30, InputScaling.None, 50)));
        state.AssertLeft("divergence");
    }

    [TestMethod]
    [DataRow(WhenCanceled.Throw)]
    [DataRow(WhenCanceled.KeepBest)]
    public void Cancellation_leaves_what_the_user_has_set(WhenCanceled whenCanceled)
    {
        foreach (string name in new[] { "dense", "contractive sparse dense", "stacked denoising dense",
            "denoising sparse conditional variational dense" })
        {
            using var source = new CancellationTokenSource();
            var options = EveryVariant.Options(name);
            (options.Epochs, options.Cancellation, options.WhenCanceled) = (1000, source.Token, whenCanceled);
            options.Progress = new DirectProgress(told => source.Cancel());
            using var state = new CallersState(threads: 2, gradients: false);
            var estimator = s_ml.Autoencoders().Autoencoder(options);
            if (whenCanceled == WhenCanceled.Throw)
                Assert.ThrowsExactly<OperationCanceledException>(() => estimator.Fit(VariantRows.View(s_ml, RowCount)));
            else
                estimator.Fit(VariantRows.View(s_ml, RowCount)).Dispose();
            state.AssertLeft($"a canceled fit of {name}");
        }
    }

    [TestMethod]
    public void A_folder_for_checkpoints_that_cannot_be_made_is_told_of_before_the_training()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["file"], "");
        int epochs = 0;
        var error = Assert.ThrowsExactly<IOException>(
            () => Fit(VariantRows.View(s_ml, RowCount), folder["file/checkpoints"], options =>
            options.Progress = new DirectProgress(_ => epochs++)));
        StringAssert.Contains(error.Message, $"The folder '{folder["file/checkpoints"]}' of the option Checkpoint.Folder cannot be used");
        Assert.AreEqual(0, epochs);
    }

    private static byte[] Fit(IDataView view, string? checkpoints = null, Action<AutoencoderEstimator.Options>? change = null)
    {
        using var model = Estimator(checkpoints, change).Fit(view);
        return DenseTests.Scorer(model);
    }

    private static AutoencoderEstimator Estimator(string? checkpoints, Action<AutoencoderEstimator.Options>? change = null)
    {
        var options = VariantRows.Options();
        options.Epochs = 5;
        if (checkpoints is not null)
            options.Checkpoint = new CheckpointOptions { Folder = checkpoints, Continue = true };
        change?.Invoke(options);
        return s_ml.Autoencoders().Autoencoder(options);
    }
}
