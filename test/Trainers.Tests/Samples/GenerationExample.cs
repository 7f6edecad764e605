using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Samples;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>New digits: the example in docs/generation.md is this code, letter by letter, and its figures are these.</summary>
[TestClass]
public sealed class GenerationExample
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void The_example_runs_and_is_the_one_in_the_documentation()
    {
        Run();
        string[] source = File.ReadAllLines(Path.Combine(Repository.Root, "test", "Trainers.Tests", "Samples", "GenerationExample.cs"));
        int start = Array.FindIndex(source, line => line.Trim() == "// docs/generation.md from here"),
            end = Array.FindIndex(source, line => line.Trim() == "// to here");
        string example = string.Join('\n', source[(start + 1)..end].Select(line => line.Length > 8 ? line[8..] : ""));
        StringAssert.Contains(File.ReadAllText(Path.Combine(Repository.Root, "docs", "generation.md")), example);
    }

    [TestMethod]
    public void Held_out_digits_are_more_likely_in_the_mixture_than_in_one_Gaussian()
    {
        var ml = new MLContext(seed: 1);
        var (_, features, train, test) = DataSets.Digits(ml);
        var heldOut = ml.Data.FilterRowsByColumn(test, DataSets.Label, upperBound: 0.5);
        foreach (int seed in Experiment.Seeds)
        {
            using var model = ml.Transforms.Concatenate("Features", features)
                .Append(ml.Autoencoders().Dense(Experiment.DigitsOptions(seed))).Fit(train).LastTransformer;
            var metadata = model.Metadata;
            float[][] codes = [.. model.Encoder.Transform(
                ml.Transforms.Concatenate("Features", features).Fit(heldOut).Transform(heldOut)).GetColumn<float[]>("Code")];
            Assert.HasCount(301, codes);
            double gaussian = codes.Average(code => LogDensity(code, [1], metadata.CodeMean, metadata.CodeCovariance));
            double mixture = codes.Average(code =>
                LogDensity(code, metadata.CodeMixtureWeights, metadata.CodeMixtureMeans, metadata.CodeMixtureCovariances));
            TestContext.WriteLine($"seed {seed}: mean log-density {gaussian:F2} in the Gaussian, {mixture:F2} in the mixture");
            Assert.IsGreaterThan(gaussian + 1, mixture);
        }
    }

    private static void Run()
    {
        var context = new MLContext(seed: 1);
        var (_, features, train, _) = DataSets.Digits(context);
        var fitted = context.Transforms.Concatenate("Features", features)
            .Append(context.Autoencoders().Dense(Experiment.DigitsOptions(seed: 1))).Fit(train);
        using var model = fitted.LastTransformer;
        float[][] rows = [.. fitted.Transform(train).GetColumn<float[]>("Features")];
        // docs/generation.md from here
        AutoencoderGenerator generator = model.Generator;
        IDataView samples = generator.Sample(rows: 100, seed: 1);
        IDataView between = generator.Interpolate(rows[0], rows[1], steps: 9, Interpolation.Spherical);
        float mean = model.Metadata.CodeMean[3], deviation = MathF.Sqrt(model.Metadata.CodeCovariance[3 * 8 + 3]);
        IDataView turned = generator.Traverse(rows[0], unit: 3, mean - 2 * deviation, mean + 2 * deviation, steps: 9);
        float[][] images = [.. samples.GetColumn<float[]>("Reconstruction")];
        // to here
        Assert.HasCount(100, images);
        Assert.IsTrue(images.All(image => image.Length == 64));
        Assert.AreEqual(18, between.GetRowCount() + turned.GetRowCount());
    }

    /// <summary>The logarithm of the density of a mixture of Gaussians, by elimination.</summary>
    private static double LogDensity(float[] code, IReadOnlyList<float> weights, IReadOnlyList<float> means,
        IReadOnlyList<float> covariances)
    {
        int k = code.Length;
        double density = 0;
        for (int j = 0; j < weights.Count; j++)
        {
            double[] residual = [.. code.Select((value, a) => (double)value - means[j * k + a])];
            double[][] matrix = [.. Enumerable.Range(0, k)
                .Select(a => Enumerable.Range(0, k).Select(b => (double)covariances[(j * k + a) * k + b]).ToArray())];
            double exponent = k * Math.Log(2 * Math.PI);
            for (int pivot = 0; pivot < k; pivot++)
            {
                exponent += Math.Log(matrix[pivot][pivot]) + residual[pivot] * residual[pivot] / matrix[pivot][pivot];
                for (int a = pivot + 1; a < k; a++)
                {
                    double factor = matrix[a][pivot] / matrix[pivot][pivot];
                    residual[a] -= factor * residual[pivot];
                    for (int b = pivot; b < k; b++)
                        matrix[a][b] -= factor * matrix[pivot][b];
                }
            }
            density += weights[j] * Math.Exp(-exponent / 2);
        }
        return Math.Log(density);
    }
}
