using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

[TestClass]
public sealed class SharedWeightsTests
{
    [TestMethod]
    public void Sessions_of_one_model_hold_its_weights_once()
    {
        const int d = 2048, k = 2048;
        const long weightBytes = 2L * d * k * sizeof(float);
        var random = new Random(1);
        float[] weights = [.. Enumerable.Range(0, d * k).Select(_ => random.NextSingle() / d)];
        using var small = Rows.Fit(new MLContext(seed: 1), options => options.Epochs = 0);
        var metadata = small.Metadata with
        {
            FeatureNames = [.. Enumerable.Range(0, d).Select(j => $"f{j}")],
            ScalingOffsets = new float[d],
            ScalingScales = [.. Enumerable.Repeat(1f, d)],
            FeatureMeans = new float[d],
            CodeSize = k,
        };
        byte[] graph = ScorerGraph.Build(
            (g, x) => g.Node("Gemm", "encoder", [x, g.Initializer("encoder/weight", weights, k, d)], OnnxAttribute.Int64("transB", 1)),
            (g, z) => g.Node("Gemm", "decoder", [z, g.Initializer("decoder/weight", weights, d, k)], OnnxAttribute.Int64("transB", 1)), metadata);
        using var model = new AutoencoderModel(graph, "The graph");
        var runners = new List<BatchRunner>();
        long Open(params string[] outputs)
        {
            var runner = model.CreateRunner([GraphNames.Features], outputs, 2);
            runners.Add(runner);
            runner.Run(2);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return Environment.WorkingSet;
        }

        long first = Open(GraphNames.Reconstruction);
        Open(GraphNames.Score);
        Open(GraphNames.FeatureErrors);
        Open(GraphNames.Score, GraphNames.Code);
        Open(GraphNames.Score, GraphNames.Reconstruction);
        long last = Open(GraphNames.Score, GraphNames.FeatureErrors, GraphNames.Reconstruction);
        runners.ForEach(runner => runner.Dispose());

        // Five more sessions. Without sharing they took 241 MB here, that is 1.5 times the weights each: once as they are and, for the most, once in the form that the
        // kernels want. Sharing leaves 113 MB, the copies that ONNX Runtime makes while it reads a graph. Between the two lies once the weights for each session.
        Assert.IsLessThan(5 * weightBytes, last - first);
    }
}
