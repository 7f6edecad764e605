using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>A cancellation from another thread at any moment stops a training within one step.</summary>
[TestClass]
public sealed class CancellationTests
{
    private const int RowCount = 64;

    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> Kinds =>
        from kind in new[] { "plain", "validated", "validation view", "autograd",
            "pretrained" } from whenCanceled in Enum.GetValues<WhenCanceled>() select new object[] { kind, whenCanceled };

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void A_training_stops_within_one_step_and_keeps_the_best_weights(string kind, WhenCanceled whenCanceled)
    {
        var random = new Random(17);
        for (int round = 0; round < 4; round++)
        {
            // An epoch is one step over all rows, so that each step is told of.
            int steps = 0, stepsWhenCanceled = -1, signalAt = random.Next(1, 40), spins = random.Next(20_000);
            using var source = new CancellationTokenSource();
            using var reached = new ManualResetEventSlim();
            var options = Options(kind);
            (options.Epochs, options.Cancellation, options.WhenCanceled) = (1_000_000, source.Token, whenCanceled);
            if (options.Pretraining is { } pretraining)
                options.Pretraining = pretraining with { Epochs = 1_000_000 };
            options.Progress = new DirectProgress(_ =>
            {
                if (Interlocked.Increment(ref steps) == signalAt)
                    reached.Set();
            });
            var canceller = new Thread(() =>
            {
                reached.Wait();
                Thread.SpinWait(spins);
                source.Cancel();
                stepsWhenCanceled = Volatile.Read(ref steps);
            });
            canceller.Start();
            if (whenCanceled == WhenCanceled.Throw)
            {
                var error = Assert.ThrowsExactly<OperationCanceledException>(() => Fit(kind, options));
                StringAssert.StartsWith(error.Message, "The training was canceled in ");
                Assert.AreEqual(source.Token, error.CancellationToken);
                canceller.Join();
            }
            else
            {
                using var kept = Fit(kind, options);
                canceller.Join();

                // The same training, ended by itself after as many epochs, has the same weights: with validation those of its best epoch.
                var whole = Options(kind);
                whole.Epochs = kept.History.Count;
                whole.Pretraining = null;
                if (kind == "pretrained")
                {
                    Assert.IsEmpty(kept.History);
                    Assert.IsTrue(Scores(kept).All(float.IsFinite));
                }
                else
                {
                    using var expected = Fit(kind, whole);
                    CollectionAssert.AreEqual(Scores(expected), Scores(kept), $"{kept.History.Count} epochs");
                }
            }
            Assert.IsGreaterThanOrEqualTo(signalAt, stepsWhenCanceled);
            Assert.IsLessThanOrEqualTo(1, steps - stepsWhenCanceled, $"steps after the cancellation, which was asked for after {signalAt}");
        }
    }

    [TestMethod]
    public void A_training_of_many_steps_an_epoch_stops_at_any_of_them()
    {
        var random = new Random(23);
        var places = new HashSet<string>();
        for (int round = 0; round < 6; round++)
        {
            using var source = new CancellationTokenSource();
            using var running = new ManualResetEventSlim();
            var options = VariantRows.Options();
            (options.Epochs, options.BatchSize, options.Cancellation) = (1_000_000, 1, source.Token);
            options.Progress = new DirectProgress(_ => running.Set());
            int delay = random.Next(1, 40);
            var canceller = Task.Run(() =>
            {
                running.Wait();
                Thread.Sleep(delay);
                source.Cancel();
            });
            places.Add(Assert.ThrowsExactly<OperationCanceledException>(() => Fit("plain", options)).Message);
            canceller.Wait();
        }

        // 64 steps an epoch: that two of six moments fall on one step of one epoch is possible, that all do is not.
        Assert.IsGreaterThan(2, places.Count, string.Join(' ', places));
        Assert.IsTrue(places.Any(place => !place.Contains("in step 1 of", StringComparison.Ordinal)), string.Join(' ', places));
    }

    [TestMethod]
    public void A_validation_is_cut_short()
    {
        var options = Options("plain");
        new AutoencoderEstimator(s_ml, options).Fit(VariantRows.View(s_ml, RowCount), (network, set) =>
        {
            var (objective, pass) = (new Objective(options, network, set), NetworkValues.Pass(isTraining: false));
            Assert.IsGreaterThan(0, objective.Evaluate(set, pass, CancellationToken.None)!.Value);
            Assert.IsNull(objective.Evaluate(set, pass, new CancellationToken(canceled: true)));
        }).Dispose();
    }

    [TestMethod]
    [DataRow("plain")]
    [DataRow("validated")]
    [DataRow("pretrained")]
    public void The_longest_time_ends_a_training_within_one_step(string kind)
    {
        // Each step, which is an epoch, takes at least as long as its news: after ten of them the time is over.
        var longest = TimeSpan.FromMilliseconds(300);
        int steps = 0;
        var options = Options(kind);
        (options.Epochs, options.MaxTrainingTime) = (1_000_000, longest);
        if (options.Pretraining is { } pretraining)
            options.Pretraining = pretraining with { Epochs = 1_000_000 };
        var remaining = new List<TimeSpan>();
        options.Progress = new DirectProgress(told =>
        {
            steps++;
            remaining.Add(told.Remaining);
            Thread.Sleep(31);
        });
        using var kept = Fit(kind, options);
        Assert.IsInRange(1, 10, steps);
        Assert.IsTrue(remaining.All(left => left <= longest), "no longer than the longest time");
        if (kind == "pretrained")
        {
            Assert.IsEmpty(kept.History);
            return;
        }
        var whole = Options(kind);
        whole.Epochs = kept.History.Count;
        using var expected = Fit(kind, whole);
        CollectionAssert.AreEqual(Scores(expected), Scores(kept));
    }

    /// <summary>Options of a training whose epochs are one step each.</summary>
    private static AutoencoderEstimator.Options Options(string kind)
    {
        var options = VariantRows.Options();
        options.BatchSize = 1000;

        // A learning rate that overshoots, so that the last epoch is seldom the best.
        if (kind.StartsWith("validat", StringComparison.Ordinal))
            options.LearningRate = 0.05;
        switch (kind)
        {
            case "validated":
                options.ValidationShare = 0.25;
                break;
            case "autograd":
                options.Network = new DenseNetworkOptions { Hidden = [10], Normalization = Normalization.Batch, Dropout = 0.2 };
                options.Code = options.Code with { Variational = new VariationalOptions() };
                break;
            case "pretrained":
                options.Pretraining = new PretrainingOptions();
                break;
        }
        return options;
    }

    private static AutoencoderTransformer Fit(string kind, AutoencoderEstimator.Options options)
    {
        var (estimator, rows) = (s_ml.Autoencoders().Autoencoder(options), VariantRows.View(s_ml, RowCount));
        return kind == "validation view" ? estimator.Fit(rows, VariantRows.View(s_ml, 40, seed: 99)) : estimator.Fit(rows);
    }

    private static float[] Scores(AutoencoderTransformer model) =>
        [.. model.Transform(VariantRows.View(s_ml, 50, seed: 5)).GetColumn<float>("Score")];
}
