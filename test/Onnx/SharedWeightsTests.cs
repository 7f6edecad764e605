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
        string[][] outputSets =
        [
            [GraphNames.Reconstruction],
            [GraphNames.FeatureErrors],
            [GraphNames.Score],
            [GraphNames.Score, GraphNames.Reconstruction],
            [GraphNames.Score, GraphNames.FeatureErrors, GraphNames.Reconstruction],
        ];
        using var one = new AutoencoderModel(graph, "The graph");
        long together = Growth(outputs => one, outputSets);
        long apart = Growth(outputs => new AutoencoderModel(graph, "The graph"), outputSets);

        // Both are measured here, one after the other, since what a process holds depends on what it has done before. Alone, five sessions of one model took 113 MB more
        // than one and with weights of their own 241 MB; the rest are the copies that ONNX Runtime makes while it reads a graph.
        Console.WriteLine($"weights {weightBytes >> 20} MB; sessions of one model {together >> 20} MB, of models of their own {apart >> 20} MB");
        Assert.IsLessThan(0.6 * apart, together);
    }

    /// <summary>How much the process grows by a session for each set of outputs.</summary>
    private static long Growth(Func<string[], AutoencoderModel> modelFor, string[][] outputSets)
    {
        long before = Held();
        var models = new HashSet<AutoencoderModel>();
        var runners = new List<BatchRunner>();
        foreach (string[] outputs in outputSets)
        {
            var model = modelFor(outputs);
            models.Add(model);
            var runner = model.CreateRunner([GraphNames.Features], outputs, 2);
            runners.Add(runner);
            runner.Run(2);
        }
        long growth = Held() - before;
        runners.ForEach(runner => runner.Dispose());
        foreach (var model in models)
            model.Dispose();
        return growth;
    }

    private static long Held()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }
}
