using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Whether ONNX Runtime gives what libtorch gives on the same weights.</summary>
internal static class Parity
{
    /// <summary>Fits, and compares code, reconstruction and feature errors of the first rows.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="options">The options; output columns are named here.</param>
    /// <param name="view">The training rows.</param>
    /// <param name="batch">The rows that the graph gets at a time.</param>
    /// <param name="tolerance">The largest difference, relative to the largest value of the output: single values may
    /// lie next to zero.</param>
    public static void Check(MLContext ml, AutoencoderEstimator.Options options, IDataView view, int batch, double tolerance)
    {
        options.CodeColumnName = "Code";
        options.ReconstructionColumnName = "Reconstruction";
        options.FeatureErrorsColumnName = "FeatureErrors";
        options.CodeLogVarianceColumnName = options.Code.Variational is null ? null : "CodeLogVariance";
        options.Scoring = new ScoringOptions { BatchSize = batch };
        var expected = new Dictionary<string, float[]>();
        using var model = new AutoencoderEstimator(ml, options).Fit(view, (network, set) =>
        {
            using var none = torch.no_grad();
            using var generator = new torch.Generator(1, torch.CPU);
            var pass = new Pass(IsTraining: false, generator);
            var all = set.Whole();
            var encoded = network.Encode(all.Rows, all.Condition, all.Offset, pass);
            var reconstruction = network.Decode(encoded.Code, all.Condition, pass);
            expected["Code"] = NetworkValues.Of(encoded.Code);
            if (encoded.LogVariance is not null)
                expected["CodeLogVariance"] = NetworkValues.Of(encoded.LogVariance);
            expected["Reconstruction"] = NetworkValues.Of(reconstruction);
            expected["FeatureErrors"] = options.Masking is { } masking ? HiddenErrorsOf(network, masking, options, all, pass)
                : NetworkValues.Of(ReconstructionErrors.Of(options.Loss, all.Rows, reconstruction));
        });

        // Reconstructions come out in raw units.
        int d = model.Metadata.FeatureCount;
        float[] raw = expected["Reconstruction"];
        for (int i = 0; i < raw.Length; i++)
            raw[i] = raw[i] * model.Metadata.ScalingScales[i % d] + model.Metadata.ScalingOffsets[i % d];

        var scored = model.Transform(view);
        foreach (var (name, values) in expected)
        {
            float[] actual = [.. scored.GetColumn<float[]>(name).SelectMany(row => row)];
            float largest = values.Max(Math.Abs);
            Assert.AreEqual(values.Length, actual.Length, name);
            for (int i = 0; i < values.Length; i++)
                Assert.AreEqual(values[i], actual[i], tolerance * largest, $"{name}, value {i}");
        }
    }

    /// <summary>
    /// The feature errors of a masked autoencoder, written out: under each mask the hidden features' errors as multiples of their means
    /// over all rows, the root of their mean, and each feature's part of it; d times the mean of the parts over the masks.
    /// </summary>
    private static float[] HiddenErrorsOf(
        AutoencoderNetwork network, Masking masking, AutoencoderEstimator.Options options, TrainingBatch all, Pass pass)
    {
        int rows = (int)all.Rows.shape[0], d = (int)all.Rows.shape[1];
        float[] masks = masking.ScoreMasks(d, options.Seed!.Value);
        double[] sums = new double[rows * d];
        for (int m = 0; m < masks.Length / d; m++)
        {
            float[] mask = masks[(m * d)..((m + 1) * d)];
            int[] hidden = [.. Enumerable.Range(0, d).Where(j => mask[j] == 0)];
            using var visible = torch.tensor(mask).expand(rows, d);
            float[] errors = NetworkValues.Of(ReconstructionErrors.Of(
                options.Loss, all.Rows, network.Forward(all.Rows, all.Condition, pass, visible)));
            double[] means = [.. Enumerable.Range(0, d).Select(j => Enumerable.Range(0, rows).Average(i => (double)errors[i * d + j]))];
            for (int i = 0; i < rows; i++)
            {
                double[] relative = [.. hidden.Select(j => errors[i * d + j] / means[j])];
                double score = Math.Sqrt(relative.Average()), sum = relative.Sum();
                for (int h = 0; h < hidden.Length; h++)
                    sums[i * d + hidden[h]] += score * relative[h] / sum;
            }
        }
        return [.. sums.Select(sum => (float)(sum * d / (masks.Length / d)))];
    }
}
