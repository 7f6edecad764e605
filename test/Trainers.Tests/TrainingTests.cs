using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>What users expect of a trainer: validation, stopping, schedules, progress, cancellation, checkpoints.</summary>
[TestClass]
public sealed class TrainingTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static AutoencoderTransformer Fit(Action<AutoencoderEstimator.Options> change, int rows = 200)
    {
        var options = VariantRows.Options();
        options.Epochs = 6;
        change(options);
        return s_ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(s_ml, rows));
    }

    [TestMethod]
    public void History_tells_each_term_of_each_epoch()
    {
        using var model = Fit(options =>
        {
            options.Penalties = [new L1Penalty(0.1)];
            options.WeightL2 = 1e-3;
        });
        Assert.HasCount(6, model.History);
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, 5, 6 }, model.History.Select(epoch => epoch.Epoch).ToArray());
        CollectionAssert.AreEqual(new[] { "reconstruction", "sparsity_l1", "weight_l2" }, model.History[0].Losses.Keys.ToArray());
        Assert.IsTrue(
            model.History.All(epoch => epoch.Losses.Values.All(loss => loss > 0) && epoch.ValidationLoss is null
            && epoch.LearningRate == 0.001));
        Assert.IsLessThan(model.History[0].Loss, model.History[^1].Loss);
        using var other = model.WithThreshold(1);
        Assert.AreSame(model.History, other.History);
    }

    [TestMethod]
    public void The_best_epochs_weights_are_kept_and_their_scores_make_the_threshold()
    {
        // A learning rate that overshoots: the validation loss goes up and down.
        using var model = Fit(options => (options.ValidationShare, options.LearningRate, options.Epochs) = (0.25, 0.1, 25));
        double least = model.History.Min(epoch => epoch.ValidationLoss!.Value);
        Assert.AreNotEqual(least, model.History[^1].ValidationLoss!.Value, "the last epoch is not the best, or the test shows nothing");

        // The mean score of the validation rows, whose quantiles the metadata keep, is the loss of the best epoch.
        Assert.AreEqual(least, model.Metadata.ScoreMean, 1e-4 * least);
        StringAssert.Contains(model.Metadata.Training, "\"validation_rows\":");
    }

    [TestMethod]
    public void A_validation_view_is_not_trained_on()
    {
        var options = VariantRows.Options();
        options.Epochs = 4;
        var train = VariantRows.View(s_ml, 150);
        using var alone = s_ml.Autoencoders().Autoencoder(options).Fit(train);
        using var validated = s_ml.Autoencoders().Autoencoder(options).Fit(train, VariantRows.View(s_ml, 60, seed: 99));
        CollectionAssert.AreEqual(alone.History.Select(epoch => epoch.Loss).ToArray(),
            validated.History.Select(epoch => epoch.Loss).ToArray());
        Assert.IsTrue(validated.History.All(epoch => epoch.ValidationLoss > 0));
    }

    [TestMethod]
    public void Early_stopping_waits_as_long_as_its_patience()
    {
        using var model = Fit(options =>
        {
            (options.ValidationShare, options.Epochs, options.LearningRate) = (0.3, 400, 0.05);
            options.EarlyStopping = new EarlyStopping(Patience: 4);
        });
        Assert.IsLessThan(400, model.History.Count);
        var losses = model.History.Select(epoch => epoch.ValidationLoss!.Value).ToArray();
        Assert.AreEqual(losses.Length - 5, Array.IndexOf(losses, losses.Min()));
        Fails.With<ArgumentException>("EarlyStopping (set) and ValidationShare (0) cannot be combined",
            () => Fit(options => options.EarlyStopping = new EarlyStopping()));
    }

    [TestMethod]
    public void Schedules_give_their_learning_rates()
    {
        // Of the last step of each epoch: 200 rows, batches of 32, so that it is the seventh of seven.
        const double last = 6.0 / 7;
        double[] Rates(LearningRateSchedule schedule, int warmUp = 0)
        {
            using var model = Fit(options => (options.Schedule, options.WarmUpEpochs) = (schedule, warmUp));
            return [.. model.History.Select(epoch => epoch.LearningRate / 0.001)];
        }
        void Equal(double[] expected, double[] actual)
        {
            for (int i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], actual[i], 1e-12, $"epoch {i + 1}");
        }

        Equal([1, 1, 1, 1, 1, 1], Rates(new ConstantSchedule()));
        Equal([1, 1, 0.5, 0.5, 0.25, 0.25], Rates(new StepSchedule(2, 0.5)));
        Equal([.. Enumerable.Range(0, 6).Select(epoch => 0.1 + 0.9 * (1 + Math.Cos(Math.PI * (epoch + last) / 6)) / 2)],
            Rates(new CosineSchedule(0.1)));
        Equal([last / 2, (1 + last) / 2, 1, 1, 1, 1], Rates(new ConstantSchedule(), warmUp: 2));
        var cycle = Rates(new OneCycleSchedule(0.5, 0.1, 0.01));
        Assert.AreEqual(2, Array.IndexOf(cycle, cycle.Max()));
        Assert.AreEqual(0.01 + 0.99 * (1 + Math.Cos(Math.PI * ((5 + last) / 6 - 0.5) / 0.5)) / 2, cycle[5], 1e-12);

        // A learning rate of next to nothing: no epoch improves by half, so that it falls after every second.
        using var plateau = Fit(options => (options.LearningRate, options.Schedule) = (
            1e-9, new PlateauSchedule(Patience: 2, Multiplier: 0.5, MinimalImprovement: 0.5)));
        Equal([1, 1, 1, 0.5, 0.5, 0.25], [.. plateau.History.Select(epoch => epoch.LearningRate / 1e-9)]);
    }

    [TestMethod]
    public void Clipping_bounds_a_step()
    {
        double Moved(double? clipping)
        {
            using var model = Fit(options =>
            {
                (options.Epochs, options.LearningRate, options.GradientClipping) = (1, 1, clipping);
                options.Optimizer = new SgdOptimizer(0);
                options.BatchSize = 1000;
            });
            using var untrained = Fit(options => options.Epochs = 0);
            return Rows.Difference(Scores(untrained), Scores(model));
        }
        Assert.IsLessThan(Moved(null) / 10, Moved(1e-3));
    }

    [TestMethod]
    public void Clipping_is_by_the_norm_of_all_gradients_together()
    {
        float[] Weights(int epochs)
        {
            var options = VariantRows.Options();
            (options.Epochs, options.LearningRate, options.GradientClipping) = (epochs, 1, 1e-2);
            options.Optimizer = new SgdOptimizer(0);
            options.BatchSize = 1000;
            float[] weights = [];
            new AutoencoderEstimator(s_ml, options).Fit(VariantRows.View(s_ml, 200), (network, _) =>
                weights = [.. network.parameters().SelectMany(
                    parameter => MemoryMarshal.Cast<byte, float>(parameter.detach().bytes).ToArray())]).Dispose();
            return weights;
        }

        // One step of length 1 along the gradients.
        double norm = Math.Sqrt(Weights(0).Zip(Weights(1), (before, after) => Math.Pow(before - after, 2)).Sum());
        Assert.AreEqual(1e-2, norm, 1e-4);
    }

    [TestMethod]
    public void Progress_is_told_after_each_epoch()
    {
        var told = new List<TrainingProgress>();
        using var model = Fit(options => options.Progress = new DirectProgress(told.Add));
        var ends = told.Where(progress => progress.Step == progress.Steps).ToArray();
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, 5, 6 }, ends.Select(progress => progress.Epoch).ToArray());
        Assert.IsTrue(ends.All(progress => progress is { Epochs: 6, Steps: 7, RowsPerSecond: > 0, Stage: "Epoch" }));
        Assert.AreEqual(TimeSpan.Zero, ends[^1].Remaining);
        CollectionAssert.AreEqual(model.History.Select(epoch => epoch.Loss).ToArray(),
            ends.Select(progress => progress.Losses["reconstruction"]).ToArray());
    }

    [TestMethod]
    public void The_log_is_told_what_progress_is()
    {
        var ml = new MLContext(seed: 1);
        List<string> told = [], log = [];
        ml.Log += (_, e) => log.Add(e.RawMessage);
        var options = VariantRows.Options();
        (options.Penalties, options.ValidationShare) = ([new L1Penalty(0.1)], 0.2);
        options.Pretraining = new PretrainingOptions { Epochs = 2 };
        options.Progress = new DirectProgress(progress => told.Add(progress.ToString()));
        ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(ml, 200)).Dispose();
        CollectionAssert.AreEqual(told, log.Where(message => message.Contains("rows/s", StringComparison.Ordinal)).ToArray());
        Assert.HasCount(2 * 2 + 3, told);
        StringAssert.Matches(told[0], new(@"^Layer 1 of 2, epoch 1/2, step \d/\d: loss [0-9.E-]+, [0-9,]+ rows/s, 0:00:\d\d left$"));
        StringAssert.Matches(told[^1], new(
            @"^Epoch 3/3, step \d/\d: loss [0-9.E-]+ \(reconstruction [0-9.E-]+, sparsity_l1 [0-9.E-]+\), " +
            @"validation [0-9.E-]+, [0-9,]+ rows/s, 0:00:00 left$"));

        var day = new TrainingProgress("Epoch", 1, 2, 3, 4, new Dictionary<string, double> { ["a"] = 1, ["b"] = 0.5 }, 2, 1234.6,
            new TimeSpan(1, 2, 3, 4));
        Assert.AreEqual("Epoch 1/2, step 3/4: loss 1.5 (a 1, b 0.5), validation 2, 1,235 rows/s, 26:03:04 left", day.ToString());
    }

    [TestMethod]
    public void Progress_within_an_epoch_tells_the_losses_so_far_and_the_time_left()
    {
        // Long enough to be told of: the first news are after half a second.
        var told = new List<TrainingProgress>();
        const int rows = 4000;
        using var model = Fit(options =>
        {
            (options.Epochs, options.BatchSize, options.Penalties) = (1, 1, [new L1Penalty(0.1), new ContractivePenalty(0.01)]);
            options.Progress = new DirectProgress(told.Add);
        }, rows);
        var within = told.Where(progress => progress.Step < progress.Steps).ToArray();
        Assert.IsNotEmpty(within);
        foreach (var progress in within)
        {
            CollectionAssert.AreEqual(new[] { "reconstruction", "sparsity_l1", "contraction" }, progress.Losses.Keys.ToArray());
            Assert.IsTrue(progress.Losses.Values.All(loss => loss > 0) && progress is { Steps: rows, Epoch: 1, ValidationLoss: null });

            // The rest at the speed so far.
            Assert.AreEqual((progress.Steps - progress.Step) / progress.RowsPerSecond, progress.Remaining.TotalSeconds, 1e-3);
        }
        CollectionAssert.AreEqual(model.History[0].Losses.Values.ToArray(), told[^1].Losses.Values.ToArray());
    }

    [TestMethod]
    public void The_time_left_of_epochs_without_end_is_no_more_than_there_is()
    {
        Assert.AreEqual(TimeSpan.MaxValue, TrainingLoop.Times(TimeSpan.FromHours(1), (double)int.MaxValue * int.MaxValue));
        Assert.AreEqual(TimeSpan.FromSeconds(3), TrainingLoop.Times(TimeSpan.FromSeconds(2), 1.5));
    }

    [TestMethod]
    public void The_metadata_keep_a_summary_of_the_history()
    {
        using var model = Fit(options => (options.Epochs, options.Penalties, options.ValidationShare, options.LearningRate) = (
            47, [new L1Penalty(0.1)], 0.25, 0.1));
        var summary = System.Text.Json.JsonDocument.Parse(model.Metadata.Training).RootElement;
        var best = model.History.MinBy(epoch => epoch.ValidationLoss)!;
        Assert.AreNotEqual(47, best.Epoch, "the last epoch is not the best, or the test shows less");
        foreach (var (name, epoch) in new[] { ("first_epoch", model.History[0]), ("best_epoch", best), ("last_epoch", model.History[^1]) })
        {
            var told = summary.GetProperty(name);
            Assert.AreEqual(epoch.Epoch, told.GetProperty("epoch").GetInt32(), name);
            Assert.AreEqual(epoch.LearningRate, told.GetProperty("learning_rate").GetDouble(), name);
            Assert.AreEqual(epoch.ValidationLoss, told.GetProperty("validation_loss").GetDouble(), name);
            CollectionAssert.AreEqual(epoch.Losses.ToArray(),
                told.GetProperty("losses").EnumerateObject().Select(term => KeyValuePair.Create(term.Name, term.Value.GetDouble()))
                .ToArray(), name);
        }
        var series = summary.GetProperty("series");
        int[] epochs = [.. series.GetProperty("epoch").EnumerateArray().Select(value => value.GetInt32())];
        Assert.HasCount(TrainingSummary.MostEpochs, epochs);
        Assert.IsTrue(epochs[0] == 1 && epochs[^1] == 47 && epochs.Zip(epochs.Skip(1)).All(pair => pair.Second - pair.First is 2 or 3),
            string.Join(' ', epochs));
        CollectionAssert.AreEqual(epochs.Select(epoch => model.History[epoch - 1].Loss).ToArray(),
            series.GetProperty("loss").EnumerateArray().Select(value => value.GetDouble()).ToArray());
        CollectionAssert.AreEqual(epochs.Select(epoch => model.History[epoch - 1].ValidationLoss!.Value).ToArray(),
            series.GetProperty("validation_loss").EnumerateArray().Select(value => value.GetDouble()).ToArray());
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(19)]
    [DataRow(20)]
    [DataRow(21)]
    [DataRow(10_000)]
    public void The_series_of_the_summary_is_short_and_has_both_ends(int count)
    {
        TrainingEpoch[] history = [.. Enumerable.Range(1, count)
            .Select(epoch => new TrainingEpoch(epoch, 0.1, new Dictionary<string, double> { ["reconstruction"] = 1.0 / epoch }, null))];
        var summary = System.Text.Json.JsonDocument.Parse(TrainingSummary.Of(history, ("rows", 7))).RootElement;
        Assert.AreEqual(7, summary.GetProperty("rows").GetInt32());
        Assert.AreEqual(count, summary.GetProperty("epochs").GetInt32());
        Assert.AreEqual(count > 0, summary.TryGetProperty("series", out var series));
        if (count == 0)
            return;
        int[] epochs = [.. series.GetProperty("epoch").EnumerateArray().Select(value => value.GetInt32())];
        Assert.HasCount(Math.Min(count, TrainingSummary.MostEpochs), epochs.Distinct().ToArray());
        Assert.AreEqual((1, count), (epochs[0], epochs[^1]));
        Assert.AreEqual(count, summary.GetProperty("best_epoch").GetProperty("epoch").GetInt32(),
            "without validation the last, whose weights are kept");
    }

    [TestMethod]
    public void Cancellation_stops_within_a_step()
    {
        using var source = new CancellationTokenSource();
        int epochs = 0;
        var progress = new DirectProgress(told =>
        {
            if (told.Epoch == 3)
                source.Cancel();
            epochs = told.Epoch;
        });
        Fails.With<OperationCanceledException>("in step 1 of epoch 4",
            () => Fit(options => (options.Progress, options.Cancellation) = (progress, source.Token)));
        Assert.AreEqual(3, epochs);

        // The same with what was trained until then.
        using var second = new CancellationTokenSource();
        var stop = new DirectProgress(told =>
        {
            if (told.Epoch == 3)
                second.Cancel();
        });
        using var kept = Fit(options => (options.Progress, options.Cancellation, options.WhenCanceled) = (
            stop, second.Token, WhenCanceled.KeepBest));
        using var three = Fit(options => options.Epochs = 3);
        Assert.HasCount(3, kept.History);
        CollectionAssert.AreEqual(Scores(three), Scores(kept));

        // Before there are rows there is nothing to keep.
        Fails.With<OperationCanceledException>("while its rows were read, at row 0",
            () => Fit(options => (options.Cancellation, options.WhenCanceled) = (second.Token, WhenCanceled.KeepBest)));
    }

    [TestMethod]
    public void The_longest_time_ends_a_training()
    {
        var clock = Stopwatch.StartNew();
        using var model = Fit(options => (options.Epochs, options.MaxTrainingTime) = (1_000_000, TimeSpan.FromSeconds(0.5)));
        Assert.IsLessThan(1_000_000, model.History.Count);
        Assert.IsNotEmpty(model.History);

        // The rest of a fit included, on a machine that does other things.
        Assert.IsLessThan(10, clock.Elapsed.TotalSeconds);
    }

    public static IEnumerable<object[]> Resumed =>
        [["plain"], ["autograd"], ["validated"], ["AdamW"], ["SGD"], ["SGD without momentum"], ["RMSProp"]];

    [TestMethod]
    [DynamicData(nameof(Resumed))]
    public void Ten_epochs_are_five_and_five_more_bit_for_bit(string what)
    {
        using var folder = new TestFolder();
        void Change(AutoencoderEstimator.Options options, int epochs, bool resumes)
        {
            options.Epochs = epochs;
            if (what == "autograd")
            {
                options.Network = new DenseNetworkOptions { Hidden = [10], Normalization = Normalization.Batch, Dropout = 0.2 };
                options.Corruption = new MaskingCorruption(0.2);
                options.Code = options.Code with { Variational = new VariationalOptions { LearnVariance = true,
                    Score = VariationalScore.NegativeElbo,
                    ScoreSamples = 3 } };
                options.Schedule = new PlateauSchedule(Patience: 2);
            }
            options.Optimizer = what switch
            {
                "AdamW" => new AdamWOptimizer(),
                "SGD" => new SgdOptimizer(),
                "SGD without momentum" => new SgdOptimizer(0),
                "RMSProp" => new RmsPropOptimizer(),
                _ => new AdamOptimizer(),
            };
            if (what == "validated")
                (options.ValidationShare, options.EarlyStopping, options.LearningRate) = (0.2, new EarlyStopping(Patience: 50), 0.05);
            if (resumes)
                options.Checkpoint = new CheckpointOptions { Folder = folder["checkpoints"], Continue = true };
        }
        byte[] whole = DenseTests.Scorer(Fit(options => Change(options, 10, false)));
        Fit(options => Change(options, 5, true)).Dispose();
        using var model = Fit(options => Change(options, 10, true));
        Assert.HasCount(10, model.History);

        // The options in the metadata are the same: 10 epochs.
        CollectionAssert.AreEqual(whole, DenseTests.Scorer(model));
        CollectionAssert.AreEqual(new[] { "autoencoder.checkpoint" },
            Directory.GetFiles(folder["checkpoints"]).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void Another_training_is_not_gone_on_from()
    {
        using var folder = new TestFolder();
        Action<AutoencoderEstimator.Options> With(Action<AutoencoderEstimator.Options> change) => options =>
        {
            options.Epochs = 2;
            options.Checkpoint = new CheckpointOptions { Folder = folder["c"], Continue = true };
            change(options);
        };
        Fit(With(_ => { })).Dispose();
        void Refused(string message, Action<AutoencoderEstimator.Options> change, int rows = 200) =>
            Fails.With<InvalidOperationException>(message, () => Fit(With(change), rows));
        Refused("written with the option learning_rate 0.001, and this training has 0.01", options => options.LearningRate = 0.01);
        Refused("written with the seed 5, and this training has 6", options => options.Seed = 6);
        Refused("written with the option network.hidden [10], and this training has [11]", options =>
            options.Network = new DenseNetworkOptions { Hidden = [11] });
        Refused("written with the number of threads 1, and this training has 2", options => options.Threads = 2);
        Refused("written with the number of training rows 200, and this training has 100", _ => { }, rows: 100);

        string path = Path.Combine(folder["c"], "autoencoder.checkpoint");
        byte[] bytes = File.ReadAllBytes(path);
        void RefusedFile(string message, byte[] content)
        {
            File.WriteAllBytes(path, content);
            Fails.With<InvalidDataException>(message, () => Fit(With(_ => { })));
        }
        RefusedFile("it is damaged", bytes[..^10]);
        RefusedFile("it is damaged", [.. bytes, 0]);
        RefusedFile("it is damaged", bytes[..9]);

        // One byte in each part: the header's length, the header with the digest, and the tensors from the first to the last.
        int header = 8 + (int)System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(bytes);
        int digest = bytes.AsSpan().IndexOf("sha256"u8) + 12;
        foreach (int place in new[] { 1, 20, 40, digest, header / 2, header, (header + bytes.Length) / 2, bytes.Length - 1 })
        {
            byte[] damaged = [.. bytes];
            damaged[place] ^= 0x7f;
            RefusedFile("it is damaged", damaged);
        }
        RefusedFile("was written by another version of this library", [.. "MLNAECP1"u8, .. bytes[8..]]);
        RefusedFile("was written by another version of this library", [.. "MLNAECP2"u8, .. bytes[8..]]);
        RefusedFile("is not a checkpoint", "something else"u8.ToArray());
        RefusedFile("is not a checkpoint", new SafeTensors([], new Dictionary<string, string>()).ToBytes());
        File.WriteAllBytes(path, bytes);
        Fit(With(_ => { })).Dispose();
    }

    [TestMethod]
    public void A_checkpoint_is_a_safetensors_file_with_names_as_PyTorch_has_them()
    {
        using var folder = new TestFolder();
        Fit(options =>
        {
            (options.Network, options.ValidationShare) = (
                new DenseNetworkOptions { Hidden = [10], Normalization = Normalization.Batch }, 0.2);
            options.Checkpoint = new CheckpointOptions { Folder = folder.Path };
        }).Dispose();
        var file = SafeTensors.ReadFile(folder["autoencoder.checkpoint"]);
        string[] network = ["encoder.dense1.weight", "encoder.dense1.bias", "encoder.dense1.normalization.scale",
            "encoder.dense1.normalization.shift", "code.units.weight", "code.units.bias", "decoder.dense1.weight", "decoder.dense1.bias",
            "decoder.dense1.normalization.scale", "decoder.dense1.normalization.shift", "decoder.dense2.weight", "decoder.dense2.bias"];
        string[] buffers = ["encoder.dense1.normalization.running_mean", "encoder.dense1.normalization.running_var",
            "decoder.dense1.normalization.running_mean", "decoder.dense1.normalization.running_var"];
        string[] all =
        [
            .. from part in new[] { "network", "best" } from name in network.Concat(buffers) select $"{part}.{name}",
            .. from name in network from what in new[] { "step", "exp_avg", "exp_avg_sq" } select $"optimizer.{name}.{what}",
            "generator",
        ];
        CollectionAssert.AreEquivalent(all, file.Tensors.Select(tensor => tensor.Name).ToArray());
        CollectionAssert.AreEqual(new long[] { 10, VariantRow.FeatureCount }, file.Find("network.encoder.dense1.weight")!.Shape.ToArray());
        using var state = System.Text.Json.JsonDocument.Parse(file.Metadata["autoencoder.state"]);
        Assert.AreEqual(6, state.RootElement.GetProperty("History").GetArrayLength());
    }

    [TestMethod]
    public void An_option_beyond_its_upper_bound_is_refused_by_name()
    {
        void Refused(string message, Action<AutoencoderEstimator.Options> change) =>
            Fails.As<ArgumentException>(message, () => Fit(change));
        Refused("option Optimizer.Beta1 is 1", options => options.Optimizer = new AdamOptimizer(Beta1: 1));
        Refused("option Threads is 100000; expected at least 1 and at most 1024", options => options.Threads = 100_000);
        Refused("option GradientClipping is 0", options => options.GradientClipping = 0);
        Refused("option ValidationShare is 1", options => options.ValidationShare = 1);
    }

    private static float[] Scores(AutoencoderTransformer model) =>
        [.. model.Transform(VariantRows.View(s_ml, 50, seed: 5)).GetColumn<float>("Score")];
}
