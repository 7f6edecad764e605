using System.Diagnostics;
using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>What a training takes of memory it gives back: from step to step within a fit, and from fit to fit.</summary>
[TestClass]
public sealed class MemoryOfTrainingTests
{
    private const double Megabyte = 1024 * 1024;

    private static readonly MLContext s_ml = new(seed: 1);

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public void The_working_set_at_step_10000_is_that_at_step_1000_with_the_step_written_out() =>
        OwnProcess.Run(TestContext, () => CompareSteps(_ => { }));

    [TestMethod]
    public void The_working_set_at_step_10000_is_that_at_step_1000_with_automatic_differentiation() =>
        OwnProcess.Run(TestContext, () => CompareSteps(options =>
    {
        options.Network = new DenseNetworkOptions { Hidden = [10], Normalization = Normalization.Batch, Dropout = 0.1 };
        options.Penalties = [new L1Penalty(0.01)];
    }));

    [TestMethod]
    public void Three_hundred_fits_leave_the_working_set_as_it_was() => OwnProcess.Run(TestContext, () =>
    {
        // 40 fits: each kind once as it should be and once ended, and the pools of ONNX Runtime and libtorch.
        string[] names = [.. EveryVariant.Names];
        var view = VariantRows.View(s_ml, 40);
        for (int i = 0; i < 2 * names.Length; i++)
            FitOrEnd(names[i % names.Length], i, view);
        long before = WorkingSet();
        const int fits = 300;
        for (int i = 0; i < fits; i++)
            FitOrEnd(names[i % names.Length], i, view);
        long after = WorkingSet();
        TestContext.WriteLine($"{before / Megabyte:F1} MB before, {after / Megabyte:F1} MB after {fits} fits");

        // The weights of the smallest of the networks take 28 kB: left behind once by each fit, they would be 8 MB.
        Assert.IsLessThanOrEqualTo(before + 8 * Megabyte, after);
    });

    /// <summary>Three of five fits are whole, one is canceled, and one ends with an exception.</summary>
    private static void FitOrEnd(string name, int i, IDataView view)
    {
        var options = EveryVariant.Options(name);
        options.Epochs = 2;
        if (options.Network is DenseNetworkOptions dense)
            options.Network = dense with { Hidden = [.. dense.Hidden.Select(width => 25 * width)] };
        using var source = new CancellationTokenSource();
        options.Cancellation = source.Token;
        switch (i % 5)
        {
            case 3:
                options.Progress = new DirectProgress(_ => source.Cancel());
                Assert.ThrowsExactly<OperationCanceledException>(() => s_ml.Autoencoders().Autoencoder(options).Fit(view));
                break;
            case 4:
                options.Progress = new DirectProgress(_ => throw new NotFiniteNumberException());
                Assert.ThrowsExactly<NotFiniteNumberException>(() => s_ml.Autoencoders().Autoencoder(options).Fit(view));
                break;
            default:
                s_ml.Autoencoders().Autoencoder(options).Fit(view).Dispose();
                break;
        }
    }

    private void CompareSteps(Action<AutoencoderEstimator.Options> change)
    {
        // 50 steps an epoch, the last of them smaller.
        const int stepsPerEpoch = 50;
        var options = VariantRows.Options();
        (options.BatchSize, options.Epochs) = (8, 10_000 / stepsPerEpoch);
        change(options);
        long early = 0, late = 0;
        options.Progress = new DirectProgress(told =>
        {
            if (told.Step == told.Steps && told.Epoch * stepsPerEpoch == 1000)
                early = WorkingSet();
            if (told.Step == told.Steps && told.Epoch * stepsPerEpoch == 10_000)
                late = WorkingSet();
        });
        s_ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(s_ml, 8 * stepsPerEpoch - 3)).Dispose();
        TestContext.WriteLine($"{early / Megabyte:F1} MB at step 1,000, {late / Megabyte:F1} MB at step 10,000");
        Assert.IsLessThanOrEqualTo(1.05, (double)late / early);

        // One tensor of one element left behind by each step takes more.
        Assert.IsLessThanOrEqualTo(early + 3 * Megabyte, late);
    }

    /// <summary>The working set, without what the garbage collector has only not come to yet.</summary>
    private static long WorkingSet()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
