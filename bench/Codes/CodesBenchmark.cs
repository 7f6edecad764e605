using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Samples;

namespace MLNetAutoencoder.Bench.Codes;

/// <summary>
/// How large a code should be, and what a penalty does for it: autoencoders of the digits 0 to 4, from codes far
/// smaller than the 64 pixels to larger ones, with and without something that keeps them from copying. Measured are the
/// error of held-out rows of these digits, and how well the score tells the digits 5 to 9 from them.
/// </summary>
internal static class CodesBenchmark
{
    private const int Epochs = 60, Hidden = 64;

    private const double LearningRate = 3e-3, SparseWeight = 1e-3, ContractiveWeight = 1e-3, MaskedShare = 0.25;

    // Pixels are 0 to 16.
    private const float Brightest = 16;

    private static readonly int[] s_sizes = [4, 8, 16, 32, 64, 128];

    private static readonly (string Name, Action<AutoencoderEstimator.Options> Set)[] s_kinds =
    [
        ("plain", _ => { }),
        ("sparse", options => options.Penalties = [new L1Penalty(SparseWeight)]),
        ("contractive", options => options.Penalties = [new ContractivePenalty(ContractiveWeight)]),
        ("denoising", options => options.Corruption = new MaskingCorruption(MaskedShare)),
    ];

    public static int Run()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var ml = new MLContext(seed: 1);
        var data = DataSets.Digits(ml);
        IDataView train = Scaled(ml, data.Train), test = Scaled(ml, data.Test);
        Console.WriteLine(
            $"Digits, 64-{Hidden}-code-{Hidden}-64 (ReLU, linear code), {Epochs} epochs, learning rate {LearningRate}; sparse: L1 " +
            $"{SparseWeight}; contractive: {ContractiveWeight}; denoising: {MaskedShare:P0} masked.");
        Console.WriteLine(
            $"Mean of {Experiment.Seeds.Length} seeds: mean squared error of held-out rows of 0 to 4 (pixels from 0 to 1) / AUC against " +
            "5 to 9.");
        Console.WriteLine();
        Console.WriteLine($"| code | {string.Join(" | ", s_kinds.Select(kind => kind.Name))} |");
        Console.WriteLine($"|---|{string.Concat(Enumerable.Repeat("---|", s_kinds.Length))}");
        foreach (int size in s_sizes)
        {
            var cells = s_kinds.Select(kind =>
            {
                var outcomes = Array.ConvertAll(Experiment.Seeds, seed => Measure(ml, train, test, size, kind.Set, seed));
                return $"{outcomes.Average(outcome => outcome.Error):F4} / {outcomes.Average(outcome => outcome.Auc):F3}";
            });
            Console.WriteLine($"| {size} | {string.Join(" | ", cells)} |");
        }
        Console.WriteLine();
        return 0;
    }

    private static (double Error, double Auc) Measure(
        MLContext ml, IDataView train, IDataView test, int size, Action<AutoencoderEstimator.Options> set, int seed)
    {
        var options = new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [Hidden] },
            Code = new CodeOptions { Size = size },
            Scaling = InputScaling.None,
            Epochs = Epochs,
            LearningRate = LearningRate,
            Seed = seed,
        };
        set(options);
        using var model = ml.Autoencoders().Autoencoder(options).Fit(train);
        var scored = model.Transform(test);
        double error = scored.GetColumn<float>("Score").Zip(scored.GetColumn<float>("Label")).Where(row => row.Second == 0)
            .Average(row => (double)row.First);
        return (error, ml.AnomalyDetection.Evaluate(scored).AreaUnderRocCurve);
    }

    private static IDataView Scaled(MLContext ml, IDataView view) => ml.Data.LoadFromEnumerable(
        view.GetColumn<float[]>("Pixels").Zip(view.GetColumn<float>(DataSets.Label))
            .Select(row => new Digit { Features = Array.ConvertAll(row.First, value => value / Brightest), Label = row.Second }).ToArray());

    private sealed class Digit
    {
        [VectorType(64)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}
