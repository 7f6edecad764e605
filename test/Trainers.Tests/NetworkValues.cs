using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>A look at trained networks: their tensors in libtorch, and the nodes of their graphs.</summary>
internal static class NetworkValues
{
    /// <summary>Fits and shows the network.</summary>
    public static void Inspect(MLContext ml, AutoencoderEstimator.Options options, IDataView view,
        Action<AutoencoderNetwork, TrainingSet> inspect) =>
        new AutoencoderEstimator(ml, options).Fit(view, inspect).Dispose();

    /// <summary>All rows of a set in one batch, which is good until the next one of all rows.</summary>
    public static TrainingBatch Whole(this TrainingSet set) => set.InOrder((int)set.Count).First();

    /// <summary>A copy of a tensor's values.</summary>
    public static float[] Of(torch.Tensor tensor)
    {
        using var values = tensor.detach().contiguous();
        return MemoryMarshal.Cast<byte, float>(values.bytes).ToArray();
    }

    /// <summary>The operators of a model's scorer graph, in their order.</summary>
    public static string[] Operators(AutoencoderTransformer model) =>
        [.. OnnxFile.Parse(DenseTests.Scorer(model), "The graph").Graph.Node.Select(node => node.OpType)];

    /// <summary>A model's scorer without its metadata.</summary>
    public static byte[] Bytes(AutoencoderTransformer model)
    {
        var graph = OnnxFile.Parse(DenseTests.Scorer(model), "The graph");
        graph.MetadataProps.Clear();
        return graph.ToByteArray();
    }

    /// <summary>A pass that draws from a generator of its own.</summary>
    public static Pass Pass(bool isTraining, ulong seed = 1) => new(isTraining, new torch.Generator(seed, torch.CPU));
}
