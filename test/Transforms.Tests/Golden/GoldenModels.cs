using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>How the golden models are made: small networks of every kind of file, trained a little.</summary>
internal static class GoldenModels
{
    private const int RowCount = 20;

    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Dictionary<string, Func<ITransformer>> s_kinds = new()
    {
        ["dense"] = () => Fit(_ => { }),
        ["deep"] = () => Fit(options => options.Network = new DenseNetworkOptions
        {
            Hidden = [10, 8], Activation = Activation.LeakyReLU, Normalization = Normalization.Batch,
        }),
        ["missing-as-means"] = () => Fit(options => options.ScoringMissingValues = ScoringMissingValues.Mean),
        ["denoising-sparse"] = () => Fit(options =>
            (options.Corruption, options.Penalties) = (new GaussianCorruption(0.1), [new L1Penalty(0.01)])),
        ["conditional"] = () => Fit(options =>
            (options.ConditionColumnName, options.Code) = ("Key", options.Code with { OffsetColumnName = "Offset", OffsetHidden = [4] })),
        ["variational"] = () => Fit(options =>
        {
            options.Code = options.Code with { Variational = new VariationalOptions { Score = VariationalScore.NegativeElbo,
                ScoreSamples = 3 } };
            options.CodeLogVarianceColumnName = "CodeLogVariance";
        }),
        ["convolutional"] = () => Fit(options =>
            options.Network = new ConvolutionalNetworkOptions { Height = 3, Width = 4, Filters = [4] }),
        ["convolutional-transposed"] = () => Fit(options => options.Network = new ConvolutionalNetworkOptions
        {
            Channels = 2, Height = 2, Width = 3, Layout = ImageLayout.Interleaved, Filters = [4],
            Upsampling = Upsampling.TransposedConvolution, Normalization = Normalization.Batch,
        }),
        ["temporal-convolutional"] = () => Fit(options => options.Network = new TemporalConvolutionNetworkOptions
        {
            Channels = 2, Width = 6, Filters = [4, 6], IsCausal = true,
        }),
        ["classifier"] = () => s_ml.Autoencoders().StackedClassifier(new StackedClassifierEstimator.Options
        {
            LabelColumnName = "Key", CodeColumnName = "Code",
            Hidden = [10], Code = 3, PretrainingEpochs = 2, Epochs = 30, LearningRate = 0.01, Seed = 3,
        }).Fit(Training()),
        ["imported"] = () =>
            s_ml.Autoencoders().FromOnnx(ImportedPairs.Kept["convolutional"].Options(ImportedPairs.Kept), ImportedPairs.Kept.View(s_ml)),
        ["float16"] = () => Quantized(OnnxQuantization.Float16),
        ["int8-weights"] = () => Quantized(OnnxQuantization.Int8Weights),
        ["static-int8"] = () => Quantized(OnnxQuantization.StaticInt8),
        ["pipeline"] = Pipeline,
    };

    /// <summary>What there must be a golden file of.</summary>
    public static IEnumerable<string> Names => s_kinds.Keys;

    /// <summary>Writes the files that are missing. Those that are there stay as they are.</summary>
    public static void WriteMissing()
    {
        foreach (var (name, make) in s_kinds.Where(kind => !File.Exists(GoldenFile.Expectation(kind.Key))))
            GoldenFile.Write(name, s_ml, make(), name == "imported" ? ImportedRows() : Rows());
    }

    /// <summary>Rows like those of training, of which one has NaN, one an infinity and one a group that training has not seen.</summary>
    private static GoldenRow[] Rows()
    {
        GoldenRow[] rows = Made(RowCount, seed: 41);
        (rows[2].Features[1], rows[4].Features[7], rows[6].Group) = (float.NaN, float.PositiveInfinity, "violet");
        return rows;
    }

    private static GoldenRow[] ImportedRows() =>
        [.. ImportedPairs.Kept.Rows.Take(RowCount).Select(row => new GoldenRow { Features = row.Features, Group = "red" })];

    private static GoldenRow[] Made(int count, int seed) => [.. VariantRows.Make(count, seed).Select((row, i) => new GoldenRow
    {
        Features = row.Features, Group = row.Group, Offset = row.Offset, Visits = i * 7 % 11,
    })];

    private static IDataView Training() => GoldenRow.View(s_ml, Made(300, seed: 11));

    private static AutoencoderEstimator.Options Options() => new()
    {
        Network = new DenseNetworkOptions { Hidden = [10] },
        Code = new CodeOptions { Size = 3 },
        Scaling = InputScaling.MinMax,
        Epochs = 3,
        Seed = 5,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
        FeatureErrorsColumnName = "FeatureErrors",
    };

    private static AutoencoderTransformer Fit(Action<AutoencoderEstimator.Options> change)
    {
        var options = Options();
        change(options);
        return s_ml.Autoencoders().Autoencoder(options).Fit(Training());
    }

    private static AutoencoderTransformer Quantized(OnnxQuantization form)
    {
        using var model = Fit(options => options.Network = new DenseNetworkOptions { Hidden = [32, 16] });
        var options = new QuantizationOptions { Form = form, Force = true };
        return s_ml.Autoencoders().FromOnnx(model.ToQuantizedOnnx(Training(), options, out _));
    }

    /// <summary>Raw columns of several types that stock transforms replace, encode, join and scale; a conditional autoencoder.</summary>
    private static TransformerChain<AutoencoderTransformer> Pipeline()
    {
        var options = Options();
        (options.FeatureColumnName, options.ConditionColumnName, options.Scaling) = ("All", "GroupKey", InputScaling.None);
        return new EstimatorChain<ITransformer>()
            .Append<ITransformer>(s_ml.Transforms.ReplaceMissingValues("Known", "Features"))
            .Append<ITransformer>(s_ml.Transforms.Categorical.OneHotEncoding("GroupBits", "Group"))
            .Append<ITransformer>(s_ml.Transforms.Conversion.MapValueToKey("GroupKey", "Group"))
            .Append<ITransformer>(s_ml.Transforms.Conversion.ConvertType("VisitNumber", "Visits"))
            .Append<ITransformer>(s_ml.Transforms.Concatenate("All", "Known", "GroupBits", "VisitNumber"))
            .Append<ITransformer>(s_ml.Transforms.NormalizeMeanVariance("All", fixZero: false))
            .Append(s_ml.Autoencoders().Autoencoder(options)).Fit(Training());
    }
}
