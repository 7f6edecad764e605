using System.Runtime.InteropServices;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Fits <see cref="ResidualDistance"/> to rows.</summary>
internal static class ResidualDistances
{
    /// <summary>Fits it to some rows, and measures others.</summary>
    /// <param name="scorer">The network.</param>
    /// <param name="data">The training rows.</param>
    /// <param name="scaling">Their scaling.</param>
    /// <param name="fitted">The numbers of rows that the network was not trained on, rising.</param>
    /// <param name="measured">The numbers of the rows to measure, rising.</param>
    public static (ResidualDistance Distance, double[] Distances) Of(
        AutoencoderModel scorer, TrainingData data, FeatureScaling scaling, long[] fitted, long[] measured)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var rows = Rows(scorer, data, scaling, fitted);
        var means = rows.mean([0L]);
        var deviations = rows.std(0, unbiased: false).AtLeast(1e-6);
        var precision = linalg.inv(Correlation((rows - means) / deviations)) / deviations / deviations.unsqueeze(1);
        var centered = Rows(scorer, data, scaling, measured) - means;
        var distances = (centered.matmul(precision) * centered).mean([1L]).AtLeast(0).sqrt();
        return (new ResidualDistance(Array.ConvertAll(Values(means), value => (float)value),
            Array.ConvertAll(Values(precision), value => (float)value), 1), Values(distances));
    }

    /// <summary>The correlations, shrunk to none (Ledoit and Wolf 2004).</summary>
    private static Tensor Correlation(Tensor standardized)
    {
        long count = standardized.shape[0], size = standardized.shape[1];
        var sample = standardized.t().matmul(standardized).Over(count);
        double ofSample = sample.Squared().sum().item<double>(), distance = ofSample - size;
        double error = (standardized.Squared().sum(1).Squared().sum().item<double>() / count - ofSample) / count;
        double share = distance <= 0 ? 1 : Math.Clamp(error / distance, 1e-3, 1);
        return sample.Times(1 - share).Plus(eye(size, dtype: ScalarType.Float64).Times(share));
    }

    /// <summary>Residual, 0 where a value is missing, and code of some rows.</summary>
    private static Tensor Rows(AutoencoderModel scorer, TrainingData data, FeatureScaling scaling, long[] numbers)
    {
        var wanted = numbers.ToHashSet();
        List<double> values = [];
        int width = 0;
        TrainingScores.Run(scorer, data.Where(wanted.Contains), GraphNames.Reconstruction, GraphNames.Code,
            (record, reconstruction, code) =>
            {
                width = reconstruction.Length + code.Length;
                for (int j = 0; j < reconstruction.Length; j++)
                    values.Add(float.IsFinite(record[j]) ? (double)scaling.Scale(j, record[j]) - scaling.Scale(j, reconstruction[j]) : 0);
                foreach (float unit in code)
                    values.Add(unit);
            });
        return tensor(values.ToArray(), [numbers.Length, width], dtype: ScalarType.Float64, device: CPU);
    }

    private static double[] Values(Tensor tensor) => MemoryMarshal.Cast<byte, double>(tensor.contiguous().bytes).ToArray();
}
