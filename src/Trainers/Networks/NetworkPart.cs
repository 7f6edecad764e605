using System.Runtime.InteropServices;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Layers with weights: they train, and write themselves into a graph with the weights that they have then.</summary>
internal abstract class NetworkPart(string name) : NetworkModule(name)
{
    /// <summary>Runs the part.</summary>
    /// <param name="input">[batch, n].</param>
    /// <param name="condition">[batch, c], or null.</param>
    /// <param name="pass">How it is run.</param>
    public abstract Tensor Forward(Tensor input, Tensor? condition, Pass pass);

    /// <summary>Writes the part into a graph; a <see cref="GraphPart"/>.</summary>
    public abstract string Emit(OnnxGraphBuilder graph, string input, string? condition);

    /// <summary>The condition beside the input, as further columns.</summary>
    protected static Tensor Join(Tensor input, Tensor? condition) => condition is null ? input : cat([input, condition], 1);

    /// <summary>The same in a graph.</summary>
    protected static string Join(OnnxGraphBuilder graph, string name, string input, string? condition)
    {
        if (condition is null)
            return input;
        graph.Layer("condition", []);
        return graph.Node("Concat", name, [input, condition], OnnxAttribute.Int64("axis", 1));
    }

    /// <summary>Writes a tensor as an initializer.</summary>
    protected static string Initializer(OnnxGraphBuilder graph, string name, Tensor tensor)
    {
        using var values = tensor.detach().cpu().contiguous();
        return graph.Initializer(name, MemoryMarshal.Cast<byte, float>(values.bytes), tensor.shape);
    }
}
