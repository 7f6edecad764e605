using System.Globalization;

namespace MLNetAutoencoder.Bench.Accuracy;

/// <summary>
/// What each choice of the detector's defaults gives: the mean difference to the defaults over all sets, and how sure
/// it is.
/// </summary>
internal static class Ablation
{
    private static readonly (string Name, string[] Options)[] s_variants =
    [
        ("networks alone", ["--variant", "masked"]),
        ("3 neighbors, also where rows repeat", ["--neighbors", "3"]),
        ("10 neighbors", ["--neighbors", "10"]),
        ("two networks", ["--members", "2"]),
        ("32 masks", ["--rounds", "8"]),
        ("layers of 64 units", ["--width", "64"]),
        ("a code of 128 units", ["--code", "128"]),
        ("visible features do not count", ["--visible", "0"]),
        ("absolute errors", ["--loss", "1"]),
        ("4,000 steps", ["--steps", "4000"]),
        ("a twentieth left out", ["--trim", "0.05"]),
        ("neighbors among ranks", ["--spaces", "2"]),
        ("neighbors among codes", ["--spaces", "4"]),
        ("neighbors among features and ranks", ["--spaces", "3"]),
        ("neighbors among features and codes", ["--spaces", "5"]),
        ("Mahalanobis of residual and code joined", ["--residual", "1"]),
        ("a fifth of the errors, the largest", ["--top", "0.2"]),
        ("five networks of half the rows", ["--members", "5", "--member-rows", "0.5"]),
        ("five networks of half the features", ["--members", "5", "--member-features", "0.5"]),
        ("plain dense autoencoder", ["--variant", "dense"]),
        ("denoising autoencoder", ["--variant", "denoising"]),
        ("variational autoencoder, negative ELBO", ["--variant", "variational"]),
    ];

    public static int Run(AccuracyOptions options)
    {
        var sets = options.ReadSets();
        double[] Aucs(AccuracyOptions some) => [.. sets.Select(set => AccuracyBenchmark.Measure(set, some)!.Auc)];
        double[] defaults = Aucs(options);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"mean AUC of the defaults over {sets.Length} sets, {Math.Min(sets[0].FoldCount, options.Folds)} folds: ")
            + defaults.Average().ToString("F2", CultureInfo.InvariantCulture));
        Console.WriteLine(
            $"{"instead of the default",-40} {"mean",6} {"gain",6} {"std. error",10} {"t",6} {"without one set",18} {"better on",9}");
        foreach (var (name, change) in s_variants)
        {
            double[] aucs = Aucs(AccuracyOptions.Parse([options.Folder, .. change], options)!);
            double[] gains = [.. aucs.Zip(defaults, (auc, other) => auc - other)];
            double mean = gains.Average(), error = Math.Sqrt(gains.Sum(gain => (gain - mean) * (gain - mean)) / (gains.Length - 1)
                / gains.Length);
            double[] without = [.. gains.Select(gain => (gains.Sum() - gain) / (gains.Length - 1))];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-40} {aucs.Average(),6:F2} {mean,6:F2} {error,10:F2} {(error == 0 ? 0 : mean / error),6:F1} ")
                + string.Create(CultureInfo.InvariantCulture,
                $"{without.Min(),8:F2} to {without.Max(),5:F2} {gains.Count(gain => gain > 0),6}/{gains.Length}"));
        }
        return 0;
    }
}
