using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>A chain of stock transforms, and what ML.NET's own <c>ConvertToOnnx</c> writes of it.</summary>
internal static class ExportedChain
{
    private static readonly MLContext s_ml = new(seed: 1);

    /// <summary>The file with all columns.</summary>
    public static byte[] AllColumns { get; } = Export();

    /// <summary>The file with the column <c>Features</c> alone.</summary>
    public static byte[] FeaturesOnly { get; } = Export("Features");

    public static IEstimator<ITransformer> Estimator(MLContext ml) => new EstimatorChain<ITransformer>()
        .Append(ml.Transforms.ReplaceMissingValues("A2", "A", MissingValueReplacingEstimator.ReplacementMode.Mean))
        .Append(ml.Transforms.Conversion.ConvertType("N2", "N"))
        .Append(ml.Transforms.Conversion.ConvertType("D2", "D"))
        .Append(ml.Transforms.Categorical.OneHotEncoding("CatV", "Cat"))
        .Append(ml.Transforms.Concatenate("F0", "A2", "B", "N2", "D2"))
        .Append(ml.Transforms.NormalizeMinMax("F1", "F0"))
        .Append(ml.Transforms.NormalizeMeanVariance("F2", "F1"))
        .Append(ml.Transforms.Concatenate("Features", "F2", "CatV"));

    /// <summary>The rows that it is fitted to.</summary>
    public static Raw[] Rows =>
        [.. Enumerable.Range(0, 50)
        .Select(i => new Raw { A = i % 7 == 0 ? float.NaN : i, B = i / 2f, Cat = new[] { "red", "blue", "green" }[i % 3], N = i,
        D = i * 0.1 })];

    private static byte[] Export(params string[] outputs)
    {
        var rows = s_ml.Data.LoadFromEnumerable(Rows);
        var fitted = Estimator(s_ml).Fit(rows);
        using var stream = new MemoryStream();
        if (outputs.Length == 0)
            s_ml.Model.ConvertToOnnx(fitted, rows, stream);
        else
            s_ml.Model.ConvertToOnnx(fitted, rows, stream, outputs);
        return stream.ToArray();
    }

    public sealed class Raw
    {
        public float A { get; set; }

        public float B { get; set; }

        public string Cat { get; set; } = "";

        public int N { get; set; }

        public double D { get; set; }
    }
}
