using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using MLNetAutoencoder.Tests.House;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

/// <summary>The chain that the two files of ML.NET's own in test/data were exported from.</summary>
internal static class ExportedChain
{
    public static byte[] AllColumns => File.ReadAllBytes(Repository.PathOf("test", "data", "mlnet-all-columns.onnx"));

    public static byte[] FeaturesOnly => File.ReadAllBytes(Repository.PathOf("test", "data", "mlnet-features-only.onnx"));

    public static IEstimator<ITransformer> Estimator(MLContext ml) => new EstimatorChain<ITransformer>()
        .Append(ml.Transforms.ReplaceMissingValues("A2", "A", MissingValueReplacingEstimator.ReplacementMode.Mean))
        .Append(ml.Transforms.Conversion.ConvertType("N2", "N"))
        .Append(ml.Transforms.Conversion.ConvertType("D2", "D"))
        .Append(ml.Transforms.Categorical.OneHotEncoding("CatV", "Cat"))
        .Append(ml.Transforms.Concatenate("F0", "A2", "B", "N2", "D2"))
        .Append(ml.Transforms.NormalizeMinMax("F1", "F0"))
        .Append(ml.Transforms.NormalizeMeanVariance("F2", "F1"))
        .Append(ml.Transforms.Concatenate("Features", "F2", "CatV"));

    /// <summary>The rows that it was fitted to. They follow from the numbers in the files: mean 24.5 of A, largest values 48, 24.5, 49 and 4.9.</summary>
    public static Raw[] Rows => [.. Enumerable.Range(0, 50).Select(i => new Raw { A = i % 7 == 0 ? float.NaN : i, B = i / 2f, Cat = new[] { "red", "blue", "green" }[i % 3], N = i, D = i * 0.1 })];

    public sealed class Raw
    {
        public float A { get; set; }

        public float B { get; set; }

        public string Cat { get; set; } = "";

        public int N { get; set; }

        public double D { get; set; }
    }
}
