using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>What the classifier shares with the autoencoders: optimizer, schedule, progress, cancellation, time and threads.</summary>
[TestClass]
public sealed class StackedClassifierTrainingTests
{
    // An epoch is one step over all rows.
    private const int RowCount = 64, AllRows = 1000;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly IDataView s_digits = DigitRows.View(s_ml, DigitRows.Read(seed: 5).Take(RowCount));

    private static StackedClassifierEstimator.Options Options() => new()
    {
        Hidden = [6],
        Code = 4,
        Activation = Activation.Tanh,
        PretrainingEpochs = 0,
        Epochs = 1,
        BatchSize = AllRows,
        Seed = 3,
    };

    public static IEnumerable<(Optimizer Optimizer, double Least, double Most)> FirstSteps =>
    [
        // The first step of these is the learning rate, whatever the gradient: divided by its own size, at once or by its share.
        (new AdamOptimizer(), 0.99, 1.01),
        (new AdamWOptimizer(WeightDecay: 0), 0.99, 1.01),
        (new AdamWOptimizer(WeightDecay: 10), 1.5, 20),
        (new RmsPropOptimizer(Decay: 0.99), 9.9, 10.1),
        (new RmsPropOptimizer(Decay: 0.75), 1.98, 2.02),
        (new SgdOptimizer(), 1e-3, 0.9),
    ];

    [TestMethod]
    [DynamicData(nameof(FirstSteps))]
    public void The_optimizer_takes_the_steps(Optimizer optimizer, double least, double most)
    {
        const double rate = 1e-3;
        float[] moved = Moved(options => (options.Optimizer, options.LearningRate) = (optimizer, rate));
        Assert.IsInRange(least, most, moved.Max(Math.Abs) / rate);
    }

    [TestMethod]
    [DataRow(1e-2)]
    [DataRow(1e-3)]
    public void Clipping_bounds_the_norm_of_all_gradients_together(double most)
    {
        double Norm(double? clipping) => Math.Sqrt(Moved(options =>
            (options.Optimizer, options.LearningRate, options.GradientClipping) = (new SgdOptimizer(0), 1, clipping))
            .Sum(value => (double)value * value));
        Assert.AreEqual(most, Norm(most), 1e-3 * most);
        double free = Norm(null);
        Assert.IsGreaterThan(10 * most, free);
        Assert.AreEqual(free, Norm(10 * free), 1e-6 * free, "smaller ones are left alone");
    }

    public static IEnumerable<(LearningRateSchedule Schedule, int WarmUp, double Expected)> LastRates =>
    [
        (new ConstantSchedule(), 0, 1),
        (new ConstantSchedule(), 6, 0.5),
        (new StepSchedule(2, 0.5), 0, 0.5),
        (new StepSchedule(2, 0.5), 6, 0.25),
        (new CosineSchedule(0.1), 0, 0.1 + 0.9 * (1 + Math.Cos(Math.PI * 0.75)) / 2),
        (new OneCycleSchedule(0.5, 0.1, 0), 0, 0.5),
        (new PlateauSchedule(Patience: 1, Multiplier: 0.5, MinimalImprovement: 0.9), 0, 0.25),
    ];

    [TestMethod]
    [DynamicData(nameof(LastRates))]
    public void Schedule_and_warm_up_give_the_learning_rate(LearningRateSchedule schedule, int warmUp, double expected)
    {
        var options = Options();
        (options.Schedule, options.WarmUpEpochs, options.Epochs, options.LearningRate) = (schedule, warmUp, 4, 1e-2);
        using var model = Fit(options);
        var last = JsonDocument.Parse(model.Metadata.Training).RootElement.GetProperty("last_epoch");
        Assert.AreEqual(4, last.GetProperty("epoch").GetInt32());
        Assert.AreEqual(1e-2 * expected, last.GetProperty("learning_rate").GetDouble(), 1e-12);
    }

    [TestMethod]
    public void A_warm_up_begins_at_0() => Assert.IsTrue(Moved(options => options.WarmUpEpochs = 1).All(value => value == 0));

    [TestMethod]
    public void Progress_is_told_of_each_epoch_on_the_thread_that_trains()
    {
        int thread = Environment.CurrentManagedThreadId;
        var told = new List<TrainingProgress>();
        var options = Options();
        (options.PretrainingEpochs, options.Epochs, options.BatchSize) = (2, 3, 20);
        options.Progress = new DirectProgress(news =>
        {
            Assert.AreEqual(thread, Environment.CurrentManagedThreadId);
            told.Add(news);
        });
        Fit(options).Dispose();
        var ends = told.Where(news => news.Step == news.Steps).ToArray();
        Assert.AreSequenceEqual(
            [
                "Layer 1 of 2, epoch 1/2", "Layer 1 of 2, epoch 2/2", "Layer 2 of 2, epoch 1/2", "Layer 2 of 2, epoch 2/2",
                "Epoch 1/3", "Epoch 2/3", "Epoch 3/3",
            ],
            ends.Select(news => $"{news.Stage} {news.Epoch}/{news.Epochs}"));
        foreach (var news in ends)
        {
            Assert.AreEqual(4, news.Steps);
            Assert.AreEqual(news.Stage == "Epoch" ? "cross_entropy" : "reconstruction", news.Losses.Single().Key);
            Assert.IsTrue(double.IsFinite(news.Losses.Single().Value));
            Assert.IsNull(news.ValidationLoss);
        }
    }

    [TestMethod]
    [DataRow("Layer 1 of 2, epoch", WhenCanceled.Throw)]
    [DataRow("Layer 2 of 2, epoch", WhenCanceled.Throw)]
    [DataRow("Epoch", WhenCanceled.Throw)]
    [DataRow("Layer 1 of 2, epoch", WhenCanceled.KeepBest)]
    [DataRow("Layer 2 of 2, epoch", WhenCanceled.KeepBest)]
    [DataRow("Epoch", WhenCanceled.KeepBest)]
    public void A_cancellation_ends_the_training_within_one_step(string stage, WhenCanceled whenCanceled)
    {
        // Canceled after the third epoch of the stage; those before it are short.
        using var source = new CancellationTokenSource();
        int after = 0;
        var options = Options();
        (options.PretrainingEpochs, options.Epochs) = (4, 1_000_000);
        (options.Cancellation, options.WhenCanceled) = (source.Token, whenCanceled);
        options.Progress = new DirectProgress(news =>
        {
            if (source.IsCancellationRequested)
                after++;
            else if (news.Stage == stage && news.Epoch == 3)
                source.Cancel();
        });
        if (whenCanceled == WhenCanceled.Throw)
        {
            var error = Assert.ThrowsExactly<OperationCanceledException>(() => Fit(options));
            StringAssert.StartsWith(error.Message, "The training was canceled in step 1 of epoch 4");
            Assert.AreEqual(source.Token, error.CancellationToken);
        }
        else
        {
            using var kept = Fit(options);
            if (stage == "Epoch")
            {
                var whole = Options();
                (whole.PretrainingEpochs, whole.Epochs) = (4, 3);
                using var expected = Fit(whole);
                Assert.AreSequenceEqual(Probabilities(expected), Probabilities(kept));
            }
            else
                Assert.IsTrue(Probabilities(kept).All(float.IsFinite));
        }
        Assert.AreEqual(0, after, "news after the cancellation");
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1_000_000)]
    public void The_longest_time_ends_the_training_within_one_step(int pretrainingEpochs)
    {
        // Each step, which is an epoch, takes at least as long as its news: after ten of them the time is over.
        var longest = TimeSpan.FromMilliseconds(300);
        var told = new List<TrainingProgress>();
        var options = Options();
        (options.PretrainingEpochs, options.Epochs, options.MaxTrainingTime) = (pretrainingEpochs, 1_000_000, longest);
        options.Progress = new DirectProgress(news =>
        {
            told.Add(news);
            Thread.Sleep(31);
        });
        using var kept = Fit(options);
        Assert.IsInRange(1, 10, told.Count);
        Assert.IsTrue(told.All(news => news.Remaining <= longest));
        if (pretrainingEpochs > 0)
        {
            Assert.IsTrue(told.All(news => news.Stage == "Layer 1 of 2, epoch"), "one time for pretraining and training together");
            Assert.IsTrue(Probabilities(kept).All(float.IsFinite));
            return;
        }
        var whole = Options();
        whole.Epochs = told.Count;
        using var expected = Fit(whole);
        Assert.AreSequenceEqual(Probabilities(expected), Probabilities(kept));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void It_trains_with_so_many_threads_and_the_same_bits(int threads)
    {
        int before = torch.get_num_threads();
        var counts = new HashSet<int>();
        float[] Train()
        {
            var options = Options();
            (options.PretrainingEpochs, options.Epochs, options.Threads) = (2, 3, threads);
            options.Progress = new DirectProgress(_ => counts.Add(torch.get_num_threads()));
            using var model = Fit(options);
            Assert.AreEqual(threads, model.Metadata.ThreadCount);
            return Probabilities(model);
        }
        Assert.AreSequenceEqual(Train(), Train());
        Assert.AreSequenceEqual([threads], counts);
        Assert.AreEqual(before, torch.get_num_threads());
    }

    /// <summary>How far each weight that tells classes moves.</summary>
    private static float[] Moved(Action<StackedClassifierEstimator.Options> change)
    {
        var options = Options();
        change(options);
        float[] after = Weights(options);
        options.Epochs = 0;
        return [.. after.Zip(Weights(options), (one, other) => one - other)];
    }

    private static float[] Weights(StackedClassifierEstimator.Options options)
    {
        float[] weights = [];
        new StackedClassifierEstimator(s_ml, options).Fit(s_digits, (network, _) => weights =
            [.. network.ClassifyingParameters.SelectMany(one => MemoryMarshal.Cast<byte, float>(one.detach().bytes).ToArray())]).Dispose();
        return weights;
    }

    private static StackedClassifierTransformer Fit(StackedClassifierEstimator.Options options) =>
        s_ml.Autoencoders().StackedClassifier(options).Fit(s_digits);

    private static float[] Probabilities(StackedClassifierTransformer model) =>
        [.. model.Transform(s_digits).GetColumn<float[]>("Score").SelectMany(row => row)];
}
