using System.Collections.Concurrent;
using Microsoft.ML;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// Fits on several threads give the bytes of lone ones; they share one number of libtorch's threads, and one that wants
/// another waits.
/// </summary>
[TestClass]
public sealed class ConcurrentFitTests
{
    private const int ThreadCount = 4;

    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void Fits_of_all_kinds_at_once_give_the_bytes_of_lone_ones()
    {
        string[] names = [.. EveryVariant.Names];
        var lone = names.ToDictionary(name => name, name => Fit(EveryVariant.Options(name)));
        var together = new ConcurrentDictionary<string, byte[]>();
        OnThreads(names, name => together[name] = Fit(EveryVariant.Options(name)));
        foreach (string name in names)
            CollectionAssert.AreEqual(lone[name], together[name], name);
    }

    [TestMethod]
    public void Fits_with_differing_thread_counts_never_train_at_the_same_time_and_give_the_bytes_of_lone_ones()
    {
        byte[] narrow = Fit(Narrow()), wide = Fit(Wide());
        int[] training = new int[3];
        var mixed = new ConcurrentBag<string>();
        void Run(AutoencoderEstimator.Options options, int threads, byte[] expected)
        {
            bool begun = false;
            options.Progress = new DirectProgress(_ =>
            {
                if (!begun)
                    Interlocked.Increment(ref training[threads]);
                begun = true;
                if (torch.get_num_threads() != threads)
                    mixed.Add($"{torch.get_num_threads()} threads in a fit with {threads}");
                if (Volatile.Read(ref training[1]) > 0 && Volatile.Read(ref training[2]) > 0)
                    mixed.Add($"{training[1]} with one and {training[2]} with two");

                // The fits that were begun with it are still there, also where the machine does one thing at a time.
                Thread.Sleep(5);
            });
            byte[] bytes = Fit(options, () => Interlocked.Decrement(ref training[threads]));
            if (!bytes.AsSpan().SequenceEqual(expected))
                mixed.Add($"other bytes with {threads}");
        }
        OnThreads([1, 2, 1, 2, 1, 1, 2, 1], threads => Run(threads == 1 ? Narrow() : Wide(), threads, threads == 1 ? narrow : wide));
        Assert.IsEmpty(mixed, string.Join("; ", mixed.Distinct()));
    }

    [TestMethod]
    public void A_fit_that_cannot_wait_is_told_so_and_one_with_the_same_count_goes_through()
    {
        Exception? told = null;
        byte[] inner = [];
        var options = Narrow();
        options.Progress = new DirectProgress(progress =>
        {
            if (progress.Epoch != 1)
                return;
            told = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(Wide()));
            inner = Fit(Narrow());
        });
        byte[] outer = Fit(options);
        StringAssert.Contains(told?.Message, "A fit with 2 threads of libtorch was started from within a fit with 1 on the same thread");
        CollectionAssert.AreEqual(Fit(Narrow()), inner);
        CollectionAssert.AreEqual(inner, outer);
    }

    [TestMethod]
    public void A_fit_that_waits_for_another_can_be_canceled()
    {
        // Once before, so that the two have read their rows, and wait, by the time that they are canceled.
        Fit(Wide());
        using var source = new CancellationTokenSource();
        using var running = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var options = Narrow();
        options.Progress = new DirectProgress(_ =>
        {
            running.Set();
            goOn.Wait();
        });
        var first = Task.Run(() => Fit(options));
        running.Wait();
        int steps = 0;
        Task<byte[]> Waiting(WhenCanceled whenCanceled) => Task.Run(() =>
        {
            var wide = Wide();
            (wide.Cancellation, wide.WhenCanceled, wide.Progress) = (source.Token, whenCanceled, new DirectProgress(_ => steps++));
            return Fit(wide);
        });
        Task<byte[]> thrown = Waiting(WhenCanceled.Throw), kept = Waiting(WhenCanceled.KeepBest);
        Assert.AreEqual(-1, Task.WaitAny([thrown, kept, first], 1000), "none has ended: the two wait for the first");
        source.Cancel();
        Assert.IsTrue(Task.WhenAll(thrown.ContinueWith(_ => { }), kept.ContinueWith(_ => { })).Wait(TimeSpan.FromSeconds(30)),
            "they wait no longer");
        Assert.IsInstanceOfType<OperationCanceledException>(thrown.Exception?.InnerException);
        Assert.IsTrue(kept.IsCompletedSuccessfully, $"{kept.Exception}");
        Assert.AreEqual(0, steps);
        goOn.Set();
        CollectionAssert.AreEqual(Fit(Narrow()), first.Result);
    }

    private static AutoencoderEstimator.Options Narrow() => VariantRows.Options();

    /// <summary>Wide enough for two threads.</summary>
    private static AutoencoderEstimator.Options Wide()
    {
        var options = VariantRows.Options();
        (options.Network, options.Epochs) = (new DenseNetworkOptions { Hidden = [1500, 700] }, 2);
        return options;
    }

    private static byte[] Fit(AutoencoderEstimator.Options options, Action? trained = null)
    {
        using var model = new AutoencoderEstimator(s_ml, options).Fit(VariantRows.View(s_ml, 64), (_, _) => trained?.Invoke());
        return DenseTests.Scorer(model);
    }

    private static void OnThreads<T>(IReadOnlyList<T> work, Action<T> run)
    {
        var queue = new ConcurrentQueue<T>(work);
        var errors = new ConcurrentBag<Exception>();
        var threads = Enumerable.Range(0, ThreadCount).Select(_ => new Thread(() =>
        {
            while (queue.TryDequeue(out T? item))
            {
                try
                {
                    run(item);
                }
                catch (Exception e)
                {
                    errors.Add(e);
                }
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.IsEmpty(errors, string.Join(Environment.NewLine, errors));
    }
}
