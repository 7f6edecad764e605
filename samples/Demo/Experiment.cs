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

/// <summary>What the anomaly detector with its defaults, and ML.NET's own trainer, make of a data set.</summary>
/// <param name="Scored">The test rows as the detector scores them.</param>
/// <param name="Auc">Area under the ROC curve of the detector.</param>
/// <param name="RandomizedPcaAuc">The same for ML.NET's RandomizedPca, with as many components as the code has units.</param>
internal sealed record Detection(ScoredRow[] Scored, double Auc, double RandomizedPcaAuc);

/// <summary>Trains on normal rows, scores held-out ones, and measures the result against its peers in the same run.</summary>
internal static class Experiment
{
    /// <summary>The seeds that every figure is a mean over.</summary>
    public static readonly int[] Seeds = [1, 2, 3];

    /// <summary>The share of the training rows that the threshold calls anomalies, and the false-alarm rate of the detector.</summary>
    public const double Contamination = 0.05;

    /// <summary>The units of the code, and the components of the peers.</summary>
    private const int CodeSize = 8;

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
        float[][] train = Scaled(autoencoder, Rows(ml, model.Transform(data.Train)).Select(row => row.Features));
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

    public static Detection Detect(MLContext ml, DataSet data, int seed, IProgress<TrainingProgress>? progress = null)
    {
        var features = ml.Transforms.Concatenate(nameof(ScoredRow.Features), data.Features);
        using var model = features.Append(ml.Autoencoders().AnomalyDetection(new AnomalyDetectionEstimator.Options
        {
            Threshold = ThresholdRule.FalseAlarmRate(Contamination),
            ReconstructionColumnName = nameof(ScoredRow.Reconstruction),
            FeatureErrorsColumnName = nameof(ScoredRow.FeatureErrors),
            Progress = progress,
            Seed = seed,
        })).Fit(data.Train);
        var scored = Rows(ml, model.Transform(data.Test));

        // It does not scale. The digits, which are one vector column, have one unit.
        IEstimator<ITransformer> stock = ml.AnomalyDetection.Trainers.RandomizedPca(rank: CodeSize, seed: seed);
        if (data.Features.Length > 1)
            stock = ml.Transforms.NormalizeMeanVariance(nameof(ScoredRow.Features), fixZero: false).Append(stock);
        var peer = features.Append(stock).Fit(data.Train).Transform(data.Test);
        return new Detection(scored, Auc(ml, scored), ml.AnomalyDetection.Evaluate(peer).AreaUnderRocCurve);
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
        Code = new CodeOptions { Size = CodeSize },
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
        return (model, Rows(ml, model.Transform(data.Test)));
    }

    private static ScoredRow[] Rows(MLContext ml, IDataView view) => [.. ml.Data.CreateEnumerable<ScoredRow>(view, reuseRowObject: false)];

    private static double Auc(MLContext ml, IEnumerable<ScoredRow> rows)
    {
        var definition = SchemaDefinition.Create(typeof(ScoredRow));
        foreach (string vector in new[] { nameof(ScoredRow.Features), nameof(ScoredRow.Reconstruction), nameof(ScoredRow.FeatureErrors) })
            definition.Remove(definition.First(column => column.ColumnName == vector));
        return ml.AnomalyDetection.Evaluate(ml.Data.LoadFromEnumerable(rows, definition)).AreaUnderRocCurve;
    }
}
