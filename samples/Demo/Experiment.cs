using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Samples;

/// <summary>A scored row as an ML.NET application would read it.</summary>
internal sealed class ScoredRow
{
    public float Label { get; set; }

    public float Score { get; set; }

    public bool PredictedLabel { get; set; }

    public float[] Features { get; set; } = [];

    public float[] Reconstruction { get; set; } = [];

    public float[] FeatureErrors { get; set; } = [];
}

/// <summary>What came out of training on one data set with one seed.</summary>
/// <param name="Model">The fitted chain.</param>
/// <param name="Autoencoder">Its last part.</param>
/// <param name="Scored">The scored test rows.</param>
/// <param name="Auc">Area under the ROC curve on the test rows.</param>
/// <param name="PcaAuc">The same for principal components, as many as the code has units.</param>
/// <param name="UntrainedAuc">The same for the network with its initial weights.</param>
/// <param name="ErrorVersusMean">Squared reconstruction error of the held-out normal rows, in scaled units, over that
/// of predicting the training mean.</param>
internal sealed record Outcome(ITransformer Model, AutoencoderTransformer Autoencoder, ScoredRow[] Scored, double Auc, double PcaAuc,
    double UntrainedAuc, double ErrorVersusMean);

/// <summary>Trains on normal rows, scores held-out ones, and measures the result against two peers in the same run.</summary>
internal static class Experiment
{
    /// <summary>The seeds that every figure is a mean over.</summary>
    public static readonly int[] Seeds = [1, 2, 3];

    /// <summary>The share of the training rows that the threshold calls anomalies.</summary>
    public const double Contamination = 0.05;

    /// <summary>The network of the digits: 64-32-8-32-64, on raw pixels, since all of them have one unit.</summary>
    public static AutoencoderEstimator.Options DigitsOptions(int seed) => Options([32], InputScaling.None, seed);

    /// <summary>The network of the breast-cancer data: 30-16-8-16-30.</summary>
    public static AutoencoderEstimator.Options BreastCancerOptions(int seed) => Options([16], InputScaling.Standardize, seed);

    public static Outcome Run(MLContext ml, DataSet data, AutoencoderEstimator.Options options)
    {
        var (model, scored) = FitAndScore(ml, data, options);
        int epochs = options.Epochs;
        options.Epochs = 0;
        var (untrainedModel, untrained) = FitAndScore(ml, data, options);
        (untrainedModel as IDisposable)?.Dispose();
        options.Epochs = epochs;

        var autoencoder = model.LastTransformer;
        float[][] test = Scaled(autoencoder, scored.Select(row => row.Features));
        float[][] train = Scaled(autoencoder, ml.Data.CreateEnumerable<ScoredRow>(model.Transform(data.Train), reuseRowObject: false)
            .Select(row => row.Features));
        float[] pca = PrincipalComponents.ReconstructionErrors(train, test, options.Code.Size);

        int[] normal = [.. Enumerable.Range(0, scored.Length).Where(i => scored[i].Label == 0)];
        double error = normal.Average(i => scored[i].Score);
        float[] mean = Scaled(autoencoder, [[.. autoencoder.Metadata.FeatureMeans]])[0];
        double meanError = normal.Average(i => test[i].Zip(mean, (value, expected) => (double)(value - expected) * (value - expected))
            .Average());

        return new Outcome(model, autoencoder, scored, Auc(ml, scored),
            Auc(ml, scored.Select((row, i) => new ScoredRow { Label = row.Label, Score = pca[i] })),
            Auc(ml, untrained), error / meanError);
    }

    /// <summary>The features as the network sees them.</summary>
    private static float[][] Scaled(AutoencoderTransformer autoencoder, IEnumerable<float[]> rows)
    {
        var (offsets, scales) = (autoencoder.Metadata.ScalingOffsets, autoencoder.Metadata.ScalingScales);
        return [.. rows.Select(row => row.Select((value, j) => (value - offsets[j]) / scales[j]).ToArray())];
    }

    private static AutoencoderEstimator.Options Options(int[] hidden, InputScaling scaling, int seed) => new()
    {
        Network = new DenseNetworkOptions { Hidden = hidden },
        Code = new CodeOptions { Size = 8 },
        Scaling = scaling,
        Epochs = 60,
        Threshold = ThresholdRule.Contamination(Contamination),
        ReconstructionColumnName = nameof(ScoredRow.Reconstruction),
        FeatureErrorsColumnName = nameof(ScoredRow.FeatureErrors),
        Seed = seed,
    };

    private static (TransformerChain<AutoencoderTransformer> Model, ScoredRow[] Scored) FitAndScore(
        MLContext ml, DataSet data, AutoencoderEstimator.Options options)
    {
        var pipeline = ml.Transforms.Concatenate(options.FeatureColumnName, data.Features)
            .Append(ml.Autoencoders().Dense(options));
        var model = pipeline.Fit(data.Train);
        return (model, [.. ml.Data.CreateEnumerable<ScoredRow>(model.Transform(data.Test), reuseRowObject: false)]);
    }

    private static double Auc(MLContext ml, IEnumerable<ScoredRow> rows)
    {
        var definition = SchemaDefinition.Create(typeof(ScoredRow));
        foreach (string vector in new[] { nameof(ScoredRow.Features), nameof(ScoredRow.Reconstruction), nameof(ScoredRow.FeatureErrors) })
            definition.Remove(definition.First(column => column.ColumnName == vector));
        return ml.AnomalyDetection.Evaluate(ml.Data.LoadFromEnumerable(rows, definition)).AreaUnderRocCurve;
    }
}
