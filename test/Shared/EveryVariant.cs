using System.Collections.Concurrent;
using Microsoft.ML;

namespace MLNetAutoencoder.Tests;

/// <summary>
/// A small model of every kind that the documentation names, and of unusual combinations; each is fitted once in a test
/// run.
/// </summary>
internal static class EveryVariant
{
    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_kinds = new()
    {
        ["vanilla"] = options => options.Network = new DenseNetworkOptions { Hidden = [] },
        ["dense"] = _ => { },
        ["deep dense, batch-normalized"] = options =>
            options.Network = new DenseNetworkOptions { Hidden = [10, 8, 6], Activation = Activation.LeakyReLU,
            Normalization = Normalization.Batch, Dropout = 0.1 },
        ["dense, layer-normalized"] = options => options.Network =
            new DenseNetworkOptions { Hidden = [10], Activation = Activation.Tanh, Normalization = Normalization.Layer },
        ["convolutional"] = options => options.Network = new ConvolutionalNetworkOptions { Height = 3, Width = 4, Filters = [4] },
        ["temporal convolutional"] = options => options.Network = new TemporalConvolutionNetworkOptions { Channels = 2, Width = 6,
            Filters = [4, 6], IsCausal = true },
        ["variational"] = options => options.Code = options.Code with { Variational = new VariationalOptions() },
        ["conditional"] = options => options.ConditionColumnName = "Key",
        ["dense with a code offset"] = options => options.Code = options.Code with { OffsetColumnName = "Offset" },
        ["dense, missing values as means"] = options => options.ScoringMissingValues = ScoringMissingValues.Mean,
        ["masked"] = options =>
        {
            options.Masking = new Masking();
            options.Network = LayersNetworkOptions.Residual(width: 12, blocks: 1);
            options.Scaling = InputScaling.StandardizeCompressed;
            options.MissingValues = TrainingMissingValues.Masked;
            options.ScoringMissingValues = ScoringMissingValues.Hidden;
        },
        ["layers"] = options => options.Network = new LayersNetworkOptions
        {
            Encoder = [Layer.Image(1, 3, 4), Layer.Convolution(4), Layer.Normalize(Normalization.Batch), Layer.Activate(Activation.ReLU),
                Layer.MaxPooling(), Layer.Dense(10), Layer.Normalize(Normalization.Layer), Layer.Dropout(0.1)],
            Decoder = [Layer.Dense(24), Layer.Residual(Layer.Dense(5), Layer.Activate(Activation.Tanh), Layer.Dense(24)),
                Layer.Image(2, 3, 4), Layer.Convolution(1)],
        },
        ["dense, unscaled"] = options => options.Scaling = InputScaling.None,
    };

    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_combinations = new()
    {
        ["denoising sparse conditional dense"] = options =>
        {
            options.Corruption = new MaskingCorruption(0.2);
            options.Penalties = [new L1Penalty(0.01)];
            options.ConditionColumnName = "Key";
        },
        ["denoising sparse conditional variational dense"] = options =>
        {
            options.Corruption = new GaussianCorruption(0.1);
            options.Penalties = [new L1Penalty(0.01)];
            options.ConditionColumnName = "Side";
            options.Code = options.Code with { Variational = new VariationalOptions { LearnVariance = true, WarmUpEpochs = 2,
                FreeBits = 0.05 } };
        },
        ["contractive sparse dense"] = options =>
        {
            options.Penalties = [new ContractivePenalty(0.1), new KullbackLeiblerPenalty(0.1)];
            options.Code = options.Code with { Activation = Activation.Sigmoid };
            options.Network = new DenseNetworkOptions { Hidden = [10, 6], Normalization = Normalization.Batch, Dropout = 0.1 };
        },
        ["stacked denoising dense"] = options =>
        {
            options.Pretraining = new PretrainingOptions { Epochs = 2 };
            options.Corruption = new SaltAndPepperCorruption(0.2);
            options.Network = new DenseNetworkOptions { Hidden = [10, 6], Activation = Activation.Tanh, TiedWeights = true };
        },
        ["variational dense"] = options =>
        {
            options.Code = options.Code with { Variational = new VariationalOptions { Score = VariationalScore.ReconstructionProbability,
                ScoreSamples = 4 }, OffsetColumnName = "Offset" };
            options.Loss = ReconstructionLoss.BinaryCrossEntropy;
            options.Network = options.Network with { OutputActivation = Activation.Sigmoid };
            options.WeightColumnName = "Weight";
        },
        ["contractive conditional variational dense"] = options =>
        {
            options.Penalties = [new ContractivePenalty(0.05, JacobianMethod.Stochastic)];
            options.ConditionColumnName = "Key";
            options.Code = options.Code with { Variational = new VariationalOptions { Score = VariationalScore.NegativeElbo,
                ScoreSamples = 3, Beta = 2 }, OffsetColumnName = "Side", OffsetHidden = [4] };
            options.FeatureWeights = [.. Enumerable.Range(1, VariantRow.FeatureCount).Select(j => (float)j)];
        },
        ["conditional dense"] = options =>
        {
            options.ConditionColumnName = "Key";
            options.Code = options.Code with { OffsetColumnName = "Offset", Normalization = CodeNormalization.UnitLength,
                NoiseDeviation = 0.1 };
            options.Loss = ReconstructionLoss.Cosine;
        },
        ["sparse dense"] = options =>
        {
            options.Penalties = [new L1Penalty(0.01)];
            options.Code = new CodeOptions { Size = 20, Activation = Activation.ReLU, Normalization = CodeNormalization.Layer,
                NoiseDeviation = 0.05 };
            options.WeightL1 = 1e-4;
            options.WeightL2 = 1e-4;
            options.Loss = ReconstructionLoss.Huber;
            options.WeightColumnName = "Weight";
        },
        ["binary-code dense"] = options =>
        {
            options.Penalties = [new BinaryCodePenalty(0.1)];
            options.Code = options.Code with { Activation = Activation.Sigmoid, NoiseDeviation = 0.2 };
            options.Loss = ReconstructionLoss.MeanAbsolute;
            options.Network = new DenseNetworkOptions { Hidden = [10], DecoderHidden = [7, 9], Normalization = Normalization.Layer };
        },
        ["denoising sparse conditional variational convolutional"] = options =>
        {
            options.Network = new ConvolutionalNetworkOptions { Height = 3, Width = 4, Filters = [4, 6],
                Normalization = Normalization.Batch };
            options.Corruption = new GaussianCorruption(0.1);
            options.Penalties = [new L1Penalty(0.01)];
            options.ConditionColumnName = "Key";
            options.Code = options.Code with { Variational = new VariationalOptions { Score = VariationalScore.ReconstructionProbability,
                ScoreSamples = 3 } };
        },
        ["contractive convolutional"] = options =>
        {
            options.Network = new ConvolutionalNetworkOptions
            {
                Channels = 2, Height = 2, Width = 3, Layout = ImageLayout.Interleaved, Filters = [5],
                    Upsampling = Upsampling.TransposedConvolution, OutputActivation = Activation.Sigmoid,
            };
            options.Penalties = [new ContractivePenalty(0.01, JacobianMethod.Exact)];
            options.Code = options.Code with { OffsetColumnName = "Offset", Normalization = CodeNormalization.Layer };
            options.Loss = ReconstructionLoss.BinaryCrossEntropy;
        },
        ["masked denoising sparse conditional variational dense"] = options =>
        {
            options.Masking = new Masking { ScoreRounds = 2, VisibleWeight = 0 };
            options.Corruption = new GaussianCorruption(0.1);
            options.Penalties = [new L1Penalty(0.01)];
            options.ConditionColumnName = "Key";
            options.Code = options.Code with { Variational = new VariationalOptions() };
            options.Loss = ReconstructionLoss.MeanSquared;
            options.FeatureWeights = [.. Enumerable.Range(1, VariantRow.FeatureCount).Select(j => (float)j)];
        },
        ["masked convolutional"] = options =>
        {
            options.Masking = new Masking { LeastShare = 0.2, GreatestShare = 0.2, ScoreRounds = 1 };
            options.Network = new ConvolutionalNetworkOptions
            {
                Height = 3, Width = 4, Filters = [4], OutputActivation = Activation.Sigmoid,
            };
            options.Loss = ReconstructionLoss.BinaryCrossEntropy;
        },
        ["denoising contractive dense"] = options =>
        {
            options.Network = new DenseNetworkOptions { Hidden = [] };
            options.Corruption = new GaussianCorruption(0.3);
            options.Penalties = [new ContractivePenalty(0.1)];
            options.Code = options.Code with { Activation = Activation.Sigmoid, Normalization = CodeNormalization.Batch };
        },
    };

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly ConcurrentDictionary<string, Lazy<AutoencoderTransformer>> s_fitted = new();

    /// <summary>The kinds, and then the unusual combinations, whose names are those that their models give themselves.</summary>
    public static IEnumerable<string> Names => s_kinds.Keys.Concat(s_combinations.Keys);

    /// <summary>The unusual combinations.</summary>
    public static IEnumerable<string> Combinations => s_combinations.Keys;

    /// <summary>The same as <see cref="Names"/>, for <see cref="DynamicDataAttribute"/>.</summary>
    public static IEnumerable<object[]> Data => Names.Select(name => new object[] { name });

    public static AutoencoderEstimator.Options Options(string name)
    {
        var options = VariantRows.Options();
        (s_kinds.GetValueOrDefault(name) ?? s_combinations[name])(options);
        return options;
    }

    /// <summary>The fitted model, with a column for every output that it has. It belongs to all tests: it is not to be disposed.</summary>
    public static AutoencoderTransformer Fitted(string name) => s_fitted.GetOrAdd(name, key => new Lazy<AutoencoderTransformer>(() =>
    {
        var options = Options(key);
        (options.CodeColumnName, options.ReconstructionColumnName, options.FeatureErrorsColumnName, options.ProbabilityColumnName) = (
            "Code", "Reconstruction", "FeatureErrors", "Probability");
        options.CodeLogVarianceColumnName = options.Code.Variational is null ? null : "CodeLogVariance";
        return s_ml.Autoencoders().Autoencoder(options).Fit(Rows(300));
    })).Value;

    /// <summary>Rows that every one of the models can score.</summary>
    public static IDataView Rows(int count, int seed = 11) => VariantRows.View(s_ml, count, seed);
}
