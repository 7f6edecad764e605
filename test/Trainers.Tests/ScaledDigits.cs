using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Samples;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// The digits 0 to 4 of samples/data/digits.csv, their pixels brought from 0 to 16 to between 0 and 1: one scale for
/// all, so that a pixel that is dark in all training rows stays one.
/// </summary>
internal static class ScaledDigits
{
    public const int FeatureCount = 64;

    private const float Brightest = 16;

    static ScaledDigits()
    {
        var ml = new MLContext(seed: 1);
        var data = DataSets.Digits(ml);
        Train = [.. Read(data.Train)];
        HeldOut = [.. Read(data.Test).Zip(data.Test.GetColumn<float>(DataSets.Label)).Where(row => row.Second == 0)
            .Select(row => row.First)];
    }

    /// <summary>600 rows.</summary>
    public static float[][] Train { get; }

    /// <summary>The other 301.</summary>
    public static float[][] HeldOut { get; }

    public static IDataView View(MLContext ml, float[][] rows) =>
        ml.Data.LoadFromEnumerable(rows.Select(row => new DigitRow { Features = row }));

    /// <summary>Options of a dense autoencoder of digits, whose features need no scaling.</summary>
    public static AutoencoderEstimator.Options Options(int[] hidden, int code, int seed = 1, int epochs = 60) => new()
    {
        Network = new DenseNetworkOptions { Hidden = hidden },
        Code = new CodeOptions { Size = code },
        Scaling = InputScaling.None,
        LearningRate = 3e-3,
        Epochs = epochs,
        Seed = seed,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
    };

    public static AutoencoderTransformer Fit(MLContext ml, AutoencoderEstimator.Options options) =>
        ml.Autoencoders().Autoencoder(options).Fit(View(ml, Train));

    /// <summary>A column of the model's for some rows.</summary>
    public static float[][] Column(MLContext ml, AutoencoderTransformer model, float[][] rows, string name) =>
        [.. model.Transform(View(ml, rows)).GetColumn<float[]>(name)];

    /// <summary>
    /// The mean squared error between the reconstructions of some rows and others, which are the clean ones of the
    /// first.
    /// </summary>
    public static double Error(MLContext ml, AutoencoderTransformer model, float[][] rows, float[][] clean) =>
        SquaredError(clean, Column(ml, model, rows, "Reconstruction"));

    /// <summary>The mean squared error of the held-out rows.</summary>
    public static double HeldOutError(MLContext ml, AutoencoderTransformer model) => Error(ml, model, HeldOut, HeldOut);

    public static double SquaredError(float[][] first, float[][] second) =>
        first.Zip(second, (a, b) => a.Zip(b, (x, y) => ((double)x - y) * (x - y)).Average()).Average();

    private static IEnumerable<float[]> Read(IDataView view) =>
        view.GetColumn<float[]>("Pixels").Select(row => Array.ConvertAll(row, value => value / Brightest));
}
